"""What an attempt holds of its limit, also while it runs on past its timeout."""

from __future__ import annotations

from collections.abc import Callable

from .._policy.limit import Hold
from .._worker.thread import _set_threads_apart

__all__ = ["Place"]


class Place:
    """Where an attempt is made: what it holds of its limit, also while it runs on past its timeout."""

    __slots__ = ("hold", "left_behind")

    def __init__(self, hold: Hold | None) -> None:
        self.hold = hold
        self.left_behind = False

    def lend(self) -> Callable[[], None] | None:
        """Let what runs in this context take its places from those held; return what ends that."""
        if self.hold is None:
            return None
        _set_threads_apart()
        return self.hold.lend()

    def note_left_behind(self) -> None:
        """Take note that the timeout has left a call running."""
        self.left_behind = True

    def note_end(self) -> None:
        """Take note that this call has ended at last, on whatever thread."""
        if self.hold is not None:
            self.hold.release()
