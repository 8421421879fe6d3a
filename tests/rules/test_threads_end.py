"""A call that has ended has waited for its threads, also when asyncio itself cancelled it."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio import from_thread

from flowdeco import Limit, Status, task, workflow
from tests.support.runs import Runs

pytestmark = pytest.mark.parametrize("anyio_backend", ["asyncio"])


class Blocker:
    """Blocks in a thread until it is let go."""

    def __init__(self) -> None:
        self.started, self.release, self.ended = threading.Event(), threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.started.set()
        self.release.wait(60)
        self.ended.set()


async def cancel(call: Callable[[], Any], blocker: Blocker) -> None:
    """Cancel a call that blocks; it must go on until the thread is let go, and no longer."""
    caller = asyncio.ensure_future(call())
    try:
        with anyio.fail_after(60):
            while not blocker.started.is_set():  # noqa: ASYNC110 - a thread sets it
                await anyio.sleep(0.001)
            caller.cancel()
            for _ in range(20):
                await asyncio.sleep(0)
            assert not caller.done(), "it ended before its thread"
            blocker.release.set()
            with pytest.raises(asyncio.CancelledError):
                await caller
            assert blocker.ended.is_set()
    finally:
        blocker.release.set()
        await asyncio.wait([caller], timeout=60)


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "timed": {"timeout": 60},
    "limited": {"limit": 1},
    "hooked": {"on_start": lambda: None},
    "retried": {"retries": 2},
    "conditional": {"when": lambda: True},
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("live", [False, True])
async def test_the_call_waits_for_a_task_s_thread(option: str, live: bool) -> None:
    blocker = Blocker()

    @workflow(after=task(blocker, name="blocks", **OPTIONS[option]))
    async def w() -> None: ...

    async def follow() -> None:
        async with w.start():
            pass

    await cancel(follow if live else w, blocker)


async def test_the_call_waits_for_the_body_of_a_plain_workflow() -> None:
    blocker = Blocker()
    runs = Runs()
    w = workflow(blocker, name="w", on_start=runs.note)
    await cancel(w.call, blocker)
    assert [run.status for run in runs] == [Status.CANCELLED]


@pytest.mark.parametrize("times", [1, 3])
async def test_the_call_waits_however_often_it_is_cancelled(times: int) -> None:
    blocker = Blocker()

    @workflow(after=task(blocker, name="blocks"))
    async def w() -> None: ...

    caller = asyncio.ensure_future(w())
    try:
        while not blocker.started.is_set():  # noqa: ASYNC110 - a thread sets it
            await anyio.sleep(0.001)
        for _ in range(times):
            caller.cancel()
            await asyncio.sleep(0.002)
        assert not caller.done()
        blocker.release.set()
        with anyio.fail_after(60), pytest.raises(asyncio.CancelledError):
            await caller
        assert blocker.ended.is_set()
    finally:
        blocker.release.set()
        await asyncio.wait([caller], timeout=60)


async def test_a_place_of_a_limit_is_not_given_away_before_its_thread_has_ended() -> None:
    limit = Limit(1)
    blocker = Blocker()
    overlapped: list[bool] = []

    def second() -> None:
        overlapped.append(not blocker.ended.is_set())

    @workflow(after=task(blocker, name="blocks", limit=limit))
    async def w() -> None: ...

    @workflow(after=task(second, limit=limit))
    async def other() -> None: ...

    blocked = asyncio.ensure_future(w())
    while not blocker.started.is_set():  # noqa: ASYNC110 - a thread sets it
        await anyio.sleep(0.001)
    waiting = asyncio.ensure_future(other())
    await anyio.sleep(0.001)
    blocked.cancel()
    await anyio.sleep(0.01)
    blocker.release.set()
    await asyncio.wait([blocked, waiting], timeout=60)
    assert overlapped == [False]
    assert "0 of 1" in repr(limit)


async def test_a_thread_is_told_that_the_call_was_cancelled() -> None:
    started = threading.Event()
    told: list[bool] = []

    def polls() -> None:
        started.set()
        try:
            for _ in range(30_000):
                from_thread.check_cancelled()
                threading.Event().wait(0.002)
        except BaseException:
            told.append(True)
            raise

    @workflow(after=task(polls))
    async def w() -> None: ...

    caller = asyncio.ensure_future(w())
    while not started.is_set():  # noqa: ASYNC110 - a thread sets it
        await anyio.sleep(0.001)
    caller.cancel()
    with anyio.fail_after(60), pytest.raises(asyncio.CancelledError):
        await caller
    assert told == [True]
