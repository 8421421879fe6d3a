"""Where a source hands its items on, one by one, and what holds it back.

A generator can give items faster than anybody needs them. So it is advanced against places: each item takes one, and
whoever deals with the items grants one more whenever an item is done with. Without a place the source is held back.
Places are granted on any thread, and taken on the thread of the source.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

__all__ = ["Feed"]


class Feed:
    """What one source has to hand on, and how much of it is wanted now.

    Args:
        take_in: called with each item, on the event loop; by a task of it or by the event loop itself.
        room: how many items may be on their way at first; `None`: it is never held back.
        gathers: whether all items are kept as well.

    Attributes:
        gathered: all items, if they are kept; else `None`.
        count: how many items were handed on. From the first one on, what was done cannot be done again.
        is_closed: whether nobody wants any more.
    """

    __slots__ = ("_lock", "_on_close", "_room", "_take_in", "_wake", "count", "gathered", "is_closed")

    def __init__(self, take_in: Callable[[Any], object], room: int | None = None, *, gathers: bool = False) -> None:
        self._take_in = take_in
        self._lock = Lock()
        self._room = room
        self._wake: Callable[[], object] | None = None
        self._on_close: Callable[[], object] | None = None
        self.gathered: list[Any] | None = [] if gathers else None
        self.count = 0
        self.is_closed = False

    # For who deals with the items. On any thread.

    def grant(self, number: int = 1) -> None:
        """Let so many more items come."""
        with self._lock:
            if self._room is None:
                return
            self._room += number
            wake, self._wake = self._wake, None
        if wake is not None:
            wake()

    def close(self) -> None:
        """Want no more: the source is closed, also in the middle of what it does."""
        with self._lock:
            if self.is_closed:
                return
            self.is_closed = True
            wake, self._wake = self._wake, None
            on_close, self._on_close = self._on_close, None
        if wake is not None:
            wake()
        if on_close is not None:
            on_close()

    # For the source.

    def claim(self, *, at_once: bool = False) -> bool:
        """Take a place for the next item, if more are wanted and there is one; or at once, also where there is none."""
        with self._lock:
            if self.is_closed or not (at_once or self._room is None or self._room > 0):
                return False
            if self._room is not None:
                self._room -= 1
            return True

    def call_when_free(self, wake: Callable[[], object]) -> bool:
        """Have a function called, once and on any thread, when there is a place or no more are wanted.

        Returns false, and calls nothing, if that is so already.
        """
        with self._lock:
            if self.is_closed or self._room is None or self._room > 0:
                return False
            self._wake = wake
            return True

    def call_when_closed(self, on_close: Callable[[], object] | None) -> bool:
        """Have a function called, once and on any thread, when no more are wanted; `None`: not any more.

        Returns false, and calls nothing, if that is so already.
        """
        with self._lock:
            if self.is_closed:
                return False
            self._on_close = on_close
            return True

    def hand_on(self, item: Any) -> None:
        """Hand an item on. On the event loop. What nobody wants any more is dropped."""
        if not self.is_closed:
            self.count += 1
            if self.gathered is not None:
                self.gathered.append(item)
            self._take_in(item)
