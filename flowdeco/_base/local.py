"""What is of use only in the program that made it: elsewhere it would be a copy, or there would be no run."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import TypeVar

__all__ = ["Local", "be_elsewhere", "is_elsewhere"]

T = TypeVar("T")

_ELSEWHERE: ContextVar[bool] = ContextVar("flowdeco_elsewhere", default=False)


class Local:
    """Base of what is written to, and so is not sent to a process, where all that is written would be lost."""

    __slots__ = ()


def be_elsewhere(function: Callable[[], T]) -> T:
    """Call a function for a task whose run is in another process, or on another machine."""
    context = copy_context()
    context.run(_ELSEWHERE.set, True)
    return context.run(function)


def is_elsewhere() -> bool:
    """Whether this code runs for a task whose run is in another process, or on another machine."""
    return _ELSEWHERE.get()
