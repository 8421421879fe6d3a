"""A task that yields hands its items on one by one, and is held back while too many of them are unfinished."""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, sleep_forever

from flowdeco import Retry, Skip, StreamError, TaskTimeoutError, UnequalLengthsError, task, workflow
from tests.conftest import Backend
from tests.support.clock import Clock, given_time

SOON = 60


class Steps:
    """Counts what a generator has given, and knows whether it was closed."""

    def __init__(self) -> None:
        self.given = 0
        self.is_closed = False
        self.threads: set[int] = set()
        self.reached: defaultdict[int, threading.Event] = defaultdict(threading.Event)

    def note(self) -> int:
        self.threads.add(threading.get_ident())
        self.given += 1
        self.reached[self.given].set()
        return self.given

    def plain(self, count: int | None = None) -> Iterator[int]:
        try:
            while count is None or self.given < count:
                yield self.note()
        finally:
            self.threads.add(threading.get_ident())
            self.is_closed = True

    async def awaited(self, count: int | None = None) -> AsyncGenerator[int, None]:
        try:
            while count is None or self.given < count:
                yield self.note()
        finally:
            self.is_closed = True


@pytest.fixture
def steps() -> Steps:
    return Steps()


KINDS = pytest.mark.parametrize("kind", ["plain", "awaited", "loop"])


def make_source(steps: Steps, kind: str, count: int | None = None, **options: Any) -> Any:
    """A task that yields numbers from 1 on: a `def` or an `async def`, or a `def` on the event loop."""
    if kind == "awaited":

        @task(name="source", **options)
        async def awaited() -> AsyncIterator[int]:
            async with aclosing(steps.awaited(count)) as numbers:
                async for number in numbers:
                    yield number

        return awaited

    @task(name="source", run_in="loop" if kind == "loop" else None, **options)
    def plain() -> Iterator[int]:
        yield from steps.plain(count)

    return plain


@KINDS
async def test_the_items_of_a_generator_are_mapped_in_its_order(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind, 300)

    @task(each={"number": source})
    async def double(number: int) -> int:
        return 2 * number

    @task(each="double")
    def text(double: int) -> str:
        return str(double)

    @workflow
    def w(text: list[str]) -> list[str]:
        return text

    assert await w.call() == [str(2 * number) for number in range(1, 301)]
    assert steps.is_closed


@KINDS
async def test_a_generator_that_gives_nothing_makes_an_empty_list(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind, 0)

    @task(each={"number": source})
    async def double(number: int) -> int:
        return 2 * number

    @workflow
    def w(double: list[int]) -> list[int]:
        return double

    assert await w.call() == []


@pytest.mark.parametrize("kind", ["plain", "awaited"])
async def test_the_first_item_is_under_way_before_there_is_a_second(steps: Steps, kind: str) -> None:
    begun = threading.Event()

    def wait_for_first() -> Iterator[int]:
        yield 1
        assert begun.wait(SOON)
        yield 2

    async def await_first() -> AsyncIterator[int]:
        yield 1
        await anyio.to_thread.run_sync(begun.wait, SOON)
        yield 2

    source = task(await_first if kind == "awaited" else wait_for_first)

    @task(each={"number": source})
    async def note(number: int) -> int:
        begun.set()
        return number

    @workflow
    def w(note: list[int]) -> list[int]:
        return note

    assert await w.call() == [1, 2]


@KINDS
async def test_a_generator_is_held_back_by_items_that_are_not_finished(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind)
    go_on, reached = Event(), Event()

    @task(each={"number": source}, ahead=3)
    async def wait(number: int) -> int:
        if number == 3:
            reached.set()
        await go_on.wait()
        if number == 5:
            raise ConnectionError("enough")
        return number

    @workflow
    def w(wait: list[int]) -> list[int]:
        return wait

    async def look() -> None:
        await reached.wait()
        await anyio.wait_all_tasks_blocked()
        assert steps.given == 3
        go_on.set()

    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(look)
            with pytest.raises(ConnectionError, match="enough"):
                await w.call()
    assert steps.is_closed
    assert steps.given <= 5 + 3


