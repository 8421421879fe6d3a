"""The events of a live run, for any number of readers, each at its own pace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from anyio import Event as Signal

from .._base.event_loop import EventLoop
from .._base.events import Event, make_event

__all__ = ["Feed"]

_RUN = Event._fields.index("run")


class Feed:
    """Keeps every event, so that a slow reader holds nobody up and a late one misses nothing.

    It is made and read on one event loop; the run may be on another.

    Attributes:
        events: all so far, without the run.
        more: set when there are more events, or there will be none; `None` while nobody waits for it.
        is_closed: whether no more will come.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.more: Signal | None = None
        self.is_closed = False
        self._loop = EventLoop()

    def take(self, event: Event) -> None:
        """Let the readers have an event, from any event loop."""
        if self._loop.is_here():
            self.add(event)
        else:
            self._loop.call_soon(partial(self.add, event))

    def add(self, event: Event) -> None:
        """Let the readers have an event."""
        self.events.append(_with_run(event, None))  # it is the run's own, and is not to keep it alive
        if self.more is not None:
            self._wake(self.more)

    def close(self) -> None:
        """Say that no more will come."""
        self.is_closed = True
        if self.more is not None:
            self._wake(self.more)

    def read(self, run: object) -> AsyncIterator[Event]:
        """Return what gives every event from the first to the last."""
        return _Reader(self, run)

    async def wait(self) -> None:
        """Wait until there are more events, or there will be none."""
        if self.more is None:
            self.more = Signal()
        await self.more.wait()

    def _wake(self, more: Signal) -> None:
        self.more = None
        more.set()


def _with_run(event: Event, run: object) -> Event:
    return make_event((*event[:_RUN], run, *event[_RUN + 1 :]))


class _Reader:
    """Reads a feed from the beginning. No generator, as one that is left early has to be closed by the event loop."""

    def __init__(self, feed: Feed, run: object) -> None:
        self._feed = feed
        self._run = run
        self._place = 0

    def __aiter__(self) -> _Reader:
        return self

    async def __anext__(self) -> Event:
        feed = self._feed
        while self._place == len(feed.events):
            if feed.is_closed:
                raise StopAsyncIteration
            await feed.wait()
        self._place += 1
        return _with_run(feed.events[self._place - 1], self._run)
