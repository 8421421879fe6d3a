"""What a callable asks for, and how it answers: its parameters and its kind."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Mapping
from dis import opmap
from types import CodeType, FunctionType, GeneratorType, MethodType, WrapperDescriptorType
from typing import Any, Literal, NamedTuple, cast

from .parameters import MISSING, POSITIONAL, Param, is_mock, is_plain, read_bound, read_params

__all__ = [
    "MISSING",
    "POSITIONAL",
    "Kind",
    "Param",
    "Signature",
    "can_wait",
    "discard",
    "is_awaitable",
    "is_awaited",
    "is_coroutine_function",
    "is_mock",
    "is_plain",
    "peel",
    "read_kind",
    "read_signature",
]

Kind = Literal["sync", "async", "generator", "async generator"]

_BINDING: tuple[type, ...] = (MethodType, staticmethod, classmethod)
_SEND = opmap.get("SEND")
_AWAITABLE = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE
_NOTHING: Mapping[str, Any] = {}


class Signature(NamedTuple):
    """A callable's parameters in order, and what a call of it gives.

    Attributes:
        params: the parameters that can be given.
        kind: what its own code is: how it is called.
        inner: what it wraps in the end, as `functools.wraps` notes it; where it wraps nothing, the same as `kind`.
        bound: the arguments that a partial has bound, by name.
    """

    params: tuple[Param, ...]
    kind: Kind
    inner: Kind
    bound: Mapping[str, Any] = _NOTHING

    @property
    def gives(self) -> Kind:
        """What to make of what a call gives; a `def` around a generator most likely gives that."""
        return "generator" if self.kind == "sync" and self.inner == "generator" else self.kind

    @property
    def is_awaited(self) -> bool:
        """Whether a caller awaits it: an `async def`, or a `def` around one, which returns its coroutine."""
        return self.kind == "async" or (self.kind == "sync" and self.inner == "async")


def read_signature(function: Callable[..., Any]) -> Signature:
    """Return what `function` asks for; its annotations are not looked at.

    Raises:
        ValueError: it is written in C and does not say what it takes.
        TypeError: what it says is no signature.
    """
    params, kind = read_params(function), read_kind(function)
    if is_plain(function):
        return Signature(params, kind, kind)
    return Signature(params, kind, _read_inner(function, kind), read_bound(function))


def is_awaited(function: Callable[..., Any]) -> bool:
    """Whether a call of `function` is to be awaited, by its own code or by that of what it wraps."""
    kind = read_kind(function)
    return kind == "async" or (kind == "sync" and not is_plain(function) and _read_inner(function, kind) == "async")


def _read_inner(function: Any, kind: Kind) -> Kind:
    """Return the kind of what is wrapped: of the outermost layer that is more than a plain function."""
    if kind in ("sync", "async"):
        for layer in peel(function)[1:]:
            found = read_kind(layer) if callable(layer) else "sync"
            if found != "sync":
                return found
    return kind


def read_kind(function: Callable[..., Any]) -> Kind:
    """Return what a call of `function` gives, by its own code."""
    target: Any = function
    if type(target) is not FunctionType:
        target = _strip(target)
        is_function = isinstance(target, (FunctionType, MethodType, type)) or inspect.isbuiltin(target)
        if not is_function and not inspect.iscoroutinefunction(target):
            target = type(target).__call__
    code = getattr(getattr(target, "__func__", target), "__code__", None)
    flags: int = getattr(code, "co_flags", 0)
    if flags & _AWAITABLE or (getattr(target, "__dict__", None) and inspect.iscoroutinefunction(target)):
        return "async"
    if flags & inspect.CO_ASYNC_GENERATOR:
        return "async generator"
    return "generator" if flags & inspect.CO_GENERATOR else "sync"


def _strip(function: Any) -> Any:
    """Return what is called in the end by partials and static methods."""
    while isinstance(function, (functools.partial, staticmethod)):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    return function


def peel(function: Any) -> list[Any]:
    """Return a callable and what is inside it, layer by layer: of partials, methods, wrappers and instances."""
    layers = [function]
    # There is an end to it, also where something wraps itself.
    while (inner := _inside(layers[-1])) is not None and len(layers) < 100:
        layers.append(inner)
    return layers


def _inside(function: Any) -> Any:
    if type(function) is FunctionType:
        return function.__dict__.get("__wrapped__")
    if isinstance(function, functools.partial):
        return function.func
    if isinstance(function, _BINDING):
        return getattr(function, "__func__", None)
    if isinstance(function, type) or not callable(function) or is_mock(function):
        return None
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None:
        return wrapped
    call = getattr(type(function), "__call__", None)  # noqa: B004 - the function is wanted, not the answer
    return None if isinstance(call, WrapperDescriptorType) else call


def is_coroutine_function(function: Any) -> bool:
    """Whether a call is sure to make a coroutine and to run none of its code yet."""
    target = function if type(function) is FunctionType else _strip(function)
    if isinstance(target, MethodType):
        target = target.__func__
    return type(target) is FunctionType and bool(target.__code__.co_flags & inspect.CO_COROUTINE)


def can_wait(function: Any) -> bool:
    """Whether a coroutine of `function` may suspend: one without a single `await` cannot."""
    target = _strip(function)
    target = getattr(target, "__func__", target)
    code: CodeType | None = getattr(target, "__code__", None)
    return code is None or _SEND is None or _SEND in code.co_code[::2]


def discard(value: object) -> None:
    """Close what nobody will await, so that Python does not warn of it."""
    if issubclass(type(value), Coroutine):  # isinstance would run a proxy's code
        cast("Coroutine[Any, Any, Any]", value).close()


def is_awaitable(value: object) -> bool:
    """Whether `await` takes the value."""
    if hasattr(type(value), "__await__"):
        return True
    return isinstance(value, GeneratorType) and bool(value.gi_code.co_flags & inspect.CO_ITERABLE_COROUTINE)
