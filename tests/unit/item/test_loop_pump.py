"""What advances a generator on the event loop."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, move_on_after, sleep_forever, to_thread
from anyio.lowlevel import checkpoint

from flowdeco._base.sentinel import UNSET
from flowdeco._item.loop_pump import LoopPump
from tests.support.clock import AT_ONCE
from tests.support.pumped import PumpedSource

SOON = 60


class Source(PumpedSource):
    """What is advanced on the event loop."""

    def __init__(self, make: Callable[[], Any], *, room: int | None = None, timeout: float | None = None) -> None:
        super().__init__(room=room, timeout=timeout)

        async def start() -> Any:
            return make()

        self._start: Callable[[], Awaitable[Any]] = start

    def make_pump(self) -> LoopPump:
        return LoopPump(self._start, self.feed, self.clock)


class Steps:
    """An endless async generator that notes what it does."""

    def __init__(self) -> None:
        self.made = 0
        self.end: type[BaseException] | None = None
        self.tasks: set[int] = set()

    async def __call__(self) -> AsyncGenerator[int, None]:
        try:
            while True:
                self._note()
                self.made += 1
                yield self.made
        except BaseException as error:
            self.end = type(error)
            raise
        finally:
            self._note()
            await checkpoint()

    def _note(self) -> None:
        self.tasks.add(anyio.get_current_task().id)


async def test_all_items_are_handed_on_and_the_end_is_the_end() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        await checkpoint()
        yield 2

    source = Source(numbers)
    await source.run()
    assert (source.got, source.feed.count, source.result) == ([1, 2], 2, UNSET)


async def test_it_is_advanced_only_while_there_is_a_place() -> None:
    steps = Steps()
    source = Source(steps, room=2)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            assert (source.got, steps.made) == ([1, 2], 2)
            source.feed.grant()
            await anyio.wait_all_tasks_blocked()
            assert (source.got, steps.made) == ([1, 2, 3], 3)
            await to_thread.run_sync(source.feed.grant, 2)
            await anyio.wait_all_tasks_blocked()
            assert steps.made == 5
            group.cancel_scope.cancel()
    assert len(steps.tasks) == 1


async def test_held_back_it_is_closed_in_its_own_task_without_a_cancellation() -> None:
    steps = Steps()
    source = Source(steps, room=1)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            await to_thread.run_sync(source.feed.close)
    assert (steps.end, len(steps.tasks), source.clock.scope.cancel_called) == (GeneratorExit, 1, False)


async def test_an_endless_one_that_never_waits_lets_others_run_and_can_be_closed() -> None:
    steps = Steps()
    source = Source(steps)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await source.begun.wait()
            source.feed.close()
    assert steps.end is GeneratorExit


async def test_in_the_middle_of_a_step_it_is_cancelled_when_nobody_wants_any_more() -> None:
    ended: list[str] = []

    async def waiting() -> AsyncIterator[int]:
        try:
            yield 1
            await sleep_forever()
        finally:
            ended.append("closed")

    source = Source(waiting)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            source.feed.close()
    assert (source.got, ended) == ([1], ["closed"])


@pytest.mark.parametrize("room", [1, None])
async def test_cancelled_from_outside_it_is_closed_in_its_own_task(room: int | None) -> None:
    steps = Steps()
    source = Source(steps, room=room)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await source.begun.wait()
            group.cancel_scope.cancel()
    assert steps.end in (anyio.get_cancelled_exc_class(), GeneratorExit)
    assert len(steps.tasks) == 1


async def test_its_error_comes_out_and_nothing_more() -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        raise ConnectionError("no line")

    source = Source(failing)
    with pytest.raises(ConnectionError, match="no line"):
        await source.run()
    assert source.got == [1]


async def test_a_scope_of_its_own_may_be_open_over_a_yield() -> None:
    async def scoped() -> AsyncIterator[int]:
        with CancelScope() as scope:
            yield 1
            scope.cancel()
            await sleep_forever()
        yield 2

    source = Source(scoped)
    await source.run()
    assert source.got == [1, 2]


async def test_a_scope_of_its_own_that_is_cancelled_while_it_is_held_back_is_dealt_with_at_the_yield() -> None:
    left = Event()
    scopes: list[CancelScope] = []

    async def scoped() -> AsyncIterator[int]:
        with CancelScope() as scope:
            scopes.append(scope)
            yield 1
        left.set()
        yield 2

    source = Source(scoped, room=1)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            scopes[0].cancel()
            await left.wait()
            source.feed.grant(5)
    assert source.got == [1, 2]
    assert scopes[0].cancelled_caught


async def test_a_task_group_of_its_own_that_fails_while_it_is_held_back_fails_it() -> None:
    fail = Event()
    ended: list[str] = []

    async def child() -> None:
        await fail.wait()
        raise ConnectionError("no line")

    async def grouped() -> AsyncIterator[int]:
        try:
            async with create_task_group() as group:
                group.start_soon(child)
                yield 1
        finally:
            ended.append("closed")

    source = Source(grouped, room=1)
    with fail_after(SOON), pytest.RaisesGroup(pytest.RaisesGroup(ConnectionError)):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            fail.set()
    assert ended == ["closed"]


async def test_a_task_group_of_its_own_goes_with_it() -> None:
    async def grouped() -> AsyncIterator[int]:
        async with create_task_group() as group:
            group.start_soon(sleep_forever)
            yield 1
            group.cancel_scope.cancel()

    source = Source(grouped, room=1)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            source.feed.close()
    assert source.got == [1]


async def test_its_clock_runs_while_it_is_advanced() -> None:
    async def slow() -> AsyncIterator[int]:
        yield 1
        await sleep_forever()

    source = Source(slow, timeout=AT_ONCE)
    with fail_after(SOON):
        await source.run()
    assert source.clock.is_over


async def test_its_clock_stands_still_while_it_is_held_back() -> None:
    source = Source(Steps(), room=1, timeout=1000)
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            assert source.clock.scope.deadline == float("inf")
            source.feed.close()
    assert source.clock.scope.deadline < float("inf")
    assert not source.clock.is_over


async def test_a_timeout_around_it_is_none_of_its_own() -> None:
    source = Source(Steps(), room=1, timeout=1000)
    with move_on_after(AT_ONCE) as scope:
        await source.run()
    assert scope.cancelled_caught
    assert not source.clock.is_over


async def test_context_variables_of_one_step_are_there_in_the_next() -> None:
    var: ContextVar[int] = ContextVar("var", default=0)

    async def counting() -> AsyncIterator[int]:
        for _ in range(3):
            var.set(var.get() + 1)
            yield var.get()

    source = Source(counting)
    async with create_task_group() as group:
        group.start_soon(source.run)
    assert (source.got, var.get()) == ([1, 2, 3], 0)


@pytest.mark.parametrize("room", [1, None])
async def test_a_plain_generator_can_be_advanced_here_too(room: int | None) -> None:
    ended: list[str] = []

    def numbers() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            ended.append("closed")

    source = Source(numbers, room=room)
    async with create_task_group() as group:
        group.start_soon(source.run)
        await anyio.wait_all_tasks_blocked()
        source.feed.close()
    assert (source.got, ended) == ([1, 2][:room], ["closed"])


async def test_a_map_is_advanced_and_a_list_is_a_result() -> None:
    lazy, plain = Source(lambda: map(str, [1, 2])), Source(lambda: [1, 2])
    await lazy.run()
    await plain.run()
    assert (lazy.got, lazy.result) == (["1", "2"], UNSET)
    assert (plain.got, plain.result) == ([], [1, 2])


async def test_what_nobody_wants_from_the_start_does_not_begin() -> None:
    steps = Steps()
    source = Source(steps)
    source.feed.close()
    await source.run()
    assert steps.made == 0


async def test_one_that_ignores_its_closing_is_an_error() -> None:
    async def stubborn() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            yield 2

    source = Source(stubborn, room=1)
    with fail_after(SOON), pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="ignored GeneratorExit")):
        async with create_task_group() as group:
            group.start_soon(source.run)
            await anyio.wait_all_tasks_blocked()
            source.feed.close()
