"""What is behind a task of a `classmethod`: its function, with the class that it is called for."""

from __future__ import annotations

import functools
import inspect
from types import MethodType
from typing import Any, TypeGuard

from .._base.signature import Signature, read_signature

__all__ = ["ClassFunction", "is_class_method", "read_class_function"]


class ClassFunction:
    """The function of a `classmethod`, which can be called when its class has been made.

    Args:
        method: the `classmethod`.
        owner: the class; `None` until that is made.
    """

    def __init__(self, method: classmethod[Any, Any, Any], owner: type | None = None) -> None:
        functools.update_wrapper(self, method.__func__)
        self.method = method
        self.owner = owner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.owner is None:
            name = getattr(self.method, "__qualname__", "it")
            raise TypeError(f"Cannot call {name}: its class has not been made yet. Call it after the class statement.")
        return self.method.__get__(None, self.owner)(*args, **kwargs)

    def note_class(self, made: type) -> None:
        """Note the class that has been made; it may be made again, as by `dataclass(slots=True)`."""
        first = self.owner
        if first is None or (made.__name__ == first.__name__ and made.__module__ == first.__module__):
            self.owner = made if first is None or not issubclass(made, first) else first

    def __reduce__(self) -> Any:
        return getattr, (self.owner, self.method.__name__)

    @property
    def __signature__(self) -> inspect.Signature:
        params = read_class_function(self.method).params
        return inspect.Signature([inspect.Parameter(p.name, p.kind, default=p.default) for p in params])


def is_class_method(value: object) -> TypeGuard[classmethod[Any, Any, Any]]:
    return type(value) is classmethod


def read_class_function(method: classmethod[Any, Any, Any]) -> Signature:
    """Return what a `classmethod` asks for, once it is bound to a class."""
    return read_signature(MethodType(method.__func__, object))
