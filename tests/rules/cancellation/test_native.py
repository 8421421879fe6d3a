"""An event loop's own cancellation."""

import asyncio
import threading

import pytest
from anyio import sleep_forever

from flowdeco import task, workflow


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_cancel_of_the_caller_is_raised_in_it(together: bool) -> None:
    count = 3 if together else 1
    started: list[str] = []
    ended: list[str] = []
    all_started = asyncio.Event()

    async def work() -> None:
        try:
            started.append("work")
            if len(started) == count:
                all_started.set()
            await sleep_forever()
        finally:
            ended.append("work")

    steps = [task(work, name=f"work{i}") for i in range(count)]

    @workflow(after=steps)
    async def endless() -> None: ...

    caller = asyncio.create_task(endless())
    await all_started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert len(ended) == len(steps)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_cancel_waits_for_a_plain_function_in_its_thread() -> None:
    started, release = threading.Event(), threading.Event()
    ended: list[str] = []

    @task
    def work() -> None:
        started.set()
        release.wait(60)
        ended.append("work")

    @workflow
    async def endless(work: None) -> None: ...

    caller = asyncio.create_task(endless())
    await asyncio.to_thread(started.wait, 60)
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended == ["work"]
