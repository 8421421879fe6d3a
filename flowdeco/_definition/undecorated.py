"""What stands where a task should, and is none: a function that was not decorated, and the like."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

from .._base.signature import is_mock
from .._base.text import shorten
from .definition import Namespace, definition_of
from .scope import Cells, LocalScope

__all__ = [
    "describe_class_method",
    "describe_hidden",
    "describe_undecorated",
    "find_undecorated",
    "is_plain_function",
    "names_plain_function",
    "wraps_silently",
]

_FUNCTION = "is a plain function: decorate it with @task."


def describe_undecorated(value: Any, name: str | None = None) -> str:
    """Return what a value is and how it becomes a task, as a sentence.

    Args:
        value: what can be called and is no task.
        name: the name that refers to it; `None`: its own.
    """
    known = name or getattr(value, "__name__", None)
    if type(value) is FunctionType:
        hidden = _describe_hidden(value) if name != value.__name__ else ""
        if hidden:
            return f"{known!r} is a plain function {hidden}"
        if value.__name__ != "<lambda>":
            return f"{known!r} {_FUNCTION}"
        return (
            f"{name!r} is a lambda: write {name} = task(...) around it." if name else "Write task(...) around a lambda."
        )
    if is_mock(value):
        shown = repr(name) if name else shorten(value)
        return f"{shown} is a mock, not a task: override() takes one in the place of a task's function."
    shown = repr(known) if isinstance(known, str) else shorten(value)
    made = known if isinstance(known, str) else "..."
    kind = "a class" if issubclass(type(value), type) else f"a {type(value).__name__}"
    return f"{shown} is {kind}, not a task: task({made}) makes one of it."


def _describe_hidden(value: Any) -> str:
    """Return which task a function is around that does not say so, and what to do; "" if it is around none."""
    inner = next((found for found in map(definition_of, _list_closed_over(value)) if found is not None), None)
    kind = "" if inner is None else inner.kind
    return f"around a {kind}: use functools.wraps in the decorator above @{kind}." if kind else ""


def wraps_silently(function: Any) -> bool:
    """Whether a function seems to be a wrapper that was made without `functools.wraps`."""
    return type(function) is FunctionType and any(map(callable, _list_closed_over(function)))


def _list_closed_over(function: FunctionType) -> list[Any]:
    cells = Cells(function.__code__.co_freevars, function.__closure__ or ())
    return [value for _, value in cells.items()]


def _is_of_library(value: Any) -> bool:
    """Whether it is something that a program has from this library, as its decorators are."""
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] == __name__.partition(".")[0]


def is_plain_function(value: Any) -> bool:
    """Whether a value is a function as `def` and `lambda` make it."""
    return type(value) is FunctionType


def names_plain_function(scope: Iterable[Namespace], name: str) -> bool:
    """Whether a name refers to a plain function, in whatever module that is defined."""
    for namespace in scope:
        value = namespace.get(name)
        if value is not None:
            return is_plain_function(value) and not _is_of_library(value)
        if isinstance(namespace, LocalScope) and namespace.defines(name):
            return True
    return False


def describe_hidden(scope: Iterable[Namespace], name: str) -> str:
    """Return what to do about a name that refers to a function around a task that does not say so; "" for any other."""
    value = next((found for found in [namespace.get(name) for namespace in scope] if found is not None), None)
    hidden = _describe_hidden(value) if type(value) is FunctionType and value.__name__ != name else ""
    return f"{name!r} is a plain function {hidden}" if hidden else ""


def describe_class_method(scope: Iterable[Namespace], name: str) -> str:
    """Return what to do about a name that refers to a class method made of a task, as a sentence; "" for any other."""
    is_one = any(isinstance(namespace, LocalScope) and name in namespace.class_methods for namespace in scope)
    return f"{name!r} is a class method: put @task above @classmethod." if is_one else ""


def find_undecorated(scope: Iterable[Namespace], name: str) -> str:
    """Return what a name refers to that can be called and is no task, as a sentence; "" if there is nothing."""
    for namespace in scope:
        value = namespace.get(name)
        if definition_of(value) is not None:
            return ""
        if callable(value) and not _is_of_library(value):
            return describe_undecorated(value, name)
        if isinstance(namespace, LocalScope) and namespace.defines(name):
            return describe_class_method([namespace], name) or f"{name!r} {_FUNCTION}"
    return ""