@KINDS
async def test_without_ahead_there_are_twice_as_many_as_can_be_at_work(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind)
    reached = Event()

    @task(each={"number": source}, limit=2)
    async def wait(number: int) -> int:
        if number == 2:
            reached.set()
        await sleep_forever()
        return number

    @workflow
    def w(wait: list[int]) -> list[int]:
        return wait

    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await reached.wait()
            await anyio.wait_all_tasks_blocked()
            assert await anyio.to_thread.run_sync(steps.reached[4].wait, SOON)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    assert steps.given == 4
    assert steps.is_closed


@KINDS
async def test_an_endless_generator_can_be_cancelled(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind)
    reached = Event()

    @task(each={"number": source})
    async def note(number: int) -> None:
        if number == 1000:
            reached.set()

    @workflow
    def w(note: list[None]) -> None: ...

    with fail_after(SOON), CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(w.call)
            await reached.wait()
            scope.cancel()
    assert steps.is_closed


async def test_a_plain_generator_lives_in_one_thread_of_its_own(steps: Steps) -> None:
    source = make_source(steps, "plain", 50)
    elsewhere: set[int] = set()

    @task(each={"number": source}, ahead=1)
    def note(number: int) -> None:
        elsewhere.add(threading.get_ident())

    @workflow
    def w(note: list[None]) -> None: ...

    await w.call()
    assert len(steps.threads) == 1
    assert threading.get_ident() not in steps.threads


async def test_what_is_open_over_a_yield_may_belong_to_the_thread() -> None:
    lock = threading.RLock()

    @task
    def rows() -> Iterator[tuple[int]]:
        with lock, closing(sqlite3.connect(":memory:")) as connection:
            yield from connection.execute("values (1), (2), (3)")

    @task(each={"row": rows}, ahead=1)
    async def first(row: tuple[int]) -> int:
        return row[0]

    @workflow
    def w(first: list[int]) -> list[int]:
        return first

    assert await w.call() == [1, 2, 3]
    assert lock.acquire(blocking=False)


async def test_a_task_group_may_be_open_over_a_yield() -> None:
    ended: list[str] = []

    @task
    async def numbers() -> AsyncIterator[int]:
        async with create_task_group() as group:
            group.start_soon(sleep_forever)
            yield 1
            yield 2
            group.cancel_scope.cancel()
        ended.append("closed")

    @task(each={"number": numbers}, ahead=1)
    async def double(number: int) -> int:
        return 2 * number

    @workflow
    def w(double: list[int]) -> list[int]:
        return double

    assert await w.call() == [2, 4]
    assert ended == ["closed"]


async def test_what_a_task_returns_may_give_its_items_one_by_one() -> None:
    given: list[int] = []

    def note(number: int) -> int:
        given.append(number)
        return number

    @task
    def numbers() -> Iterator[int]:
        return map(note, range(1000))

    @task(each={"number": numbers}, ahead=2)
    async def check(number: int) -> None:
        if number == 10:
            raise ConnectionError("enough")

    @workflow
    def w(check: list[None]) -> None: ...

    with pytest.raises(ConnectionError, match="enough"):
        await w.call()
    assert len(given) <= 13


@KINDS
async def test_who_needs_all_of_them_gets_a_list_and_nobody_is_held_back(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind, 20)

    @task(each={"number": source}, ahead=1)
    async def double(number: int) -> int:
        return 2 * number

    @workflow
    def w(source: list[int], double: list[int]) -> tuple[list[int], list[int]]:
        return source, double

    numbers = list(range(1, 21))
    assert await w.with_options(tasks={"source": source}).call() == (numbers, [2 * n for n in numbers])


