"""Attempts at a task that hands its items on one by one, and at one that reads such items.

A source can be tried again, recovered or skipped until its first item has been handed on: what others have begun with
cannot be taken back. A reader that has received an item cannot be tried again, as nobody has the item any more; what
it fails with can be recovered.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from .._base.errors import StreamError
from .._base.events import Skip, Status
from .._base.sentinel import UNSET
from .._base.signature import Kind, is_awaitable, is_coroutine_function
from .._base.text import count_things
from .._item.clock import Clock
from .._item.feed import Feed
from .._item.held_places import HeldPlaces
from .._item.loop_pump import LoopPump
from .._item.reader import renew_streams, stop_streams, streams_in
from .._item.thread_pump import ThreadPump
from .._policy.run_in import RunIn
from .._state.writer import WRITER, Writer
from .._worker.timed_thread import TimedCall
from .._worker.worker import WorkerCall
from .arguments import Arguments
from .attempt import attempt_in_worker, too_long
from .cancellation import drive
from .program import Attempt, Attempted
from .request import InChild

__all__ = ["can_feed", "feeding", "reading", "reading_in_thread"]


def can_feed(run_in: RunIn) -> bool:
    """Whether what a function gives can be had one by one: what runs elsewhere sends all of it together."""
    return run_in in (None, "thread", "loop")


def feeding(
    name: str, function: Callable[..., Any], kind: Kind, run_in: RunIn, timeout: float | None, arguments: Arguments
) -> Attempt:
    """Return an attempt that hands on what its function gives, if that is an iterator, and else gives it as a result.

    Args: as of `choose_attempt`; `arguments` call the function itself.
    """
    call = arguments.call
    on_loop = run_in == "loop" or (kind.startswith("async") and (kind != "async" or is_coroutine_function(function)))

    async def attempt(life: Attempted) -> Any:
        assert life.index is not None
        feed = life.crew.feed_of(life.index)
        try:
            return await InChild(partial(_feed, name, call, life, feed, timeout, on_loop=on_loop))
        except Skip as skip:
            if not feed.count:
                raise
            raise _skipped_late(name, feed.count) from skip
        finally:
            if feed.count:
                life.make_final()

    return attempt


async def _feed(
    name: str, call: Callable[..., Any], life: Attempted, feed: Feed, timeout: float | None, *, on_loop: bool
) -> Any:
    """Make the call and hand its items on. In a task of its own."""
    clock, places = Clock(timeout), _find_places(life)
    pump: LoopPump | ThreadPump
    if on_loop:
        pump = LoopPump(partial(_start, call, life.row), feed, clock, places)
    else:
        pump = ThreadPump(call, life.row, feed, clock, life.release, partial(stop_streams, life.row), places)
    writer = Writer(name) if clock.is_set else None
    if writer is not None:
        WRITER.set(writer)
    result: Any = None
    try:
        with clock.scope:
            clock.go()
            result = await drive(pump.run())
    finally:
        if places is not None:
            places.end()
        if pump.abandoned:
            life.is_left_behind = True
            if writer is not None:
                writer.abandoned = True
    if clock.is_over:
        assert timeout is not None
        raise too_long(name, timeout, abandoned=pump.abandoned)
    if result is not UNSET:
        return result
    return [] if feed.gathered is None and not feed.count else feed.gathered


def _find_places(life: Attempted) -> HeldPlaces | None:
    """Return what an attempt gives back while it waits; one for all that it waits for."""
    if life.hold is None:
        return None
    found = next((stream.places for stream in streams_in(life.row)), None)
    return found or HeldPlaces(life.hold, is_call=bool(life.journal.path))


async def _start(call: Callable[..., Any], row: Any) -> Any:
    result = call(*row)
    return await result if is_awaitable(result) else result


def _skipped_late(name: str, count: int) -> StreamError:
    items = "an item" if count == 1 else f"{count} items"
    message = f"Cannot skip task {name!r}: it has handed on {items} already. Let it return where it has no more."
    return StreamError(message, task=name)


def reading_in_thread(name: str, call: Callable[..., Any], timeout: float | None) -> Attempt:
    """Return an attempt at a `def` that reads items: in a thread of its own, as it waits for what others do in theirs.

    Args:
        name: the task's name, for errors.
        call: the function, or what makes a list of what it yields.
        timeout: seconds for the attempt, or `None`.
    """

    def start(life: Attempted) -> WorkerCall:
        return TimedCall(call, life.row, life.release, partial(stop_streams, life.row))

    return attempt_in_worker(name, start, timeout)


def reading(attempt: Attempt) -> Attempt:
    """Return an attempt at a task that reads items; the last one, once it has received any."""

    def read(life: Attempted) -> Coroutine[Any, Any, Any]:
        return _read(attempt, life)

    return read


async def _read(attempt: Attempt, life: Attempted) -> Any:
    life.row = renew_streams(life.row)
    streams = streams_in(life.row)
    places = None if life.hold is None else HeldPlaces(life.hold, is_call=bool(life.journal.path))
    for stream in streams:
        stream.places = places
    try:
        return await attempt(life)
    except Exception as error:
        if any(stream.raised is error for stream in streams):  # who gives the items has failed, and not this task
            await life.pass_over(Status.UPSTREAM_FAILED, error)
        raise
    finally:
        if places is not None:
            places.end()
        received = next((stream for stream in streams if stream.consumed), None)
        if received is not None:
            items = f"{count_things(received.consumed, 'item')} of {received.name!r}"
            life.make_last(f"It was not tried again: it had received {items}, which another attempt would not get.")
