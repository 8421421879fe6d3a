"""Capacity that tasks share: nobody gets more than there is, nothing is lost, nobody waits for ever."""

import copy
import gc
import pickle
import threading
import weakref
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import Mock

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, from_thread, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint, current_token
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeco._base.errors import FlowdecoError, LimitError, OptionError, OptionTypeError
from flowdeco._policy import limit as _limit
from flowdeco._policy.limit import Demand, Hold, Limit, check_limit
from tests.conftest import ASYNCIO, TRIO, Backend

PATIENCE = 20  # seconds; a test that waits that long has failed


def demand(value: object) -> Demand:
    found = check_limit("task 'page'", value)
    assert found is not None
    return found


def free(limit: Limit) -> int:
    assert limit._pool.waiting == 0
    assert not limit._pool._mail
    return limit._pool.free


def join_all(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def thread_of(function: Callable[[], object]) -> Generator[threading.Thread]:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    yield thread
    join_all([thread])


def run_on(backend: Backend, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    return anyio.run(function, *args, backend=backend[0], backend_options=backend[1])


class Line:
    """Tasks that take places, wait until told, and give them back. `served` is who got theirs, in that order."""

    def __init__(self, *, lender: Hold | None = None) -> None:
        self.served: list[str] = []
        self.go = Event()
        self.lender = lender

    async def stand(self, name: str, wanted: Demand) -> None:
        if self.lender is not None:
            self.lender.lend()
        hold = await wanted.acquire()
        try:
            self.served.append(name)
            await self.go.wait()
        finally:
            hold.release()


# The object and the option


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ((0,), OptionError, "Cannot define limit: capacity=0 is below one"),
        ((-1, "gpu"), OptionError, "Cannot define limit 'gpu': capacity=-1 is below one"),
        ((True,), OptionTypeError, "capacity=True is not a whole number"),
        ((1.0,), OptionTypeError, "capacity=1.0 is not a whole number"),
        (("4",), OptionTypeError, "capacity='4' is not a whole number"),
        ((1, 3), OptionTypeError, "name=3 is not a string"),
        ((1, ""), OptionError, "name='' is empty"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(arguments: tuple[Any, ...], kind: type[OptionError], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        Limit(*arguments)
    assert type(caught.value) is kind
    assert says in str(caught.value)


def test_a_limit_never_changes_and_is_equal_to_itself_alone() -> None:
    one, other = Limit(2, "gpu"), Limit(2, "gpu")
    assert (one.capacity, one.name, Limit(1).name) == (2, "gpu", None)
    assert len({one, other, one}) == 2
    for name in ("capacity", "name"):
        with pytest.raises(AttributeError):
            setattr(one, name, 5)


async def test_the_repr_says_how_many_places_are_taken_and_how_many_wait() -> None:
    gpu, line = Limit(2, "gpu"), Line()
    assert (repr(gpu), repr(Limit(1))) == ("<Limit 'gpu': 0 of 2 places taken>", "<Limit: 0 of 1 places taken>")
    async with create_task_group() as group:
        for _ in range(3):
            group.start_soon(line.stand, "one", demand(gpu))
        await wait_all_tasks_blocked()
        assert repr(gpu) == "<Limit 'gpu': 2 of 2 places taken, 1 waiting>"
        line.go.set()


def test_a_copied_limit_is_the_same_and_a_pickled_one_another() -> None:
    gpu = Limit(2, "gpu")
    assert copy.copy(gpu) is gpu
    assert copy.deepcopy([gpu]) == [gpu]
    again: Limit = pickle.loads(pickle.dumps(gpu))
    assert again is not gpu
    assert (again.capacity, again.name) == (2, "gpu")


def test_the_option_takes_a_number_a_limit_or_a_mapping() -> None:
    gpu, disk = Limit(4), Limit(1)
    assert check_limit("task 'page'", None) is None
    assert check_limit("task 'page'", {}) is None
    assert demand(gpu).pairs == ((gpu, 1),)
    ((own, places),) = demand(3).pairs
    assert (own.capacity, places) == (3, 1)
    assert demand(3) != demand(3)
    places_of = {disk: 1, gpu: 2}
    wanted = demand(places_of)
    places_of.clear()
    assert wanted.pairs == ((gpu, 2), (disk, 1)) == demand({gpu: 2, disk: 1}).pairs


GPU = Limit(2, "gpu")


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        (0, OptionError, "limit=0 is below one. Give at least 1, or None for no limit."),
        (True, OptionTypeError, "limit=True is not a number, a Limit, or a mapping"),
        (1.5, OptionTypeError, "limit=1.5 is not a number"),
        ([GPU], OptionTypeError, "is not a number, a Limit, or a mapping"),
        ({"gpu": 1}, OptionTypeError, "names 'gpu', which is not a Limit"),
        ({GPU: True}, OptionTypeError, "asks for True places of limit 'gpu'. Give a whole number."),
        ({GPU: 0}, OptionError, "asks for 0 places of limit 'gpu'. Give at least 1."),
        ({GPU: 3}, OptionError, "asks for 3 places of limit 'gpu', which has 2. Ask for no more."),
        ({Limit(1): 2}, OptionError, "asks for 2 places of an unnamed limit, which has 1. Ask for no more."),
    ],
)
def test_an_option_that_can_never_be_met_is_refused(value: object, kind: type[OptionError], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_limit("task 'page'", value)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("Cannot define task 'page': limit=")
    assert says in str(caught.value)
    assert caught.value.option == "limit"
    assert caught.value.value is value


# Taking and giving back


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


async def test_a_wake_up_on_the_own_event_loop_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_limit, "Thread", None)
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


# Threads and event loops


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


async def test_one_that_is_cancelled_waits_for_the_wake_up_that_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, ended, scope = Limit(1), Event(), CancelScope()
    on_their_way: list[threading.Thread] = []

    def make_thread(**arguments: Any) -> threading.Thread:
        on_their_way.append(threading.Thread(**arguments))
        return Mock()

    async def wait() -> None:
        with scope:
            await demand(gpu).acquire()
        ended.set()

    hold = await demand(gpu).acquire()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(wait)
            await wait_all_tasks_blocked()
            monkeypatch.setattr(_limit, "Thread", make_thread)
            with thread_of(hold.release):
                pass
            scope.cancel()
            await wait_all_tasks_blocked()
            assert (ended.is_set(), free(gpu)) == (False, 1)
            assert len(on_their_way) == 1
            on_their_way[0].start()
            await ended.wait()
    join_all(on_their_way)


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
    # No wake-up is stuck at an event loop that has ended. One that is just being started has no identity yet.
    while threads := set(threading.enumerate()) - before:
        join_all(thread for thread in threads if thread.ident is not None)
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

    async def make_waiter() -> _limit._Waiter:
        return _limit._Waiter(1)

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


# Loans


async def test_what_runs_inside_shares_exactly_the_places_that_are_held() -> None:
    gpu = Limit(5)
    hold = await demand({gpu: 2}).acquire()
    line = Line(lender=hold)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for name in "abc":
                group.start_soon(line.stand, name, demand(gpu))
            await wait_all_tasks_blocked()
            assert len(line.served) == 2
            assert free(gpu) == 3
            line.go.set()
    assert len(line.served) == 3
    hold.release()
    assert free(gpu) == 5


async def test_what_runs_outside_takes_nothing_from_a_loan() -> None:
    gpu = Limit(1)
    hold = await demand(gpu).acquire()
    inside, outside = Line(lender=hold), Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(inside.stand, "inside", demand(gpu))
            group.start_soon(outside.stand, "outside", demand(gpu))
            await wait_all_tasks_blocked()
            assert (inside.served, outside.served) == (["inside"], [])
            inside.go.set()
            await wait_all_tasks_blocked()
            assert outside.served == []
            hold.release()
            outside.go.set()
    assert outside.served == ["outside"]


async def test_a_limit_that_is_not_held_is_taken_from_itself_inside_too() -> None:
    gpu, disk = Limit(1), Limit(1)
    (await demand(gpu).acquire()).lend()
    hold = await demand({gpu: 1, disk: 1}).acquire()
    assert (free(gpu), free(disk)) == (0, 0)
    hold.release()
    assert (free(gpu), free(disk)) == (0, 1)


@pytest.mark.parametrize("own_loop", [False, True])
async def test_a_loan_reaches_worker_threads_and_the_event_loops_in_them(backend: Backend, own_loop: bool) -> None:
    gpu = Limit(1)

    def work() -> Hold:
        hold: Hold = run_on(backend, demand(gpu).acquire) if own_loop else from_thread.run(demand(gpu).acquire)
        return hold

    outer = await demand(gpu).acquire()
    outer.lend()
    with fail_after(PATIENCE):
        inner = await to_thread.run_sync(work)
    outer.release()
    assert free(gpu) == 0
    inner.release()
    assert free(gpu) == 1


async def test_more_than_the_task_around_holds_is_an_error_before_it_waits_for_anything() -> None:
    disk, gpu = Limit(1), Limit(3, "gpu")
    outer = await demand({gpu: 2}).acquire()
    await demand(disk).acquire()
    outer.lend()
    with fail_after(PATIENCE), pytest.raises(LimitError) as caught:
        await demand({disk: 1, gpu: 3}).acquire()
    assert str(caught.value) == (
        "Cannot take limit 'gpu': 3 places are needed inside a task that holds 2, so waiting for more might never end. "
        "Give the task around it 3, or call it outside that task."
    )
    assert (caught.value.limit, caught.value.demanded, caught.value.held) == (gpu, 3, 2)
    assert isinstance(caught.value, FlowdecoError)
    assert isinstance(caught.value, RuntimeError)
    (await demand({gpu: 2}).acquire()).release()


async def test_the_innermost_holder_is_the_one_that_lends() -> None:
    gpu, disk = Limit(4), Limit(1)
    outer = await demand({gpu: 3, disk: 1}).acquire()
    outer.lend()
    inner = await demand({gpu: 2}).acquire()
    inner.lend()
    inner.lend()  # the same places, not as many again
    with pytest.raises(LimitError, match="holds 2, so"):
        await demand({gpu: 3}).acquire()
    with fail_after(PATIENCE):
        innermost = await demand({gpu: 2, disk: 1}).acquire()
    assert (free(gpu), free(disk)) == (1, 0)
    for hold in (innermost, inner, outer):
        hold.release()
    assert (free(gpu), free(disk)) == (4, 1)


async def test_after_its_holder_a_loan_is_taken_from_what_it_came_from() -> None:
    gpu = Limit(3)
    outer = await demand({gpu: 2}).acquire()
    outer.lend()
    inner = await demand(gpu).acquire()
    inner.lend()
    inner.release()
    with fail_after(PATIENCE), pytest.raises(LimitError, match="holds 2, so"):
        await demand({gpu: 3}).acquire()
    outer.release()
    with fail_after(PATIENCE):
        hold = await demand({gpu: 3}).acquire()
    assert free(gpu) == 0
    hold.release()
    assert free(gpu) == 3


async def test_a_borrowed_place_in_use_comes_back_when_its_user_releases_it() -> None:
    gpu = Limit(3)
    outer = await demand({gpu: 3}).acquire()
    outer.lend()
    borrowed = await demand(gpu).acquire()
    outer.release()
    assert free(gpu) == 2
    borrowed.release()
    assert free(gpu) == 3


async def test_one_that_waits_for_a_loan_when_it_ends_waits_for_the_limit() -> None:
    gpu = Limit(1)
    outer = await demand(gpu).acquire()
    lent, outside = Line(lender=outer), Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(lent.stand, "first", demand(gpu))
            await wait_all_tasks_blocked()
            group.start_soon(lent.stand, "second", demand(gpu))
            await wait_all_tasks_blocked()
            outer.release()
            await wait_all_tasks_blocked()
            assert lent.served == ["first"]
            assert (outer._loans[gpu].waiting, gpu._pool.waiting) == (0, 1)
            group.start_soon(outside.stand, "outside", demand(gpu))
            lent.go.set()
            outside.go.set()
    assert lent.served == ["first", "second"]
    assert outside.served == ["outside"]
    assert free(gpu) == 1


async def test_one_that_comes_to_a_loan_just_when_it_ends_is_sent_on() -> None:
    gpu = Limit(1)
    outer = await demand(gpu).acquire()
    outer.lend()
    outer.release()
    with fail_after(PATIENCE):
        assert not await outer._loans[gpu].wait(1)
    assert outer._loans[gpu].waiting == 0
    assert free(gpu) == 1
