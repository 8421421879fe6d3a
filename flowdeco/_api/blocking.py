"""How a call that blocks gets to an event loop: one of its own, or the one that owns the thread."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import nullcontext
from contextvars import Context
from functools import partial
from math import inf
from threading import get_ident
from typing import Any, TypeAlias, TypeVar

import anyio
from anyio import CapacityLimiter, current_effective_deadline, from_thread

from .._base.context import copy_outside_loop
from .._base.errors import RunCancelled
from .._base.signature import is_awaitable
from .._runner.signals import RunStopped
from .._scheduler.call_engine import find_caller
from .._scheduler.run_lifecycle import Body
from .._worker.back_call import BACK_CALLS
from .._worker.thread import COUNTED

__all__ = ["OnLoop", "Steps", "go_if", "in_worker_thread", "run_from_thread", "run_on_own_loop"]

T = TypeVar("T")
# Runs a coroutine on an event loop, and returns or raises what it gives.
OnLoop: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, T]]], T]


class Steps:
    """Drives a run that leaves the event loop for its own function and perhaps comes back to another one."""

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, None]], context: Context) -> None:
        self._begin = begin
        # Made at the first step: Python complains of one that is never awaited, if Ctrl-C comes in before.
        self._coroutine: Coroutine[Any, Any, None] | None = None
        self._context = context
        self._value: Any = None
        self._error: BaseException | None = None

    @property
    def has_to_wait(self) -> bool:
        """Whether what the function answered has to be awaited."""
        return is_awaitable(self._value)

    async def go(self) -> Body | None:
        """Drive it until it has to leave the event loop, or to its end."""
        return await self

    def __await__(self) -> Generator[Any, Any, Body | None]:
        while True:
            try:
                trap = self._step()
            except StopIteration:
                return None
            if isinstance(trap, Body):
                return trap
            try:
                self._value = yield trap
            except BaseException as error:
                self._error = error
            del trap

    def take_answer(self, body: Body) -> BaseException | None:
        """Call the function here, and take its answer; return the cancellation that it has heard of, if it has."""
        try:
            self._value = self._context.run(body.call)
        except BaseException as error:
            self._error = error
            cancellation = _cancellation()
            if cancellation is not None and isinstance(error, (type(cancellation), concurrent.futures.CancelledError)):
                self._error = RunStopped()
                return cancellation
        return None

    def finish(self) -> None:
        """Go to the end, for which there is nothing to be awaited any more."""
        try:
            self._step()
        except StopIteration:
            return
        raise AssertionError("there was something to be awaited without an event loop")

    def _step(self) -> Any:
        value, error, self._value, self._error = self._value, self._error, None, None
        if self._coroutine is None:
            self._coroutine = self._begin()
        try:
            if error is None:
                return self._context.run(self._coroutine.send, value)
            return self._context.run(self._coroutine.throw, error)
        finally:
            error = None


async def go_if(may_begin: Callable[[], bool], go: Callable[[], Coroutine[Any, Any, Body | None]]) -> Body | None:
    """Go only if that is allowed, as is asked on the event loop."""
    return await go() if may_begin() else None


def run_from_thread(execute: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on the event loop that owns this thread."""
    counted_by, back = COUNTED.by, BACK_CALLS.of_call

    async def run() -> tuple[list[T], BaseException | None]:
        if current_effective_deadline() == -inf:  # on asyncio, who comes after the cancellation does not hear of it
            return [], None
        _add_threads(counted_by, 1)
        results: list[T] = []
        try:
            with nullcontext() if back is None else back.open():
                results.append(await execute())
            return results, None
        except (KeyboardInterrupt, SystemExit) as error:  # asyncio would leave its event loop with these at once
            if isinstance(error, KeyboardInterrupt):
                _interrupt_caller(error)
            return [], error
        finally:
            _add_threads(counted_by, -1)

    try:
        results, interrupt = from_thread.run(run)
        if interrupt is not None:
            raise interrupt
        if not results:
            from_thread.check_cancelled()
            raise RunCancelled("what this thread works for was cancelled")
        return results.pop()
    except concurrent.futures.CancelledError:
        from_thread.check_cancelled()  # raises it as what it was on the event loop
        raise


def run_on_own_loop(
    execute: Callable[[], Coroutine[Any, Any, T]], backend: str, backend_options: Mapping[str, Any]
) -> T:
    """Run a coroutine on an event loop of its own, from a thread in which none runs."""
    on_loop = partial(anyio.run, backend=backend, backend_options=dict(backend_options))
    back = BACK_CALLS.of_call
    if back is None:
        result: T = copy_outside_loop().run(on_loop, execute)
        return result
    results: list[T] = []

    async def run() -> None:
        with back.open():
            results.append(await execute())

    copy_outside_loop().run(on_loop, run)
    if not results:
        raise RunCancelled("what this thread works for was cancelled")
    return results.pop()


def _interrupt_caller(error: KeyboardInterrupt) -> None:
    """End the run that this was called in: trio raises Ctrl-C in whatever it hits, here on behalf of a thread.

    The thread gets it too, but if only that did, it would be lost where the code there lets nothing out.
    """
    caller = find_caller()
    if caller is not None and caller[0].thread == get_ident():
        caller[0].give_up(error)


def _add_threads(counted_by: CapacityLimiter | None, number: int) -> None:
    if counted_by is not None:
        counted_by.total_tokens += number


def in_worker_thread() -> bool:
    """Whether anyio made this thread; raises the cancellation if what it works for is cancelled."""
    try:
        from_thread.check_cancelled()
    except RuntimeError:
        return False
    return True


def _cancellation() -> BaseException | None:
    """Return what tells this thread that what it works for is cancelled; `None` if it is not."""
    try:
        from_thread.check_cancelled()
    except RuntimeError:  # anyio did not make this thread
        pass
    except BaseException as error:
        return error
    return None
