"""Calls of plain functions that somebody else makes, who knows no task and no run.

A `Call` is one of many that the threads of a run carry: who makes it tells `call.end` when it has ended, however it
has, on whatever thread. A `WorkerCall` has a worker to itself, and can be told to end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol

from anyio import CancelScope

__all__ = ["Call", "WorkerCall"]


class Call:
    """One call of a function, with what came of it.

    Args:
        function: what is called.
        args: what it gets by position.
        context: the context variables that it sees, its own.
        end: called when it has ended, perhaps on another thread.

    Attributes:
        result: what it returned.
        error: what it raised; `None` if it returned.
    """

    __slots__ = ("args", "context", "end", "error", "function", "result")

    def __init__(
        self, function: Callable[..., Any], args: Any, context: Context, end: Callable[[Call], object]
    ) -> None:
        self.function = function
        self.args = args
        self.context = context
        self.end = end
        self.result: Any = None
        self.error: BaseException | None = None

    def take_outcome(self) -> tuple[Any, BaseException | None]:
        """Return the result and the error, and let go of all: the error's traceback leads to whoever made the call."""
        result, error, self.result, self.error = self.result, self.error, None, None
        self.end, self.args = _tell_nobody, ()
        return result, error


def _tell_nobody(_: Call) -> None:
    pass


class WorkerCall(Protocol):
    """One call in a thread of its own, in a process, or by an executor.

    Attributes:
        abandoned: whether it still ran when nobody waited any more: nobody can stop a thread.
    """

    abandoned: bool

    async def run(self, limit: CancelScope | None = None) -> Any:
        """Start it, wait for its end, and return or raise what it gives.

        If the caller is cancelled, it is ended where that can be, or its end is waited for.

        Args:
            limit: a scope around the call; once its time is over, a call that nobody can end is abandoned.
        """
