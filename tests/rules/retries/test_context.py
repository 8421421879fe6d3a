"""What each attempt sees of context variables."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio import CancelScope, sleep_forever, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.support.attempts import AGAIN
from tests.support.clock import AT_ONCE
from tests.support.retries import WAYS, alone, make

COLOUR: ContextVar[str] = ContextVar("colour", default="none")


@pytest.mark.parametrize("way", [*WAYS, "executor", "executor with a timeout"])
async def test_each_attempt_sees_the_caller_s_context_variables_and_none_that_another_has_set(
    way: str, pool: ThreadPoolExecutor
) -> None:
    seen: list[str] = []

    def page() -> str:
        seen.append(COLOUR.get())
        COLOUR.set(f"attempt {len(seen)}")
        if len(seen) < 4:
            raise ConnectionError
        return COLOUR.get()

    if way in WAYS:
        step = make(way, page, retries=AGAIN)
    else:
        step = task(page, run_in=pool, retries=AGAIN, timeout=60 if "timeout" in way else None)

    @task
    async def before() -> None:
        COLOUR.set("before")

    @task
    def later(page: str) -> str:
        return COLOUR.get()

    @workflow(tasks={"page": step.with_options(after=before)})
    async def w(page: str, later: str) -> Any:
        return page, later, COLOUR.get()

    token = COLOUR.set("caller")
    try:
        assert await w() == ("attempt 4", "caller", "caller")
        assert COLOUR.get() == "caller"
    finally:
        COLOUR.reset(token)
    assert seen == ["caller"] * 4


async def test_an_attempt_keeps_its_context_variables_while_it_waits() -> None:
    seen: list[str] = []

    @task(retries=AGAIN)
    async def page() -> None:
        COLOUR.set(f"attempt {len(seen) + 1}")
        await checkpoint()
        with CancelScope():
            await checkpoint()
        seen.append(COLOUR.get())
        if len(seen) < 3:
            raise ConnectionError

    await alone(page)()
    assert seen == ["attempt 1", "attempt 2", "attempt 3"]


async def test_what_an_attempt_is_told_while_it_waits_arrives() -> None:
    """An attempt runs in a context of its own, which passes on all that the event loop and the function say."""
    log: list[str] = []

    @task(retries=AGAIN, timeout=60)
    async def page() -> str:
        try:
            with anyio.move_on_after(AT_ONCE) as scope:
                await sleep_forever()
            log.append(f"cut short {scope.cancelled_caught}")
            async with anyio.create_task_group() as group:
                group.start_soon(checkpoint)
            log.append(await to_thread.run_sync(str, "thread"))
        finally:
            await checkpoint()
            log.append("cleaned up")
        if len(log) < 4:
            raise ConnectionError
        return "done"

    assert await alone(page)() == "done"
    assert log == ["cut short True", "thread", "cleaned up"] * 2
