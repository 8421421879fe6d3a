"""What advances a generator in a thread of its own."""

import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, from_thread, to_thread

from flowdeco._base.sentinel import UNSET
from flowdeco._item.clock import Clock
from flowdeco._item.thread_pump import ThreadPump
from tests.support.clock import Clock as Trial
from tests.support.clock import given_time
from tests.support.pumped import PumpedSource

SOON = 60


class Source(PumpedSource):
    """What is advanced in a thread of its own."""

    def __init__(self, function: Callable[[], Any], *, room: int | None = None, timeout: float | None = None) -> None:
        super().__init__(room=room, timeout=timeout)
        self.ended: list[str] = []
        self.function = function
        self.pump: ThreadPump | None = None

    def make_pump(self) -> ThreadPump:
        self.pump = ThreadPump(self.function, (), self.feed, self.clock, lambda: self.ended.append("left behind"))
        return self.pump


class Steps:
    """An endless generator that notes what it does, and in which threads."""

    def __init__(self) -> None:
        self.made = 0
        self.end: type[BaseException] | None = None
        self.threads: set[int] = set()
        self.closed = threading.Event()

    def __call__(self) -> Iterator[int]:
        lock = threading.RLock()
        try:
            with lock:
                while True:
                    self.threads.add(threading.get_ident())
                    self.made += 1
                    yield self.made
        except BaseException as error:
            self.end = type(error)
            raise
        finally:
            self.threads.add(threading.get_ident())
            self.closed.set()


async def test_all_items_are_handed_on_and_the_end_is_the_end() -> None:
    source = Source(lambda: (number for number in range(1000)))
    await source.run()
    assert (source.got, source.feed.count, source.result) == (list(range(1000)), 1000, UNSET)


async def test_held_back_the_thread_waits_and_is_closed_where_it_was_advanced() -> None:
    steps = Steps()
    source = Source(steps, room=2)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await source.wait_for(2)
            source.feed.grant()
            await source.wait_for(3)
            assert steps.made == 3
            source.feed.close()
    assert (steps.end, len(steps.threads), steps.made) == (GeneratorExit, 1, 3)
    assert threading.get_ident() not in steps.threads


@pytest.mark.parametrize("room", [1, None])
async def test_cancelled_from_outside_it_is_closed_and_waited_for(room: int | None) -> None:
    steps = Steps()
    source = Source(steps, room=room)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await source.wait_for(1)
            group.cancel_scope.cancel()
    assert steps.closed.is_set()
    assert (steps.end, len(steps.threads)) == (GeneratorExit, 1)


async def test_in_the_middle_of_a_step_it_can_ask_whether_anybody_wants_more() -> None:
    begun, asked = threading.Event(), threading.Event()

    def polling() -> Iterator[int]:
        yield 1
        begun.set()
        try:
            while not asked.wait(0.001):
                from_thread.check_cancelled()
        finally:
            asked.set()

    source = Source(polling)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            assert await to_thread.run_sync(begun.wait, SOON)
            source.feed.close()
    assert (asked.is_set(), source.got) == (True, [1])


async def test_it_takes_no_place_of_the_threads_that_others_share() -> None:
    steps = Steps()
    source = Source(steps, room=1)
    limiter = to_thread.current_default_thread_limiter()
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await source.wait_for(1)
            assert limiter.borrowed_tokens == 0
            source.feed.close()


async def test_its_error_comes_out_and_nothing_more() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ConnectionError("no line")

    source = Source(failing)
    with pytest.raises(ConnectionError, match="no line"):
        await source.run()
    assert source.got == [1]


@given_time
async def test_past_its_time_it_is_left_behind_and_what_it_yields_is_dropped(clock: Trial) -> None:
    go_on, closed = threading.Event(), threading.Event()

    def slow() -> Iterator[int]:
        try:
            yield 1
            clock.reach()
            go_on.wait(SOON)
            yield 2
        finally:
            closed.set()

    source = Source(slow, timeout=clock.seconds)
    with fail_after(SOON):
        await source.run()
        assert source.clock.is_over
        assert source.pump is not None
        assert source.pump.abandoned
        go_on.set()
        assert await to_thread.run_sync(closed.wait, SOON)
    assert source.got == [1]


class ToldClock(Clock):
    """A clock that can be waited for."""

    def __init__(self) -> None:
        super().__init__(1000)
        self.stopped = anyio.Event()

    def stand_still(self) -> None:
        super().stand_still()
        self.stopped.set()


async def test_its_clock_stands_still_while_it_is_held_back() -> None:
    steps = Steps()
    source = Source(steps, room=1)
    source.clock = clock = ToldClock()
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await clock.stopped.wait()
            assert clock.scope.deadline == float("inf")
            source.feed.grant()
            await source.wait_for(2)
            source.feed.close()
    assert not source.clock.is_over


async def test_a_cursor_is_read_in_the_thread_that_opened_it() -> None:
    def rows() -> Iterator[Any]:
        with closing(sqlite3.connect(":memory:")) as connection:
            yield from connection.execute("values (1), (2), (3)")

    source = Source(rows)
    await source.run()
    assert source.got == [(1,), (2,), (3,)]


async def test_what_was_made_in_the_thread_is_advanced_there() -> None:
    class Cursor:
        def __init__(self) -> None:
            self.thread, self.left = threading.get_ident(), 3

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> bool:
            if not self.left:
                raise StopIteration
            self.left -= 1
            return threading.get_ident() == self.thread

    source = Source(Cursor)
    await source.run()
    assert source.got == [True, True, True]


async def test_what_is_no_iterator_is_a_result() -> None:
    source = Source(lambda: [1, 2])
    await source.run()
    assert (source.got, source.result) == ([], [1, 2])


async def test_an_async_generator_goes_on_on_the_event_loop() -> None:
    here = threading.get_ident()

    async def numbers() -> AsyncIterator[bool]:
        yield threading.get_ident() == here

    source = Source(numbers)
    await source.run()
    assert source.got == [True]


async def test_what_it_returns_to_be_awaited_is_awaited() -> None:
    async def later() -> Any:
        return map(str, [1, 2])

    source = Source(later)
    await source.run()
    assert source.got == ["1", "2"]


async def test_context_variables_of_one_step_are_there_in_the_next() -> None:
    var: ContextVar[int] = ContextVar("var", default=0)

    def counting() -> Iterator[int]:
        for _ in range(3):
            var.set(var.get() + 1)
            yield var.get()

    source = Source(counting)
    await source.run()
    assert (source.got, var.get()) == ([1, 2, 3], 0)


async def test_a_cancellation_that_was_told_is_no_time_of_its_own() -> None:
    source = Source(Steps(), room=1, timeout=1000)
    with CancelScope() as scope, fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await source.wait_for(1)
            scope.cancel()
    assert scope.cancelled_caught
    assert not source.clock.is_over


async def test_what_nobody_wants_from_the_start_does_not_begin() -> None:
    steps = Steps()
    source = Source(steps)
    source.feed.close()
    await source.run()
    assert steps.made == 0
