"""A thread that comes late."""

import threading
from typing import Any

import pytest
from anyio import Event, from_thread

from flowdeco import task, workflow
from flowdeco._scheduler.engine import Engine
from flowdeco._scheduler.thread_lane import ThreadLane


async def test_a_thread_that_looks_up_when_all_is_done_takes_that_for_no_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go, cancelled = Event(), threading.Event()
    cancel, find_next = Engine.cancel, ThreadLane._next

    def cancel_and_say_so(engine: Engine) -> None:
        cancel(engine)
        cancelled.set()

    def dawdle(lane: ThreadLane, ended: int = -1, result: Any = None) -> Any:
        found = find_next(lane, ended, result)
        if ended >= 0 and found is None:  # this thread has nothing more to do, but has not returned yet
            from_thread.run_sync(go.set)
            cancelled.wait(60)
        return found

    monkeypatch.setattr("flowdeco._scheduler.thread_lane.SLICE", -1)  # so that it looks up after every node
    monkeypatch.setattr(Engine, "cancel", cancel_and_say_so)
    monkeypatch.setattr(ThreadLane, "_next", dawdle)

    @task
    def in_thread() -> int:
        return 1

    @task
    async def last() -> int:
        await go.wait()
        return 2

    @workflow
    async def both(in_thread: int, last: int) -> tuple[int, int]:
        return in_thread, last

    assert await both() == (1, 2)
