"""What a lane of the event loop takes up while threads add to what there is to do."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import pytest
from anyio import fail_after
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from flowdeco._scheduler import run_state
from flowdeco._scheduler.engine import Engine
from flowdeco._scheduler.parking import ParkedNode
from tests.support.clock import PATIENCE


async def test_what_comes_back_from_a_thread_just_now_does_not_take_the_place_of_what_was_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_asked, may_answer, has_come_back = threading.Event(), threading.Event(), threading.Event()
    resume = Engine.resume

    def resume_and_tell(self: Engine, parked: ParkedNode) -> None:
        resume(self, parked)
        has_come_back.set()

    class Ready(deque[int]):
        def popleft(self) -> int:
            index = super().popleft()
            if is_asked.is_set() and not has_come_back.is_set():  # as if the thread had run between two instructions
                may_answer.set()
                assert has_come_back.wait(PATIENCE)
            return index

    monkeypatch.setattr(run_state, "deque", Ready)
    monkeypatch.setattr(Engine, "resume", resume_and_tell)

    def is_wanted() -> bool:
        is_asked.set()
        return may_answer.wait(PATIENCE)

    @task(when=is_wanted)
    async def asked() -> str:
        return "asked"

    @task
    async def first() -> str:
        while not is_asked.is_set():
            await checkpoint()
        return "first"

    @task
    async def taken(first: str) -> str:
        return f"taken after {first}"

    @workflow
    async def w(asked: str, taken: str) -> Any:
        return asked, taken

    with fail_after(PATIENCE):
        assert await w.call() == ("asked", "taken after first")
