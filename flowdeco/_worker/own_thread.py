"""A thread that something has to itself for as long as it lives, in which calls are made one after the other.

What may be used in the thread alone that made it (a connection of SQLite, a lock that knows its owner) is made, used
and closed there. It is no thread of those that are counted: whoever uses what is open may hold all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import Context
from queue import SimpleQueue
from threading import Lock
from typing import Any

from anyio import CancelScope, CapacityLimiter, Event, get_cancelled_exc_class, to_thread

from .._base.context import leave_loop_here
from .._base.event_loop import EventLoop
from .._base.tracebacks import skip_frames
from .thread import IN_THREAD

__all__ = ["OwnThread"]


class _Job:
    """One call, with what came of it."""

    __slots__ = ("args", "context", "ended", "error", "function", "result", "taken")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], context: Context | None) -> None:
        self.function = function
        self.args = args
        self.context = context
        self.ended = Event()
        self.taken = Lock()
        self.result: Any = None
        self.error: BaseException | None = None

    def make(self) -> None:
        try:
            call = self.function if self.context is None else self.context.run
            args = self.args if self.context is None else (self.function, *self.args)
            self.result = call(*args)
        except BaseException as error:
            self.error = skip_frames(error, 1)

    def take_outcome(self) -> Any:
        result, error, self.result, self.error, self.args = self.result, self.error, None, None, ()
        if error is None:
            return result
        try:
            raise error
        finally:
            del error


class OwnThread:
    """A thread for one thing alone. To be made on the event loop that `call` is awaited on.

    Args:
        on_end: called in the thread at its end.
    """

    def __init__(self, on_end: Callable[[], object]) -> None:
        self._on_end = on_end
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._done: deque[_Job] = deque()
        self._loop = EventLoop()
        self._is_ringing = self.is_abandoned = False
        self._ended = Event()
        self._scope: CancelScope | None = None

    async def run(self) -> None:
        """Be the thread, until `end` is called; in a child task. A cancellation is told to it, and waits for it."""
        with CancelScope() as self._scope:
            try:
                await to_thread.run_sync(self._work, abandon_on_cancel=True, limiter=CapacityLimiter(1))
            except get_cancelled_exc_class():
                if not self.is_abandoned:
                    with CancelScope(shield=True) as self._scope:
                        await self._ended.wait()
                raise

    def end(self) -> None:
        """Have it end when it has made all calls."""
        self._jobs.put(None)

    def abandon(self) -> None:
        """Wait for it no longer: it goes on with the call at hand, and then comes to its end."""
        self.is_abandoned = True
        if self._scope is not None:
            self._scope.cancel()

    async def call(
        self, function: Callable[..., Any], *args: Any, context: Context | None = None, limit: CancelScope | None = None
    ) -> Any:
        """Make a call in the thread when its turn has come; return or raise what it gives.

        If the caller is cancelled, a call that has not begun is not made, and the end of one that has is waited for.

        Args:
            function: what is called.
            *args: what it gets by position.
            context: the context variables that it sees; `None`: those of the thread.
            limit: a scope around it; once its time is over, the thread is abandoned.
        """
        job = _Job(function, args, context)
        self._jobs.put(job)
        try:
            await job.ended.wait()
        except get_cancelled_exc_class():
            if job.taken.acquire(blocking=False):
                raise
            if limit is None or not limit.cancel_called:
                with CancelScope(shield=True):
                    await job.ended.wait()
                if isinstance(job.error, Exception):
                    return job.take_outcome()
            else:
                self.abandon()
            raise
        return job.take_outcome()

    def _work(self) -> None:
        IN_THREAD.set(True)
        leave_loop_here()
        try:
            while not self.is_abandoned:
                job = self._jobs.get()
                if job is None:
                    break
                if job.taken.acquire(blocking=False):
                    job.make()
                    self._done.append(job)
                    self._ring()
                del job
            self._on_end()
        finally:
            self._loop.call_soon(self._ended.set)

    def _ring(self) -> None:
        """Have the event loop look at what is done; once, however much that is until it comes to it."""
        if not self._is_ringing:
            self._is_ringing = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._is_ringing = False
        while self._done:
            self._done.popleft().ended.set()
