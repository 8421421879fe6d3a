"""What a task receives for `stream=`: an iterator over a stream, for the event loop or for a thread.

On the event loop, who waits for an item is cancelled like anybody else. Nobody can cancel a thread: so it is told to
stop when the run comes to its end, or when its own time is over, woken if it waits, and asks what the matter is. The
thread that was left behind so may still hold the iterator while another attempt reads: each attempt has one of its own.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

import anyio
from anyio import NoEventLoopError, from_thread

from .._base.errors import StreamError
from .._base.event_loop import EventLoop, find_token
from .held_places import HeldPlaces
from .item_stream import ItemStream, Taken

__all__ = ["AsyncItems", "Items", "renew_streams", "stop_streams", "streams_in"]

T = TypeVar("T")


class AsyncItems(AsyncIterator[T]):
    """The items of a task as they end, for an `async def`. Several tasks may read from one: each item goes to one."""

    __slots__ = ("_loop", "stream")

    def __init__(self, stream: ItemStream) -> None:
        self.stream = stream
        self._loop: EventLoop | None = None

    def __repr__(self) -> str:
        return f"<items of {self.stream.name!r}>"

    async def __anext__(self) -> T:
        loop = self._loop = self._loop or EventLoop()
        places = self.stream.places
        while True:
            if places is not None and not places.is_held:
                await places.take_again()  # before it has an item, which would be lost if it was cancelled
            event = anyio.Event()
            taken = self.stream.take(partial(loop.set, event))
            if not taken.is_late:
                return cast("T", _unpack(self.stream, taken, StopAsyncIteration))
            await (event.wait() if places is None else places.wait(event))


class Items(Iterator[T]):
    """The items of a task as they end, for a `def`, which waits for them in its thread.

    Attributes:
        is_stopped: whether who reads is to stop, be it in a wait or at the next item.
    """

    __slots__ = ("is_stopped", "stream")

    def __init__(self, stream: ItemStream) -> None:
        self.stream = stream
        self.is_stopped = False

    def __repr__(self) -> str:
        return f"<items of {self.stream.name!r}>"

    def __next__(self) -> T:
        stream, places = self.stream, self.stream.places
        while True:
            bell = threading.Event()
            if places is not None and not places.is_held and not places.ask(bell.set):
                self._wait_for_places(places, bell)
            taken = stream.take(bell.set, self._ask_stopped)
            if not taken.is_late:
                return cast("T", _unpack(stream, taken, StopIteration))
            if places is not None:
                places.begin_wait()
            try:
                self._wait(bell)
            finally:
                if places is not None:
                    places.end_wait()

    def _wait_for_places(self, places: HeldPlaces, bell: threading.Event) -> None:
        try:
            is_there = False
            while not is_there:
                self.stream.call_when_stopped(bell.set)
                self._wait(bell)
                bell.clear()
                is_there = places.ask(bell.set)
        finally:
            if not places.is_held:
                places.leave(bell.set)

    def _wait(self, bell: threading.Event) -> None:
        stream = self.stream
        if find_token() is not None:
            message = f"Cannot wait for the items of {stream.name!r} here: an event loop runs on this thread. "
            message += "Read them in the task's own thread, or make the task an async def."
            raise StreamError(message, task=stream.name)
        if not self.is_stopped:  # once it is told to, the bell may have been rung before anybody listened to it
            bell.wait()
        if self.is_stopped:
            self._leave()

    def stop(self) -> None:
        """Have who reads stop. On any thread."""
        self.stream.stop(self._note_stop)

    def _note_stop(self) -> None:
        self.is_stopped = True

    def _ask_stopped(self) -> bool:
        return self.is_stopped

    def _leave(self) -> None:
        """Raise the cancellation of the run; in a thread that the task has started by itself, an error."""
        with suppress(NoEventLoopError):
            from_thread.check_cancelled()
        message = f"Cannot read on in the items of {self.stream.name!r}: the run ends."
        raise StreamError(message, task=self.stream.name)


def _unpack(stream: ItemStream, taken: Taken, end: type[Exception]) -> Any:
    if taken.is_item:
        return taken.value
    if taken.error is not None:
        raise taken.error
    if stream.is_closed:
        message = f"Cannot read on in the items of {stream.name!r}: the task that reads them has ended."
        raise StreamError(message, task=stream.name)
    raise end


def streams_in(row: Iterable[Any]) -> list[ItemStream]:
    """Return the streams that a task reads, as the values of its arguments have them."""
    return [value.stream for value in row if isinstance(value, (Items, AsyncItems))]


def stop_streams(row: Iterable[Any]) -> None:
    """Have a task stop that reads items in its thread."""
    for value in row:
        if isinstance(value, Items):
            value.stop()


def renew_streams(row: Sequence[Any]) -> Sequence[Any]:
    """Return the arguments for the next attempt: with iterators that the one before cannot take items from."""
    if not any(isinstance(value, Items) and value.is_stopped for value in row):
        return row
    return [Items[Any](value.stream) if isinstance(value, Items) else value for value in row]
