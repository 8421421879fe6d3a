"""A `def` that reads items and is out of time, or whose run ends, is let go at its next item, wherever it was then."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from anyio import CancelScope, fail_after, sleep_forever
from anyio.to_thread import run_sync

from flowdeco import Retry, TaskTimeoutError, task, value, workflow
from tests.support.clock import Clock, given_time

SOON = 60


@task
async def numbers() -> AsyncIterator[int]:
    yield 0
    await sleep_forever()


@task(each={"number": numbers})
async def double(number: int) -> int:
    return 2 * number


@given_time
async def test_past_its_own_timeout_it_ends_at_the_next_item(clock: Clock) -> None:
    released, ended = threading.Event(), threading.Event()

    @task(stream="double", timeout=clock.seconds)
    def reader(double: Iterator[int]) -> None:
        clock.reach()
        try:
            released.wait(SOON)  # neither reading nor waiting for an item when its time is over
            list(double)
        finally:
            ended.set()

    @workflow
    def w(reader: None) -> None: ...

    with fail_after(SOON), pytest.raises(TaskTimeoutError):
        await w.call()
    released.set()
    assert not clock.is_reached or await run_sync(ended.wait, SOON)


@pytest.mark.parametrize("yields", [False, True])
async def test_in_a_run_that_is_cancelled_it_ends_at_the_next_item(yields: bool) -> None:
    begun, released = threading.Event(), threading.Event()

    def read(double: Iterator[int]) -> Iterator[int]:
        yield next(double)
        begun.set()
        released.wait(SOON)
        yield from double

    def read_all(double: Iterator[int]) -> list[int]:
        return list(read(double))

    kind: Any = task(stream="double", name="reader")
    reader = kind(read if yields else read_all)

    @workflow(needs={"given": reader})
    def w(given: Any) -> None: ...

    scope = CancelScope()
    async with anyio.create_task_group() as group:
        with fail_after(SOON), scope:
            group.start_soon(release, begun, released, scope)
            await w.call()
    assert scope.cancelled_caught


async def release(begun: threading.Event, released: threading.Event, scope: CancelScope) -> None:
    """Let a thread go on when the run has been cancelled, and has told it so."""
    assert await run_sync(begun.wait, SOON)
    scope.cancel()
    with CancelScope(shield=True):
        await anyio.wait_all_tasks_blocked()
    released.set()


@given_time
async def test_what_was_left_behind_takes_no_item_from_the_next_attempt(clock: Clock) -> None:
    attempts: list[list[int]] = []
    left, gate = threading.Event(), anyio.Event()

    @task(each={"number": value([0])})
    async def late(number: int) -> int:
        await gate.wait()
        return number

    @task(stream="late", timeout=clock.seconds, retries=Retry(1, on=TaskTimeoutError, delay=0))
    def reader(late: Iterator[int]) -> list[int]:
        found: list[int] = []
        attempts.append(found)
        if len(attempts) == 1:
            try:
                found += late  # waits, until its time is over
            finally:
                left.set()
        assert left.wait(SOON)
        anyio.from_thread.run_sync(gate.set)
        found += late
        clock.reach()
        return found

    @workflow
    def w(reader: list[int]) -> list[int]:
        return reader

    with fail_after(SOON):
        assert await w.call() == [0]
    assert attempts == [[], [0]]
