"""Which variable a task is found under."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, mention, on
from tests.support.scope import shared, source

mention(shared)


def test_a_task_made_by_a_call_is_found_under_its_variable_if_a_decorator_follows(backend: Backend) -> None:
    def make() -> Any:
        x = task(lambda: 1)

        @workflow
        def w(x: int, y: int, z: int, u: int) -> Any:
            return x, y, z, u

        y = task(functools.partial(pow, 2, 1))
        x = task(lambda: 10)
        three = task(lambda: "three")
        z = u = task(len, needs={"obj": three})

        @task
        def last() -> None: ...

        return w, y, z, u, x, last

    assert on(make()[0], backend)() == (10, 2, 5, 5)


def test_a_variable_that_is_closed_over_is_found_whatever_binds_it(backend: Backend) -> None:
    def make() -> Any:
        @workflow(needs={"given": "x"})
        def w(given: int) -> Any:
            return given, x

        x = task(lambda: 1)
        return w

    assert on(make(), backend)()[0] == 1


def make_by_call() -> tuple[Any, Any]:
    @workflow
    def w(late: Any) -> Any:
        return late

    late = task(lambda: "late")
    return w, late


def make_by_unpacking() -> tuple[Any, Any]:
    @workflow
    def w(late: Any) -> Any:
        return late

    late, other = task(lambda: "late"), task(lambda: "other")
    return w, (late, other)[0]


def make_by_import() -> tuple[Any, Any]:
    @workflow
    def w(load: Any) -> Any:
        return load

    from tests.support.steps.web import load

    return w, load


@pytest.mark.parametrize("make", [make_by_call, make_by_unpacking, make_by_import])
def test_what_no_later_decorator_sees_bound_is_an_input_once_the_function_is_over(
    make: Callable[[], tuple[Any, Any]], backend: Backend
) -> None:
    w, step = make()
    (name,) = w.graph.inputs
    assert on(w, backend)(**{name: "given"}) == "given"
    # The way out.
    assert on(w.with_options(needs={name: step}), backend)() == step()
    assert on(w.with_options(tasks={name: step}), backend)() == step()


def test_a_task_that_is_put_elsewhere_is_not_bound_to_the_function_s_name(backend: Backend) -> None:
    def make() -> Any:
        @workflow
        def w(double: Any = None, made: Any = None) -> Any:
            return double, made

        def double() -> int:
            return 2

        made = [task(double)]
        made.append(task(double))
        assert made == [task(f) for f in [double]] or made
        return w

    assert on(make(), backend)(double="an input") == ("an input", None)


def test_other_names_of_a_local_task_are_found(backend: Backend) -> None:
    def make() -> Any:
        @task
        def first() -> str:
            return "first"

        alias = first
        from tests.support.steps.web import load as loaded

        @workflow
        def w(alias: str, loaded: str) -> Any:
            return alias, loaded

        return w, alias, loaded

    assert on(make()[0], backend)() == ("first", "from the web")


def test_a_redefinition_in_a_local_scope_counts_and_a_variable_of_anything_else_does_not(backend: Backend) -> None:
    text = """
def make():
    @task
    def x(): return 1
    @task
    def source(): return "local"
    @task
    def shared(): return "local"
    source = "no task"
    del shared
    @task
    def x(): return 2
    @workflow
    def w(x, source, shared): return x, source, shared
    return w
"""
    module = make_module("redefined", text, task=task, workflow=workflow, source=source, shared=shared)
    assert on(module.make(), backend)() == (2, "the module's", "the module's shared")