@KINDS
async def test_a_task_may_wait_for_the_end_of_what_it_is_mapped_over(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind, 20)

    @task(each={"number": source}, ahead=1, after=source)
    async def double(number: int) -> int:
        return 2 * number

    @workflow
    def w(double: list[int]) -> list[int]:
        return double

    with fail_after(SOON):
        assert await w.call() == [2 * n for n in range(1, 21)]


@KINDS
async def test_one_source_may_be_mapped_by_several(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind, 30)

    @task(each={"number": source})
    async def double(number: int) -> int:
        return 2 * number

    @task
    def letters() -> list[str]:
        return ["a"] * 30

    @task(each={"number": source, "letter": letters}, ahead=1)
    async def joined(number: int, letter: str) -> str:
        return f"{number}{letter}"

    @workflow
    def w(double: list[int], joined: list[str]) -> tuple[list[int], list[str]]:
        return double, joined

    numbers = range(1, 31)
    assert await w.call() == ([2 * n for n in numbers], [f"{n}a" for n in numbers])


@KINDS
async def test_lengths_are_compared_when_the_first_ends(steps: Steps, kind: str) -> None:
    source = make_source(steps, kind)

    @task
    def letters() -> list[str]:
        return ["a", "b"]

    @task(each={"number": source, "letter": letters})
    async def joined(number: int, letter: str) -> str:
        return f"{number}{letter}"

    @workflow
    def w(joined: list[str]) -> None: ...

    with pytest.raises(UnequalLengthsError) as caught:
        await w.call()
    assert str(caught.value).startswith(
        "Cannot take items in step: task 'letters' has 2 of them, and task 'source' has more."
    )
    assert steps.is_closed


