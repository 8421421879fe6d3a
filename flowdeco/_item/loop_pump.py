"""What advances an iterator on the event loop: in one task, from its first step to its closing.

A generator may hold a cancel scope or a task group open over a `yield`. Such a scope belongs to the task in which it
was entered, and lies within those that were entered before it. So all steps are made in one task, within one scope
that is entered before the first step and left after the last, and none is entered or left in between.

A scope of the generator's own may be cancelled while the generator stands at a `yield`: its deadline has come, or a
task of its group has failed. The cancellation then hits the pump, where it waits, and is thrown in at the `yield`: the
generator deals with it as if it had been waiting there itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from time import perf_counter
from typing import Any, cast

from anyio import Event
from anyio.lowlevel import checkpoint

from .._base.event_loop import EventLoop
from .._base.sentinel import UNSET
from .._worker.thread import SLICE
from .clock import Clock
from .feed import Feed
from .held_places import HeldPlaces
from .iterable import is_lazy

__all__ = ["LoopPump"]


class LoopPump:
    """Makes one call on the event loop, and if it gives an iterator, advances that.

    Args:
        start: makes the call; awaited.
        feed: where the items are handed on.
        clock: what ends it all.
        places: what it gives back while it is held back; `None`: nothing.

    Attributes:
        abandoned: whether it goes on when nobody waits for it any more: never.
    """

    abandoned = False
    __slots__ = ("_clock", "_feed", "_is_stepping", "_loop", "_places", "_start", "_until")

    def __init__(
        self, start: Callable[[], Awaitable[Any]], feed: Feed, clock: Clock, places: HeldPlaces | None = None
    ) -> None:
        self._start = start
        self._feed = feed
        self._clock = clock
        self._places = places
        self._loop = EventLoop()
        self._is_stepping = False
        self._until = 0.0

    async def run(self) -> Any:
        """Return what the call gave; `UNSET` if it was an iterator.

        That is advanced to its end, or until nobody wants any more, and closed. To be awaited in a task of its own,
        within the scope of the clock.
        """
        self._is_stepping = True
        try:
            if not self._feed.call_when_closed(partial(self._loop.call_soon, self._cancel_step)):
                return UNSET
            result = await self._start()
            if not is_lazy(result):
                return result
            await self._advance_and_close(_as_async(result))
        finally:
            self._is_stepping = False
            self._feed.call_when_closed(None)
        return UNSET

    def _cancel_step(self) -> None:
        """Nobody wants any more. At a `yield`, it is closed; in the middle of a step, it is cancelled."""
        if self._is_stepping:
            self._clock.scope.cancel()
        elif self._places is not None:
            self._places.look_again()

    async def _advance_and_close(self, items: Any) -> None:
        self._until = perf_counter() + SLICE
        try:
            await self._advance(items)
        finally:
            self._is_stepping = False
            if hasattr(items, "athrow"):  # a generator; what else has a way to be closed may be in use elsewhere
                await _close(items)

    async def _advance(self, items: Any) -> None:
        feed, step = self._feed, items.__anext__
        while True:
            self._is_stepping = False
            try:
                if not await self._hold():
                    return
            except BaseException as error:
                if not hasattr(items, "athrow"):
                    raise
                step = partial(items.athrow, error)
                feed.claim(at_once=True)
            self._is_stepping = True
            try:
                item = await step()
            except StopAsyncIteration:
                return
            finally:
                step = items.__anext__
            feed.hand_on(item)
            del item

    async def _hold(self) -> bool:
        """Wait for a place for the next item; return whether there is one, and not the end of all."""
        if perf_counter() > self._until:
            await checkpoint()
            self._until = perf_counter() + SLICE
        while not self._feed.is_closed:
            if self._places is not None and not self._places.is_held:
                await self._take_places(self._places)
            if self._feed.claim():
                return True
            await self._wait()
        return False

    async def _wait(self) -> None:
        event = Event()
        if not self._feed.call_when_free(partial(self._loop.set, event)):
            return
        self._clock.stand_still()
        try:
            await (event.wait() if self._places is None else self._places.wait(event))
        finally:
            self._clock.go()
        self._until = perf_counter() + SLICE

    async def _take_places(self, places: HeldPlaces) -> None:
        self._clock.stand_still()
        try:
            await places.take_again(lambda: self._feed.is_closed)
        finally:
            self._clock.go()
        self._until = perf_counter() + SLICE


async def _close(generator: Any) -> None:
    try:
        await generator.aclose()
    except BaseExceptionGroup as group:  # a task group that is open over the `yield` wraps what closes it
        rest = group.split(GeneratorExit)[1]
        if rest is not None:
            raise rest from None


def _as_async(items: Any) -> Any:
    kind = cast("Any", type(items))
    if hasattr(kind, "__anext__"):
        return items
    if hasattr(kind, "__aiter__"):
        return aiter(items)
    return _Generator(iter(items)) if hasattr(kind, "throw") else _Iterator(iter(items))


class _Iterator(AsyncIterator[Any]):
    """An iterator whose steps are made on the event loop."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items: Any = items

    async def __anext__(self) -> Any:
        try:
            return next(self._items)
        except StopIteration:
            raise StopAsyncIteration from None


class _Generator(_Iterator):
    """A generator whose steps are made on the event loop."""

    async def athrow(self, error: BaseException) -> Any:
        try:
            return self._items.throw(error)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        self._items.close()
