"""The annotations of a callable as types, each by itself; what cannot be evaluated stays as it was written."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable
from inspect import Signature
from types import FunctionType, NoneType, SimpleNamespace
from typing import Any, NamedTuple

from .signature import MISSING, peel

__all__ = ["Hints", "is_open", "read_hints"]


class Hints(NamedTuple):
    """What the parameters are annotated with, by name, and what the result is: `MISSING` if it does not say."""

    params: dict[str, Any]
    result: Any


def read_hints(function: Callable[..., Any]) -> Hints:
    """Return a callable's annotations as web frameworks read them: with what `Annotated` adds to a type."""
    try:
        signature = _read_signature(function)
    except (TypeError, ValueError):  # written in C, say
        return Hints({}, MISSING)
    names = _Names(function)
    params = {p.name: names.resolve(p.annotation) for p in signature.parameters.values() if p.annotation is not MISSING}
    returned = signature.return_annotation
    return Hints(params, MISSING if returned is MISSING else names.resolve(returned))


def is_open(hint: Any) -> bool:
    """Whether an annotation could not be evaluated; what it names may be there later."""
    return isinstance(hint, str)


def _read_signature(function: Callable[..., Any]) -> Signature:
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, annotation_format=Format.FORWARDREF)
    return inspect.signature(function)


class _Names:
    """The names that the annotations of a callable may use: of its module, of its closure, its type parameters."""

    def __init__(self, function: Callable[..., Any]) -> None:
        layers = [layer for layer in peel(function) if isinstance(layer, FunctionType)]
        self.module: dict[str, Any] = layers[-1].__globals__ if layers else {}
        self.type_params: Any = getattr(layers[-1], "__type_params__", ()) if layers else ()
        self.local: dict[str, Any] = {}
        for layer in layers:
            for name, cell in zip(layer.__code__.co_freevars, layer.__closure__ or (), strict=True):
                try:
                    self.local.setdefault(name, cell.cell_contents)
                except ValueError:  # not assigned yet
                    pass

    def resolve(self, hint: Any) -> Any:
        """Return what an annotation says."""
        # get_type_hints evaluates all that an object has, or nothing: so each gets an object to itself.
        alone = SimpleNamespace(__annotations__={"hint": hint}, __type_params__=self.type_params)
        try:
            made = typing.get_type_hints(alone, self.module, self.local, include_extras=True)["hint"]
        except Exception:
            return hint
        return None if made is NoneType and hint is not NoneType else made  # as it was written
