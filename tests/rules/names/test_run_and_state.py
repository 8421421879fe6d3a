"""The sixth rule of names: the run and its state. And what only orders."""

import inspect
from typing import Any

import pytest

from flowdeco import InputError, Run, State, task, workflow
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


def test_run_and_state_are_inputs_where_the_workflow_s_needs_say_so(backend: Backend) -> None:
    @task
    def read(state: Any, run: Any = None) -> Any:
        return state, run

    @task
    def left(state: Any = "mine") -> Any:
        return state

    @workflow(needs={"state": None, "run": None})
    def w(state: str, read: Any, left: Any, run: int = 5) -> Any:
        return state, run, read, left

    assert str(inspect.signature(w)).replace("typing.", "") == "(state: str, run: int = 5) -> Any"
    assert w.graph.inputs == ("state", "run")
    assert on(w, backend)("Bern") == ("Bern", 5, ("Bern", 5), "Bern")
    assert on(w, backend)(state="Bern", run=6) == ("Bern", 6, ("Bern", 6), "Bern")
    record = w.run("Bern")
    assert (record.inputs["state"], isinstance(record.state, State)) == ("Bern", True)
    w.check()


def test_one_of_them_may_be_an_input_and_the_other_what_it_always_is(backend: Backend) -> None:
    @task
    def read(state: Any, run: Any) -> Any:
        return state, run

    @workflow(needs={"run": None})
    def w(run: str, read: Any, state: Any) -> Any:
        return read == (state, run) and isinstance(state, State)

    assert on(w, backend)(run="12 km") is True


def test_a_task_of_the_name_still_comes_before_such_an_input(backend: Backend) -> None:
    def make() -> Any:
        @task
        def state() -> str:
            return "a task"

        @task
        def read(state: Any) -> Any:
            return state

        mention(state)
        return read

    @workflow(needs={"state": None, "read": make()})
    def w(state: str, read: Any) -> Any:
        return state, read

    assert on(w, backend)("Bern") == ("Bern", "a task")


def test_needs_of_none_of_a_task_still_leaves_it_the_default(backend: Backend) -> None:
    @task(needs={"state": None})
    def read(state: Any = "mine") -> Any:
        return state

    @workflow(needs={"state": None})
    def w(state: str, read: Any) -> Any:
        return state, read

    assert on(w, backend)("Bern") == ("Bern", "mine")


def test_hooks_get_the_run_and_its_state_whatever_the_inputs_are_called() -> None:
    seen: list[object] = []

    def note(state: Any, run: Any) -> None:
        seen.extend([state, run])

    @workflow(needs={"state": None}, on_success=note)
    def w(state: str) -> str:
        return state

    record = w.run("Bern")
    assert seen == [record.state, record]


def test_such_an_input_of_a_nested_workflow_is_looked_up_as_any_other(backend: Backend) -> None:
    @workflow(needs={"state": None})
    def inner(state: str) -> str:
        return state

    @workflow(needs={"inner": inner})
    def outer(inner: str) -> str:
        return inner

    @workflow(needs={"inner": inner, "state": None})
    def giving(inner: str, state: str) -> str:
        return inner

    mention(inner)
    assert str(fail_to_build(outer)).startswith(
        "Cannot build workflow 'outer': workflow 'inner' needs 'state', and no task or input has that name."
    )
    assert on(giving, backend)("Bern") == "Bern"


def test_a_call_that_gives_what_is_no_input_says_how_it_becomes_one() -> None:
    @workflow
    def w(state: Any) -> None: ...

    with pytest.raises(InputError, match=r"needs=\{'state': None\} makes it an input"):
        w(state=5)


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

    shown = "(url: str, depth: int = 3, *, deep: bool = False) -> Any"
    assert str(inspect.signature(w)).replace("typing.", "") == shown
    assert on(w, backend)("u", 4) == ("u", 4, False)
    assert on(w, backend)("u", deep=True) == ("u", 3, True)
