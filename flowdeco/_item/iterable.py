"""What items come from: whether they are all there, or have to be fetched one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from .._base.errors import SourceError

__all__ = ["is_lazy", "iterate"]

_TEXT = (str, bytes, bytearray)


def is_lazy(value: object) -> bool:
    """Whether a value gives its items one by one as they are asked for: a generator, a `map`, a cursor, a file."""
    kind = type(value)  # isinstance would run a proxy's code
    if hasattr(kind, "__anext__") or hasattr(kind, "__aiter__"):
        return True
    return hasattr(kind, "__next__") or (hasattr(kind, "__iter__") and not issubclass(kind, Collection))


def iterate(value: Any, task: str, source: str) -> Iterator[Any]:
    """Return an iterator over what a task is to be run for, one by one.

    Args:
        value: what it is to be run for.
        task: the name of the task, for the error.
        source: what gives the value.

    Raises:
        SourceError: it has no items, or is a text, whose items would be its characters.
    """
    if isinstance(value, _TEXT):
        kind = type(value).__name__
        parts = "characters" if kind == "str" else "numbers"
        raise _refuse(
            task, source, f"it is a {kind}, whose items are its {parts}. Give a list, or split it first.", value
        )
    try:
        return iter(value)
    except TypeError:
        kind = type(value).__name__
        reason = f"it is of type {kind}, which cannot be iterated over. Give a list, an iterable or a generator."
        raise _refuse(task, source, reason, value) from None


def _refuse(task: str, source: str, reason: str, value: object) -> SourceError:
    message = f"Cannot run {task!r} for each item of {source!r}: {reason}"
    return SourceError(message, task=task, source=source, value=value)
