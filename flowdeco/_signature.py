"""What a callable asks for, and how it answers: its parameters and its kind."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from dis import opmap
from inspect import Parameter
from types import CodeType, FunctionType, MethodType
from typing import Any, Literal, NamedTuple

__all__ = ["Param", "Signature", "can_wait", "innermost", "read_signature"]

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
MISSING: Any = Parameter.empty

Kind = Literal["sync", "async", "generator", "async generator"]

_SEND = opmap.get("SEND")


class Param(NamedTuple):
    """One parameter. `default` is `MISSING` where there is none."""

    name: str
    kind: Any
    default: Any = MISSING

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
    """
    return Signature(_read_params(function), _read_kind(function))


def _read_params(function: Callable[..., Any]) -> tuple[Param, ...]:
    if type(function) is FunctionType and not {"__wrapped__", "__signature__"} & function.__dict__.keys():
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
    names, count = code.co_varnames, code.co_argcount
    defaults = function.__defaults__ or ()
    bare = count - len(defaults)
    params = [
        Param(
            name,
            POSITIONAL[i >= code.co_posonlyargcount],
            defaults[i - bare] if i >= bare else MISSING,
        )
        for i, name in enumerate(names[:count])
    ]
    end = count + code.co_kwonlyargcount
    if code.co_flags & inspect.CO_VARARGS:
        params.append(Param(names[end], Parameter.VAR_POSITIONAL))
    keywords = function.__kwdefaults__ or {}
    params += [Param(n, Parameter.KEYWORD_ONLY, keywords.get(n, MISSING)) for n in names[count:end]]
    if code.co_flags & inspect.CO_VARKEYWORDS:
        params.append(Param(names[end + bool(code.co_flags & inspect.CO_VARARGS)], Parameter.VAR_KEYWORD))
    return tuple(params)


def _read_kind(function: Callable[..., Any]) -> Kind:
    if type(function) is not FunctionType:
        target = _strip_partials(function)
        if not isinstance(target, (FunctionType, MethodType, type)) and not inspect.isbuiltin(target):
            function = type(target).__call__ if not inspect.iscoroutinefunction(target) else target
        else:
            function = target
    if inspect.iscoroutinefunction(function):
        return "async"
    if inspect.isasyncgenfunction(function):
        return "async generator"
    return "generator" if inspect.isgeneratorfunction(function) else "sync"


def _strip_partials(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def innermost(function: Any) -> FunctionType | None:
    """Return the function written in Python that is behind partials, methods, wrappers and instances, if any."""
    for _ in range(100):
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, (MethodType, staticmethod, classmethod)):
            function = function.__func__
        elif hasattr(function, "__wrapped__") and not isinstance(function, type):
            function = function.__wrapped__
        elif isinstance(function, (FunctionType, type)) or not callable(function):
            break
        else:
            function = getattr(type(function), "__call__", None)  # noqa: B004 - the function is wanted, not the answer
    return function if isinstance(function, FunctionType) else None


def is_coroutine_function(function: Any) -> bool:
    """Whether a call is sure to make a coroutine and to run none of its code yet."""
    target = _strip_partials(function)
    if isinstance(target, MethodType):
        target = target.__func__
    return type(target) is FunctionType and bool(target.__code__.co_flags & inspect.CO_COROUTINE)


def can_wait(function: Any) -> bool:
    """Whether a coroutine of `function` may suspend: one without a single `await` cannot."""
    target = _strip_partials(function)
    target = getattr(target, "__func__", target)
    code: CodeType | None = getattr(target, "__code__", None)
    return code is None or _SEND is None or _SEND in code.co_code[::2]
