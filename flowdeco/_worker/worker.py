"""A call of a plain function that somebody else makes, and knows no task and no run.

Who makes it tells `call.end` when it has ended, however it has, on whatever thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any

__all__ = ["Call"]


class Call:
    """One call of a function, with what came of it.

    Args:
        function: what is called.
        args: what it gets by position.
        context: the context variables that it sees, its own.
        end: called when it has ended, perhaps on another thread; `None`: whoever makes it knows.

    Attributes:
        result: what it returned.
        error: what it raised; `None` if it returned.
    """

    __slots__ = ("args", "context", "end", "error", "function", "result")

    def __init__(
        self, function: Callable[..., Any], args: Any, context: Context, end: Callable[[Call], object] | None
    ) -> None:
        self.function = function
        self.args = args
        self.context = context
        self.end = end or _tell_nobody
        self.result: Any = None
        self.error: BaseException | None = None

    def take_outcome(self) -> tuple[Any, BaseException | None]:
        """Return the result and the error, and let go of all: the error's traceback leads to whoever made the call."""
        result, error, self.result, self.error = self.result, self.error, None, None
        self.end, self.args = _tell_nobody, ()
        return result, error


def _tell_nobody(_: Call) -> None:
    pass
