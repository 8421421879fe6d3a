"""What a source or a reader gives back while it waits, and takes again."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from math import inf
from typing import Any

import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco._item.clock import Clock
from flowdeco._item.feed import Feed
from flowdeco._item.held_places import HeldPlaces
from flowdeco._item.loop_pump import LoopPump
from flowdeco._item.thread_pump import ThreadPump
from flowdeco._policy.limit import Limit
from tests.support.limit import PATIENCE, demand, free


async def hold(limit: Limit, places: int = 1) -> HeldPlaces:
    return HeldPlaces(await demand({limit: places}).acquire(), is_call=False)


async def test_they_are_free_during_a_wait_and_held_after_it() -> None:
    api, event = Limit(2), Event()
    places = await hold(api, 2)
    async with create_task_group() as group:
        group.start_soon(places.wait, event)
        await wait_all_tasks_blocked()
        assert (free(api), places.is_held) == (2, False)
        event.set()
    with fail_after(PATIENCE):
        await places.take_again()
    assert (free(api), places.is_held) == (0, True)


async def test_they_are_taken_again_in_order_with_others() -> None:
    api, event, order = Limit(1), Event(), list[str]()
    places = await hold(api)

    async def go_on() -> None:
        await places.wait(event)
        await places.take_again()
        order.append("again")

    async def other(name: str) -> None:
        taken = await demand(api).acquire()
        order.append(name)
        await checkpoint()
        taken.release()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(go_on)
            await wait_all_tasks_blocked()
            first = await demand(api).acquire()
            group.start_soon(other, "before")
            await wait_all_tasks_blocked()
            event.set()
            await wait_all_tasks_blocked()
            group.start_soon(other, "after")
            await wait_all_tasks_blocked()
            first.release()
            await wait_all_tasks_blocked()
            assert order == ["before", "again"]
            assert places.is_held
            group.cancel_scope.cancel()


async def test_cancelled_it_goes_on_without_and_asks_again_the_next_time() -> None:
    api = Limit(1)
    places = await hold(api)
    places.begin_wait()
    places.end_wait()
    other = await demand(api).acquire()
    with CancelScope() as scope:
        scope.cancel()
        await places.take_again()
    assert scope.cancelled_caught
    assert not places.is_held
    other.release()
    assert free(api) == 1  # it has left the queue
    with fail_after(PATIENCE):
        await places.take_again()
    assert free(api) == 0


async def test_while_another_wait_goes_on_it_goes_on_without() -> None:
    api, event = Limit(1), Event()
    places = await hold(api)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(places.wait, event)
            await wait_all_tasks_blocked()
            places.begin_wait()
            places.end_wait()
            await places.take_again()
            assert (free(api), places.is_held) == (1, False)
            event.set()
        await places.take_again()
    assert places.is_held


async def test_who_takes_them_again_when_a_wait_begins_goes_on_without() -> None:
    api, event, went_on = Limit(1), Event(), Event()
    places = await hold(api)
    places.begin_wait()
    places.end_wait()
    other = await demand(api).acquire()

    async def take() -> None:
        await places.take_again()
        went_on.set()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(take)
            await wait_all_tasks_blocked()
            group.start_soon(places.wait, event)
            await went_on.wait()
            other.release()
            assert free(api) == 1
            event.set()
    assert not places.is_held


async def test_several_take_them_again_at_once() -> None:
    api = Limit(1)
    places = await hold(api)
    places.begin_wait()
    places.end_wait()
    other = await demand(api).acquire()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for _ in range(3):
                group.start_soon(places.take_again)
            await wait_all_tasks_blocked()
            other.release()
    assert (free(api), places.is_held) == (0, True)


async def test_after_the_end_nothing_is_taken_and_nobody_waits() -> None:
    api = Limit(1)
    places = await hold(api)
    places.begin_wait()
    places.end_wait()
    other = await demand(api).acquire()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(places.take_again)
            await wait_all_tasks_blocked()
            places.end()
    other.release()
    assert free(api) == 1
    with fail_after(PATIENCE):
        await places.take_again()
    assert free(api) == 1


async def test_what_waits_inside_borrows_them_once_they_are_taken_again() -> None:
    api = Limit(1)
    taken = await demand(api).acquire()
    places = HeldPlaces(taken, is_call=False)
    places.begin_wait()
    places.end_wait()
    other = await demand(api).acquire()
    served = Event()

    async def call() -> None:
        borrowed = await demand(api).acquire()
        served.set()
        borrowed.release()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(places.take_again)
            await wait_all_tasks_blocked()
            take_back = taken.lend()
            group.start_soon(call)
            take_back()
            await wait_all_tasks_blocked()
            other.release()
            await served.wait()
    assert (free(api), places.is_held) == (0, True)


async def test_a_thread_is_woken_when_it_is_its_turn() -> None:
    api, bell = Limit(1), threading.Event()
    places = await hold(api)
    places.begin_wait()
    places.end_wait()
    other = await demand(api).acquire()
    asked = threading.Event()

    def take() -> None:
        while not places.ask(bell.set):
            asked.set()
            bell.wait(PATIENCE)
            bell.clear()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(to_thread.run_sync, take)
            while not asked.is_set():
                await checkpoint()
            other.release()
    assert (free(api), places.is_held) == (0, True)


def make_pump(kind: str, feed: Feed, clock: Clock, places: HeldPlaces) -> Any:
    def give() -> Iterator[int]:
        yield 1
        yield 2

    async def give_async() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def start() -> Any:
        return give_async()

    if kind == "async":
        return LoopPump(start, feed, clock, places)
    return ThreadPump(give, (), feed, clock, lambda: None, None, places)


async def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        await checkpoint()


@pytest.mark.parametrize("kind", ["def", "async"])
async def test_the_clock_of_what_is_held_back_stands_still_until_it_has_its_places_again(kind: str) -> None:
    api, got = Limit(1), list[int]()
    places, feed, clock = await hold(api), Feed(got.append, 1), Clock(PATIENCE)

    async def run() -> None:
        with clock.scope:
            clock.go()
            await make_pump(kind, feed, clock, places).run()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(run)
            await wait_for(lambda: free(api) == 1)
            other = await demand(api).acquire()
            feed.grant()
            await wait_for(lambda: "1 waiting" in repr(api))
            await wait_for(lambda: clock.scope.deadline == inf)
            assert got == [1]
            feed.grant()
            other.release()
    assert got == [1, 2]
    assert clock.scope.deadline < inf
