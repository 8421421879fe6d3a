"""Places of a limit are taken and given back."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, wait_all_tasks_blocked

from flowdeco._base.event_loop import EventLoop
from flowdeco._policy.limit import Limit
from tests.conftest import Backend
from tests.support.limit import PATIENCE, Line, demand, free, run_on, thread_of


async def test_free_places_are_taken_without_a_checkpoint() -> None:
    gpu, disk = Limit(2), Limit(1)
    with pytest.raises(StopIteration) as ended:
        demand({gpu: 2, disk: 1}).acquire().send(None)
    assert (free(gpu), free(disk)) == (0, 0)
    ended.value.value.release()
    assert (free(gpu), free(disk)) == (2, 1)


async def test_a_hold_is_released_once_however_often_it_is_asked_to() -> None:
    gpu = Limit(3)
    first, second = await demand({gpu: 2}).acquire(), await demand(gpu).acquire()
    for _ in range(3):
        first.release()
    assert free(gpu) == 2
    second.release()
    assert free(gpu) == 3


async def test_who_asks_first_is_served_first_also_if_less_would_fit() -> None:
    gpu, line = Limit(3), Line()
    hold = await demand({gpu: 2}).acquire()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for name, places in (("large", 3), ("small", 1), ("smaller", 1)):
                group.start_soon(line.stand, name, demand({gpu: places}))
                await wait_all_tasks_blocked()
            assert line.served == []  # one place is free, but it is the large one's turn
            hold.release()
            await wait_all_tasks_blocked()
            assert line.served == ["large"]
            line.go.set()
    assert line.served[0] == "large"
    assert sorted(line.served[1:]) == ["small", "smaller"]  # both at once, so trio picks
    assert free(gpu) == 3


async def test_a_wake_up_on_the_own_event_loop_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(EventLoop, "call_soon")
    gpu, line = Limit(1), Line()
    line.go.set()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for name in "abc":
                group.start_soon(line.stand, name, demand(gpu))
    assert sorted(line.served) == ["a", "b", "c"]
    assert free(gpu) == 1


async def test_opposite_orders_over_two_limits_do_not_hold_each_other_up() -> None:
    gpu, disk, line = Limit(1), Limit(1), Line()
    holds = [await demand(gpu).acquire(), await demand(disk).acquire()]
    line.go.set()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(line.stand, "one", demand({gpu: 1, disk: 1}))
            group.start_soon(line.stand, "other", demand({disk: 1, gpu: 1}))
            await wait_all_tasks_blocked()
            assert (gpu._pool.waiting, disk._pool.waiting) == (2, 0)
            for hold in reversed(holds):
                hold.release()
    assert sorted(line.served) == ["one", "other"]
    assert (free(gpu), free(disk)) == (1, 1)


async def test_cancelled_while_it_waits_it_loses_nothing() -> None:
    gpu, disk, scope, ended = Limit(2), Limit(1), CancelScope(), Event()

    async def wait() -> None:
        with scope:
            await demand({gpu: 2, disk: 1}).acquire()
        ended.set()

    held = await demand(disk).acquire()
    async with create_task_group() as group:
        group.start_soon(wait)
        await wait_all_tasks_blocked()
        assert (free(gpu), disk._pool.waiting) == (0, 1)
        scope.cancel()
        await wait_all_tasks_blocked()
        assert ended.is_set()
    assert free(gpu) == 2
    held.release()
    assert free(disk) == 1


async def test_when_the_first_in_line_gives_up_the_next_is_served() -> None:
    gpu, line = Limit(2), Line()
    held = await demand(gpu).acquire()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            with CancelScope() as scope:
                async with create_task_group() as inner:
                    inner.start_soon(line.stand, "large", demand({gpu: 2}))
                    await wait_all_tasks_blocked()
                    group.start_soon(line.stand, "small", demand(gpu))
                    await wait_all_tasks_blocked()
                    assert line.served == []
                    scope.cancel()
            await wait_all_tasks_blocked()
            assert line.served == ["small"]
            line.go.set()
    held.release()
    assert free(gpu) == 2


@pytest.mark.parametrize("cancelled_first", [False, True])
async def test_places_granted_to_one_that_is_cancelled_at_that_moment_are_given_back(cancelled_first: bool) -> None:
    gpu, line = Limit(1), Line()
    held = await demand(gpu).acquire()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            with CancelScope() as scope:
                async with create_task_group() as inner:
                    inner.start_soon(line.stand, "cancelled", demand(gpu))
                    await wait_all_tasks_blocked()
                    group.start_soon(line.stand, "next", demand(gpu))
                    await wait_all_tasks_blocked()
                    first, second = (scope.cancel, held.release)[:: 1 if cancelled_first else -1]
                    first()
                    second()
            await wait_all_tasks_blocked()
            # On trio, one that has been woken before it is cancelled goes on until its next checkpoint.
            assert line.served[-1] == "next"
            line.go.set()
    assert free(gpu) == 1


async def test_one_that_is_thrown_away_while_it_waits_leaves_the_line() -> None:
    gpu = Limit(1)
    hold = await demand(gpu).acquire()
    waiting = demand(gpu).acquire()
    waiting.send(None)
    assert gpu._pool.waiting == 1
    waiting.close()
    assert gpu._pool.waiting == 0
    hold.release()
    assert free(gpu) == 1


class Interrupted:
    """A lock whose owner is interrupted once, as garbage is collected in the middle of anything."""

    def __init__(self, lock: threading.Lock, interrupt: Callable[[], None]) -> None:
        self.acquire, self.release = lock.acquire, lock.release
        self.interrupts = [interrupt]

    def __enter__(self) -> None:
        self.acquire()
        if self.interrupts:
            self.interrupts.pop()()

    def __exit__(self, *error: object) -> None:
        self.release()


def test_a_release_never_waits_for_a_lock_so_that_a_finalizer_may_do_it(backend: Backend) -> None:
    gpu = Limit(3)
    pool: Any = gpu._pool

    async def main() -> None:
        hold = await demand({gpu: 2}).acquire()
        pool._lock = Interrupted(pool._lock, hold.release)
        await demand(gpu).acquire()

    with thread_of(partial(run_on, backend, main)):
        pass
    assert free(gpu) == 2
