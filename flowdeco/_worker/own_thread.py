"""A thread that something has to itself for as long as it lives, in which calls are made one after the other.

What may be used in the thread alone that made it (a connection of SQLite, a lock that knows its owner) is made, used
and closed there. It is no thread of those that are counted: whoever uses what is open may hold all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Lock
from typing import Any, Protocol

from anyio import CancelScope, CapacityLimiter, Event, get_cancelled_exc_class, to_thread

from .._base.context import leave_loop, leave_loop_here
from .._base.event_loop import EventLoop
from .._base.signature import discard, is_awaitable
from .._base.tracebacks import skip_frames
from .back_call import BackCalls
from .thread import IN_THREAD

__all__ = ["CallInOwnThread", "OwnThread", "Turn"]


class Turn(Protocol):
    """Who is told when a call waits for its turn, and when it has it."""

    def expect(self) -> None:
        """Begin to wait for it; raise if it would never come."""

    def begin(self) -> None:
        """Have it. In the thread, in the context of the call."""

    def end(self) -> None:
        """Be done with it. In the thread."""

    def leave(self) -> None:
        """Wait for it no longer."""


class _Job:
    """One call, with what came of it.

    Attributes:
        ended: set on the event loop when it has ended.
        taken: held once it has begun, or is not to.
        is_late: whether it has ended, or will, when nobody waits for it any more.
        back: what it runs on the event loop meanwhile.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        context: Context | None = None,
        on_late: Callable[[], object] | None = None,
        turn: Turn | None = None,
    ) -> None:
        self._function = function
        self._args = args
        self._context = context
        self._on_late = on_late
        self._turn = turn
        self._lock = Lock()
        self._is_done = self.is_late = False
        self.ended = Event()
        self.taken = Lock()
        self.back = BackCalls()
        self._result: Any = None
        self.error: BaseException | None = None

    def make(self) -> None:
        """Make the call, in the thread."""
        try:
            with self.back.here():
                self._call()
        except BaseException as error:
            self.error = skip_frames(error, 1)
        if self._turn is not None:
            self._turn.end()
        with self._lock:
            self._is_done = True
        if self.is_late and self._on_late is not None:
            discard(self._result)
            self._on_late()

    def _call(self) -> None:
        if self._context is None:
            self._result = self._function(*self._args)
        else:
            if self._turn is not None:
                self._context.run(self._turn.begin)
            self._result = self._context.run(self._function, *self._args)

    def leave_behind(self) -> None:
        """Wait for it no longer, unless it has ended."""
        with self._lock:
            self.is_late = not self._is_done

    def take_outcome(self) -> Any:
        """Return or raise what it gave, and let go of all: the error's traceback leads to whoever waited."""
        result, error, self._result, self.error = self._result, self.error, None, None
        self._args, self._on_late, self._turn = (), None, None
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
        # Held once it has begun, or is not to.
        self._begun = Lock()
        self._ended = Event()
        self._scope: CancelScope | None = None

    async def run(self) -> None:
        """Be the thread, until `end` is called; in a child task. A cancellation is told to it, and waits for it."""
        with CancelScope() as self._scope:
            try:
                await to_thread.run_sync(self._work, abandon_on_cancel=True, limiter=CapacityLimiter(1))
            except get_cancelled_exc_class():
                if not self.is_abandoned and not self._begun.acquire(blocking=False):  # else it never begins
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

    async def call(self, function: Callable[..., Any], *args: Any, limit: CancelScope) -> Any:
        """Make a call in the thread when its turn has come; return or raise what it gives.

        If the caller is cancelled, a call that has not begun is not made, and the end of one that has is waited for.

        Args:
            function: what is called.
            *args: what it gets by position.
            limit: a scope around it; once its time is over, the thread is abandoned.
        """
        try:
            return await self.make(_Job(function, args), limit)
        except get_cancelled_exc_class():
            if limit.cancel_called:  # also if a call that was left behind before has kept it from beginning
                self.abandon()
            raise

    async def make(self, job: _Job, limit: CancelScope | None) -> Any:
        """Have a call made, as `call` does; once the time of its limit is over, it is left behind."""
        self._jobs.put(job)
        try:
            await job.ended.wait()
        except get_cancelled_exc_class():
            if job.taken.acquire(blocking=False):
                raise
            job.back.cancel()
            if limit is not None and limit.cancel_called:
                job.leave_behind()
                raise
            with CancelScope(shield=True):
                await job.ended.wait()
            if isinstance(job.error, Exception):
                return job.take_outcome()
            raise
        return job.take_outcome()

    def _work(self) -> None:
        if not self._begun.acquire(blocking=False):
            return
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


class CallInOwnThread:
    """One call in a thread that is something else's own, among other calls.

    Args:
        thread: the thread.
        function: what is called.
        args: what it gets by position.
        on_end: called when a call that was left behind has ended at last, in the thread.
        turn: is told of its turn.

    Attributes:
        abandoned: whether it still ran when nobody waited any more.
    """

    def __init__(
        self, thread: OwnThread, function: Callable[..., Any], args: Any, on_end: Callable[[], object], turn: Turn
    ) -> None:
        self._thread = thread
        self._function = function
        self._args = args
        self._on_end = on_end
        self._turn = turn
        self.abandoned = False

    async def run(self, limit: CancelScope | None = None) -> Any:
        """Make the call when its turn has come, and return or raise what it gives; an awaitable is awaited.

        Args:
            limit: a scope around it; once its time is over, a call that has begun is left behind. The next ones wait
                for it all the same.
        """
        self._turn.expect()
        context = copy_context()
        leave_loop(context)
        context.run(IN_THREAD.set, True)
        job = _Job(self._function, self._args, context, self._on_end, self._turn)
        try:
            result = await self._thread.make(job, limit)
        finally:
            self.abandoned = job.is_late
            self._turn.leave()
        return await result if is_awaitable(result) else result
