"""The turn of a call in a thread that it shares with others, as far as waiting for ever goes.

A thread that belongs to a resource makes one call at a time, so whoever is in it holds the others up as who holds the
one place of a limit does; so do those who are in the threads of an executor. It hands out the turns by itself; here it
is only noted who waits and who has begun, so that a circle of those who wait for each other is found, whether of turns
or of places.
"""

from __future__ import annotations

from .deadlock import Want
from .limit import Hold, Limit
from .pool import Pool

__all__ = ["Threads", "Turn"]


class Threads:
    """Threads in each of which calls are made one after the other.

    Args:
        name: what to call one of them.
        number: how many there are.
    """

    __slots__ = ("limit", "pool")

    def __init__(self, name: str, number: int = 1) -> None:
        self.limit = Limit(number, name)
        self.pool = Pool(number, None)


class Turn(Hold):
    """The turn of one call.

    Args:
        threads: where it is made.
        name: what to call who calls.
        is_call: whether it is asked for by what a task or workflow calls.
    """

    __slots__ = ("_is_call", "_threads")

    def __init__(self, threads: Threads, name: str, *, is_call: bool) -> None:
        super().__init__(((threads.limit, 1),), name)
        self._is_call = is_call
        self._threads = threads

    def expect(self) -> None:
        """Begin to wait for it.

        Raises:
            LimitDeadlockError: it would never come.
        """
        label = self._threads.limit.name
        assert label is not None
        self._want = Want(label, self._threads.pool, 1, is_thread=True)
        try:
            self.check_wait(is_call=self._is_call)
        except BaseException:
            self.leave()
            raise

    def begin(self) -> None:
        """Have it, and let what waits inside the current context say so."""
        self.leave()
        self._threads.pool.holders[self] = 1
        self.lend()

    def end(self) -> None:
        """Be done with it."""
        self._threads.pool.holders.pop(self, None)

    def leave(self) -> None:
        """Wait for it no longer."""
        self._leave_queues()
        self._want = None
