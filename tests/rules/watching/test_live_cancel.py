"""A run that was started is stopped while it goes on."""

from typing import Any

import pytest
from anyio import Event as Signal
from anyio import create_task_group, fail_after, get_running_tasks, sleep_forever

from flowdeco import Run, Status, WorkflowTimeoutError, task, workflow
from tests.support.clock import AT_ONCE
from tests.support.live import read, summary


async def test_cancel_stops_the_run_and_nothing_is_raised() -> None:
    begun = Signal()

    @task
    async def forever() -> None:
        begun.set()
        await sleep_forever()

    @workflow
    async def w(forever: None) -> None: ...

    before = len(get_running_tasks())
    with fail_after(60):
        async with w.start() as run:
            await begun.wait()
            run.cancel()
            run.cancel()
            assert (await read(run))[-2:] == ["forever cancelled", "w cancelled"]
    assert run.status is Status.CANCELLED
    assert run.error is None
    assert len(get_running_tasks()) == before
    run.cancel()
    assert run.status is Status.CANCELLED


async def test_a_run_can_be_cancelled_before_it_began() -> None:
    async with summary.start("x") as run:
        run.cancel()
    assert run.status is Status.CANCELLED


async def test_a_run_can_be_cancelled_by_its_own_task() -> None:
    @task
    async def suicidal(run: Run[Any]) -> None:
        run.cancel()
        await sleep_forever()

    @workflow
    async def w(suicidal: None) -> None: ...

    with fail_after(60):
        async with w.start() as live:
            pass
    assert live.status is Status.CANCELLED


async def test_a_cancellation_from_outside_passes() -> None:
    begun = Signal()

    @task
    async def forever() -> None:
        begun.set()
        await sleep_forever()

    @workflow
    async def w(forever: None) -> None: ...

    runs: list[Run[None]] = []

    async def follow() -> None:
        async with w.start() as run:
            runs.append(run)

    with fail_after(60):
        async with create_task_group() as group:
            group.start_soon(follow)
            await begun.wait()
            group.cancel_scope.cancel()
    assert runs[0].status is Status.CANCELLED


async def test_the_workflow_s_timeout_holds() -> None:
    @task
    async def forever() -> None:
        await sleep_forever()

    @workflow(timeout=AT_ONCE)
    async def w(forever: None) -> None: ...

    with pytest.raises(WorkflowTimeoutError):
        async with w.start():
            pass
