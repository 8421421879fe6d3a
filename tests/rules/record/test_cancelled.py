"""The record of a run that goes on, or was cancelled."""

from typing import Any

import anyio
import pytest
from anyio import create_task_group

from flowdeco import Run, Status, task, workflow


async def test_the_record_can_be_read_while_the_run_goes_on() -> None:
    seen: list[Any] = []
    started = anyio.Event()
    go_on = anyio.Event()

    @task
    async def slow() -> int:
        started.set()
        await go_on.wait()
        return 1

    @task
    async def look(run: Run[Any]) -> None:
        await started.wait()
        tasks = run.tasks
        seen.append((run.status, run.finished, run.duration, tasks["slow"].status, tasks["slow"].finished))
        seen.append((tasks["slow"].result, tasks["slow"].duration, tasks["after"].status, tasks["after"].started))
        go_on.set()

    @task
    async def after(slow: int) -> None: ...

    @workflow
    async def w(slow: Any, look: Any, after: Any) -> None: ...

    await w()
    assert seen == [
        (Status.RUNNING, None, None, Status.RUNNING, None),
        (None, None, Status.PENDING, None),
    ]


async def test_a_cancelled_run_is_raised_and_recorded_as_cancelled() -> None:
    runs: list[Run[Any]] = []
    started = anyio.Event()

    @task
    async def endless(run: Run[Any]) -> None:
        runs.append(run)
        started.set()
        await anyio.sleep_forever()

    @workflow
    async def w(endless: Any) -> None: ...

    returned = False

    async def call() -> None:
        nonlocal returned
        await w.run()
        returned = True

    async with create_task_group() as group:
        group.start_soon(call)
        await started.wait()
        group.cancel_scope.cancel()
    assert not returned
    assert (runs[0].status, runs[0].tasks["endless"].status) == (Status.CANCELLED, Status.CANCELLED)
    assert runs[0].error is None
    assert runs[0].finished is not None


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_a_run_cancelled_in_the_workflow_s_own_function_is_recorded_as_cancelled(kind: str) -> None:
    runs: list[Run[Any]] = []
    scope = anyio.CancelScope()

    @workflow
    async def waits(run: Run[Any]) -> None:
        runs.append(run)
        scope.cancel()
        await anyio.sleep_forever()

    @workflow
    def blocks(run: Run[Any]) -> None:
        runs.append(run)
        anyio.from_thread.run_sync(scope.cancel)
        anyio.from_thread.check_cancelled()

    with scope:
        await (waits if kind == "async" else blocks).call()
    assert scope.cancelled_caught
    assert runs[0].status is Status.CANCELLED


async def test_a_run_cancelled_before_the_def_body_could_start_is_recorded_as_cancelled() -> None:
    runs: list[Run[Any]] = []
    scope = anyio.CancelScope()
    ran: list[str] = []

    @task
    async def last(run: Run[Any]) -> None:
        runs.append(run)
        scope.cancel()

    @workflow
    def w(last: Any) -> None:
        ran.append("body")

    with scope:
        await w.call()
    assert scope.cancelled_caught
    assert ran == []
    assert runs[0].status is Status.CANCELLED
