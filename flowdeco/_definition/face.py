"""What users hold of a definition, and how it is told from everything else that a variable may hold."""

from __future__ import annotations

from functools import lru_cache
from types import FunctionType
from typing import Any

__all__ = ["Face", "find_wrapped", "is_face", "is_taken", "may_be_taken"]

# More layers than this, and something wraps itself.
_MOST_LAYERS = 100
_CACHED = type(lru_cache(lambda: None))


class Face:
    """What users hold of a definition.

    Tasks and workflows stand far above, yet here they have to be told from everything else that a variable may hold.
    """

    __slots__ = ("_definition",)
    _definition: Any


def is_face(value: object) -> bool:
    """Whether it is a task or a workflow itself."""
    return issubclass(type(value), Face)  # isinstance would run a proxy's code, and take a mock for what it mocks


def is_taken(value: Any) -> bool:
    """Whether a name that is bound to it means a task or a workflow."""
    if type(value) is staticmethod:
        return is_taken(value.__func__)
    return issubclass(type(value), Face) or find_wrapped(value) is not None


def may_be_taken(kind: type) -> bool:
    """Whether a name that is bound to a value of this type may mean a task or a workflow."""
    return issubclass(kind, Face) or kind is staticmethod or _may_wrap(kind)


def find_wrapped(value: Any) -> Face | None:
    """Return the task or workflow that a function wraps, as `functools.wraps` notes it."""
    for _ in range(_MOST_LAYERS):
        value = _unwrap(value)
        if value is None:
            return None
        if issubclass(type(value), Face):
            face: Face = value
            return face
    return None


def _unwrap(value: Any) -> Any:
    """Return what a value wraps, without running code of a proxy or a mock, which has whatever it is asked for."""
    return getattr(value, "__wrapped__", None) if _may_wrap(type(value)) else None


def _may_wrap(kind: Any) -> bool:
    if kind is FunctionType or kind is _CACHED:
        return True
    if type(getattr(kind, "__call__", None)) is not FunctionType:  # noqa: B004 - the function is wanted
        return False
    is_open = kind.__getattribute__ is object.__getattribute__ and not hasattr(kind, "__getattr__")
    return bool(is_open)
