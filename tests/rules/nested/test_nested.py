"""A workflow can be named where a task can: it runs as a node."""

import threading
from typing import Any

import anyio
import pytest

from flowdeco import (
    InputError,
    MissingDependencyError,
    OptionTypeError,
    Run,
    Status,
    WorkflowTimeoutError,
    task,
    workflow,
)
from tests.conftest import Backend
from tests.support.modules import make_module


@task
async def page(url: str) -> str:
    return f"<{url}>"


@task
def words(page: str) -> list[str]:
    return [page]


@workflow
def inner(url: Any, words: Any) -> Any:
    return url, words


@workflow
async def inner_async(url: Any, words: Any) -> Any:
    await anyio.lowlevel.checkpoint()
    return url, words


@workflow
def outer(url: Any, inner: Any, inner_async: Any) -> Any:
    return inner, inner_async


@workflow
async def outer_async(url: Any, inner: Any, inner_async: Any) -> Any:
    return inner, inner_async


EXPECTED = (("x", ["<x>"]), ("x", ["<x>"]))


def test_workflows_of_both_kinds_run_within_a_plain_call(backend: Backend) -> None:
    name, options = backend
    assert outer.with_options(backend=name, backend_options=options)(url="x") == EXPECTED


async def test_workflows_of_both_kinds_run_within_an_awaited_one() -> None:
    assert await outer_async(url="x") == EXPECTED
    assert await outer.call(url="x") == EXPECTED


async def test_the_body_of_a_def_workflow_within_runs_in_a_worker_thread() -> None:
    @workflow
    def where() -> int:
        return threading.get_ident()

    @workflow
    async def w(where: Any) -> Any:
        return where

    assert await w() != threading.get_ident()


async def test_workflows_run_within_workflows_within_workflows() -> None:
    @workflow
    async def second(url: Any, inner: Any, inner_async: Any) -> Any:
        return "second", inner, inner_async

    @workflow
    def third(url: Any, second: Any) -> Any:
        return "third", second

    @workflow
    async def fourth(url: Any, third: Any) -> Any:
        return "fourth", third

    assert await fourth(url="x") == ("fourth", ("third", ("second", *EXPECTED)))


async def test_an_input_reaches_only_the_workflow_whose_input_it_is() -> None:
    @workflow
    async def second(inner: Any) -> Any:
        return inner

    @workflow
    async def third(url: Any, second: Any) -> Any:
        return second

    with pytest.raises(MissingDependencyError, match="workflow 'second': workflow 'inner' needs 'url'"):
        await third(url="x")


async def test_its_inputs_are_found_by_name_among_tasks_and_inputs() -> None:
    @task
    def size(url: str) -> int:
        return len(url)

    @workflow
    async def measured(size: Any, url: Any) -> Any:
        return size, url

    @workflow
    async def given(length: Any, url: Any) -> Any:
        return length, url

    @task
    def length() -> int:
        return 7

    @workflow
    async def w(url: Any, measured: Any, given: Any) -> Any:
        return measured, given

    assert await w(url="abc") == ((3, "abc"), (7, "abc"))


async def test_its_inputs_take_their_defaults_where_nothing_has_their_name() -> None:
    @workflow
    async def with_default(url: Any, size: int = 3, *, currency: str = "EUR") -> Any:
        return url, size, currency

    @workflow
    async def w(url: Any, with_default: Any) -> Any:
        return with_default

    @workflow
    async def filled(url: Any, currency: Any, with_default: Any) -> Any:
        return with_default

    assert await w(url="x") == ("x", 3, "EUR")
    assert await filled(url="x", currency="USD") == ("x", 3, "USD")


async def test_its_positional_only_and_keyword_only_inputs_are_found_by_name() -> None:
    @workflow
    async def strict(url: Any, size: Any = 3, /, other: Any = 4, *, currency: Any) -> Any:
        return url, size, other, currency

    @workflow
    async def w(url: Any, other: Any, currency: Any, strict: Any) -> Any:
        return strict

    assert await w("x", 5, "EUR") == ("x", 3, 5, "EUR")


async def test_a_task_may_receive_its_result_under_another_name() -> None:
    @task(needs={"answer": inner})
    def reader(answer: Any) -> Any:
        return "read", answer

    @workflow
    async def w(url: Any, reader: Any) -> Any:
        return reader

    assert await w(url="x") == ("read", ("x", ["<x>"]))


async def test_it_runs_once_however_many_need_it() -> None:
    ran: list[str] = []

    @workflow
    async def once(url: Any) -> Any:
        ran.append(url)
        return url

    @task
    def left(once: Any) -> Any:
        return once

    @task
    def right(once: Any) -> Any:
        return once

    @workflow
    async def w(url: Any, left: Any, right: Any, once: Any) -> Any:
        return left, right, once

    assert await w(url="x") == ("x", "x", "x")
    assert ran == ["x"]


