"""Awaiting something in a context of its own."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Generator
from contextvars import Context, copy_context
from typing import Any

__all__ = ["InContext", "Stepped", "copy_outside_loop", "enter_loop", "leave_loop", "leave_loop_here"]


class Stepped:
    """Awaits something by having a function make each step of it, between two of which others may run.

    Args:
        run: calls what it is given, with the argument that it is given.
        awaitable: what is awaited.
    """

    def __init__(self, run: Callable[..., Any], awaitable: Awaitable[Any]) -> None:
        self._run = run
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, Any]:
        run, coroutine = self._run, _await(self._awaitable)
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


class InContext(Stepped):
    """Awaits something in a context of its own: what is set there is not seen outside."""

    def __init__(self, context: Context, awaitable: Awaitable[Any]) -> None:
        super().__init__(context.run, awaitable)


def copy_outside_loop() -> Context:
    """Return a copy of the current context, but in it no event loop is running.

    A thread that somebody started with a copy of the event loop's context would seem to be the event loop's own.
    """
    context = copy_context()
    leave_loop(context)
    return context


def leave_loop(context: Context) -> None:
    """Have no event loop running in a context, as in one of a thread that is none's."""
    context.run(leave_loop_here)


def enter_loop(context: Context) -> None:
    """Have the event loop that runs here be known in a context, also where no task of it is at work."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None:
        context.run(sniffio.current_async_library_cvar.set, sniffio.current_async_library())


def leave_loop_here() -> None:
    """Have no event loop running in the current context."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None:
        sniffio.current_async_library_cvar.set(None)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
