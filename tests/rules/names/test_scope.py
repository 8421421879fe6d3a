"""Where a function is defined: the scope its decorator runs in."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import mention, on
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


def add_bonus(bonus: int = 0) -> int:
    return 100 + bonus


def take_late(late: int = 0) -> int:
    return late


def add_price(base: int, price: int = 0) -> int:
    return base + price


def give_one() -> int:
    return 1


def build_plainly(number: int) -> Any:
    def total(bonus: int = 0) -> int:
        return 100 + bonus

    if not number:
        return workflow(total)

    @task
    def bonus() -> int:
        return number

    return workflow(total)


def build_in_a_list(number: int) -> Any:
    made = [workflow(add_bonus)]
    if number:

        @task
        def bonus() -> int:
            return number

        made.append(workflow(add_bonus))
    return made[-1]


def build_in_a_class(number: int) -> Any:
    class Body:
        made = (workflow(add_bonus),)
        if number:

            @task
            @staticmethod
            def bonus() -> int:
                return number

    return Body.made[0]


def build_and_raise(number: int) -> Any:
    def total(bonus: int = 0) -> int:
        return 100 + bonus

    made = workflow(total)
    try:
        return leave(number, made)
    except LookupError:
        return made


def leave(number: int, made: Any) -> Any:
    mention(workflow(made.__wrapped__))
    if not number:
        raise LookupError

    @task
    def bonus() -> int:
        return number

    mention(bonus)
    return workflow(made.__wrapped__)


@pytest.mark.parametrize("build", [build_plainly, build_in_a_list, build_in_a_class, build_and_raise])
def test_what_one_call_of_a_function_makes_never_sees_a_task_of_the_next_call(build: Callable[[int], Any]) -> None:
    # In a loop, so that each call comes from the same place, and has the place in memory of the one before.
    made = [build(number) for number in (0, 1, 0, 2, 0, 0, 3) * 10]
    found = [w() for w in made]
    assert found == [100, 101, 100, 102, 100, 100, 103] * 10


def test_what_a_generator_makes_never_sees_a_task_of_the_next_one() -> None:
    def build(number: int) -> Iterator[Any]:
        def total(bonus: int = 0) -> int:
            return 100 + bonus

        yield workflow(total)
        if number:
            yield task(lambda: number, name="bonus")

    assert [next(build(number))() for number in (0, 1, 0, 2)] == [100] * 4


def test_a_task_from_a_cache_brings_no_other_of_the_call_that_made_it() -> None:
    cache: dict[str, Any] = {}

    def build(*, with_price: bool) -> Any:
        base: Any = cache.get("base")
        if base is None:
            base = cache["base"] = task(give_one)
        made = workflow(add_price)
        mention(base)
        if with_price:

            @task
            def price() -> int:
                return 20

            return workflow(add_price)
        return made

    made = [build(with_price=with_price) for with_price in (False, True) * 4]
    assert [w() for w in made] == [1, 21] * 4


# From Python 3.13 on, and where a tracer looks on, it is not known whether a function is still the one that it was.
known = pytest.mark.skipif(sys.version_info >= (3, 13) or sys.gettrace() is not None, reason="Python does not tell")


@known
def test_what_stands_in_no_variable_sees_the_tasks_that_come_later() -> None:
    def build() -> list[Any]:
        made = [workflow(take_late) for _ in range(2)]

        @task
        def late() -> int:
            return 5

        return made

    assert [w() for w in build()] == [5, 5]


@known
def test_a_task_that_comes_after_one_was_deleted_is_found() -> None:
    def build() -> Any:
        @workflow
        def w(late: int) -> int:
            return late

        @task
        def early() -> None: ...

        del early

        @task
        def late() -> int:
            return 5

        return w

    assert build()() == 5


def test_a_function_that_a_body_has_defined_tells_that_it_is_the_same_execution() -> None:
    def build() -> list[Any]:
        def total(late: int = 0) -> int:
            return late

        made = [workflow(total), workflow(total)]

        @task
        def late() -> int:
            return 5

        return made

    assert [w() for w in build()] == [5, 5]
