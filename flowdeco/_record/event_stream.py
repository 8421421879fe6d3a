"""The events of a live run, for any number of readers, each at its own pace."""

from __future__ import annotations

from collections.abc import AsyncIterator

from anyio import Event as Signal

from .._base.events import Event

__all__ = ["Feed"]


class Feed:
    """Keeps every event, so that a slow reader holds nobody up and a late one misses nothing. One event loop only."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._more = Signal()
        self._closed = False

    def add(self, event: Event) -> None:
        """Let the readers have an event."""
        self._events.append(event)
        self._wake()

    def close(self) -> None:
        """Say that no more will come."""
        self._closed = True
        self._wake()

    def read(self) -> AsyncIterator[Event]:
        """Return what gives every event from the first to the last."""
        return _Reader(self)

    def _wake(self) -> None:
        more, self._more = self._more, Signal()
        more.set()


class _Reader:
    """Reads a feed from the beginning. No generator, as one that is left early has to be closed by the event loop."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._place = 0

    def __aiter__(self) -> _Reader:
        return self

    async def __anext__(self) -> Event:
        feed = self._feed
        while self._place == len(feed._events):
            if feed._closed:
                raise StopAsyncIteration
            await feed._more.wait()
        self._place += 1
        return feed._events[self._place - 1]
