"""A run is cancelled as well if that was asked for just before it began, and has not been raised yet."""

import asyncio

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow


@task
async def waits() -> None:
    await checkpoint()


@workflow
async def w(waits: None) -> None: ...


def test_a_run_that_begins_in_a_task_that_is_to_be_cancelled_is_cancelled() -> None:
    async def main() -> None:
        this = asyncio.current_task()
        assert this is not None
        this.cancel()
        await w.call()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())


def test_a_cancellation_that_was_caught_before_does_not_cancel_a_run() -> None:
    async def main() -> None:
        this = asyncio.current_task()
        assert this is not None
        this.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
        await w.call()

    asyncio.run(main())
