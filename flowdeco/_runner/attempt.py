"""One attempt of a task: how its function is called, where it runs, and how long it may take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Any

from anyio import CapacityLimiter, move_on_after

from .._base.context import InContext
from .._base.errors import TaskTimeoutError
from .._base.signature import Kind, discard, is_awaitable, is_coroutine_function
from .._policy.run_in import RunIn
from .._state.writer import WRITER, Writer
from .._worker.thread import choose_limiter
from .._worker.timed_thread import TimedCall
from .arguments import Arguments
from .program import Attempt, Attempted
from .request import InChild, InThread

__all__ = ["choose_attempt", "runs_in_thread"]


def runs_in_thread(kind: Kind, run_in: RunIn, timeout: float | None) -> bool:
    """Whether an attempt is a call in a thread and nothing else."""
    return kind in ("sync", "generator") and timeout is None and run_in in (None, "thread")


def choose_attempt(
    name: str, function: Callable[..., Any], kind: Kind, run_in: RunIn, timeout: float | None, arguments: Arguments
) -> Attempt:
    """Return what makes an attempt.

    Args:
        name: the task's name, for errors.
        function: the function.
        kind: what a call of it gives.
        run_in: where a `def` runs; `None`: in a thread.
        timeout: seconds for the attempt, or `None`.
        arguments: what the function receives.
    """
    call = arguments.call
    if kind == "async generator":
        return _bound(name, _collecting(call), timeout)
    if kind == "async":
        return _bound(name, call if is_coroutine_function(function) else _awaiting(call), timeout)
    if run_in == "process":
        return _in_process(name, function, kind, timeout, arguments)
    if kind == "generator":
        call = _listing(call)
    if run_in == "loop":
        return _bound(name, _inline(call), timeout)
    if isinstance(run_in, Executor):
        return _in_executor(name, function, kind, timeout, arguments, run_in)
    return _in_thread(call) if timeout is None else _in_timed_thread(name, call, timeout)


def _bound(name: str, start: Callable[..., Coroutine[Any, Any, Any]], timeout: float | None) -> Attempt:
    """Return an attempt on the event loop, under its timeout."""
    if timeout is None:
        return lambda life: start(*life.row)
    seconds = timeout

    async def attempt(life: Attempted) -> Any:
        with move_on_after(seconds):
            return await start(*life.row)
        raise _too_long(name, seconds, abandoned=False)

    return attempt


def _awaiting(start: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def run(*args: Any) -> Any:
        return await start(*args)

    return run


def _collecting(start: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def run(*args: Any) -> list[Any]:
        async with aclosing(start(*args)) as items:
            return [item async for item in items]

    return run


def _listing(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: list(call(*args))


def _inline(call: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def run(*args: Any) -> Any:
        result = call(*args)
        return await result if is_awaitable(result) else result

    return run


def _in_thread(call: Callable[..., Any]) -> Attempt:
    async def attempt(life: Attempted) -> Any:
        request = InThread(call, life.row, apart=life.hold is not None)
        result = await request
        if not is_awaitable(result):
            return result
        try:
            await life.come_to_loop()
        except BaseException:
            discard(result)
            raise
        return await InContext(request.context, result)

    return attempt


def _in_timed_thread(name: str, call: Callable[..., Any], timeout: float) -> Attempt:
    """Return an attempt with a thread of its own, which is left behind when its time is over."""

    async def attempt(life: Attempted) -> Any:
        timed = TimedCall(call, life.row, life.release)
        return await _leaving_behind(life, name, timeout, timed.run, lambda: timed.abandoned, choose_limiter())

    return attempt


def _in_executor(
    name: str,
    function: Callable[..., Any],
    kind: Kind,
    timeout: float | None,
    arguments: Arguments,
    executor: Executor,
) -> Attempt:
    async def attempt(life: Attempted) -> Any:
        from .._worker.executor import ExecutorCall

        args, kwargs = arguments.pack(life.row)
        call = ExecutorCall(name, executor, function, args, kwargs, kind=kind, on_end=life.release)
        if timeout is None:
            return await InChild(call.run)
        return await _leaving_behind(life, name, timeout, call.run, lambda: call.abandoned, None)

    return attempt


async def _leaving_behind(
    life: Attempted,
    name: str,
    timeout: float,
    run: Callable[[Any], Awaitable[Any]],
    was_abandoned: Callable[[], bool],
    limiter: CapacityLimiter | None,
) -> Any:
    """Make a call in a child task until its time is over; then it may run on, but what it gives and writes is refused.

    Its time begins with its thread, which `limiter` bounds.
    """
    writer = Writer(name)  # it may have the state from elsewhere

    async def wait() -> Any:
        WRITER.set(writer)
        place: AbstractAsyncContextManager[Any] = nullcontext() if limiter is None else limiter
        async with place:
            with move_on_after(timeout) as scope:
                return await run(scope)
        raise _too_long(name, timeout, abandoned=was_abandoned())

    try:
        return await InChild(wait)
    finally:
        if was_abandoned():
            writer.abandoned = True
            life.is_left_behind = True


def _in_process(
    name: str, function: Callable[..., Any], kind: Kind, timeout: float | None, arguments: Arguments
) -> Attempt:
    async def attempt(life: Attempted) -> Any:
        from .._worker.process import call_in_process

        args, kwargs = arguments.pack(life.row)

        async def call() -> Any:
            if timeout is None:
                return await call_in_process(name, function, args, kwargs, kind=kind)
            with move_on_after(timeout):
                return await call_in_process(name, function, args, kwargs, kind=kind)
            raise _too_long(name, timeout, abandoned=False)

        return await InChild(call)

    return attempt


def _too_long(name: str, timeout: float, *, abandoned: bool) -> TaskTimeoutError:
    message = f"Cannot finish task {name!r}: it took longer than its timeout of {timeout:g} s."
    if abandoned:
        message += " Its thread still runs; what it returns is ignored."
    return TaskTimeoutError(message, task=name, timeout=timeout, abandoned=abandoned)
