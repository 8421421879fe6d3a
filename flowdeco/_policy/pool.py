"""Places that are taken and given back by whoever comes: other event loops, threads, finalizers."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._base.event_loop import EventLoop

__all__ = ["Pool", "Waiter"]


class Waiter:
    """One that waits for places; `granted` is whether they are its own now.

    Args:
        places: how many.
        wake: called when it is its turn.
        loop: the event loop that it waits on; `None`: the one that runs on this thread.
        seen: the pool's `changes` before it found that it has to wait; `None` if it did not look.
    """

    __slots__ = ("granted", "loop", "places", "seen", "wake")

    def __init__(
        self, places: int, wake: Callable[[], object], loop: EventLoop | None = None, seen: int | None = None
    ) -> None:
        from .._base.event_loop import EventLoop  # loaded when a run waits, not when a limit is made

        self.places = places
        self.granted = False
        self.wake = wake
        self.seen = seen
        self.loop = loop or EventLoop()


class Pool:
    """Places: those of a limit, or those that a holder lends to what runs inside it.

    Whatever may happen on any thread, or in a finalizer that runs in the middle of anything, is put into a mailbox.
    Who gets the lock works it off, and looks again after letting go: so nobody has to wait for the lock to do it.

    Attributes:
        places: how many there are.
        free: how many are not taken.
        source: where the places of a loan come from, and go when it ends; `None` for those of a limit.
        closed: whether the loan has ended.
        holders: who has taken how many of them.
        loans: of these places, those that have ended but are still in use.
        changes: how often all who waited were told to look again. Who comes to wait and had looked before does so at
            once: it was not there to be told.
    """

    __slots__ = (
        *("_in_use", "_lock", "_mail", "_queue", "_woken"),
        *("changes", "closed", "free", "holders", "loans", "places", "source"),
    )

    def __init__(self, places: int, source: Pool | None) -> None:
        self.places = self.free = places
        self.source = source
        self.closed = False
        self.holders: dict[Any, int] = {}
        self.loans: dict[Pool, None] = {}
        self.changes = 0
        self._in_use = 0  # once the loan has ended
        self._lock = Lock()
        self._mail: deque[Callable[[], None]] = deque()
        self._queue: OrderedDict[Waiter, None] = OrderedDict()
        self._woken: list[Waiter] = []

    @property
    def waiting(self) -> int:
        """How many wait for places."""
        return len(self._queue)

    def list_holders(self) -> list[tuple[Any, int]]:
        """Return who has taken how many places, of loans that have ended as well."""
        found = list(self.holders.items())
        for loan in tuple(self.loans):
            found += loan.list_holders()
        return found

    def count_coming(self, free: Collection[Any]) -> int:
        """Return how many places there would be if these gave theirs back; those of nobody known come in any case."""
        return self.places - sum(places for holder, places in self.list_holders() if holder not in free)

    def take(self, places: int) -> bool:
        """Take the places if they are free and nobody waits; return whether it did."""
        with self._lock:
            taken = self.free >= places and not self._queue
            if taken:
                self.free -= places
        if self._mail:
            self._work_off()
        return taken

    def queue(self, waiter: Waiter) -> None:
        """Have a waiter served when it is its turn, or woken without places when there are none any more."""
        self._post(partial(self._arrive, waiter))

    def unqueue(self, waiter: Waiter) -> None:
        """Let a waiter go, with the places that it may have got meanwhile."""
        self._post(partial(self._leave, waiter))

    def give_back(self, places: int) -> None:
        """Take places back."""
        if self._lock.acquire(blocking=False):
            try:
                is_asked_for = bool(self._queue) or self.closed
                self.free += 0 if is_asked_for else places
            finally:
                self._lock.release()
            if not is_asked_for:  # mostly that is all
                self._work_off()
                return
        self._post(partial(self._put_back, places))

    def close(self) -> None:
        """End a loan: its places go where they came from, those in use when they come back."""
        self._post(self._close)

    def wake(self, waiter: Waiter) -> None:
        """Wake one that waits, without places."""
        self._post(partial(self._wake_one, waiter))

    def wake_all(self) -> None:
        """Wake those who wait, without places: they look again whether any can come."""
        self._post(self._wake_all)

    def _post(self, message: Callable[[], None]) -> None:
        self._mail.append(message)
        self._work_off()

    def _work_off(self) -> None:
        # If somebody else has the lock, they look into the mailbox after letting go of it.
        while self._mail and self._lock.acquire(blocking=False):
            try:
                while self._mail:
                    self._mail.popleft()()
                self._grant()
                woken, self._woken = self._woken, []
            finally:
                self._lock.release()
            if woken:
                self._wake(woken)

    # What follows, up to `_wake`, is done by who has the lock.

    def _arrive(self, waiter: Waiter) -> None:
        if self.closed or waiter.seen not in (None, self.changes):
            self._woken.append(waiter)
        else:
            self._queue[waiter] = None

    def _wake_one(self, waiter: Waiter) -> None:
        if waiter in self._queue:
            del self._queue[waiter]
            self._woken.append(waiter)

    def _wake_all(self) -> None:
        self.changes += 1
        self._woken += self._queue
        self._queue.clear()

    def _leave(self, waiter: Waiter) -> None:
        if waiter in self._queue:
            del self._queue[waiter]
        elif waiter.granted:
            waiter.granted = False
            self._put_back(waiter.places)

    def _put_back(self, places: int) -> None:
        if self.closed and self.source is not None:
            self._in_use -= places
            if not self._in_use:
                self.source.loans.pop(self, None)
            self.source.give_back(places)
        else:
            self.free += places

    def _close(self) -> None:
        free, self.free, self.closed, self._in_use = self.free, 0, True, self.places
        if self.source is not None:
            self.source.loans[self] = None
        self._put_back(free)
        self._wake_all()
        if self.source is not None and any(holder.is_left_behind for holder, _ in self.list_holders()):
            self.source.wake_all()  # what its lender could not give back

    def _grant(self) -> None:
        while self._queue:
            waiter = next(iter(self._queue))
            if waiter.places > self.free:
                return
            del self._queue[waiter]
            self.free -= waiter.places
            waiter.granted = True
            self._woken.append(waiter)

    def _wake(self, waiters: Iterable[Waiter]) -> None:
        for waiter in waiters:
            if waiter.loop.is_here():
                waiter.wake()
            elif not waiter.loop.call_soon(waiter.wake):  # it is gone, and whoever waited there with it
                self._post(partial(self._leave, waiter))
