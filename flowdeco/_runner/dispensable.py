"""Attempts that can be called off one by one: at items that nobody may need any more before the run is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any

from .._base.events import Skip
from .._worker.thread import choose_limiter
from .._worker.timed_thread import TimedCall
from .attempt import attempt_in_worker
from .program import Attempt, Attempted
from .request import InChild, Request

__all__ = ["dispensable", "dispensable_in_thread"]


def dispensable(attempt: Attempt, *, awaits: bool) -> Attempt:
    """Return an attempt that ends as skipped when nobody needs its result any more.

    Args:
        attempt: what is attempted.
        awaits: whether it awaits the event loop itself, and is not waited for by a child task.
    """
    if awaits:  # whoever drives it stays in one task until it has ended
        return lambda life: _run(life, partial(attempt, life))
    return lambda life: _Dispensable(attempt, life)


def dispensable_in_thread(name: str, call: Callable[..., Any]) -> Attempt:
    """Return an attempt that ends so in a thread, which is told, and waited for.

    Args:
        name: the task's name, for errors.
        call: the function.
    """
    start = partial(_call_in_thread, call)
    return dispensable(attempt_in_worker(name, start, None, choose_limiter), awaits=False)


def _call_in_thread(call: Callable[..., Any], life: Attempted) -> TimedCall:
    return TimedCall(call, life.row, life.release)


class _Dispensable:
    """Awaits an attempt; what that has done in a child task is done in a scope that others may cancel."""

    def __init__(self, attempt: Attempt, life: Attempted) -> None:
        self._attempt = attempt
        self._life = life

    def __await__(self) -> Generator[Request, Any, Any]:
        steps: Any = self._attempt(self._life).__await__()
        value, error = None, None
        while True:
            try:
                request = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as stop:
                return stop.value
            finally:
                value = error = None
            if isinstance(request, InChild):
                request.start = partial(_run, self._life, request.start)
            try:
                value = yield request
            except BaseException as thrown:
                error = thrown


async def _run(life: Attempted, start: Callable[[], Awaitable[Any]]) -> Any:
    assert life.index is not None
    with life.crew.open_scope(life.index):
        return await start()
    raise Skip("nobody needs it any more")
