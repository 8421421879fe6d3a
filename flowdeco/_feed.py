"""The events of a live run, for any number of readers, each at its own pace."""

from __future__ import annotations

from collections.abc import AsyncIterator

from anyio import Event as Signal

from ._events import Event

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

    async def read(self) -> AsyncIterator[Event]:
        """Yield every event from the first to the last."""
        place = 0
        while True:
            while place < len(self._events):
                place += 1
                yield self._events[place - 1]
            if self._closed:
                return
            await self._more.wait()

    def _wake(self) -> None:
        more, self._more = self._more, Signal()
        more.set()
