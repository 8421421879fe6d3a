"""When a workflow within runs, and how it ends."""

import threading
from typing import Any

import anyio
import pytest
from anyio import from_thread
from anyio.lowlevel import checkpoint

from flowdeco import InputError, MissingDependencyError, Run, Status, WorkflowTimeoutError, task, workflow
from tests.support.clock import AT_ONCE, Clock, given_time
from tests.support.naming import mention
from tests.support.nested import inner, nothing_else, outer


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

    with anyio.fail_after(60):
        assert await w() == ("first", "second")


async def test_it_keeps_its_own_timeout() -> None:
    @workflow(timeout=AT_ONCE)
    async def slow() -> None:
        await anyio.sleep_forever()

    @workflow(timeout=60)
    async def w(slow: Any) -> None: ...

    with pytest.raises(WorkflowTimeoutError) as caught:
        await w()
    assert caught.value.workflow == "slow"
    assert caught.value.timeout == AT_ONCE
    assert Run.of(caught.value).workflow == "w"


@given_time
async def test_the_outer_timeout_reaches_it(clock: Clock) -> None:
    ended: list[str] = []

    @workflow
    async def slow() -> None:
        try:
            clock.reach()
            await anyio.sleep_forever()
        finally:
            ended.append("slow")

    @workflow(timeout=clock.seconds)
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


async def test_what_its_def_raises_when_it_was_cancelled_is_in_the_record() -> None:
    has_begun = threading.Event()

    @workflow
    def late() -> None:
        has_begun.set()
        try:
            while True:
                from_thread.check_cancelled()
        except BaseException:
            raise ValueError("late") from None

    @task
    async def bad() -> None:
        while not has_begun.is_set():
            await checkpoint()
        raise KeyError("first")

    @workflow
    async def w(late: None, bad: None) -> None: ...

    mention(late, bad)
    run = await w.run()
    assert isinstance(run.error, KeyError)
    within = run.tasks["late"].run
    assert within is not None
    assert [str(failure.error) for failure in within.errors] == ["late"]
