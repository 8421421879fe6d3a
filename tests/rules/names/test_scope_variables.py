"""Which variable a task is found under."""

import functools
from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, mention, on
from tests.support.scope import shared, source

mention(shared)


def test_a_task_made_by_a_call_is_found_under_its_variable(backend: Backend) -> None:
    def make() -> Any:
        x = task(lambda: 1)

        @workflow
        def w(x: int, y: int, z: int, u: int) -> Any:
            return x, y, z, u

        y = task(functools.partial(pow, 2, 1))
        del x
        x = task(lambda: 10)
        three = task(lambda: "three")
        z = u = task(len, needs={"obj": three})
        return w, y, z, u, x

    assert on(make()[0], backend)() == (10, 2, 5, 5)


def test_the_variables_of_a_task_are_not_guessed() -> None:
    def make_map() -> Any:
        @workflow
        def w(a: int, b: int) -> Any:
            return a, b

        a, b = map(task, (lambda: 1, lambda: 2))
        return w, a, b

    def make_pair() -> Any:
        @workflow
        def w(a: int, b: int) -> Any:
            return a, b

        a, b = task(lambda: 1), task(lambda: 2)
        return w, a, b

    # What binds them at the very end of a body is too involved: they are inputs rather than somebody else's tasks.
    for make in (make_map, make_pair):
        w = make()[0]
        for node in w.graph:
            assert node.step() == {"a": 1, "b": 2}[node.name]


def test_a_task_made_by_a_call_is_found_under_a_variable_that_is_closed_over(backend: Backend) -> None:
    def make() -> Any:
        def look() -> Any:
            return x

        @workflow
        def w(x: int) -> Any:
            return x

        x = task(lambda: 1)
        return w, look

    assert on(make()[0], backend)() == 1


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
