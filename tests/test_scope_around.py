"""Where a function is defined: the functions and classes around it, its closure, wrappers of somebody's own."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import pytest

from flowdeco import task, workflow

from .conftest import Backend
from .naming import make_module, mention, on
from .steps import wrapping
from .steps.web import fetch, load


@task
def source() -> str:
    return "the module's"


@task
def shared() -> str:
    return "the module's shared"


# Functions around, and classes


def test_a_local_scope_goes_before_the_closure_and_the_module(backend: Backend) -> None:
    def outer() -> Any:
        @task
        def a() -> str:
            return "outer a"

        @task
        def b() -> str:
            return "outer b"

        def middle() -> Any:
            @task
            def b() -> str:
                return "inner b"

            @workflow
            def w(a: str, b: str, source: str) -> Any:
                return a, b, source

            return w

        return middle(), a, b

    assert on(outer()[0], backend)() == ("outer a", "inner b", "the module's")


def test_an_enclosing_function_that_is_over_is_reached_through_the_closure(backend: Backend) -> None:
    def outer() -> Any:
        @task
        def seen() -> str:
            return "seen"

        @task
        def unseen() -> str:
            return "unseen"

        def inner() -> Any:
            @workflow
            def w(seen: str, unseen: str) -> Any:
                return seen, unseen, look

            def look() -> Any:
                return seen

            return w

        return inner, unseen

    # As with any variable, it is the code that names it which keeps it.
    w = outer()[0]()
    assert w.graph.inputs == ("unseen",)
    assert on(w, backend)(unseen=1)[:2] == ("seen", 1)


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer has the place where a frame is marked")
def test_a_method_s_body_sees_the_function_around_its_class(backend: Backend) -> None:
    def outer() -> Any:
        class Builder:
            def build(self) -> Any:
                @workflow
                def w(late: str) -> str:
                    return late

                return w

        w = Builder().build()
        late = task(lambda: "late")
        return w, late

    assert on(outer()[0], backend)() == "late"


def test_a_class_body_is_a_scope(backend: Backend) -> None:
    class Steps:
        @workflow
        def w(late: Any, source: Any) -> Any:  # noqa: N805
            return late, source

        @task
        def late(source: Any) -> Any:  # noqa: N805
            return f"late, {source}"

        @task
        def source() -> str:
            return "the class's"

    assert on(Steps.w, backend)() == ("late, the class's", "the class's")


def test_a_class_body_in_a_function_sees_the_function_s_names(backend: Backend) -> None:
    def make() -> Any:
        @task
        def outside() -> str:
            return "outside"

        class Steps:
            @workflow
            def w(outside: Any, inside: Any) -> Any:  # noqa: N805
                return outside, inside

            inside = task(lambda: "inside")

        return Steps, outside

    assert on(make()[0].w, backend)() == ("outside", "inside")


def test_a_function_in_a_class_does_not_see_the_names_of_the_class() -> None:
    class Steps:
        @task
        def hidden() -> str:
            return "hidden"

        @staticmethod
        def build() -> Any:
            @workflow
            def w(hidden: str) -> str:
                return hidden

            return w

    assert Steps.build().graph.inputs == ("hidden",)


# The closure


def test_the_closure_goes_after_the_place_of_the_decorator_and_before_the_module(backend: Backend) -> None:
    def outer() -> Any:
        source = task(lambda: "closed over")

        def read(x: str) -> Any:
            return x, source

        return read

    def make_local() -> Any:
        source = task(lambda: "local")
        return task(outer(), needs={"x": "source"}), source

    here = task(outer(), needs={"x": "source"})
    same = make_module("same", "made = task(read, needs={'x': 'source'})", task=task, read=outer()).made
    text = (
        "source = task(lambda: 'at hand')\ndef outer():\n    source = 'closed over'\n    return lambda x: (x, source)\n"
    )
    at_hand = make_module("at_hand", text + "made = task(outer(), needs={'x': 'source'})", task=task).made
    text = "source = task(lambda: 'elsewhere')\nmade = task(read, needs={'x': 'source'})"
    elsewhere = make_module("elsewhere", text, task=task, read=outer()).made

    @workflow(needs={"xs": [here, same, at_hand, elsewhere, make_local()[0]]})
    def w(xs: Any) -> Any:
        return [x for x, _ in xs]

    assert on(w, backend)() == ["closed over", "closed over", "at hand", "elsewhere", "local"]


def test_a_closed_over_variable_is_read_when_the_workflow_runs(backend: Backend) -> None:
    def make() -> tuple[Any, Callable[[Any], None]]:
        value: Any = task(lambda: "before")

        @workflow(needs={"x": "value"})
        def closing(x: str) -> Any:
            return x, value

        def change(new: Any) -> None:
            nonlocal value
            value = new

        return closing, change

    closing, change = make()
    assert on(closing, backend)()[0] == "before"
    change(task(lambda: "after"))
    assert on(closing, backend)()[0] == "after"


# Wrappers of somebody's own


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
    def c(b: Any) -> Any:
        return "c", b

    @wrapping.named("the fourth")
    def d(c: Any) -> Any:
        return "d", c

    @registry.add
    def e(d: Any, source: str) -> Any:
        return "e", d

    @wrapping.shouting
    def f(e: Any) -> Any:
        return "f", e

    @wrapping.preset
    def g(f: Any, prefix: str) -> Any:
        return prefix, f

    @workflow
    def w(g: Any) -> Any:
        return g

    assert on(w, backend)() == ("preset", "('F', ('E', ('D', ('C', ('B', ('A', \"THE MODULE'S\"))))))")
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