async def test_it_runs_beside_other_nodes() -> None:
    one, other = anyio.Event(), anyio.Event()

    @workflow
    async def first() -> str:
        one.set()
        await other.wait()
        return "first"

    @task
    async def second() -> str:
        other.set()
        await one.wait()
        return "second"

    @workflow
    async def w(first: Any, second: Any) -> Any:
        return first, second

    with anyio.fail_after(30):
        assert await w() == ("first", "second")


async def test_it_keeps_its_own_timeout() -> None:
    @workflow(timeout=0.01)
    async def slow() -> None:
        await anyio.sleep_forever()

    @workflow(timeout=60)
    async def w(slow: Any) -> None: ...

    with pytest.raises(WorkflowTimeoutError) as caught:
        await w()
    assert caught.value.workflow == "slow"
    assert caught.value.timeout == 0.01
    assert Run.of(caught.value).workflow == "w"


async def test_the_outer_timeout_reaches_it() -> None:
    ended: list[str] = []

    @workflow
    async def slow() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("slow")

    @workflow(timeout=0.01)
    async def w(slow: Any) -> None: ...

    with pytest.raises(WorkflowTimeoutError) as caught:
        await w()
    assert (caught.value.workflow, caught.value.running) == ("w", ("slow",))
    assert ended == ["slow"]


async def test_it_uses_the_state_of_the_outer_run() -> None:
    @task
    async def note(state: Any) -> None:
        state["note"] = "from within"

    @workflow
    async def noting(note: Any, state: Any) -> Any:
        return state

    @workflow
    async def w(noting: Any, state: Any, run: Run[Any]) -> Any:
        return noting is state is run.state, {key: state[key] for key in state}

    assert await w() == (True, {"note": "from within"})
    assert await w() == (True, {"note": "from within"})


async def test_its_tasks_see_its_own_run() -> None:
    @task
    async def look(run: Run[Any]) -> str:
        return run.workflow

    @workflow
    async def looking(look: Any) -> Any:
        return look

    @workflow
    async def w(looking: Any, look: Any) -> Any:
        return looking, look

    assert await w() == ("looking", "w")


@pytest.mark.parametrize("kind", ["task", "async body", "def body"])
async def test_its_error_is_raised_as_it_is_with_the_notes_of_both(kind: str) -> None:
    error = ValueError("no")

    @task
    async def bad() -> None:
        raise error

    @workflow
    async def by_task(bad: Any) -> None: ...

    @workflow
    async def by_async_body() -> None:
        raise error

    @workflow
    def by_def_body() -> None:
        raise error

    kinds: dict[str, Any] = {"task": by_task, "async body": by_async_body, "def body": by_def_body}

    @workflow(needs={"within": kinds[kind]})
    async def w(within: Any) -> None: ...

    with pytest.raises(ValueError, match="no") as caught:
        await w()
    assert caught.value is error
    name = kinds[kind].name
    place = f"task 'bad' of workflow '{name}'" if kind == "task" else f"workflow '{name}'"
    assert error.__notes__ == [f"Raised by {place}.", f"Raised by task '{name}' of workflow 'w'."]
    run = Run.of(error)
    assert run.workflow == "w"
    assert run.tasks[name].status is Status.FAILED
    assert [(failure.task, failure.error) for failure in run.errors] == [(name, error)]


def test_an_error_of_its_own_inputs_cannot_occur_in_a_run() -> None:
    with pytest.raises(InputError):
        outer()
    with pytest.raises(MissingDependencyError, match="workflow 'inner' needs 'url'"):
        workflow(nothing_else, name="w", needs={"inner": inner}).check()


def nothing_else(inner: Any) -> Any:
    return inner


@pytest.fixture
def steps() -> Any:
    """A module with a workflow within a workflow, and what it has run."""
    return make_module(
        "steps",
        """
        ran = []
        @task
        def step(): return 1
        @task
        def deeper(step): return step
        @task
        def first(): ran.append("first")
        @workflow
        async def within(deeper): return deeper
        @workflow
        async def w(within, first): return within
        """,
    )


async def test_a_name_within_that_changes_is_noticed_at_the_next_call_of_the_outer(steps: Any) -> None:
    assert await steps.w() == 1
    steps.step = task(lambda: 2)
    assert await steps.w() == 2
    steps.within = workflow(lambda: 3, name="within")
    assert await steps.w() == 3


async def test_a_graph_within_that_becomes_wrong_is_an_error_before_anything_runs(steps: Any) -> None:
    assert await steps.w() == 1
    steps.step = task(nothing_else)
    steps.ran.clear()
    with pytest.raises(MissingDependencyError, match="'inner'"):
        await steps.w()
    assert steps.ran == []


def test_a_workflow_cannot_be_made_a_task() -> None:
    with pytest.raises(OptionTypeError) as caught:
        task(inner)
    assert str(caught.value) == ("Cannot make a task of <workflow 'inner'>: it is one already. Use its with_options().")
