"""A limit under threads and event loops."""

import gc
import threading
import weakref
from collections.abc import Callable
from functools import partial

import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint, current_token
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeco._base.event_loop import EventLoop
from flowdeco._policy.limit import Demand, Hold, Limit
from flowdeco._policy.pool import Waiter
from tests.conftest import ASYNCIO, TRIO, Backend
from tests.support.limit import PATIENCE, Line, demand, free, join_all, run_on, thread_of


@pytest.mark.parametrize("own_worker", [False, True])
async def test_a_release_in_another_thread_wakes_one_that_waits(own_worker: bool) -> None:
    gpu, line = Limit(1), Line()
    hold = await demand(gpu).acquire()
    line.go.set()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(line.stand, "one", demand(gpu))
            await wait_all_tasks_blocked()
            if own_worker:
                await to_thread.run_sync(hold.release)
            else:
                with thread_of(hold.release):  # it returns although this event loop stands still
                    pass
    assert line.served == ["one"]
    assert free(gpu) == 1


async def test_one_that_is_cancelled_gives_its_place_back_while_the_wake_up_is_on_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu, ended, scope = Limit(1), Event(), CancelScope()
    on_their_way: list[Callable[[], object]] = []

    def call_late(loop: EventLoop, function: Callable[[], object]) -> bool:
        assert not loop.is_here()
        on_their_way.append(function)
        return True

    async def wait() -> None:
        with scope:
            await demand(gpu).acquire()
        ended.set()

    hold = await demand(gpu).acquire()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(wait)
            await wait_all_tasks_blocked()
            monkeypatch.setattr(EventLoop, "call_soon", call_late)
            with thread_of(hold.release):
                pass
            assert free(gpu) == 0  # it is the one's that waits
            scope.cancel()
            await ended.wait()
            assert scope.cancelled_caught
            assert free(gpu) == 1
        assert len(on_their_way) == 1
        on_their_way[0]()  # nobody waits for it any more
    assert free(gpu) == 1


@pytest.mark.parametrize("other", [ASYNCIO, TRIO], ids=["asyncio", "trio"])
def test_a_release_does_not_wait_for_the_event_loop_that_it_wakes(backend: Backend, other: Backend) -> None:
    gpu, line = Limit(1), Line()
    taken, waiting, released = threading.Event(), threading.Event(), threading.Event()

    async def hold_it() -> None:
        hold = await demand(gpu).acquire()
        taken.set()
        assert waiting.wait(PATIENCE)
        hold.release()
        released.set()

    async def wait_for_it() -> None:
        assert taken.wait(PATIENCE)
        with fail_after(PATIENCE):
            async with create_task_group() as group:
                group.start_soon(line.stand, "one", demand(gpu))
                await wait_all_tasks_blocked()
                waiting.set()
                assert released.wait(PATIENCE)  # this event loop stands still until then
                line.go.set()

    with thread_of(partial(run_on, backend, hold_it)), thread_of(partial(run_on, other, wait_for_it)):
        pass
    assert line.served == ["one"]
    assert free(gpu) == 1


Job = tuple[int, int, str]

jobs = st.tuples(
    st.integers(1, 3),  # places
    st.integers(0, 3),  # how long it keeps them
    st.sampled_from(["runs", "runs", "runs", "is cancelled", "is released in a thread"]),
)


class Gauge:
    """How many places are in use, and how many were at most."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.used = 0
        self.most = 0
        self.releasing: list[threading.Thread] = []

    def add(self, places: int) -> None:
        with self.lock:
            self.used += places
            self.most = max(self.most, self.used)


async def do_job(gauge: Gauge, wanted: Demand, job: Job, scope: CancelScope) -> None:
    places, length, how = job
    with scope:
        hold = await wanted.acquire()
        gauge.add(places)
        try:
            for _ in range(length):
                await checkpoint()
        finally:
            gauge.add(-places)
            if how == "is released in a thread":
                gauge.releasing.append(threading.Thread(target=hold.release, daemon=True))
                gauge.releasing[-1].start()
            else:
                hold.release()


async def do_jobs(gauge: Gauge, limits: list[Limit], todo: list[Job]) -> None:
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            scopes: list[CancelScope] = []
            for number, job in enumerate(todo):
                scope = CancelScope()
                if job[2] == "is cancelled":
                    scopes.append(scope)
                turned = limits[:: 1 if number % 2 else -1]
                group.start_soon(do_job, gauge, demand(dict.fromkeys(turned, job[0])), job, scope)
            for scope in scopes:
                await checkpoint()
                scope.cancel()


@pytest.mark.parametrize("other", [ASYNCIO, TRIO], ids=["asyncio", "trio"])
@settings(max_examples=30)
@given(mine=st.lists(jobs, max_size=8), theirs=st.lists(jobs, max_size=8))
def test_two_event_loops_never_exceed_a_limit_and_lose_nothing(
    backend: Backend, other: Backend, mine: list[Job], theirs: list[Job]
) -> None:
    limits, gauge = [Limit(3), Limit(4)], Gauge()
    before = set(threading.enumerate())
    with thread_of(partial(run_on, other, do_jobs, gauge, limits, theirs)):
        run_on(backend, do_jobs, gauge, limits, mine)
    join_all(gauge.releasing)
    assert set(threading.enumerate()) <= before  # no wake-up is stuck at an event loop that has ended
    assert gauge.most <= 3
    assert [free(limit) for limit in limits] == [3, 4]


async def test_a_storm_of_cancellations_loses_nothing() -> None:
    limits, gauge = [Limit(3), Limit(4)], Gauge()
    ways = ["is cancelled", "runs", "is cancelled"]
    await do_jobs(gauge, limits, [(1 + i % 3, i % 4, ways[i % 3]) for i in range(300)])
    assert gauge.most <= 3
    assert [free(limit) for limit in limits] == [3, 4]


def test_places_granted_to_an_event_loop_that_is_gone_go_to_the_next(backend: Backend) -> None:
    gpu, line = Limit(1), Line()

    async def make_waiter() -> Waiter:
        return Waiter(1, Event().set)

    async def main() -> None:
        hold = await demand(gpu).acquire()
        gpu._pool._post(partial(gpu._pool._arrive, dead))
        with fail_after(PATIENCE):
            async with create_task_group() as group:
                group.start_soon(line.stand, "living", demand(gpu))
                await wait_all_tasks_blocked()
                assert gpu._pool.waiting == 2
                hold.release()
                line.go.set()

    dead = run_on(backend, make_waiter)
    run_on(backend, main)
    assert line.served == ["living"]
    assert free(gpu) == 1


def test_a_limit_keeps_no_waiter_and_no_event_loop_alive(backend: Backend) -> None:
    gpu = Limit(1)

    async def main() -> tuple[Hold, weakref.ref[object]]:
        hold = await demand(gpu).acquire()
        with CancelScope() as scope:
            async with create_task_group() as group:
                group.start_soon(demand(gpu).acquire)
                await wait_all_tasks_blocked()
                scope.cancel()
        return hold, weakref.ref(current_token().native_token)

    hold, loop = run_on(backend, main)
    gc.collect()
    assert gpu._pool.waiting == 0
    assert loop() is None
    hold.release()
    assert free(gpu) == 1
