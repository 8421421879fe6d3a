"""What advances an iterator in a thread of its own: it is made there, advanced there, and closed there.

What a generator holds over a `yield` may belong to its thread: a cursor of SQLite, a lock. And it may be held back for
as long as it takes the items to be dealt with. So the thread is its own, and not one of those that the tasks of a run
have to share: held back, it waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from threading import Event as Bell
from typing import Any, cast

from anyio import CancelScope

from .._base.event_loop import EventLoop
from .._base.sentinel import UNSET
from .._base.signature import is_awaitable
from .._worker.timed_thread import TimedCall
from .clock import Clock
from .feed import Feed
from .held_places import HeldPlaces
from .iterable import is_lazy
from .loop_pump import LoopPump

__all__ = ["ThreadPump"]


class ThreadPump:
    """Makes one call in a thread of its own, and if it gives an iterator, advances that there.

    Args:
        function: what is called.
        args: what it gets by position.
        feed: where the items are handed on.
        clock: what ends it all.
        on_end: called on its thread when a call that was left behind has ended at last.
        on_cancel: called on the event loop when the caller is cancelled.
        places: what it gives back while it is held back; `None`: nothing.

    Attributes:
        abandoned: whether its thread still ran when nobody waited any more.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Any,
        feed: Feed,
        clock: Clock,
        on_end: Callable[[], object],
        on_cancel: Callable[[], object] | None = None,
        places: HeldPlaces | None = None,
    ) -> None:
        self._function = function
        self._args = args
        self._feed = feed
        self._clock = clock
        self._on_cancel = on_cancel
        self._places = places
        self._loop = EventLoop()
        self._on_end = on_end
        self._items: deque[Any] = deque()
        self._is_rung = False
        self._is_over = False
        self._is_stepping = True
        self._bell = Bell()
        self.abandoned = False

    async def run(self) -> Any:
        """Return what the call gave; `UNSET` if it was an iterator.

        That is advanced to its end, or until nobody wants any more, and closed. To be awaited within the scope of the
        clock; if that is over, the thread is left behind. Of a thread that is in the middle of a step when nobody wants
        any more, the end is waited for; it can ask for it with `anyio.from_thread.check_cancelled()`.
        """
        result: Any = UNSET
        with CancelScope() as closing:

            def cancel_step() -> None:
                if self._is_stepping:
                    closing.cancel()
                else:
                    self._bell.set()  # it may wait for its places

            if self._feed.call_when_closed(lambda: self._loop.call_soon(cancel_step)):
                result = await self._make_call()
        if is_lazy(result):  # an async generator, or what an awaitable gave
            return await LoopPump(_giving(result), self._feed, self._clock, self._places).run()
        return result

    # On the event loop.

    async def _make_call(self) -> Any:
        call = TimedCall(self._work, (), self._on_end, self._stop)
        try:
            return await call.run(self._clock.scope)
        finally:
            self._drain()
            self._is_over = True
            self._feed.call_when_closed(None)
            self.abandoned = call.abandoned

    def _stop(self) -> None:
        """Have the thread stop where it is held back."""
        self._drain()
        self._is_over = True
        self._bell.set()
        if self._on_cancel is not None:
            self._on_cancel()

    def _drain(self) -> None:
        self._is_rung = False
        while self._items:
            item = self._items.popleft()
            if not self._is_over:
                self._feed.hand_on(item)

    # In the thread.

    def _work(self) -> Any:
        result = self._function(*self._args)
        self._function = self._args = cast("Any", None)  # the generator may let go of what it was given
        kind = cast("Any", type(result))
        if not is_lazy(result) or is_awaitable(result) or hasattr(kind, "__anext__") or hasattr(kind, "__aiter__"):
            return result
        self._is_stepping = False
        try:
            self._advance(result)
        finally:
            if hasattr(kind, "throw"):  # a generator; what else has a way to be closed may be in use elsewhere
                result.close()
        return UNSET

    def _advance(self, items: Any) -> None:
        steps = iter(items)
        while self._hold():
            self._is_stepping = True
            try:
                item = next(steps)
            except StopIteration:
                return
            finally:
                self._is_stepping = False
            self._items.append(item)
            del item
            if not self._is_rung:
                self._is_rung = True
                self._loop.call_soon(self._drain)

    def _hold(self) -> bool:
        """Wait for a place for the next item; return whether there is one, and not the end of all."""
        while True:
            self._bell.clear()
            if self._is_over or self._feed.is_closed:
                if self._places is not None:
                    self._places.leave(self._bell.set)
                return False
            if self._places is not None and not self._places.is_held and not self._places.ask(self._bell.set):
                self._wait()
            elif self._feed.claim():
                return True
            elif self._feed.call_when_free(self._bell.set):
                self._wait_for_room()

    def _wait_for_room(self) -> None:
        if self._places is not None:
            self._places.begin_wait()
        self._wait()
        if self._places is not None:
            self._places.end_wait()

    def _wait(self) -> None:
        self._tell(self._clock.stand_still)
        self._bell.wait()
        self._tell(self._clock.go)

    def _tell(self, word: Callable[[], None]) -> None:
        if self._clock.is_set:
            self._loop.call_soon(word)


def _giving(result: Any) -> Callable[[], Awaitable[Any]]:
    async def give() -> Any:
        return result

    return give
