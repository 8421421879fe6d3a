"""A call in a thread that may be left behind when its time is over."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock
from typing import Any

from anyio import CancelScope, CapacityLimiter, Event, get_cancelled_exc_class, to_thread

from .._base.event_loop import EventLoop
from .._base.signature import discard, is_awaitable
from .back_call import BackCalls
from .thread import IN_THREAD

__all__ = ["TimedCall"]


def _nobody() -> None:
    pass


class TimedCall:
    """One call in a thread of its own, which goes on when nobody waits for it any more.

    Args:
        function: what is called.
        args: what it gets by position.
        on_end: called when a call that was left behind has ended at last, on its thread.
        on_cancel: called when the caller is cancelled, before anybody waits for the end: a thread that waits itself
            has to be woken.

    Attributes:
        result: what it returned.
        error: what it raised, kept here so that it does not carry the frames of the way back from the thread.
        abandoned: whether its thread still ran when nobody waited any more.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Any,
        on_end: Callable[[], object],
        on_cancel: Callable[[], object] = _nobody,
    ) -> None:
        self._function = function
        self._args = args
        self._on_end = on_end
        self._on_cancel = on_cancel
        self._lock = Lock()
        self._back = BackCalls()
        self._running = False
        self._given_up = False
        # Where somebody waits for the end.
        self._ended: tuple[EventLoop, Event] | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.abandoned = False

    async def run(self, limit: CancelScope | None = None) -> Any:
        """Make the call in a thread, wait for its end, and return or raise what it gave; an awaitable is awaited.

        Args:
            limit: a scope around it; only when its time is over is a call that has begun left behind. If the caller is
                cancelled, its end is waited for.
        """
        try:
            await to_thread.run_sync(self._work, abandon_on_cancel=True, limiter=CapacityLimiter(1))
        except get_cancelled_exc_class():
            self._back.cancel()
            self._on_cancel()
            if limit is None or not limit.cancel_called:
                with CancelScope(shield=True, deadline=math.inf if limit is None else limit.deadline):
                    await self._wait_ended()
            self._give_up()
            if isinstance(self.error, Exception):
                raise self._take_error() from None
            raise
        if self.error is not None:
            raise self._take_error()
        return await self.result if is_awaitable(self.result) else self.result

    def _work(self) -> None:
        with self._lock:
            if self._given_up:
                return
            self._running = True
        IN_THREAD.set(True)
        try:
            with self._back.here():
                self.result = self._function(*self._args)
        except BaseException as error:
            self.error = error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._running = False
        if self._given_up:
            discard(self.result)
            if self.abandoned:
                self._on_end()
        elif self._ended is not None:  # word is only left: trio may raise Ctrl-C in what a thread has called there
            loop, ended = self._ended
            loop.call_soon(ended.set)

    def _take_error(self) -> BaseException:
        """Return the error and let go of it: its traceback leads here."""
        error, self.error = self.error, None
        self._on_end = self._on_cancel = _nobody
        assert error is not None
        return error

    async def _wait_ended(self) -> None:
        """Wait until the thread is done with it; not at all if no thread has begun."""
        with self._lock:
            if not self._running:
                return
            ended = Event()
            self._ended = EventLoop(), ended
        await ended.wait()

    def _give_up(self) -> None:
        """Have what it still returns ignored, and keep it from beginning."""
        with self._lock:
            self._given_up = True
            self.abandoned = self._running
        if not self.abandoned:
            discard(self.result)
