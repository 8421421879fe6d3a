"""Items on their way to one reader."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, to_thread
from anyio.lowlevel import checkpoint

from flowdeco._base.errors import StreamError
from flowdeco._item.item_stream import ItemStream, Taken
from flowdeco._item.reader import AsyncItems, Items, renew_streams

SOON = 60


def read(stream: ItemStream) -> list[Any]:
    return list(Items[Any](stream))


async def test_items_come_in_the_order_of_the_source_whenever_they_end() -> None:
    stream = ItemStream("text")
    for index in (2, 0, 1):
        stream.put(index, f"item {index}")
    stream.end()
    assert [item async for item in AsyncItems[str](stream)] == ["item 0", "item 1", "item 2"]


async def test_items_come_as_they_end_if_that_is_asked_for() -> None:
    stream = ItemStream("text", in_order=False)
    for index in (2, 0, 1):
        stream.put(index, index)
    stream.end()
    assert [item async for item in AsyncItems[int](stream)] == [2, 0, 1]


def test_what_was_left_out_is_passed_over() -> None:
    told: list[int] = []
    stream = ItemStream("text", on_consumed=told.append)
    stream.put(1, "b")
    stream.leave_out(0)
    stream.leave_out(2)
    stream.put(3, "d")
    stream.end()
    assert read(stream) == ["b", "d"]
    assert (told, stream.consumed) == ([0, 1, 2, 3], 2)


def test_an_item_is_consumed_when_the_reader_has_it() -> None:
    told: list[int] = []
    stream = ItemStream("text", on_consumed=told.append)
    stream.put(0, "a")
    stream.put(1, "b")
    reader = Items[str](stream)
    assert told == []
    assert next(reader) == "a"
    assert told == [0]


def test_an_error_hits_the_reader_when_it_comes_to_the_item() -> None:
    told: list[int] = []
    stream = ItemStream("text", on_consumed=told.append)
    error = ConnectionError("no line")
    stream.put_error(1, error)
    stream.put(2, "c")
    stream.put(0, "a")
    reader = Items[str](stream)
    assert next(reader) == "a"
    with pytest.raises(ConnectionError) as caught:
        next(reader)
    assert caught.value is error
    stream.put(3, "d")
    assert list(reader) == []
    assert told == [0, 1, 2, 3]


def test_an_error_of_the_source_comes_after_its_items() -> None:
    stream = ItemStream("text")
    stream.put(0, "a")
    stream.end(ConnectionError("no line"))
    reader = Items[str](stream)
    assert next(reader) == "a"
    with pytest.raises(ConnectionError, match="no line"):
        next(reader)
    assert list(reader) == []


def test_what_nobody_reads_any_more_counts_as_consumed() -> None:
    told: list[int] = []
    stream = ItemStream("text", on_consumed=told.append)
    for index in (0, 1, 3):
        stream.put(index, index)
    assert next(Items[int](stream)) == 0
    stream.close()
    stream.put(2, 2)
    assert sorted(told) == [0, 1, 2, 3]


@pytest.mark.parametrize("make", [Items, AsyncItems])
async def test_who_keeps_the_reader_for_later_is_told_so(make: Any) -> None:
    stream = ItemStream("text")
    stream.put(0, "a")
    reader = make(stream)
    stream.close()
    with pytest.raises(StreamError, match=r"items of 'text': the task that reads them has ended") as caught:
        await anext(reader) if make is AsyncItems else next(reader)
    assert caught.value.task == "text"


def read_in_thread(stream: ItemStream) -> tuple[threading.Thread, list[Any]]:
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.extend(read(stream)), daemon=True)
    thread.start()
    return thread, got


def test_a_reader_in_a_thread_wakes_for_an_item_and_for_the_end() -> None:
    seen = threading.Event()
    stream = ItemStream("text", on_consumed=lambda _: seen.set())
    thread, got = read_in_thread(stream)
    stream.put(0, "a")
    assert seen.wait(SOON)
    stream.end()
    thread.join(SOON)
    assert (got, thread.is_alive()) == (["a"], False)


async def test_a_reader_on_the_event_loop_wakes_for_what_comes_on_another_thread() -> None:
    stream = ItemStream("text")
    got: list[Any] = []

    async def collect() -> None:
        got.extend([item async for item in AsyncItems[str](stream)])

    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(collect)
            await anyio.wait_all_tasks_blocked()
            await to_thread.run_sync(stream.put, 0, "a")
            await to_thread.run_sync(stream.end)
    assert got == ["a"]


async def test_each_item_goes_to_one_of_several_tasks_that_read() -> None:
    stream = ItemStream("text")
    reader = AsyncItems[int](stream)
    got: list[int] = []

    async def collect() -> None:
        got.extend([item async for item in reader])

    with fail_after(SOON):
        async with create_task_group() as group:
            for _ in range(3):
                group.start_soon(collect)
            for index in range(10):
                stream.put(index, index)
                await checkpoint()
            stream.end()
    assert sorted(got) == list(range(10))


async def test_who_waits_on_the_event_loop_is_cancelled_and_loses_nothing() -> None:
    stream = ItemStream("text")
    reader = AsyncItems[str](stream)
    with CancelScope() as scope:
        scope.cancel()
        await anext(reader)
    stream.put(0, "a")
    assert await anext(reader) == "a"


async def wait_for_reader(reader: Items[str], work: Callable[[], None]) -> None:
    """Runs a reader in a worker thread until it waits, and then cancels it as a run does."""

    async def hop() -> None:
        await to_thread.run_sync(work)

    waits = threading.Event()
    stream = reader.stream
    take = stream.take

    def noting(wake: Callable[[], object], is_stopped: Callable[[], bool] = bool) -> Taken:
        taken = take(wake, is_stopped)
        waits.set()
        return taken

    stream.take = noting  # type: ignore[method-assign]
    with fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(hop)
            await to_thread.run_sync(waits.wait, SOON)
            group.cancel_scope.cancel()
            reader.stop()


async def test_a_reader_in_a_thread_hears_of_a_cancellation() -> None:
    reader = Items[str](ItemStream("text"))
    raised: list[BaseException] = []

    def work() -> None:
        try:
            list(reader)
        except BaseException as error:
            raised.append(error)
            raise

    await wait_for_reader(reader, work)
    assert isinstance(raised[0], anyio.get_cancelled_exc_class())


async def test_a_thread_that_the_task_has_started_is_woken_too() -> None:
    reader = Items[str](ItemStream("text"))
    raised: list[Exception] = []

    def read_on() -> None:
        try:
            list(reader)
        except Exception as error:
            raised.append(error)

    def work() -> None:
        thread = threading.Thread(target=read_on, daemon=True)
        thread.start()
        thread.join(SOON)

    await wait_for_reader(reader, work)
    assert str(raised[0]) == "Cannot read on in the items of 'text': the run ends."


def test_who_is_told_to_stop_between_two_items_waits_for_none() -> None:
    stream = ItemStream("text")
    reader = Items[str](stream)
    stream.put(0, "a")
    assert next(reader) == "a"
    reader.stop()
    assert str(read_on_in_thread(reader)) == "Cannot read on in the items of 'text': the run ends."


def read_on(reader: Items[str]) -> Exception:
    with pytest.raises(StreamError) as caught:
        next(reader)
    return caught.value


def test_who_was_told_to_stop_takes_no_item_from_the_next_attempt() -> None:
    stream = ItemStream("text")
    left_behind = Items[str](stream)
    left_behind.stop()
    row = renew_streams([left_behind, 1])
    stream.put(0, "a")
    assert isinstance(read_on_in_thread(left_behind), StreamError)
    assert next(row[0]) == "a"
    assert renew_streams(row) is row


def read_on_in_thread(reader: Items[str]) -> Exception:
    raised: list[Exception] = []
    thread = threading.Thread(target=lambda: raised.append(read_on(reader)), daemon=True)
    thread.start()
    thread.join(SOON)
    return raised[0]


async def test_a_blocking_reader_refuses_to_hold_up_the_event_loop() -> None:
    stream = ItemStream("text")
    reader = Items[str](stream)
    stream.put(0, "a")
    assert next(reader) == "a"
    with pytest.raises(StreamError, match="an event loop runs on this thread"):
        next(reader)


def test_nothing_is_lost_between_threads() -> None:
    stream = ItemStream("text")
    thread, got = read_in_thread(stream)
    writers = [threading.Thread(target=partial(put_each, stream, start)) for start in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(SOON)
    stream.end()
    thread.join(SOON)
    assert got == list(range(400))


def put_each(stream: ItemStream, start: int) -> None:
    for index in range(start, 400, 4):
        stream.put(index, index)


def test_readers_say_what_they_read() -> None:
    stream = ItemStream("text")
    assert repr(Items[str](stream)) == repr(AsyncItems[str](stream)) == "<items of 'text'>"
