"""A reader that takes its time with each item gets its turns, however quick the items are, and holds them back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest
from anyio import fail_after
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.support.clock import PATIENCE

COUNT = 300


async def read_slowly(read: AsyncIterator[int]) -> int:
    taken = 0
    async for _ in read:
        for _ in range(3):
            await checkpoint()
        taken += 1
        if taken == COUNT:
            break
    return taken


def read_in_thread(read: Iterator[int]) -> int:
    for taken, _ in enumerate(read, 1):
        if taken == COUNT:
            return taken
    return 0


@pytest.mark.parametrize("reader", [read_slowly, read_in_thread])
@pytest.mark.parametrize("run_in", ["loop", "thread"])
async def test_items_without_end_that_wait_for_nothing_do_not_starve_it(reader: Any, run_in: Any) -> None:
    given = 0

    @task
    async def numbers() -> AsyncIterator[int]:
        nonlocal given
        for given in count(1):
            yield given

    @task(each={"number": numbers}, run_in=run_in, ahead=10)
    def double(number: int) -> int:
        return 2 * number

    @workflow(needs={"taken": task(reader, stream="read", needs={"read": double})})
    def w(taken: int) -> int:
        return taken

    with fail_after(PATIENCE):
        assert await w.call() == COUNT
    assert given <= COUNT + 12  # ahead=, and one or two at hand that wait for a place
