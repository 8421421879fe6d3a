"""Where a function is defined: the functions and classes around it, its closure, wrappers of somebody's own."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, mention, on
from tests.support.steps import wrapping
from tests.support.steps.web import fetch, load


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


def test_a_class_body_goes_before_the_closure(backend: Backend) -> None:
    def make() -> Any:
        x = task(lambda: "the function's")

        def read() -> Any:
            return x

        class Steps:
            x = task(lambda: "the class's")

            @workflow(needs={"y": "x"})
            def w(y: Any) -> Any:  # noqa: N805
                return y, x

        return Steps, read

    made = make()[0]
    assert on(made.w, backend)()[0] == "the class's"


def test_other_names_of_a_task_around_are_found_when_the_function_within_is_called(backend: Backend) -> None:
    def make() -> Any:
        one = two = three = four = five = six = 0
        first = task(lambda: 1)
        alias = first

        def inner() -> Any:
            @workflow
            def w(alias: int) -> int:
                return alias

            return w

        return inner(), first, alias, (one, two, three, four, five, six)

    assert on(make()[0], backend)() == 1


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


def nest(levels: list[tuple[str, str]], innermost: list[str]) -> str:
    """Return the source of a module of functions and classes within each other, which bind `x` or do not."""
    head: list[str] = []
    tail: list[str] = []
    for depth, (kind, when) in enumerate(levels):
        outside, inside = " " * (depth - 1), " " * depth
        bind = f"{inside}x = task(lambda: {depth})"
        opening = {"module": [], "def": [f"{outside}def inner():"], "class": [f"{outside}class inner:"]}[kind]
        call = [f"{outside}inner()"] if kind == "def" else []
        head += [*opening, *([bind] if when == "before" else [])]
        tail = [*([bind] if when == "after" else []), *call, *tail]
    return "\n".join([*head, *(" " * (len(levels) - 1) + line for line in innermost), *tail])


LEVELS = st.lists(
    st.tuples(st.sampled_from(["def", "def", "class"]), st.sampled_from(["before", "after", "never"])), max_size=4
)


@given(LEVELS, st.sampled_from(["before", "after", "never"]))
def test_a_parameter_means_what_a_variable_of_that_name_means_there(levels: Any, when: str) -> None:
    nested = [("module", when), *levels]
    found: list[Any] = []
    names = {"task": task, "workflow": workflow, "found": found}
    make_module("m", nest(nested, ["@workflow", "def w(x): return x", "found.append(w)"]), **names)
    make_module("m", nest(nested, ["def probe(): return x", "found.append(probe)"]), **names)
    w, probe = found
    try:
        expected = probe()
    except NameError:
        expected = None
    if nested[-1][0] == "class" and nested[-1][1] != "never":
        expected = task(lambda: len(levels))  # the decorator runs in the class, whose names a variable would not mean
    assert [node.step() for node in w.graph] == ([expected()] if expected is not None else [])
