"""What the tests of calls share."""

from typing import Any

import anyio

from flowdeco import task, workflow


@task
async def fetched(number: int) -> int:
    return number * 2


@task
def counted(fetched: int) -> int:
    return fetched + 1


@workflow
def plain(number: Any, counted: Any) -> tuple[int, int]:
    return number, counted


@workflow
async def awaited(number: Any, counted: Any) -> tuple[int, int]:
    await anyio.lowlevel.checkpoint()
    return number, counted
