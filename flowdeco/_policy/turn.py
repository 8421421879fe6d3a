"""The turn of a call in a thread that it shares with others, as far as waiting for ever goes.

A thread that belongs to a resource makes one call at a time, so whoever is in it holds the others up as who holds the
one place of a limit does. It hands out the turns by itself; here it is only noted who waits and who has begun, so that
a circle of those who wait for each other is found, whether of turns or of places.
"""

from __future__ import annotations

from .deadlock import Want
from .limit import Hold, Limit
from .pool import Pool

__all__ = ["Thread", "Turn"]


class Thread:
    """A thread in which calls are made one after the other.

    Args:
        name: what to call it.
    """

    __slots__ = ("limit", "pool")

    def __init__(self, name: str) -> None:
        self.limit = Limit(1, name)
        self.pool = Pool(1, None)


class Turn(Hold):
    """The turn of one call.

    Args:
        thread: the thread.
        name: what to call who calls.
        is_call: whether it is asked for by what a task or workflow calls.
    """

    __slots__ = ("_is_call", "_thread")

    def __init__(self, thread: Thread, name: str, *, is_call: bool) -> None:
        super().__init__(((thread.limit, 1),), name)
        self._is_call = is_call
        self._thread = thread

    def expect(self) -> None:
        """Begin to wait for it.

        Raises:
            LimitDeadlockError: it would never come.
        """
        label = self._thread.limit.name
        assert label is not None
        self._want = Want(label, self._thread.pool, 1, is_thread=True)
        try:
            self.check_wait(is_call=self._is_call)
        except BaseException:
            self.leave()
            raise

    def begin(self) -> None:
        """Have it, and let what waits inside the current context say so."""
        self.leave()
        self._thread.pool.holders[self] = 1
        self.lend()

    def end(self) -> None:
        """Be done with it."""
        self._thread.pool.holders.pop(self, None)

    def leave(self) -> None:
        """Wait for it no longer."""
        self._leave_queues()
        self._want = None
