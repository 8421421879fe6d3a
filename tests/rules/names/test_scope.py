"""Where a function is defined: the scope its decorator runs in."""

from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import on
from tests.support.scope import make_pair


def test_tasks_of_a_local_scope_are_found_in_any_order_of_definition_after_it_is_over(backend: Backend) -> None:
    assert on(make_pair(1), backend)() == (("the module's", 1), 1)


def test_each_execution_of_a_function_has_names_of_its_own(backend: Backend) -> None:
    workflows = [on(make_pair(number), backend) for number in range(5)]
    assert [w() for w in workflows] == [(("the module's", number), number) for number in range(5)]


def test_each_execution_has_names_of_its_own_when_it_is_given_tasks_of_another(backend: Backend) -> None:
    def make(number: int, before: Any) -> Any:
        @task
        def own() -> Any:
            return number

        @workflow
        def w(own: Any, before: Any) -> Any:
            return own, before

        return w

    first = make(1, task(lambda: "none"))
    second = make(2, first)
    third = make(3, second)
    assert on(third, backend)() == (3, (2, (1, "none")))
    assert on(first, backend)() == (1, "none")


def test_a_recursive_function_has_names_of_its_own_at_each_level(backend: Backend) -> None:
    made: list[Any] = []

    def make(depth: int) -> None:
        @task
        def own() -> int:
            return depth

        if depth:
            make(depth - 1)

        @workflow
        def w(own: int, late: int) -> Any:
            return own, late

        @task
        def late() -> int:
            return -depth

        made.append(w)

    make(3)
    assert [on(w, backend)() for w in made] == [(0, 0), (1, -1), (2, -2), (3, -3)]
