"""Runs that never wait let others run, and can be cancelled."""

from typing import Any

import pytest
from anyio import create_task_group, move_on_after
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.support.engine import zero


async def test_others_on_the_loop_run_while_many_nodes_that_never_wait_are_executed() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await checkpoint()

    async def node(previous: int) -> int:
        return sum(range(200)) - 19900 + previous + 1

    last: Any = task(zero)
    for _ in range(2000):
        last = task(node, needs={"previous": last})

    @workflow(needs={"last": last})
    async def busy(last: int) -> int:
        return last

    async with create_task_group() as group:
        group.start_soon(count_turns)
        assert await busy() == 2000
        group.cancel_scope.cancel()
    assert turns > 3


async def test_a_run_whose_nodes_never_wait_can_be_cancelled() -> None:
    async def node(previous: int) -> int:
        scope.cancel()
        return sum(range(20_000)) - sum(range(20_000)) + previous + 1

    last: Any = task(zero)
    for _ in range(2000):
        last = task(node, needs={"previous": last})

    @workflow(needs={"last": last})
    async def endless(last: int) -> int:
        return last

    with move_on_after(60) as scope:
        await endless()
        pytest.fail("it ran to its end")
    assert scope.cancelled_caught


async def test_runs_that_never_wait_let_others_run_between_them() -> None:
    others = 0

    async def count_turns() -> None:
        nonlocal others
        while True:
            others += 1
            await checkpoint()

    @task
    async def one() -> int:
        return sum(range(2000))

    @workflow
    async def small(one: int) -> int:
        return one

    async with create_task_group() as group:
        group.start_soon(count_turns)
        for _ in range(1000):
            await small()
        group.cancel_scope.cancel()
    assert others > 3
