"""The sixth rule of names: the run and its state. And what only orders."""

import inspect
from typing import Any

from flowdeco import Run, task, workflow
from tests.conftest import Backend
from tests.support.names_rules import other, page
from tests.support.naming import edges_of, fail_to_build, mention, on
from tests.support.steps import web

mention(other)


def test_run_and_state_are_those_of_the_run(backend: Backend) -> None:
    @task
    def note(state: Any, run: Any) -> Any:
        state["noted"] = True
        return run

    @workflow
    def w(note: Any, run: Any = None, state: Any = None) -> Any:
        return note is run, isinstance(run, Run), state is run.state, {key: state[key] for key in state}

    assert on(w, backend)() == (True, True, True, {"noted": True})
    assert list(inspect.signature(w).parameters) == []


def test_run_and_state_with_a_default_of_their_own_keep_it(backend: Backend) -> None:
    @task
    def note(run: str = "mine") -> Any:
        return run

    @workflow
    def w(note: Any, state: Any = 0) -> Any:
        return note, state

    assert on(w, backend)() == ("mine", 0)
    assert list(inspect.signature(w).parameters) == []


def test_a_task_of_the_name_comes_before_the_run(backend: Backend) -> None:
    @task
    def run() -> str:
        return "a task"

    @workflow
    def w(run: Any) -> Any:
        return run

    assert on(w, backend)() == "a task"


def test_run_is_never_an_input() -> None:
    @workflow(needs={"run": None, "state": None})
    def w(run: Any, state: Any = 5) -> Any:
        return run

    assert str(fail_to_build(w)) == (
        "Cannot build workflow 'w': workflow 'w' needs 'run', and needs= says that 'run' is not a dependency, "
        "and it has no default. Give it one."
    )
    assert w.with_options(needs={"state": None}).graph.inputs == ()


# The order, and the inputs


def test_after_orders_without_passing_a_value(backend: Backend) -> None:
    order: list[str] = []

    @task
    def first() -> None:
        order.append("first")

    @task(after=["first", page])
    def second() -> None:
        order.append("second")

    @workflow(after=second)
    def w() -> list[str]:
        return [*order, "body"]

    assert on(w, backend)() == ["first", "second", "body"]
    expected = {("first", "second", None), ("page", "second", None), ("second", "w", None)}
    assert edges_of(w) == expected


def test_the_signature_of_a_workflow_is_its_inputs_in_their_order(backend: Backend) -> None:
    @workflow(tasks=[web])
    def w(page: str, url: str, fetch: str, depth: int = 3, *, other: str, deep: bool = False) -> Any:
        return url, depth, deep

    assert str(inspect.signature(w)) == "(url, depth=3, *, deep=False)"
    assert on(w, backend)("u", 4) == ("u", 4, False)
    assert on(w, backend)("u", deep=True) == ("u", 3, True)
