"""One attempt of a task: how its function is called, where it runs, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any

from anyio import CapacityLimiter, move_on_after

from .._base.context import InContext
from .._base.errors import TaskTimeoutError
from .._base.signature import Kind, discard, is_awaitable, is_coroutine_function
from .._policy.run_in import InResource, RunIn
from .._state.writer import WRITER, Writer
from .._worker.thread import choose_limiter
from .._worker.timed_thread import TimedCall
from .._worker.worker import WorkerCall
from .arguments import Arguments
from .gathering import collecting, listing
from .in_resource import starting_in_resource
from .program import Attempt, Attempted
from .request import InChild, InThread, Request
from .turns import expect_executor

__all__ = ["attempt_in_worker", "choose_attempt", "runs_in_thread", "too_long"]


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
        return _bound(name, collecting(call), timeout)
    if kind == "async":
        return _bound(name, call if is_coroutine_function(function) else _awaiting(call), timeout)
    if run_in == "process":
        return _in_process(name, function, kind, timeout, arguments)
    if isinstance(run_in, InResource):
        return attempt_in_worker(name, starting_in_resource(name, function, kind, arguments, run_in), timeout)
    if kind == "generator":
        call = listing(call)
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
        raise too_long(name, seconds, abandoned=False)

    return attempt


def _awaiting(start: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def run(*args: Any) -> Any:
        return await start(*args)

    return run


def _inline(call: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def run(*args: Any) -> Any:
        result = call(*args)
        return await result if is_awaitable(result) else result

    return run


def _in_thread(call: Callable[..., Any]) -> Attempt:
    return lambda life: _ThreadAttempt(call, life)


class _ThreadAttempt(InThread):
    """An attempt in a thread, and on the event loop where the function has returned an awaitable."""

    __slots__ = ("_life",)

    def __init__(self, call: Callable[..., Any], life: Attempted) -> None:
        super().__init__(call, life.row, apart=life.hold is not None)
        self._life = life

    def __await__(self) -> Generator[Request, Any, Any]:
        result = yield self
        return (yield from self._finish(result).__await__()) if is_awaitable(result) else result

    async def _finish(self, awaitable: Any) -> Any:
        try:
            await self._life.come_to_loop()
        except BaseException:
            discard(awaitable)
            raise
        return await InContext(self.context, awaitable)


def _in_timed_thread(name: str, call: Callable[..., Any], timeout: float) -> Attempt:
    """Return an attempt with a thread of its own, which is left behind when its time is over."""

    def start(life: Attempted) -> WorkerCall:
        return TimedCall(call, life.row, life.release)

    return attempt_in_worker(name, start, timeout, choose_limiter)


def _in_executor(
    name: str, function: Callable[..., Any], kind: Kind, timeout: float | None, arguments: Arguments, executor: Executor
) -> Attempt:
    bound = arguments.list_of_run()

    def start(life: Attempted) -> WorkerCall:
        from .._worker.executor import ExecutorCall

        args, kwargs = arguments.pack(life.row)
        turn = expect_executor(executor, name, life.journal.path)
        who = name, executor, function, args, kwargs
        return ExecutorCall(*who, kind=kind, bound=bound, on_end=life.release, turn=turn)

    return attempt_in_worker(name, start, timeout)


def _in_process(
    name: str, function: Callable[..., Any], kind: Kind, timeout: float | None, arguments: Arguments
) -> Attempt:
    def start(life: Attempted) -> WorkerCall:
        from .._worker.process import ProcessCall

        args, kwargs = arguments.pack(life.row)
        return ProcessCall(name, function, args, kwargs, kind)

    return attempt_in_worker(name, start, timeout, _choose_process)


def _choose_process() -> AbstractAsyncContextManager[Any]:
    from .._worker.process import choose_process_limiter

    return choose_process_limiter()


def attempt_in_worker(
    name: str,
    start: Callable[[Attempted], WorkerCall],
    timeout: float | None,
    choose_place: Callable[[], AbstractAsyncContextManager[Any]] = nullcontext,
) -> Attempt:
    """Return an attempt that a worker makes; when its time is over, it may run on, but what it gives is refused.

    It begins when it has a place to run in, in the record and for its timeout.
    """

    async def attempt(life: Attempted) -> Any:
        call, place = start(life), choose_place()
        if timeout is None:
            return await InChild(partial(_run_in, place, life, call.run))
        writer = Writer(name)  # it may have the state from elsewhere
        seconds = timeout

        async def run() -> Any:
            WRITER.set(writer)
            with move_on_after(seconds) as scope:
                return await call.run(scope)
            raise too_long(name, seconds, abandoned=call.abandoned)

        try:
            return await InChild(partial(_run_in, place, life, run))
        finally:
            if call.abandoned:
                writer.abandoned = True
                life.is_left_behind = True

    return attempt


async def _run_in(
    place: AbstractAsyncContextManager[Any], life: Attempted, run: Callable[[], Coroutine[Any, Any, Any]]
) -> Any:
    waits = isinstance(place, CapacityLimiter) and place.available_tokens <= 0
    async with place:
        if waits:
            life.note_place()
        return await run()


def too_long(name: str, timeout: float, *, abandoned: bool) -> TaskTimeoutError:
    """Return what an attempt fails with whose time is over."""
    message = f"Cannot finish task {name!r}: it took longer than its timeout of {timeout:g} s."
    if abandoned:
        message += " Its thread still runs; what it returns is ignored."
    return TaskTimeoutError(message, task=name, timeout=timeout, abandoned=abandoned)
