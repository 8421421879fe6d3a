"""The first error is the one that is raised, whatever the others raise while they are being cancelled."""

from typing import Any

import anyio
import pytest
from anyio import create_task_group, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Run, Status, task, workflow
from tests.support.clock import Clock, given_time
from tests.support.runs import Runs


async def fail_in_a_group() -> None:
    """Clean up in a task group, one of whose tasks fails while the other is told that it is cancelled."""

    async def fails() -> None:
        raise RuntimeError("cleanup")

    try:
        await sleep_forever()
    finally:
        async with create_task_group() as group:
            group.start_soon(fails)
            await sleep_forever()


async def fail_with_a_group_and_a_scope() -> None:
    try:
        await sleep_forever()
    finally:
        try:
            await checkpoint()
        except BaseException as cancelled:
            raise BaseExceptionGroup("cleanup", [cancelled, RuntimeError("cleanup")]) from None


async def only_cancelled_in_a_group() -> None:
    try:
        await sleep_forever()
    finally:
        try:
            await checkpoint()
        except BaseException as cancelled:
            raise BaseExceptionGroup("cleanup", [cancelled]) from None


CLEANUPS = [fail_in_a_group, fail_with_a_group_and_a_scope, only_cancelled_in_a_group]


@pytest.mark.parametrize("cleanup", CLEANUPS)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("policy", [{}, {"timeout": 60}, {"retries": 1}, {"limit": 1}, {"on_start": lambda: None}])
async def test_a_sibling_s_cleanup_group_does_not_take_its_place(
    cleanup: Any, first: bool, policy: dict[str, Any]
) -> None:
    error = ValueError("the first")

    async def bad() -> None:
        await checkpoint()
        await checkpoint()
        raise error

    steps = [task(cleanup, name="cleans", **policy), task(bad, name="bad")]

    @workflow(after=steps if first else steps[::-1])
    async def w() -> None: ...

    with anyio.fail_after(60), pytest.raises(ValueError) as caught:
        await w()
    assert caught.value is error
    run = Run.of(error)
    assert run.status is Status.FAILED
    assert run.tasks["bad"].status is Status.FAILED


@pytest.mark.parametrize("cleanup", CLEANUPS)
@given_time
async def test_a_cleanup_group_does_not_hide_a_cancellation_from_outside(clock: Clock, cleanup: Any) -> None:
    runs = Runs()

    async def begin_and_clean() -> None:
        clock.reach()
        await cleanup()

    steps = [task(begin_and_clean, name="cleans"), task(sleep_forever, name="other")]

    @workflow(after=steps, on_start=runs.note)
    async def w() -> None: ...

    with anyio.fail_after(60), anyio.move_on_after(clock.seconds) as scope:
        await w()
    assert scope.cancelled_caught
    assert [run.status for run in runs] == [Status.CANCELLED]
