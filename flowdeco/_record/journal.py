"""What went wrong in a run, and which error counts for more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from .._base.errors import StrayCancellationError

__all__ = ["Failure", "HookError", "outweighs"]


class Failure(NamedTuple):
    """One failed attempt.

    Attributes:
        task: the task's name; `None` for the workflow's own function, its timeout, and its hooks.
        attempt: which attempt it was, from 1; 0 where it was none, as when `when=` or a hook raised.
        error: what it raised.
        time: when, in UTC.
    """

    task: str | None
    attempt: int
    error: BaseException
    time: datetime


class HookError(NamedTuple):
    """What a hook has raised.

    Attributes:
        hook: the option that names it, such as `"on_error"`.
        function: the hook itself.
        task: the name of the task that it was told of; `None` for the workflow itself.
        error: what it raised.
        time: when, in UTC.
    """

    hook: str
    function: Callable[..., Any]
    task: str | None
    error: BaseException
    time: datetime


def outweighs(error: BaseException, other: BaseException) -> bool:
    """Whether an error counts for more than another that was there before."""
    return _weight(error) > _weight(other)


def _weight(error: BaseException) -> int:
    """Return 2 for what must pass bare, 1 for a real error, 0 for one that may be another's consequence."""
    if not isinstance(error, Exception):
        return 2
    return 0 if isinstance(error, StrayCancellationError) else 1
