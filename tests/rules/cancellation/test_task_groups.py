"""A task group of asyncio in a run: before Python 3.13, it counts its own cancellation as one from outside."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from flowdeco import task, workflow

pytestmark = pytest.mark.parametrize("anyio_backend", ["asyncio"])


class WorseError(Exception):
    """What the child of a group raises."""


async def fail_at_end() -> None:
    """Fail when the block of the group has come to its end, and waits."""
    await asyncio.sleep(0)
    raise WorseError("no")


async def group() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fail_at_end())


async def caught() -> str:
    try:
        await group()
    except* WorseError:
        pass
    return "caught"


@task
async def plain() -> str:
    return await caught()


@task(timeout=60, retries=1)
async def with_options() -> str:
    return await caught()


@task
async def many() -> AsyncIterator[str]:
    yield await caught()


async def is_wanted() -> bool:
    return await caught() == "caught"


@task(when=is_wanted)
async def wanted() -> str:
    return "wanted"


async def steps() -> AsyncIterator[str]:
    yield await caught()


@task
async def stepping() -> list[str]:
    return [each async for each in steps()]


@task
async def calling() -> str:
    return await plain.call()


@workflow
async def inner(plain: str) -> str:
    return await caught()


@pytest.mark.parametrize(
    "made", [plain, with_options, many, wanted, stepping, calling, inner], ids=lambda each: each.name
)
async def test_a_task_group_whose_child_fails_cancels_no_run(made: object) -> None:
    @workflow(needs={"given": made})  # type: ignore[dict-item]
    async def outer(given: object) -> str:
        return await caught()

    assert await outer() == "caught"


async def test_the_error_of_a_task_group_is_that_of_the_task() -> None:
    @task
    async def raising() -> None:
        await group()

    @workflow
    async def outer(raising: None) -> None: ...

    with pytest.raises(ExceptionGroup) as caught:
        await outer()
    assert caught.group_contains(WorseError)


async def test_the_caller_is_not_left_as_if_it_were_cancelled() -> None:
    @workflow
    async def outer(plain: str) -> str:
        return await caught()

    me = asyncio.current_task()
    assert me is not None
    await outer()
    assert me.cancelling() == 0


@pytest.mark.parametrize("is_body", [False, True])
async def test_a_cancellation_that_a_task_group_swallows_is_still_raised(is_body: bool) -> None:
    """The group waits for a child that takes its time to end, and takes what comes meanwhile for its own."""
    is_waiting = asyncio.Event()

    async def end_late() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            is_waiting.set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def swallow() -> str:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(end_late())
                tasks.create_task(fail_at_end())
        except* WorseError:
            pass
        return "swallowed"

    @task
    async def swallowing() -> str:
        return await swallow()

    @workflow
    async def body() -> str:
        return await swallow()

    @workflow
    async def node(swallowing: str) -> str:
        return swallowing

    caller = asyncio.create_task(body() if is_body else node())
    await is_waiting.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
