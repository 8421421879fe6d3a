"""What has gone wrong in a run: attempts that failed, and hooks that raised."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

__all__ = ["Failure", "HookError", "name_task"]


class Failure(NamedTuple):
    """One failed attempt.

    Attributes:
        task: the task's name; `None` for the workflow's own function, its timeout, and its hooks.
        attempt: which attempt it was, from 1; 0 where it was none, as when `when=` or a hook raised.
        error: what it raised.
        time: when, in UTC.
        index: of an item of `each=`, its place in the order of the source, from 0; `None` for what is no item.
        item: the item; `None` for what is no item.
        key: what `key=` gives for the item; `None` without one.
    """

    task: str | None
    attempt: int
    error: BaseException
    time: datetime
    index: int | None = None  # type: ignore[assignment]  # of a tuple's own methods nobody needs `index` here
    item: Any = None
    key: Any = None


class HookError(NamedTuple):
    """What a hook has raised.

    Attributes:
        hook: the option that names it, such as `"on_error"`.
        function: the hook itself.
        task: the name of the task that it was told of; `None` for the workflow itself.
        error: what it raised.
        time: when, in UTC.
        index: which item of `each=` it was told of, from 0; `None` for what is no item.
    """

    hook: str
    function: Callable[..., Any]
    task: str | None
    error: BaseException
    time: datetime
    index: int | None = None  # type: ignore[assignment]  # as above


def name_task(task: str, index: int | None, kind: str = "task") -> str:
    """Return what to call a task, or one item of it."""
    return f"{kind} {task!r}" if index is None else f"{kind} {task!r}, item {index}"
