"""Where a function is defined: wrappers of somebody's own."""

import functools
from collections.abc import Callable
from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, mention, on
from tests.support.scope import source
from tests.support.steps import wrapping
from tests.support.steps.web import fetch, load

mention(source)


def test_a_wrapper_does_not_count_as_the_place_of_the_decorator(backend: Backend) -> None:
    def local(function: Any = None, **options: Any) -> Any:
        source = task(lambda: "the wrapper's")
        mention(source)
        return task(function, **options) if function is not None else functools.partial(local, **options)

    own: Callable[..., Any] = local
    in_time: Callable[..., Any] = own(timeout=5)
    registry = wrapping.Registry()

    @own
    def a(source: str) -> Any:
        return "a", source

    @in_time
    def b(a: Any) -> Any:
        return "b", a

    @wrapping.quick
    def c(b: Any, source: str) -> Any:
        return "c", b, source

    @wrapping.named("the fourth")
    def d(c: Any, source: str) -> Any:
        return "d", c, source

    @registry.add
    def e(d: Any, source: str) -> Any:
        return "e", d, source

    @wrapping.shouting
    def f(e: Any, source: str) -> Any:
        return [source]

    @wrapping.preset
    def g(f: Any, e: Any, prefix: str, source: str) -> Any:
        return prefix, f, e, source

    @workflow
    def w(g: Any) -> Any:
        return g

    here = "the module's"
    inner = ("e", ("d", ("c", ("b", ("a", here)), here), here), here)
    assert on(w, backend)() == ("preset", str([here]).upper(), inner, here)
    assert (c.timeout, d.name, registry.tasks) == (5, "the fourth", [e])


def test_a_function_that_a_wrapper_defines_is_defined_there(backend: Backend) -> None:
    @wrapping.bare
    def read(source: str) -> str:
        return source

    @workflow
    def w(read: str) -> str:
        return read

    assert on(w, backend)() == "the wrapper's own"


def test_tasks_made_of_functions_from_elsewhere_find_names_here_first(backend: Backend) -> None:
    functions = make_module("elsewhere", "def read(source, far): return source, far\n", far=task(lambda: "far"))
    read = task(functions.read)
    mention(read)

    @workflow
    def w(read: Any) -> Any:
        return read

    assert on(w, backend)() == ("the module's", "far")


def test_a_decorator_may_be_called_by_the_standard_library(backend: Backend) -> None:
    def one(source: str) -> Any:
        return 1, source

    def two(source: str) -> Any:
        return 2, source

    quick = functools.partial(task, timeout=9)
    first, second = map(quick, (one, two))
    mention(first, second)

    @workflow
    def w(first: Any, second: Any) -> Any:
        return first, second

    assert on(w, backend)() == ((1, "the module's"), (2, "the module's"))
    assert (first.timeout, fetch.timeout, load.timeout) == (9, None, None)
