"""Hands a task's function over to an executor."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Any
from uuid import uuid4

from anyio import CancelScope, Event, get_cancelled_exc_class

from .._base.errors import RemoteError, WorkerLostError
from .._base.event_loop import EventLoop
from .._base.executors import is_process_pool
from .._base.local import Local
from .._base.signature import Kind, discard, is_awaitable
from .back_call import BackCalls
from .own_thread import Turn
from .transfer import Call, cannot_share, locate, pack, perform, perform_apart, say, serve, stays_behind, unpack

__all__ = ["ExecutorCall", "call_in_executor"]


_KEEP_OPEN = "Keep the executor open until the run has ended."


class _Work:
    """What an executor calls: the function in the caller's context, or sent to where there is none.

    An executor that pickles sends the name of the function, or where it has none leaves the function to its pickler.

    Attributes:
        back: what it runs on an event loop meanwhile.
    """

    def __init__(self, call: Call, bound: Sequence[str], turn: Turn | None, *, by_name_in_main: bool) -> None:
        self.__name__ = call.task
        self._call = call
        self._bound = bound
        self._turn = turn
        self.back = BackCalls()
        self._context = copy_context()
        self._context.run(_leave_loop)
        self._by_name_in_main = by_name_in_main

    def __call__(self, *args: Any) -> Any:
        with self.back.here():
            if self._turn is None:
                return self._perform(args)
            self._context.run(self._turn.begin)
            try:
                return self._perform(args)
            finally:
                self._turn.end()

    def _perform(self, args: tuple[Any, ...]) -> Any:
        return self._context.run(perform, self._call.function, self._call.kind, args, self._call.kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        call = self._call
        if self._bound:
            raise stays_behind(call.label, self._bound[0])
        for part, value in call.list_parts():
            if isinstance(value, Local):
                raise cannot_share(call.label, part, type(value).__name__)
        # On another machine __main__ is another program, so there a pickler may have to send the function's code.
        is_known = self._by_name_in_main or getattr(call.function, "__module__", None) != "__main__"
        function = (locate(call.function) if is_known else None) or call.function
        return functools.partial, (perform_apart, call.label, function, call.kind, dict(call.kwargs))

    def __dask_tokenize__(self) -> str:
        """Be different each time: Dask would take the second attempt for the first."""
        return uuid4().hex


def _leave_loop() -> None:
    """Forget that an event loop runs here, as anyio does in its own threads: a workflow can then be called there."""
    for variable in copy_context():
        if variable.name == "current_async_library_cvar":
            variable.set(None)


class ExecutorCall:
    """One call handed over to an executor, which may be left behind.

    Args:
        task, executor, function, args, kwargs, kind: as of `call_in_executor`.
        bound: what it receives that may not leave this program: an executor that pickles it is told so.
        on_end: called when a call that was left behind ends at last, on whatever thread.
        turn: is told of its turn on one of the executor's threads; `None` if it is not known how many it has.

    Attributes:
        result: what came back, where no error did.
        error: what the function raised, or why the executor did not run it; kept until `run` raises it.
        abandoned: whether it still ran when nobody waited any more.
    """

    def __init__(
        self,
        task: str,
        executor: Executor,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any] | None = None,
        *,
        kind: Kind = "sync",
        bound: Sequence[str] = (),
        on_end: Callable[[], object] | None = None,
        turn: Turn | None = None,
    ) -> None:
        self._executor = executor
        self._bound = bound
        self._call = Call(task, "in its executor", function, args, kwargs or {}, kind)
        self._on_end = on_end
        self._turn = turn
        self._lock = Lock()
        self._future: Future[Any] | None = None
        self._back: BackCalls | None = None
        self._is_over = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.abandoned = False

    async def run(self, limit: CancelScope | None = None) -> Any:
        """Hand it over, wait for its end, and return or raise what comes back; an awaitable is awaited.

        If the caller is cancelled, it is taken back, or where it has begun its end is waited for; what it then raises
        goes before the cancellation.

        Args:
            limit: a scope around the call; once it is cancelled or over, a call that has begun is abandoned.
                `on_end` is then called when it ends at last, on whatever thread.
        """
        if self._turn is None:
            await self._wait(limit)
        else:
            self._turn.expect()
            try:
                await self._wait(limit)
            finally:
                self._turn.leave()
        if self.error is not None:
            raise self._take_error()
        return await self.result if is_awaitable(self.result) else self.result

    async def _wait(self, limit: CancelScope | None) -> None:
        loop, ended = EventLoop(), Event()
        note_end = functools.partial(self._note_end, loop, ended)
        try:
            self._future = self._submit()
            self._future.add_done_callback(note_end)
            await ended.wait()
        except BaseException as error:  # trio raises Ctrl-C in whatever runs on the main thread, so here, too
            if self._future is not None:
                self._future.add_done_callback(note_end)  # it may have come before it was said
                await self._stop(self._future, ended, limit)
            if isinstance(error, get_cancelled_exc_class()) and isinstance(self.error, Exception):
                raise self._take_error() from None
            raise
        self._read()

    def _submit(self) -> Future[Any]:
        """Hand the call over; a process pool gets it packed as `call_in_process` does."""
        try:
            if is_process_pool(self._executor):
                return self._executor.submit(serve, pack(self._call))
            in_threads = isinstance(self._executor, ThreadPoolExecutor)
            work = _Work(self._call, self._bound, self._turn, by_name_in_main=in_threads)
            self._back = work.back
            return self._executor.submit(work, *self._call.args)
        except BrokenExecutor as error:
            raise self._lost(error) from error
        except RemoteError:
            raise
        except Exception as error:
            way_out = _KEEP_OPEN if isinstance(error, RuntimeError) else "Give it what it can send."
            raise self._refused(f"the executor refused it ({say(error)})", way_out) from error

    def _lost(self, error: BaseException) -> WorkerLostError:
        label = self._call.label
        message = (
            f"Cannot finish {label}: the executor is broken ({say(error)}). Use a new executor. "
            'If its processes cannot start, the main script may lack its if __name__ == "__main__":'
        )
        return WorkerLostError(message, exit_code=None, **label.data)

    def _refused(self, reason: str, way_out: str) -> RemoteError:
        label = self._call.label
        return RemoteError(f"Cannot run {label}: {reason}. {way_out}", **label.data)

    def _note_end(self, loop: EventLoop, ended: Event, future: Future[Any]) -> None:
        """Called on a thread of the executor, or where the future is cancelled or was done already."""
        with self._lock:
            if self._is_over:  # it was asked for twice
                return
            self._is_over = True
        if not self.abandoned:
            loop.call_soon(ended.set)  # which does not wait: the event loop may just be waiting for this thread
            return
        if not future.cancelled() and future.exception() is None:
            discard(future.result())
        if self._on_end is not None:
            self._on_end()

    async def _stop(self, future: Future[Any], ended: Event, limit: CancelScope | None) -> None:
        if future.cancel():
            return
        if self._back is not None:
            self._back.cancel()
        try:
            if limit is None or not limit.cancel_called:
                with CancelScope(shield=True, deadline=math.inf if limit is None else limit.deadline):
                    await ended.wait()
        finally:
            with self._lock:
                self.abandoned = not self._is_over
        if not self.abandoned:
            self._read()
            discard(self.result)

    def _read(self) -> None:
        """Take what came back. The future is let go, as its error would lead back to it."""
        future, self._future = self._future, None
        assert future is not None
        if future.cancelled():
            self.error = self._refused("the executor has cancelled it", _KEEP_OPEN)
            return
        self.error = future.exception()
        # What a function raised has been somewhere; what the executor says of itself has not.
        if isinstance(self.error, BrokenExecutor) and self.error.__traceback__ is None:
            cause, self.error = self.error, self._lost(self.error)
            self.error.__cause__ = cause
        elif self.error is None:
            self._keep(future.result())

    def _keep(self, value: Any) -> None:
        if not is_process_pool(self._executor):
            self.result = value
            return
        try:
            self.result = unpack(self._call.label, value)
        except BaseException as error:
            self.error = error.with_traceback(None)

    def _take_error(self) -> BaseException:
        error, self.error = self.error, None
        assert error is not None
        return error


async def call_in_executor(
    task: str,
    executor: Executor,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    kind: Kind = "sync",
) -> Any:
    """Run a function by an executor; see `ExecutorCall`, which can also be left behind at a timeout.

    Args:
        task: the task's name, for errors.
        executor: where it is submitted; it holds no thread of ours until it has ended.
        function: the function; on the executor's threads it sees the caller's context variables.
        args: what it receives by position.
        kwargs: what it receives by name.
        kind: what a call of it gives; what a generator yields is returned as a list.

    Raises:
        TransferError: the function, an argument, the result or the error cannot be sent to a process.
        WorkerLostError: the executor is broken.
        RemoteError: the executor does not take the call, or has cancelled it.
    """
    return await ExecutorCall(task, executor, function, args, kwargs, kind=kind).run()
