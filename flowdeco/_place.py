"""Where an attempt is made: on which threads, and what it holds of a limit."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from anyio import CapacityLimiter, to_thread

from ._limit import Hold

__all__ = ["IN_THREAD", "LIMITER", "Place", "count_threads_apart"]

# True in what a task's function calls in a worker thread. A run started there gets threads of its own,
# since those that all wait for it are the ones it would otherwise wait for.
IN_THREAD: ContextVar[bool] = ContextVar("flowdeco_in_thread", default=False)
LIMITER: ContextVar[CapacityLimiter | None] = ContextVar("flowdeco_limiter", default=None)


def count_threads_apart() -> None:
    """Give a run that was started in a worker thread threads of its own. Called in the run's own context."""
    if IN_THREAD.get():
        IN_THREAD.set(False)
        _set_threads_apart()


def _set_threads_apart() -> None:
    """Give what runs in this context from now on threads of its own.

    So for what holds a place of a limit: those that wait for the place may block every thread there is.
    """
    LIMITER.set(CapacityLimiter(to_thread.current_default_thread_limiter().total_tokens))


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
