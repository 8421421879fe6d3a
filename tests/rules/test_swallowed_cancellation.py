"""A task that swallows a cancellation of the caller by asyncio itself does not undo it: the run is cancelled."""

import asyncio
from typing import Any

import anyio
import pytest

from flowdeco import Status, task, workflow
from tests.support.clock import AT_ONCE
from tests.support.runs import Runs

pytestmark = pytest.mark.parametrize("anyio_backend", ["asyncio"])

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "retries": {"retries": 2},
    "timeout": {"timeout": 60},
    "limit": {"limit": 1},
    "hook": {"on_success": lambda: None},
}


class Swallower:
    """Returns, fails or goes on working when it is cancelled."""

    def __init__(self, then: str) -> None:
        self.there = asyncio.Event()
        self.then = then
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        self.there.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if self.then == "fails":
                raise ValueError("swallowed") from None
            if self.then == "goes on":
                await asyncio.sleep(0)
                await asyncio.sleep(0.001)
            return "swallowed"
        return "never cancelled"


@pytest.mark.parametrize("then", ["returns", "fails", "goes on"])
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("keep", [False, True])
async def test_what_comes_out_is_the_cancellation(then: str, option: str, beside: bool, keep: bool) -> None:
    swallower = Swallower(then)
    runs = Runs()
    followed: list[str] = []

    async def follow(step: str) -> None:
        followed.append(step)

    step = task(swallower, name="step", **OPTIONS[option])
    others = [task(anyio.sleep_forever, name=f"other{number}") for number in range(3)] if beside else []

    @workflow(after=[*others, task(follow, needs={"step": step})], on_start=runs.note)
    async def w() -> None:
        followed.append("body")

    caller = asyncio.ensure_future(w.run() if keep else w())
    await swallower.there.wait()
    caller.cancel()
    with anyio.fail_after(60), pytest.raises(asyncio.CancelledError):
        await caller
    assert followed == []
    assert swallower.calls == 1
    assert [run.status for run in runs] == [Status.CANCELLED]


async def test_one_that_the_workflow_s_own_function_swallows_comes_out_too() -> None:
    swallower = Swallower("returns")
    runs = Runs()

    @workflow(on_start=runs.note)
    async def w() -> str:
        return await swallower()

    caller = asyncio.ensure_future(w())
    await swallower.there.wait()
    caller.cancel()
    with anyio.fail_after(60), pytest.raises(asyncio.CancelledError):
        await caller
    assert [run.status for run in runs] == [Status.CANCELLED]


async def test_a_task_that_cancels_and_uncancels_itself_is_left_alone() -> None:
    async def times_out() -> str:
        try:
            async with asyncio.timeout(AT_ONCE):
                await asyncio.sleep(60)
        except TimeoutError:
            return "timed out"
        return "never"

    @workflow(needs={"got": task(times_out)})
    async def w(got: str) -> str:
        return got

    assert await w() == "timed out"


async def test_a_call_in_a_task_that_had_swallowed_one_before_is_not_cancelled() -> None:
    @task
    async def quick() -> str:
        await asyncio.sleep(0)
        return "done"

    @workflow
    async def w(quick: str) -> str:
        return quick

    there = asyncio.Event()

    async def caller() -> str:
        try:
            there.set()
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass  # it stays counted as being cancelled
        return await w()

    running = asyncio.ensure_future(caller())
    await there.wait()
    running.cancel()
    with anyio.fail_after(60):
        assert await running == "done"
