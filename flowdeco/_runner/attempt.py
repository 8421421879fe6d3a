"""One attempt of a task: how its function is called, where it runs, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from functools import partial
from typing import Any, NamedTuple

from anyio import move_on_after, to_thread

from .._base.errors import TaskTimeoutError
from .._base.signature import Kind, can_wait, is_awaitable, is_coroutine_function
from .._policy.run_in import RunIn
from .._state.writer import WRITER, Writer
from .._worker.executor import ExecutorCall
from .._worker.process import call_in_process
from .._worker.thread import LIMITER, Start, ThreadCall
from .capacity import Place

__all__ = ["Job", "Launch", "launch", "launch_bare", "launch_on_loop", "leaves_behind"]


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
