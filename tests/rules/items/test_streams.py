"""`stream=` hands a task the items of another one as they end, and the items wait for it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, sleep_forever

from flowdeco import GraphError, OptionError, Outcome, Retry, Skip, StreamError, task, workflow

SOON = 60


@task
async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


@task(each={"number": numbers})
async def double(number: int) -> int:
    return 2 * number


async def test_an_async_def_folds_what_a_mapped_task_gives() -> None:
    @task(stream="double")
    async def total(double: AsyncIterator[int]) -> int:
        found = 0
        async for number in double:
            found += number
        return found

    @workflow
    def w(count: int, total: int) -> int:
        return total

    assert await w.call(100) == 2 * sum(range(100))
    assert await w.call(0) == 0


async def test_a_def_reads_in_a_thread_of_its_own() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 1
    try:

        @task(each={"number": numbers})
        def plain(number: int) -> int:
            return number

        @task(stream="plain")
        def total(plain: Iterator[int]) -> int:
            return sum(plain)

        @workflow
        def w(count: int, total: int) -> int:
            return total

        with fail_after(SOON):
            assert await w.call(50) == sum(range(50))
    finally:
        limiter.total_tokens = before


async def test_a_source_itself_can_be_read() -> None:
    @task(stream="numbers")
    def total(numbers: Iterator[int]) -> int:
        return sum(numbers)

    @task
    def listed() -> list[int]:
        return [1, 2, 3]

    @task(stream="listed")
    async def first(listed: AsyncIterator[int]) -> int:
        return await anext(listed)

    @workflow
    def w(count: int, total: int, first: int) -> tuple[int, int]:
        return total, first

    assert await w.call(1000) == (sum(range(1000)), 1)


async def test_batches_are_a_source_like_any_other() -> None:
    @task(stream="double")
    async def batches(double: AsyncIterator[int]) -> AsyncIterator[list[int]]:
        batch: list[int] = []
        async for number in double:
            batch.append(number)
            if len(batch) == 64:
                yield batch
                batch = []
        if batch:
            yield batch

    @task(each={"batch": batches})
    async def size(batch: list[int]) -> int:
        return len(batch)

    @workflow
    def w(count: int, size: list[int]) -> list[int]:
        return size

    assert await w.call(150) == [64, 64, 22]


async def test_a_def_flattens_what_it_reads() -> None:
    @task(each={"number": numbers})
    async def repeated(number: int) -> list[int]:
        return [number] * number

    @task(stream="repeated")
    def flat(repeated: Iterator[list[int]]) -> Iterator[int]:
        for part in repeated:
            yield from part

    @task(each={"x": flat})
    async def text(x: int) -> str:
        return str(x)

    @workflow
    def w(count: int, text: list[str]) -> str:
        return "".join(text)

    assert await w.call(5) == "1223334444"


async def test_items_come_in_the_order_of_the_source_or_as_they_end() -> None:
    gates = [Event(), Event(), Event()]

    @task(each={"number": numbers})
    async def wait(number: int) -> int:
        await gates[number].wait()
        return number

    @task(stream="wait")
    async def ordered(wait: AsyncIterator[int]) -> list[int]:
        return [number async for number in wait]

    @task(stream={"wait": "ended"})
    async def ended(wait: AsyncIterator[int]) -> list[int]:
        found: list[int] = []
        async for number in wait:
            found.append(number)
            if number:
                gates[number - 1].set()
        return found

    @workflow
    def w(count: int, ordered: list[int], ended: list[int]) -> tuple[list[int], list[int]]:
        return ordered, ended

    gates[2].set()
    with fail_after(SOON):
        assert await w.call(3) == ([0, 1, 2], [2, 1, 0])


async def test_a_reader_begins_with_the_first_item() -> None:
    got = Event()

    @task
    async def source() -> AsyncIterator[int]:
        yield 1
        await got.wait()
        yield 2

    @task(stream="source")
    async def read(source: AsyncIterator[int]) -> list[int]:
        found: list[int] = []
        async for number in source:
            found.append(number)
            got.set()
        return found

    @workflow
    def w(read: list[int]) -> list[int]:
        return read

    with fail_after(SOON):
        assert await w.call() == [1, 2]


@pytest.mark.parametrize("kind", ["async def", "def"])
async def test_items_are_unfinished_until_they_were_read(kind: str) -> None:
    given: list[int] = []
    go_on = threading.Event()
    reached = Event()

    @task
    async def source() -> AsyncIterator[int]:
        for number in range(20):
            given.append(number)
            if number == 3:
                reached.set()
            yield number

    @task(each={"number": source}, ahead=3)
    async def same(number: int) -> int:
        return number

    @task(stream="same")
    async def awaited(same: AsyncIterator[int]) -> list[int]:
        found = [await anext(same)]
        await anyio.to_thread.run_sync(go_on.wait, SOON)
        return found + [number async for number in same]

    @task(stream="same")
    def plain(same: Iterator[int]) -> list[int]:
        found = [next(same)]
        assert go_on.wait(SOON)
        return found + list(same)

    @workflow
    def w(read: list[int]) -> list[int]:
        return read

    async def look() -> None:
        await reached.wait()
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        assert given == [0, 1, 2, 3]
        go_on.set()

    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(look)
            reader = awaited if kind == "async def" else plain
            assert await w.with_options(tasks={"read": reader}).call() == list(range(20))


async def test_when_the_reader_returns_what_nobody_else_needs_is_called_off() -> None:
    closed = Event()
    cancelled: list[int] = []

    @task
    async def source() -> AsyncIterator[int]:
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            closed.set()

    @task(each={"number": source})
    async def slow(number: int) -> int:
        if number != 1:
            try:
                await sleep_forever()
            except BaseException:
                cancelled.append(number)
                raise
        return number

    @task(stream={"slow": "ended"})
    async def first(slow: AsyncIterator[int]) -> int:
        return await anext(slow)

    @workflow
    def w(first: int) -> int:
        return first

    with fail_after(SOON):
        run = await w.run_async()
    assert run.result == 1
    assert closed.is_set()
    assert 0 in cancelled
    assert run.status == "completed"


async def test_in_a_thread_too_what_nobody_needs_is_called_off() -> None:
    begun = threading.Event()
    told: list[int] = []

    @task(each={"number": numbers})
    def slow(number: int) -> int:
        if number == 0:
            begun.set()
            return number
        assert begun.wait(SOON)
        try:
            while True:
                anyio.from_thread.check_cancelled()
                threading.Event().wait(0.001)
        finally:
            told.append(number)

    @task(stream={"slow": "ended"})
    def first(slow: Iterator[int]) -> int:
        return next(slow)

    @workflow
    def w(count: int, first: int) -> int:
        return first

    with fail_after(SOON):
        assert await w.call(3) == 0
    assert set(told) <= {1, 2}


async def test_the_first_that_succeeds_is_read_from_outcomes() -> None:
    @task(each={"number": numbers})
    async def attempt(number: int) -> int:
        if number < 3:
            raise ConnectionError(f"mirror {number} is down")
        return number

    @task(stream={"attempt": "ended"}, settled="attempt")
    async def first(attempt: AsyncIterator[Outcome[int]]) -> int | None:
        async for outcome in attempt:
            if outcome.status == "completed":
                return outcome.value
        raise LookupError("no mirror is up")

    @workflow
    def w(count: int, first: int | None) -> int | None:
        return first

    assert await w.call(10) in range(3, 10)
    with pytest.raises(LookupError):
        await w.call(3)


async def test_what_somebody_else_needs_goes_on_when_a_reader_returns() -> None:
    @task(stream="double")
    async def first(double: AsyncIterator[int]) -> int:
        return await anext(double)

    @workflow
    def w(count: int, first: int, double: list[int]) -> tuple[int, list[int]]:
        return first, double

    assert await w.call(5) == (0, [0, 2, 4, 6, 8])


async def test_a_skipped_item_is_left_out_and_an_error_is_the_run_s() -> None:
    @task(each={"number": numbers})
    async def odd(number: int) -> int:
        if number == 7:
            raise ConnectionError("no line")
        if number % 2 == 0:
            raise Skip("even")
        return number

    @task(stream="odd")
    async def listed(odd: AsyncIterator[int]) -> list[int]:
        return [number async for number in odd]

    @workflow
    def w(count: int, listed: list[int]) -> list[int]:
        return listed

    assert await w.call(6) == [1, 3, 5]
    with pytest.raises(ConnectionError, match="no line"):
        await w.call(9)
    run = await w.with_options(keep_going=True).run_async(9)
    with pytest.RaisesGroup(ConnectionError):
        raise run.error or AssertionError
    assert run.tasks["listed"].status == "upstream_failed"


async def test_a_reader_hears_of_a_source_that_fails_when_it_has_all_that_came_before() -> None:
    seen: list[int] = []

    @task
    async def source() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise ConnectionError("no line")

    @task(stream="source")
    async def read(source: AsyncIterator[int]) -> None:
        async for number in source:
            seen.append(number)

    @workflow
    def w(read: None) -> None: ...

    run = await w.run_async()
    assert seen == [1, 2]
    assert isinstance(run.error, ConnectionError)
    assert (run.tasks["source"].status, run.tasks["read"].status) == ("failed", "upstream_failed")


async def test_a_reader_that_has_received_an_item_is_not_tried_again() -> None:
    attempts: list[int] = []

    @task(stream="double", retries=Retry(2, delay=0))
    async def read(double: AsyncIterator[int]) -> int:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError("no line yet")
        await anext(double)
        raise ConnectionError("no line")

    @workflow
    def w(count: int, read: int) -> int:
        return read

    with pytest.raises(ConnectionError, match=r"no line\n") as caught:
        await w.call(3)
    assert len(attempts) == 2
    why = "It was not tried again: it had received 1 item of 'double', which another attempt would not get."
    assert why in caught.value.__notes__


async def test_an_error_that_no_attempt_would_follow_does_not_say_that_a_reader_was_not_tried_again() -> None:
    @task(stream="double", retries=Retry(2, delay=0, on=OSError))
    async def read(double: AsyncIterator[int]) -> None:
        await anext(double)
        raise ValueError("no number")

    @workflow
    def w(count: int, read: None) -> None: ...

    with pytest.raises(ValueError, match="no number") as caught:
        await w.call(3)
    assert not any("tried again" in note for note in caught.value.__notes__)


async def test_a_reader_that_has_received_an_item_is_recovered() -> None:
    def say(error: Exception) -> str:
        return f"recovered from {error}"

    @task(stream="double", retries=Retry(2, delay=0), recover=say)
    async def read(double: AsyncIterator[int]) -> str:
        raise ConnectionError(f"no line after {await anext(double)}")

    @task(stream="double", recover={ValueError: lambda: "no"})
    def plain(double: Iterator[int]) -> str:
        next(double)
        raise ValueError

    @workflow
    def w(count: int, read: str, plain: str) -> tuple[str, str]:
        return read, plain

    with fail_after(SOON):
        assert await w.call(3) == ("recovered from no line after 0", "no")


async def test_a_reader_that_has_handed_an_item_on_is_not_recovered() -> None:
    @task(stream="double", recover=lambda: None)
    async def read(double: AsyncIterator[int]) -> AsyncIterator[int]:
        yield await anext(double)
        raise ConnectionError("no line")

    @task(each={"number": read})
    async def use(number: int) -> int:
        return number

    @workflow
    def w(count: int, use: list[int]) -> None: ...

    with pytest.raises(ConnectionError):
        await w.call(3)


@pytest.mark.parametrize("kind", ["async def", "def"])
async def test_a_reader_that_waits_is_cancelled_with_its_run(kind: str) -> None:
    waits = threading.Event()
    ended: list[str] = []

    @task
    async def source() -> AsyncIterator[int]:
        yield 1
        await sleep_forever()

    @task(stream="source")
    async def awaited(source: AsyncIterator[int]) -> None:
        await anext(source)
        waits.set()
        try:
            await anext(source)
        finally:
            ended.append("closed")

    @task(stream="source")
    def plain(source: Iterator[int]) -> None:
        next(source)
        waits.set()
        try:
            next(source)
        finally:
            ended.append("closed")

    @workflow
    def w(read: None) -> None: ...

    chosen = w.with_options(tasks={"read": awaited if kind == "async def" else plain})
    with fail_after(SOON), CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(chosen.call)
            await anyio.to_thread.run_sync(waits.wait, SOON)
            scope.cancel()
    assert scope.cancelled_caught
    assert ended == ["closed"]


async def test_a_reader_that_also_needs_the_whole_holds_nothing_back() -> None:
    @task
    async def mean(double: list[int]) -> float:
        return sum(double) / len(double)

    @task(stream="double")
    async def above(double: AsyncIterator[int], mean: float) -> int:
        return len([number async for number in double if number > mean])

    @workflow
    def w(count: int, above: int) -> int:
        return above

    with fail_after(SOON):
        assert await w.call(1000) == 500


async def test_an_iterator_that_outlives_its_task_says_so() -> None:
    kept: list[AsyncIterator[int]] = []

    @task(stream="double")
    async def keep(double: AsyncIterator[int]) -> None:
        kept.append(double)

    @workflow
    def w(count: int, keep: None) -> None: ...

    await w.call(3)
    with pytest.raises(StreamError, match="the task that reads them has ended"):
        await anext(kept[0])


async def test_an_output_of_each_item_can_be_read() -> None:
    @task(each={"number": numbers}, outputs=("low", "high"))
    async def split(number: int) -> dict[str, int]:
        return {"low": number, "high": 10 * number}

    @task(stream="high")
    async def listed(high: AsyncIterator[int]) -> list[int]:
        return [number async for number in high]

    @workflow(tasks=[split])
    def w(count: int, listed: list[int]) -> Any:
        return listed

    assert await w.call(3) == [0, 10, 20]


@pytest.mark.parametrize(("run_in", "place"), [("loop", "on the event loop"), ("process", "in a process")])
def test_a_def_reads_a_stream_in_a_thread_and_nowhere_else(run_in: Any, place: str) -> None:
    @task(stream="double", run_in=run_in)
    def total(double: Iterator[int]) -> int:
        return sum(double)

    @workflow
    def w(count: int, total: int) -> None: ...

    with pytest.raises(GraphError, match=f"task 'total' runs {place} and receives 'double' as a stream, for whose"):
        w.check()


def test_a_task_that_is_run_for_each_item_reads_no_stream() -> None:
    def both(number: int, double: Iterator[int]) -> None: ...

    with pytest.raises(OptionError, match="each= has the task run for every item: which of these runs would receive"):
        task(each="number", stream="double")(both)


async def test_who_receives_outcomes_hears_of_a_source_that_fails_by_the_last_one() -> None:
    @task
    async def source() -> AsyncIterator[int]:
        yield 1
        raise ConnectionError("no line")

    @task(each={"number": source})
    async def same(number: int) -> int:
        return number

    @task(stream="source", settled="source")
    async def read_source(source: AsyncIterator[Outcome[int]]) -> list[str]:
        return [outcome.status async for outcome in source]

    @task(stream="same", settled="same")
    def read_stage(same: Iterator[Outcome[int]]) -> list[str]:
        return [outcome.status for outcome in same]

    @workflow
    def of_source(read_source: list[str]) -> list[str]:
        return read_source

    @workflow
    def of_stage(read_stage: list[str]) -> list[str]:
        return read_stage

    @workflow(settled="same")
    def of_list(same: list[Outcome[int]]) -> list[tuple[str, int | None]]:
        return [(outcome.status, outcome.index) for outcome in same]

    with fail_after(SOON):
        assert await of_source.call() == ["completed", "failed"]
        assert await of_stage.call() == ["completed", "upstream_failed"]
        assert await of_list.call() == [("completed", 0), ("upstream_failed", None)]
