"""One call in a worker thread, which threads a run has, and what is left behind."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypeAlias

from anyio import CancelScope, CapacityLimiter, Event, from_thread, get_cancelled_exc_class, to_thread
from anyio.lowlevel import checkpoint_if_cancelled

from .._base.signature import discard, is_awaitable

__all__ = ["IN_THREAD", "LIMITER", "Start", "ThreadCall", "count_threads_apart"]

Start: TypeAlias = Callable[..., Any]


class ThreadCall:
    """One call in a thread that may be left behind.

    Attributes:
        result: what it returned.
        error: what it raised, kept here so that it does not carry the frames of the way back from the thread.
        abandoned: whether its thread still ran when nobody waited any more.
    """

    def __init__(self, start: Start, args: tuple[Any, ...], on_end: Callable[[], object] | None = None) -> None:
        self._start = start
        self._on_end = on_end
        self._args = args
        self._lock = Lock()
        self._running = False
        self._given_up = False
        self._ended: Event | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.abandoned = False

    def __call__(self) -> None:
        with self._lock:
            if self._given_up:
                return
            self._running = True
        IN_THREAD.set(True)
        try:
            self.result = self._start(*self._args)
        except BaseException as error:
            self.error = error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._running = False
        if self._given_up:
            discard(self.result)
            if self.abandoned and self._on_end is not None:
                self._on_end()
        elif self._ended is not None:
            with suppress(RuntimeError):  # nobody waits any more, and the event loop may be gone
                from_thread.run_sync(self._ended.set)

    async def run_to_end(self) -> Any:
        """Make the call in a thread, wait for its end, and return or raise what it gave; an awaitable is awaited."""
        await to_thread.run_sync(self, limiter=LIMITER.get())
        return await self._take()

    async def run(self, limit: CancelScope) -> Any:
        """Make the call in a thread, wait for its end, and return or raise what it gave; an awaitable is awaited.

        Args:
            limit: a scope around it; only when its time is over is a call that has begun left behind. If the caller is
                cancelled, its end is waited for.
        """
        try:
            await to_thread.run_sync(self, abandon_on_cancel=True, limiter=CapacityLimiter(1))
        except get_cancelled_exc_class():
            if not limit.cancel_called:
                with CancelScope(shield=True, deadline=limit.deadline):
                    await self._wait_ended()
            self._give_up()
            if isinstance(self.error, Exception):
                raise self._take_error() from None
            raise
        return await self._take()

    async def _take(self) -> Any:
        if isinstance(self.error, concurrent.futures.CancelledError):  # a call back to the event loop was cancelled
            await checkpoint_if_cancelled()
        if self.error is not None:
            raise self._take_error()
        return await self.result if is_awaitable(self.result) else self.result

    def _take_error(self) -> BaseException:
        """Return the error and let go of it: its traceback leads here."""
        error, self.error = self.error, None
        assert error is not None
        return error

    async def _wait_ended(self) -> None:
        """Wait until the thread is done with it; not at all if no thread has begun."""
        with self._lock:
            if not self._running:
                return
            self._ended = Event()
        await self._ended.wait()

    def _give_up(self) -> None:
        """Have what it still returns ignored, and keep it from beginning."""
        with self._lock:
            self._given_up = True
            self.abandoned = self._running
        if not self.abandoned:
            discard(self.result)


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
