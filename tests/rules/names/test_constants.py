"""`value(x)` in `needs=` is a constant."""

import inspect
from typing import Any

import pytest

from flowdeco import SettledError, State, task, value, workflow
from tests.conftest import Backend
from tests.support.naming import edges_of, fail_to_build, on
from tests.support.signature import name_of
from tests.support.steps import web


@task
def page(url: str, depth: int = 1) -> Any:
    return url, depth


@pytest.mark.parametrize("constant", [5, None, "page", [1], {"page": page}, page, int, value], ids=name_of)
async def test_a_parameter_of_a_task_and_of_a_workflow_receives_the_constant_itself(
    constant: Any, backend: Backend
) -> None:
    @task(needs={"given": value(constant)})
    async def read(given: Any) -> Any:
        return given

    @workflow(needs={"also": value(constant)})
    def w(read: Any, also: Any) -> Any:
        return read, also

    assert list(inspect.signature(w).parameters) == []
    got = await on(w, backend).call()
    assert got[0] is got[1] is constant
    assert edges_of(w) == {("read", "w", "read")}


def test_constants_stand_beside_results_in_lists_and_dicts(backend: Backend) -> None:
    @task(needs={"xs": [value(1), "page"], "rest": [value(2)], "more": {"a": page, "b": value(None)}})
    def read(xs: Any, *rest: Any, **more: Any) -> Any:
        return xs, rest, more

    @workflow(needs={"ys": {"one": value(1)}})
    def w(url: str, read: Any, ys: Any) -> Any:
        return read, ys

    assert on(w, backend)("u") == (([1, ("u", 1)], (2,), {"a": ("u", 1), "b": None}), {"one": 1})


def test_a_constant_comes_before_every_other_rule(backend: Backend) -> None:
    @task(needs={"page": value("mine"), "url": value("u"), "state": value("s"), "depth": value(0)})
    def read(page: Any, url: Any, state: Any, depth: int = 1) -> Any:
        return page, url, state, depth

    @workflow(tasks={"page": web.fetch})
    def w(url: str, read: Any) -> Any:
        return read

    assert on(w, backend)("x") == ("mine", "u", "s", 0)
    assert [node.name for node in w.graph] == ["read"]


def test_constants_fill_what_a_condition_asks_for(backend: Backend) -> None:
    def is_high(limit: int) -> bool:
        return limit > 3

    @task(when=is_high, needs={"limit": value(2)})
    def never() -> int:
        return 1

    @workflow
    def w(never: int = 0) -> int:
        return never

    assert on(w, backend)() == 0


def test_a_constant_given_by_with_options_fills_an_input(backend: Backend) -> None:
    @workflow
    def w(url: str, depth: int) -> Any:
        return url, depth

    fixed = w.with_options(needs={"depth": value(3)})
    assert list(inspect.signature(fixed).parameters) == ["url"]
    assert on(fixed, backend)("u") == ("u", 3)


def test_a_constant_that_fills_an_input_is_what_the_tasks_receive_of_that_name(backend: Backend) -> None:
    @workflow
    def w(url: str, page: Any) -> Any:
        return url, page

    fixed = w.with_options(needs={"url": value("here")})
    assert list(inspect.signature(fixed).parameters) == []
    assert on(fixed, backend)() == ("here", ("here", 1))


def test_a_constant_is_no_dependency_to_be_settled() -> None:
    @workflow(needs={"x": value(5)}, settled="x")
    def w(x: Any) -> None: ...

    assert isinstance(fail_to_build(w), SettledError)


def test_a_constant_shows_what_it_is() -> None:
    made = task(page.__wrapped__, needs={"depth": value(3)})
    assert repr(made.needs) == "{'depth': value(3)}"


def test_a_word_in_needs_that_names_nothing_is_perhaps_a_constant() -> None:
    @task(needs={"depth": "deep"})
    def read(depth: str) -> None: ...

    @workflow
    def w(read: Any) -> None: ...

    assert str(fail_to_build(w)) == (
        "Cannot build workflow 'w': task 'read' needs 'deep', and no task or input has that name. "
        "Add a parameter 'deep' to 'w' to make it an input, or write needs={'depth': value('deep')}."
    )


def test_a_constant_may_be_a_state_of_its_own(backend: Backend) -> None:
    own = State()

    @task(needs={"state": value(own)})
    def note(state: Any) -> None:
        state["noted"] = True

    @workflow
    def w(note: Any, state: State) -> bool:
        return "noted" in state

    assert on(w, backend)() is False
    assert own["noted"] is True
