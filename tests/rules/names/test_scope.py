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


def test_each_execution_has_names_of_its_own_when_it_takes_a_task_of_the_first_from_a_cache(backend: Backend) -> None:
    cache: dict[str, Any] = {}

    def make(number: int) -> Any:
        if not cache:

            @task
            def page() -> str:
                return "cached"

            cache["page"] = page
        page = cache["page"]

        @task
        def own() -> int:
            return number

        @workflow
        def w(page: str, own: int, late: int) -> Any:
            return page, own, late

        @task
        def late() -> int:
            return -number

        return w

    made = [make(number) for number in range(3)]
    assert [on(w, backend)() for w in made] == [("cached", number, -number) for number in range(3)]


def test_executions_that_end_in_different_places_have_names_of_their_own() -> None:
    def make(*, with_page: bool) -> Any:
        if not with_page:

            @workflow
            def w(page: str) -> str:
                return page

            return w

        @task
        def page() -> str:
            return "page"

        @workflow
        def v(page: str) -> str:
            return page

        return v

    made = [make(with_page=with_page) for with_page in (False, True, False)]
    assert [w.graph.inputs for w in made] == [("page",), (), ("page",)]


def test_a_workflow_that_a_function_keeps_for_later_executions_stays_what_it_is(backend: Backend) -> None:
    cache: dict[str, Any] = {}

    def handle(request: int) -> Any:
        if "w" not in cache:

            @workflow
            def w(request: int, words: str) -> Any:
                return request, words

            @task
            def words(page: str) -> str:
                return f"words of {page}"

            @task
            def page(request: int) -> str:
                return f"page {request}"

            cache["w"] = w
        return on(cache["w"], backend)(request=request)

    assert [handle(request) for request in range(3)] == [(n, f"words of page {n}") for n in range(3)]
