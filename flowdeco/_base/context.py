"""Awaiting something in a context of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import Context, copy_context
from typing import Any

__all__ = ["InContext", "apart"]


class InContext:
    """Awaits something in a context of its own: what is set there is not seen outside."""

    def __init__(self, context: Context, awaitable: Awaitable[Any]) -> None:
        self._context = context
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, Any]:
        run, coroutine = self._context.run, _await(self._awaitable)
        step, value = coroutine.send, None
        while True:
            try:
                trap = run(step, value)
            except StopIteration as stop:
                return stop.value
            finally:
                value = None  # an error's traceback leads here
            try:
                step, value = coroutine.send, (yield trap)
            except BaseException as error:
                step, value = coroutine.throw, error
            del trap  # it may hold on to a result


def apart(start: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return what makes each attempt in a copy of the context, so that none sees what another has set."""
    return lambda *args: InContext(copy_context(), start(*args))


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
