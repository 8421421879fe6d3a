"""What stands where a task should, and is none: a function that was not decorated, and the like."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

from .._base.signature import is_mock
from .._base.text import shorten
from .definition import Namespace, definition_of
from .scope import LocalScope

__all__ = [
    "describe_class_method",
    "describe_undecorated",
    "find_undecorated",
    "is_plain_function",
    "names_plain_function",
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
