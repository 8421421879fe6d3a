"""What a callable asks for, and how it answers: its parameters and its kind."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Coroutine
from dis import opmap
from inspect import Parameter
from types import CodeType, FunctionType, GeneratorType, MethodType, WrapperDescriptorType
from typing import Any, Literal, NamedTuple, cast

__all__ = [
    "MISSING",
    "POSITIONAL",
    "Kind",
    "Param",
    "Signature",
    "can_wait",
    "discard",
    "is_awaitable",
    "is_coroutine_function",
    "peel",
    "read_signature",
]

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
MISSING: Any = Parameter.empty

Kind = Literal["sync", "async", "generator", "async generator"]

_BINDING: tuple[type, ...] = (MethodType, staticmethod, classmethod)
_SEND = opmap.get("SEND")
_AWAITABLE = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE


class Param(NamedTuple):
    """One parameter. `default` is `MISSING` where there is none; `own` is the function's name for it, if another."""

    name: str
    kind: Any
    default: Any = MISSING
    own: str | None = None

    @property
    def variadic(self) -> bool:
        """Whether it is `*args` or `**kwargs`."""
        return self.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class Signature(NamedTuple):
    """A callable's parameters in order, and what a call of it gives."""

    params: tuple[Param, ...]
    kind: Kind


def read_signature(function: Callable[..., Any]) -> Signature:
    """Return what `function` asks for; its annotations are not looked at.

    Raises:
        ValueError: it is written in C and does not say what it takes.
        TypeError: what it says is no signature.
    """
    return Signature(_read_params(function), _read_kind(function))


def _read_params(function: Callable[..., Any]) -> tuple[Param, ...]:
    if type(function) is FunctionType:
        extra = function.__dict__
        if not extra or ("__wrapped__" not in extra and "__signature__" not in extra):
            return _plain_params(function)
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        signature = inspect.signature(function, annotation_format=Format.STRING)
    else:
        signature = inspect.signature(function)
    return tuple(Param(p.name, p.kind, p.default) for p in signature.parameters.values())


def _plain_params(function: FunctionType) -> tuple[Param, ...]:
    """Read the code object: ten times as fast as `inspect.signature`."""
    code = function.__code__
    names, count, flags = code.co_varnames, code.co_argcount, code.co_flags
    defaults = function.__defaults__ or ()
    bare, only = count - len(defaults), code.co_posonlyargcount
    params = [
        Param(name, POSITIONAL[i >= only], defaults[i - bare] if i >= bare else MISSING)
        for i, name in enumerate(names[:count])
    ]
    end = count + code.co_kwonlyargcount
    if flags & inspect.CO_VARARGS:
        params.append(Param(names[end], Parameter.VAR_POSITIONAL))
    if end > count:
        keywords = function.__kwdefaults__ or {}
        params += [Param(n, Parameter.KEYWORD_ONLY, keywords.get(n, MISSING)) for n in names[count:end]]
    if flags & inspect.CO_VARKEYWORDS:
        params.append(Param(names[end + bool(flags & inspect.CO_VARARGS)], Parameter.VAR_KEYWORD))
    return tuple(params)


def _read_kind(function: Callable[..., Any]) -> Kind:
    target: Any = function
    if type(target) is not FunctionType:
        target = _strip(target)
        is_plain = isinstance(target, (FunctionType, MethodType, type)) or inspect.isbuiltin(target)
        if not is_plain and not inspect.iscoroutinefunction(target):
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
    if isinstance(function, type) or not callable(function):
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
