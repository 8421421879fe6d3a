"""Scopes around a call and inside of its tasks."""

import math
from typing import Any

import pytest
from anyio import (
    CancelScope,
    Event,
    create_task_group,
    current_effective_deadline,
    current_time,
    get_cancelled_exc_class,
    get_running_tasks,
    move_on_after,
    sleep_forever,
)
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.support.clock import Clock, given_time


async def test_a_scope_around_the_call_cancels_every_task() -> None:
    started = [Event() for _ in range(4)]
    ended: list[int] = []

    def sleeper(i: int) -> Any:
        async def sleep() -> None:
            started[i].set()
            try:
                await sleep_forever()
            finally:
                ended.append(i)

        return task(sleep, name=f"sleep{i}")

    @workflow(after=[sleeper(i) for i in range(4)])
    async def sleepers() -> None: ...

    before = len(get_running_tasks())
    scope = CancelScope()

    async def cancel() -> None:
        for event in started:
            await event.wait()
        scope.cancel()

    async with create_task_group() as group:
        group.start_soon(cancel)
        with scope:
            await sleepers()
    assert scope.cancelled_caught
    assert sorted(ended) == [0, 1, 2, 3]
    assert len(get_running_tasks()) == before


@given_time
async def test_a_deadline_around_the_call_is_heard_by_a_single_task(clock: Clock) -> None:
    @task
    async def sleep() -> None:
        clock.reach()
        await sleep_forever()

    @workflow
    async def sleeper(sleep: None) -> None: ...

    with move_on_after(clock.seconds) as scope:
        await sleeper()
    assert scope.cancelled_caught


async def test_a_call_in_a_cancelled_scope_starts_nothing_that_waits() -> None:
    ended = False

    @task
    async def one() -> None:
        await checkpoint()

    @task
    async def two() -> None:
        nonlocal ended
        await checkpoint()
        ended = True

    @workflow
    async def pair(one: None, two: None) -> None: ...

    with CancelScope() as scope:
        scope.cancel()
        await pair()
    assert scope.cancelled_caught
    assert not ended


@pytest.mark.parametrize("together", [False, True])
async def test_the_effective_deadline_inside_a_task_is_the_nearer_of_its_own_and_the_caller_s(together: bool) -> None:
    async def deadline() -> float:
        await checkpoint()
        return current_effective_deadline()

    near = task(deadline, name="near", timeout=500)
    far = task(deadline, name="far", timeout=50_000)
    free = task(deadline, name="free")
    steps = [near, far, free] if together else [near]

    @workflow(needs={"found": steps})
    async def deadlines(found: list[float]) -> list[float]:
        return found

    start = current_time()
    outside = await deadlines()
    scope = CancelScope(deadline=start + 5000)
    inside: list[float] = []
    with scope:
        inside = await deadlines()
    assert start + 500 <= outside[0] < start + 1000
    assert start + 500 <= inside[0] < start + 1000
    if together:
        assert start + 50_000 <= outside[1] < start + 50_500
        assert outside[2] == math.inf
        assert inside[1:] == [scope.deadline, scope.deadline]


@pytest.mark.parametrize("together", [False, True])
async def test_cancellation_is_level_triggered_and_shielded_cleanup_is_left_alone(together: bool) -> None:
    log: list[str] = []
    ready = Event()

    @task
    async def work() -> None:
        try:
            ready.set()
            await sleep_forever()
        except get_cancelled_exc_class():
            try:
                await checkpoint()
            except get_cancelled_exc_class():
                log.append("cancelled again")
            with CancelScope(shield=True):
                await checkpoint()
                log.append("cleaned up")
            raise

    @task
    async def other() -> None:
        if together:
            await sleep_forever()

    @workflow
    async def cleanup(work: None, other: None) -> None: ...

    async with create_task_group() as group:
        group.start_soon(cleanup)
        await ready.wait()
        group.cancel_scope.cancel()
    assert log == ["cancelled again", "cleaned up"]


async def test_scopes_that_tasks_open_while_others_wait_do_not_get_in_each_other_s_way() -> None:
    async def scoped(i: int) -> str:
        with move_on_after(60):
            await checkpoint()
            scope = CancelScope(deadline=current_time() + (0.001 if i % 2 else 60))
            with scope:
                if i % 2:
                    await sleep_forever()
                await checkpoint()
            await checkpoint()
            return "late" if scope.cancelled_caught else "in time"
        return "out of time"

    def make(i: int) -> Any:
        async def run() -> str:
            return await scoped(i)

        return task(run, name=f"t{i}")

    @workflow(needs={"results": [make(i) for i in range(20)]})
    async def many(results: list[str]) -> list[str]:
        return results

    assert await many() == ["in time", "late"] * 10


async def test_a_task_can_have_a_task_group_of_its_own() -> None:
    @task
    async def group_inside() -> list[int]:
        found: list[int] = []

        async def child(i: int) -> None:
            await checkpoint()
            found.append(i)

        async with create_task_group() as group:
            for i in range(3):
                group.start_soon(child, i)
        return sorted(found)

    @task
    async def beside() -> None:
        await checkpoint()

    @workflow
    async def both(group_inside: list[int], beside: None) -> list[int]:
        return group_inside

    assert await both() == [0, 1, 2]
