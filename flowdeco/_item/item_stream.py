"""A stream: items on their way to one reader, in the order of their source or in that in which they end.

Items end on any thread, and the reader reads on the event loop or in a thread of its own. It waits for the next item
without any polling: what it waits with is called when an item has come, when there are no more, and when it is to
stop. In the order of the source, what has ended early is kept until its turn has come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, NamedTuple

from .held_places import HeldPlaces

__all__ = ["ItemStream", "Taken"]


class Taken(NamedTuple):
    """What a reader gets: a value, an error to raise, the word that there is nothing yet, or none of these: the end.

    Attributes:
        is_item: whether it is one.
        value: the item.
        error: what the reader is to fail with.
        is_late: whether there may be something later.
    """

    is_item: bool = False
    value: Any = None
    error: BaseException | None = None
    is_late: bool = False


# Two of a kind, told apart by what they are, not by what is in them.
_HOLE: Final = Taken()
_END: Final = Taken()
_LATER: Final = Taken(is_late=True)


def _never() -> bool:
    return False


class ItemStream:
    """Items on their way to one reader.

    Args:
        name: what gives the items, for errors.
        in_order: whether they come in the order of their indices, which are all there from 0 on; otherwise as they end.
        on_consumed: called with an item's index when the reader has received it, or when it was passed over; on the
            thread where that happens.

    Attributes:
        consumed: how many items the reader has received.
        raised: the error that the reader was given; `None` if it was not.
        is_closed: whether nobody may read it any more.
        places: what the reader gives back while it waits for an item; `None`: nothing.
    """

    places: HeldPlaces | None = None

    def __init__(self, name: str, *, in_order: bool = True, on_consumed: Callable[[int], object] | None = None) -> None:
        self.name = name
        self._in_order = in_order
        self._on_consumed = on_consumed
        self._lock = Lock()
        self._ready: deque[tuple[int, Taken]] = deque()
        self._early: dict[int, Taken] = {}
        self._next = 0
        self._end: Taken | None = None
        self._waiting: list[Callable[[], object]] = []
        self.consumed = 0
        self.raised: BaseException | None = None
        self.is_closed = False

    # For who deals with the items. On any thread.

    def put(self, index: int, value: Any) -> None:
        """Hand on an item that has ended."""
        self._add(index, Taken(True, value))

    def leave_out(self, index: int) -> None:
        """Say that there is no item at this index."""
        self._add(index, _HOLE)

    def put_error(self, index: int, error: BaseException) -> None:
        """Have the reader fail when it comes to this item; there are no more for it then."""
        self._add(index, Taken(error=error))

    def end(self, error: BaseException | None = None) -> None:
        """Say that there will be no more items.

        Args:
            error: what the reader is to fail with when it has received all others.
        """
        with self._lock:
            if self._end is None:
                self._end = _END if error is None else Taken(error=error)
            waiting = self._take_waiting()
        _call(waiting)

    def stop(self, stop: Callable[[], object]) -> None:
        """Have a reader stop that may be in a thread, and look up if it waits there.

        Args:
            stop: makes it known to the reader; called while the reader cannot take an item.
        """
        with self._lock:
            stop()
            waiting = self._take_waiting()
        _call(waiting)

    def close(self) -> None:
        """Say that nobody reads any more; what comes from now on is passed over."""
        with self._lock:
            self.is_closed = True
            waiting = self._take_waiting()
        _call(waiting)
        self._pass_over()

    # For the reader.

    def take(self, wake: Callable[[], object], is_stopped: Callable[[], bool] = _never) -> Taken:
        """Take the next item; if there is none yet, have a function called, once, when it is time to look again.

        Args:
            wake: what is called.
            is_stopped: whether the reader was told to stop; it gets no item then, which another may need.
        """
        while True:
            with self._lock:
                if is_stopped():
                    return _LATER
                if not self._ready:
                    return self._take_end(wake)
                index, taken = self._ready.popleft()
                self.consumed += taken.is_item
                if taken.error is not None:
                    self._end, self.raised = _END, taken.error
            self._tell_consumed(index)
            if taken.error is not None:
                self._pass_over()
            if taken is not _HOLE:
                return taken

    def call_when_stopped(self, wake: Callable[[], object]) -> None:
        """Have a function called, once, when a reader is to stop, or when there is something new in any case."""
        with self._lock:
            if not self.is_closed:
                self._waiting.append(wake)
                return
        wake()

    def _take_end(self, wake: Callable[[], object]) -> Taken:
        if self._end is None and not self.is_closed:
            self._waiting.append(wake)
            return _LATER
        end, self._end = self._end or _END, _END
        self.raised = self.raised or end.error
        return end

    def _add(self, index: int, taken: Taken) -> None:
        with self._lock:
            is_wanted = not (self._end is not None or self.is_closed)
            waiting = self._line_up(index, taken) if is_wanted else []
        _call(waiting)
        if not is_wanted:
            self._tell_consumed(index)

    def _line_up(self, index: int, taken: Taken) -> list[Callable[[], object]]:
        """Take an item in, and what has been waiting for its turn behind it; return whom to wake."""
        if not self._in_order:
            self._ready.append((index, taken))
            return self._take_waiting()
        self._early[index] = taken
        before = self._next
        while self._next in self._early:
            self._ready.append((self._next, self._early.pop(self._next)))
            self._next += 1
        return self._take_waiting() if self._next > before else []

    def _pass_over(self) -> None:
        """Drop what is there: nobody will come to it."""
        with self._lock:
            left = [index for index, _ in self._ready] + list(self._early)
            self._ready.clear()
            self._early.clear()
        for index in left:
            self._tell_consumed(index)

    def _take_waiting(self) -> list[Callable[[], object]]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def _tell_consumed(self, index: int) -> None:
        if self._on_consumed is not None:
            self._on_consumed(index)


def _call(functions: list[Callable[[], object]]) -> None:
    for function in functions:
        function()