class Fails:
    """A source that fails before its first item, some times."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def __call__(self) -> AsyncIterator[int]:
        if self.left:
            self.left -= 1
            raise ConnectionError("no line")
        yield 1
        yield 2


def map_over(source: Any, **options: Any) -> Any:
    """A workflow that gives what is mapped over a source."""

    @task(each={"number": source})
    async def double(number: int) -> int:
        return 2 * number

    @workflow(**options)
    def w(double: list[int]) -> list[int]:
        return double

    return w


async def test_a_source_is_tried_again_until_its_first_item() -> None:
    fails = Fails(2)
    assert await map_over(task(fails.__call__, name="source", retries=Retry(2, delay=0))).call() == [2, 4]


async def test_a_source_that_gives_no_item_may_be_recovered() -> None:
    async def instead() -> list[int]:
        return [7]

    assert await map_over(task(Fails(1).__call__, name="source", recover=instead)).call() == [14]


async def test_a_source_may_be_skipped_before_its_first_item() -> None:
    @task
    async def source() -> AsyncIterator[int]:
        if True:
            raise Skip("nothing today")
        yield 1  # type: ignore[unreachable]

    run = await map_over(source).run_async()
    assert run.status == "skipped"
    assert run.tasks["double"].status == "skipped"


def make_broken(**options: Any) -> Any:
    @task(name="source", **options)
    async def broken() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise ConnectionError("no line")

    return broken


async def test_after_its_first_item_the_error_of_a_source_is_final() -> None:
    attempts: list[int] = []

    @task(retries=Retry(3, delay=0), recover=list)
    async def source() -> AsyncIterator[int]:
        attempts.append(1)
        yield 1
        raise ConnectionError("no line")

    with pytest.raises(ConnectionError, match="no line"):
        await map_over(source).call()
    assert len(attempts) == 1


async def test_items_under_way_go_on_when_their_source_fails() -> None:
    broken = Event()
    ended: list[int] = []

    @task
    async def source() -> AsyncIterator[int]:
        yield 1
        yield 2
        broken.set()
        raise ConnectionError("no line")

    @task(each={"number": source})
    async def double(number: int) -> int:
        await broken.wait()
        await anyio.wait_all_tasks_blocked()
        ended.append(number)
        return 2 * number

    @workflow
    def w(double: list[int]) -> list[int]:
        return double

    with fail_after(SOON):
        run = await w.run_async()
    assert sorted(ended) == [1, 2]
    assert isinstance(run.error, ConnectionError)
    assert (run.tasks["source"].status, run.tasks["double"].status) == ("failed", "upstream_failed")


async def test_who_needs_all_that_a_broken_source_would_have_given_does_not_run_for_that_reason() -> None:
    broken = Event()

    @task
    async def source() -> AsyncIterator[int]:
        yield 1
        yield 2
        broken.set()
        raise ConnectionError("no line")

    @task(each={"number": source})
    async def double(number: int) -> int:
        await broken.wait()
        for _ in range(5):
            await anyio.wait_all_tasks_blocked()
        return 2 * number

    @task
    def listed(source: list[int]) -> int:
        return len(source)

    @task
    def counted(double: list[int]) -> int:
        return len(double)

    @task(each={"number": counted})
    async def mapped(number: int) -> int:
        return number

    @task
    async def said(mapped: list[int]) -> int:
        return len(mapped)

    @workflow
    def w(listed: int, said: int) -> None: ...

    with fail_after(SOON):
        run = await w.run_async()
    assert isinstance(run.error, ConnectionError)
    names = ("double", "listed", "counted", "mapped", "said")
    assert {name: str(run.tasks[name].status) for name in names} == dict.fromkeys(names, "upstream_failed")


async def test_with_keep_going_what_does_not_need_the_source_goes_on() -> None:
    @task
    async def other() -> str:
        return "done"

    @task(each={"number": make_broken()})
    async def double(number: int) -> int:
        return 2 * number

    @workflow(keep_going=True)
    def w(double: list[int], other: str) -> list[int]:
        return double

    run = await w.run_async()
    assert (run.tasks["other"].status, run.tasks["double"].status) == ("completed", "upstream_failed")
    assert isinstance(run.error, ExceptionGroup)


async def test_a_source_cannot_be_skipped_after_its_first_item() -> None:
    @task
    async def source() -> AsyncIterator[int]:
        yield 1
        raise Skip("no more")

    with pytest.raises(StreamError) as caught:
        await map_over(source).call()
    assert str(caught.value).startswith(
        "Cannot skip task 'source': it has handed on an item already. Let it return where it has no more."
    )


@given_time
async def test_a_source_that_takes_too_long_for_an_item_fails(clock: Clock) -> None:
    @task(timeout=clock.seconds)
    async def source() -> AsyncIterator[int]:
        yield 1
        clock.reach()
        await sleep_forever()

    with pytest.raises(TaskTimeoutError, match=r"Cannot finish task 'source': it took longer than its timeout"):
        await map_over(source).call()


async def test_with_stream_false_a_source_is_collected_first() -> None:
    order: list[str] = []

    @task(stream=False, retries=Retry(1, delay=0))
    async def source() -> AsyncIterator[int]:
        order.append("begins")
        yield 1
        if order.count("begins") == 1:
            raise ConnectionError("no line")
        order.append("ends")

    @task(each={"number": source})
    async def double(number: int) -> int:
        order.append("item")
        return 2 * number

    @workflow
    def w(double: list[int]) -> list[int]:
        return double

    assert await w.call() == [2]
    assert order == ["begins", "begins", "ends", "item"]


async def test_a_run_that_is_asked_for_keeps_what_a_source_gave(steps: Steps) -> None:
    source = make_source(steps, "awaited", 3)
    run = await map_over(source).run_async()
    assert run.tasks["source"].result == [1, 2, 3]
    assert run.result == [2, 4, 6]


def test_the_clock_of_a_source_can_be_stopped_in_a_plain_call_too(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    @task(timeout=60)
    def source() -> Iterator[int]:
        yield from range(20)

    @task(each={"number": source}, ahead=1)
    def double(number: int) -> int:
        return 2 * number

    name, options = backend

    @workflow(backend=name, backend_options=options)
    def w(double: list[int]) -> list[int]:
        return double

    assert w() == [2 * number for number in range(20)]
    assert not caplog.records  # asyncio logs what goes wrong in a callback, and goes on
