"""One task's function under its policy: how it is started, where it runs, and how long it may take."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from contextvars import ContextVar
from threading import Lock
from types import GeneratorType
from typing import Any, NamedTuple, TypeAlias

from anyio import CancelScope, CapacityLimiter, Event, from_thread, get_cancelled_exc_class, move_on_after, to_thread

from ._errors import TaskTimeoutError
from ._signature import Kind, can_wait, is_coroutine_function

__all__ = ["IN_THREAD", "LIMITER", "Launch", "Start", "count_threads_apart", "discard", "is_awaitable", "launch"]

# True in what a task's function calls in a worker thread. A run started there gets threads of its own,
# since those that all wait for it are the ones it would otherwise wait for.
IN_THREAD: ContextVar[bool] = ContextVar("flowdeco_in_thread", default=False)
LIMITER: ContextVar[CapacityLimiter | None] = ContextVar("flowdeco_limiter", default=None)

Start: TypeAlias = Callable[..., Any]


def count_threads_apart() -> None:
    """Give a run that was started in a worker thread threads of its own. Called in the run's own context."""
    if IN_THREAD.get():
        IN_THREAD.set(False)
        LIMITER.set(CapacityLimiter(to_thread.current_default_thread_limiter().total_tokens))


class Launch(NamedTuple):
    """How a node starts.

    Attributes:
        start: takes the arguments by position; gives the result if `in_thread`, else a coroutine.
        in_thread: whether a thread's lane calls it.
        can_wait: whether the coroutine may suspend.
    """

    start: Start
    in_thread: bool
    can_wait: bool


def launch(name: str, function: Callable[..., Any], kind: Kind, start: Start, timeout: float | None) -> Launch:
    """Return how to start a task's function.

    Args:
        name: the task's name, for errors.
        function: the function.
        kind: what a call of it gives.
        start: the function, taking its arguments by position.
        timeout: seconds, or `None`.
    """
    if kind in ("sync", "generator"):
        call = _listed(start) if kind == "generator" else start
        if timeout is None:
            return Launch(call, True, True)
        return Launch(_timed_in_thread(name, call, timeout), False, True)
    if kind == "async generator":
        run = _collected(start)
    else:
        run = start if is_coroutine_function(function) else _awaited(start)
    if timeout is None:
        return Launch(run, False, run is not start or can_wait(function))
    return Launch(_timed(name, run, timeout), False, True)


def _listed(start: Start) -> Start:
    def call(*args: Any) -> list[Any]:
        return list(start(*args))

    return call


def _awaited(start: Start) -> Start:
    async def run(*args: Any) -> Any:
        return await start(*args)

    return run


def _collected(start: Start) -> Start:
    async def run(*args: Any) -> list[Any]:
        async with aclosing(start(*args)) as items:
            return [item async for item in items]

    return run


def _timed(name: str, start: Callable[..., Coroutine[Any, Any, Any]], timeout: float) -> Start:
    async def attempt(*args: Any) -> Any:
        with move_on_after(timeout):
            return await start(*args)
        raise _too_long(name, timeout, abandoned=False)

    return attempt


def _timed_in_thread(name: str, start: Start, timeout: float) -> Start:
    async def attempt(*args: Any) -> Any:
        call = _ThreadCall(start, args)
        async with LIMITER.get() or to_thread.current_default_thread_limiter():  # its time begins with its thread
            with move_on_after(timeout) as limit:
                await _wait_for(call, limit)
                return await call.result if is_awaitable(call.result) else call.result
        raise _too_long(name, timeout, abandoned=call.abandoned)

    return attempt


async def _wait_for(call: _ThreadCall, limit: CancelScope) -> None:
    """Wait for the end of a call, also if the caller is cancelled: only its own limit leaves a thread behind."""
    try:
        await to_thread.run_sync(call, abandon_on_cancel=True, limiter=CapacityLimiter(1))
    except get_cancelled_exc_class():
        if not limit.cancel_called:
            with CancelScope(shield=True, deadline=limit.deadline):
                await call.wait_ended()
        call.abandon()
        if isinstance(call.error, Exception):
            raise call.error from None
        raise
    if call.error is not None:
        raise call.error


def _too_long(name: str, timeout: float, *, abandoned: bool) -> TaskTimeoutError:
    message = f"Cannot finish task {name!r}: it took longer than its timeout of {timeout:g} s."
    if abandoned:
        message += " Its thread still runs; what it returns is ignored."
    return TaskTimeoutError(message, task=name, timeout=timeout, abandoned=abandoned)


class _ThreadCall:
    """One call in a thread that may be left behind.

    Attributes:
        result: what it returned.
        error: what it raised, kept here so that it does not carry the frames of the way back from the thread.
        abandoned: whether its thread still ran when nobody waited any more.
    """

    def __init__(self, start: Start, args: tuple[Any, ...]) -> None:
        self._start = start
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
        elif self._ended is not None:
            with suppress(RuntimeError):  # nobody waits any more, and the event loop may be gone
                from_thread.run_sync(self._ended.set)

    async def wait_ended(self) -> None:
        """Wait until the thread is done with it; not at all if no thread has begun."""
        with self._lock:
            if not self._running:
                return
            self._ended = Event()
        await self._ended.wait()

    def abandon(self) -> None:
        """Have what it still returns ignored, and keep it from beginning."""
        with self._lock:
            self._given_up = True
            self.abandoned = self._running
        if not self.abandoned:
            discard(self.result)


def discard(value: object) -> None:
    """Close what nobody will await, so that Python does not warn of it."""
    if inspect.iscoroutine(value):
        value.close()


def is_awaitable(value: object) -> bool:
    """Whether `await` takes the value."""
    if hasattr(type(value), "__await__"):
        return True
    return isinstance(value, GeneratorType) and bool(value.gi_code.co_flags & inspect.CO_ITERABLE_COROUTINE)
