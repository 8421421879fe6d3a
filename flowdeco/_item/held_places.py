"""The places of a limit that a source or a reader holds while it works, and gives back while it waits.

Who waits for those whom it holds up may not keep what they need: a source is held back until items are done with, and
a reader waits for the next one, and both may share a `Limit` with what is done for each item. So they do as who waits
for a condition does with its lock: the places are given back for as long as the wait takes, and taken again, in order
with all others, before it goes on.

Cancelled in that, it goes on without them, as it is to come to its end; if it does not, it takes them the next time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Protocol

from anyio import Event

from .._base.event_loop import EventLoop

__all__ = ["HeldPlaces"]


def _never() -> bool:
    return False


class _Hold(Protocol):
    """The places, as whoever has taken them can take them again."""

    def advance(self) -> bool:
        """Take what is free; return whether that was all. If not, `wait` before the next try."""
        ...

    def check_wait(self, *, is_call: bool = False) -> None:
        """Raise if what `advance` could not take will never come."""

    def wait(self, wake: Callable[[], object], loop: EventLoop | None = None) -> None:
        """Have a function called when it is worth trying again."""

    def cancel(self) -> None:
        """Leave the queue, and give back what was taken."""


class HeldPlaces:
    """The places of one attempt, which holds them. Made on the event loop; from any thread from then on.

    An attempt may wait in several tasks or threads of its own at once. While any of them waits, the places are given
    back: else that one would wait for ever, with those that hold none of them.

    Args:
        hold: the places.
        is_call: whether they were asked for by what a task or workflow calls.

    Attributes:
        is_held: whether it has them.
    """

    __slots__ = ("_hold", "_is_call", "_is_over", "_is_queued", "_lock", "_loop", "_waiting", "_wakes", "is_held")

    def __init__(self, hold: _Hold, *, is_call: bool) -> None:
        self.is_held = True
        self._hold = hold
        self._is_call = is_call
        self._loop = EventLoop()
        self._lock = Lock()
        self._waiting = 0
        self._is_queued = self._is_over = False
        # Who waits for the places. Whoever gives some back takes from it without the lock, also in a finalizer.
        self._wakes: dict[Callable[[], object], None] = {}

    def begin_wait(self) -> None:
        """Give the places back until `end_wait`."""
        with self._lock:
            self._waiting += 1
            self._give_up()
        self._wake_all()  # who takes them again at this moment goes on without

    def end_wait(self) -> None:
        """Say that it waits no longer; before it goes on, it has to ask for its places."""
        with self._lock:
            self._waiting -= 1

    def ask(self, wake: Callable[[], object]) -> bool:
        """Take the places again, unless another wait goes on.

        Args:
            wake: called, once and on any thread, when it is worth asking again; if it does not want to any more, it has
                to `leave`.

        Returns:
            Whether it can go on.

        Raises:
            LimitDeadlockError: they would never come.
        """
        with self._lock:
            if self.is_held or self._waiting or self._is_over:
                return True
            self._wakes[wake] = None
            if self._is_queued:
                return False
            try:
                self.is_held = self._hold.advance()
                if not self.is_held:
                    self._hold.check_wait(is_call=self._is_call)
                    self._is_queued = True  # before it can be woken
                    self._hold.wait(self._wake_all, self._loop)
            except BaseException:
                self._wakes.pop(wake, None)
                self._give_up()
                raise
            if self.is_held:
                self._wakes.pop(wake, None)
            return self.is_held

    def leave(self, wake: Callable[[], object]) -> None:
        """Ask no more; what is free by now it takes all the same."""
        with self._lock:
            self._wakes.pop(wake, None)
            if self.is_held or self._waiting or self._is_over or self._wakes:
                return
            self._is_queued = False
            self.is_held = self._hold.advance()
            if not self.is_held:
                self._hold.cancel()

    def end(self) -> None:
        """Take no places again: the attempt has ended. Those that it has are given back by whoever took them."""
        with self._lock:
            self._is_over = True
            if not self.is_held:
                self._give_up()
        self._wake_all()

    def look_again(self) -> None:
        """Have those who wait for the places ask again, or leave."""
        self._wake_all()

    async def take_again(self, is_over: Callable[[], bool] = _never) -> None:
        """Ask for the places, on the event loop, until they are there or there is no need for them any more."""
        wake: Callable[[], object] = _never
        try:
            while not (self.is_held or is_over()):
                event = Event()
                wake = partial(self._loop.set, event)
                if self.ask(wake):
                    return
                await event.wait()
        finally:
            if not self.is_held:
                self.leave(wake)

    async def wait(self, event: Event) -> None:
        """Wait for an event without the places, on the event loop."""
        self.begin_wait()
        try:
            await event.wait()
        finally:
            self.end_wait()

    def _give_up(self) -> None:
        self.is_held = self._is_queued = False
        self._hold.cancel()

    def _wake_all(self) -> None:
        self._is_queued = False
        while self._wakes:
            try:
                wake, _ = self._wakes.popitem()
            except KeyError:
                return  # another thread was quicker
            wake()
