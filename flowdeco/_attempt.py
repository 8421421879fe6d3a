"""One attempt of a task: how its function is called, where it runs, and how long it may take."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext, suppress
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

from anyio import CancelScope, CapacityLimiter, Event, from_thread, get_cancelled_exc_class, move_on_after, to_thread
from anyio.lowlevel import checkpoint_if_cancelled

from ._errors import TaskTimeoutError
from ._executor import ExecutorCall
from ._place import IN_THREAD, LIMITER, Place
from ._remote import RunIn, call_in_process
from ._signature import Kind, can_wait, discard, is_awaitable, is_coroutine_function
from ._state import WRITER, Writer

__all__ = [
    "Job",
    "Launch",
    "Start",
    "launch",
    "launch_bare",
    "launch_on_loop",
    "leaves_behind",
]

Start: TypeAlias = Callable[..., Any]


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


class Job(NamedTuple):
    """What an attempt is made of.

    Attributes:
        name: the task's name, for errors.
        function: the function.
        kind: what a call of it gives.
        start: the function, taking its arguments by position.
        pack: takes the same, and gives the arguments as a tuple and a dictionary, to be sent elsewhere.
        timeout: seconds, or `None`.
        run_in: where a `def` runs; `None`: in a thread.
        writes: whether it may change the state, which is to know who did.
    """

    name: str
    function: Callable[..., Any]
    kind: Kind
    start: Start
    pack: Start
    timeout: float | None = None
    run_in: RunIn = None
    writes: bool = False


def leaves_behind(job: Job) -> bool:
    """Whether the attempt may be given up while it still runs somewhere."""
    return job.timeout is not None and job.kind in ("sync", "generator") and job.run_in not in ("loop", "process")


def launch(job: Job) -> Launch:
    """Return how to make an attempt that nobody has to be told of."""
    if leaves_behind(job):
        return Launch(partial(_abandoning(job, job.timeout or 0.0), None), False, True)
    if job.kind not in ("sync", "generator"):
        return _launch_async(job)
    if job.run_in is None or job.run_in == "thread":
        call = _plain_call(job)
        return Launch(_signed_call(job.name, call) if job.writes else call, True, True)
    if job.run_in == "loop":
        return Launch(_bounded(job, _inline(_plain_call(job))), False, True)
    return Launch(_bounded(job, _in_process(job) if job.run_in == "process" else _in_executor(job)), False, True)


def launch_bare(name: str, function: Callable[..., Any], kind: Kind, start: Start) -> Launch:
    """Return the same where nothing but the call is asked for, as of most tasks; the arguments are those of a `Job`."""
    if kind == "sync":
        return Launch(start, True, True)
    if kind == "async" and is_coroutine_function(function):
        return Launch(start, False, can_wait(function))
    return launch(Job(name, function, kind, start, start))


def launch_on_loop(job: Job) -> Launch:
    """Return how to make an attempt by a coroutine, wherever the function itself runs.

    Where the attempt `leaves_behind`, its first argument is the `Place`.
    """
    if leaves_behind(job):
        return Launch(_abandoning(job, job.timeout or 0.0), False, True)
    how = launch(job)
    if not how.in_thread:
        return how
    run = _hopping(how.start)
    return Launch(_signed(job.name, run) if job.writes else run, False, True)


def _launch_async(job: Job) -> Launch:
    if job.kind == "async generator":
        run = _collected(job.start)
    else:
        run = job.start if is_coroutine_function(job.function) else _awaited(job.start)
    bounded = _bounded(job, run)
    return Launch(bounded, False, bounded is not job.start or can_wait(job.function))


def _bounded(job: Job, run: Start) -> Start:
    """Return a coroutine function under its timeout, and known to the state."""
    if job.timeout is not None:
        run = _timed(job.name, run, job.timeout)
    return _signed(job.name, run) if job.writes else run


def _plain_call(job: Job) -> Start:
    start = job.start
    return (lambda *args: list(start(*args))) if job.kind == "generator" else start


def _awaited(start: Start) -> Start:
    async def run(*args: Any) -> Any:
        return await start(*args)

    return run


def _collected(start: Start) -> Start:
    async def run(*args: Any) -> list[Any]:
        async with aclosing(start(*args)) as items:
            return [item async for item in items]

    return run


def _inline(call: Start) -> Start:
    async def run(*args: Any) -> Any:
        result = call(*args)
        return await result if is_awaitable(result) else result

    return run


def _in_process(job: Job) -> Start:
    async def run(*values: Any) -> Any:
        args, kwargs = job.pack(*values)
        return await call_in_process(job.name, job.function, args, kwargs, kind=job.kind)

    return run


def _signed(name: str, start: Start) -> Start:
    async def run(*args: Any) -> Any:
        token = WRITER.set(Writer(name))
        try:
            return await start(*args)
        finally:
            WRITER.reset(token)

    return run


def _signed_call(name: str, call: Start) -> Start:
    def run(*args: Any) -> Any:
        WRITER.set(Writer(name))  # the context is the node's own
        return call(*args)

    return run


def _timed(name: str, start: Callable[..., Coroutine[Any, Any, Any]], timeout: float) -> Start:
    async def attempt(*args: Any) -> Any:
        with move_on_after(timeout):
            return await start(*args)
        raise _too_long(name, timeout, abandoned=False)

    return attempt


def _hopping(call: Start) -> Start:
    """Return what makes one call in a thread, waits for its end, and awaits what it returns."""

    async def attempt(*args: Any) -> Any:
        return await ThreadCall(call, args).run_to_end()

    return attempt


def _abandoning(job: Job, timeout: float) -> Start:
    """Return what makes one call elsewhere, and leaves it behind when its time is over."""
    in_executor = isinstance(job.run_in, Executor)

    async def attempt(place: Place | None, *args: Any) -> Any:
        writer = Writer(job.name)  # it may have the state from elsewhere
        token = WRITER.set(writer)
        on_end = None if place is None else place.note_end
        call = _executor_call(job, args, on_end) if in_executor else ThreadCall(_plain_call(job), args, on_end)
        try:
            async with _place(in_executor):  # its time begins with its thread
                with move_on_after(timeout) as limit:
                    return await call.run(limit)
        finally:
            WRITER.reset(token)
            if call.abandoned:
                writer.abandoned = True
                if place is not None:
                    place.note_left_behind()
        raise _too_long(job.name, timeout, abandoned=call.abandoned)

    return attempt


def _place(in_executor: bool) -> AbstractAsyncContextManager[Any]:
    if in_executor:
        return nullcontext()
    return LIMITER.get() or to_thread.current_default_thread_limiter()


def _executor_call(job: Job, values: tuple[Any, ...], on_end: Callable[[], object] | None = None) -> ExecutorCall:
    args, kwargs = job.pack(*values)
    assert isinstance(job.run_in, Executor)
    return ExecutorCall(job.name, job.run_in, job.function, args, kwargs, kind=job.kind, on_end=on_end)


def _in_executor(job: Job) -> Start:
    async def run(*values: Any) -> Any:
        return await _executor_call(job, values).run()

    return run


def _too_long(name: str, timeout: float, *, abandoned: bool) -> TaskTimeoutError:
    message = f"Cannot finish task {name!r}: it took longer than its timeout of {timeout:g} s."
    if abandoned:
        message += " Its thread still runs; what it returns is ignored."
    return TaskTimeoutError(message, task=name, timeout=timeout, abandoned=abandoned)


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
