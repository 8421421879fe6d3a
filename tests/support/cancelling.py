"""The ways in which a call is cancelled from outside."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import anyio
from anyio import CancelScope, create_task_group

from .stage import PATIENCE, Stage

Build: TypeAlias = Callable[[], tuple[Stage, Callable[[], Any]]]


async def cancel_by_scope(build: Build) -> Stage:
    """Cancel an anyio scope around the call."""
    stage, w = build()
    scope = CancelScope()

    async def call() -> None:
        with scope:
            await stage.call(w)
        if not scope.cancelled_caught:
            stage.wrong.append("the scope did not catch the cancellation")

    async with create_task_group() as group:
        group.start_soon(_note_error, stage, call)
        await stage.wait_there()
        scope.cancel()
        await _let_go(stage)
    return stage


async def cancel_by_timeout(build: Build) -> Stage:
    """Let the time of an `asyncio.timeout` around the call be up."""
    stage, w = build()
    timer = asyncio.timeout(None)

    async def call() -> None:
        async with timer:
            await stage.call(w)

    caller = asyncio.create_task(call())
    await stage.wait_there()
    if not caller.done():
        timer.reschedule(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
    await _end(stage, caller, TimeoutError)
    return stage


async def cancel_by_wait_for(build: Build) -> Stage:
    """Let `asyncio.wait_for` run out; once more with more time if the machine was too slow for the task to be there."""
    for seconds in (0.02, 0.2, 2.0, 6.0, 20.0):
        stage, w = build()
        callers: list[asyncio.Task[Any]] = []

        async def call(stage: Stage = stage, w: Callable[[], Any] = w, callers: list[Any] = callers) -> None:
            callers.append(asyncio.current_task())  # before Python 3.12, that is not the one that waits for it
            await stage.call(w)

        def is_cancelled(callers: list[asyncio.Task[Any]] = callers) -> bool:
            return any(each.cancelling() for each in callers)

        caller = asyncio.create_task(asyncio.wait_for(call(), seconds))
        await stage.wait_there(is_cancelled)
        in_time = stage.is_there() and not stage.ended and not is_cancelled()
        while not (is_cancelled() or caller.done()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)
        await _end(stage, caller, TimeoutError)
        if in_time:
            break
        stage.finish()
    return stage


async def cancel_by_task(build: Build) -> Stage:
    """Cancel the caller's own asyncio task."""
    stage, w = build()
    caller = asyncio.create_task(stage.call(w))
    await stage.wait_there()
    caller.cancel()
    await _end(stage, caller, asyncio.CancelledError)
    return stage


WAYS: dict[str, Callable[[Build], Any]] = {
    "asyncio.timeout": cancel_by_timeout,
    "asyncio.wait_for": cancel_by_wait_for,
    "Task.cancel": cancel_by_task,
    "anyio scope": cancel_by_scope,
}


async def _let_go(stage: Stage) -> None:
    """Let go what blocks, a moment after the cancellation."""
    if stage.blocks:
        await anyio.sleep(0.003)
        stage.release.set()


async def _end(stage: Stage, caller: "asyncio.Task[Any]", wanted: type[BaseException]) -> None:
    """Wait for the caller's task, and see what came out of it."""
    await _let_go(stage)
    await asyncio.wait([caller], timeout=3 * PATIENCE)
    if not caller.done():
        stage.wrong.append("the call has not ended")
        return
    error = asyncio.CancelledError() if caller.cancelled() else caller.exception()
    if type(error) is not wanted:
        stage.wrong.append(f"what came out was {error!r}")


async def _note_error(stage: Stage, call: Callable[[], Any]) -> None:
    try:
        await call()
    except Exception as error:
        stage.wrong.append(f"what came out was {error!r}")
