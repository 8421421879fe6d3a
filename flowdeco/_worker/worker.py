"""What it takes to call a plain function somewhere else: a call, and a worker that sees it through.

A worker knows no task and no run. It is handed a call and returns at once; when the call has ended, however it has,
`call.end` is told, on whatever thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol

__all__ = ["Call", "Worker"]


class Call:
    """One call of a function, with what came of it.

    Args:
        function: what is called; it takes nothing more.
        context: the context variables that it sees; it gets a copy of them.
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
        self.end, self.args = _nobody, ()
        return result, error


def _nobody(_: Call) -> None:
    pass


class Worker(Protocol):
    """Where functions are called."""

    def start(self, call: Call, /) -> None:
        """See to a call. Returns at once; `call.end` is called when it has ended."""
