"""The parameters of a callable: what is left open of a partial, and what a wrapper can be given.

A `functools.wraps` wrapper says that it takes what it wraps takes. Whether by position or by name is for its own code
to say: one with nothing but `**kwargs` takes names alone.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter
from types import FunctionType, MethodType
from typing import Any, NamedTuple, TypeGuard, cast

__all__ = ["MISSING", "POSITIONAL", "Param", "is_mock", "is_plain", "read_bound", "read_params", "takes_by_name"]

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
MISSING: Any = Parameter.empty

# More layers than this, and something wraps itself.
_MOST_LAYERS = 100
# In a partial, stands for an argument that is left open: since Python 3.14.
_PLACEHOLDER: Any = getattr(functools, "Placeholder", MISSING)


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


_ANYTHING = Param("args", Parameter.VAR_POSITIONAL), Param("kwargs", Parameter.VAR_KEYWORD)


def read_params(function: Callable[..., Any]) -> tuple[Param, ...]:
    """Return what `function` can be given, in order; its annotations are not looked at.

    Raises:
        ValueError: it is written in C and does not say what it takes.
        TypeError: what it says is no signature.
    """
    return _plain_params(function) if is_plain(function) else _read(function, 0)


def is_plain(function: object) -> bool:
    """Whether it is a function whose code says all of it, as most are."""
    if type(function) is not FunctionType:
        return False
    extra = function.__dict__
    return not extra or ("__wrapped__" not in extra and "__signature__" not in extra)


def takes_by_name(function: Any, names: Iterable[str]) -> bool:
    """Whether a callable can be given what it asks for by name: a wrapper with `*args` alone cannot."""
    inner = function.__func__ if isinstance(function, MethodType) else function
    if type(inner) is not FunctionType or "__wrapped__" not in inner.__dict__:
        return True
    code = inner.__code__
    own = code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]
    return bool(code.co_flags & inspect.CO_VARKEYWORDS) or set(own).issuperset(names)


def is_mock(value: object) -> bool:
    """Whether it is a mock, which seems to be what it mocks and to have whatever it is asked for."""
    for name in ("unittest.mock", "mock"):
        module = sys.modules.get(name)
        if module is not None and issubclass(type(value), module.NonCallableMock):
            return True
    return False


def _read(function: Any, depth: int) -> tuple[Param, ...]:
    if depth > _MOST_LAYERS:
        raise ValueError("it wraps itself")
    if _is_partial(function):
        return _leave_open(_read(function.func, depth + 1), function)
    if isinstance(function, MethodType):
        return _bind(_read(function.__func__, depth + 1))
    if isinstance(function, staticmethod):
        return _read(function.__func__, depth + 1)
    if type(function) is FunctionType:
        own, extra = _plain_params(function), function.__dict__
        if "__signature__" in extra:
            return _fit(_ask(function), own)
        return _fit(_read(extra["__wrapped__"], depth + 1), own) if "__wrapped__" in extra else own
    if is_mock(function):
        said = getattr(cast("Any", type(function)), "__signature__", None)  # the instance would make one up
        return _take_over(said) if isinstance(said, inspect.Signature) else _ANYTHING
    if isinstance(function, type) or getattr(function, "__signature__", None) is not None:
        return _ask(function)
    return _read_object(function, depth)


def _read_object(function: Any, depth: int) -> tuple[Param, ...]:
    """Read an instance with a `__call__`, which may wrap something as well."""
    wrapped, call = getattr(function, "__wrapped__", None), type(function).__call__
    own = _bind(_read(call, depth + 1)) if type(call) is FunctionType else None
    if not callable(wrapped):
        return _ask(function) if own is None else own
    shown = _read(wrapped, depth + 1)
    return shown if own is None else _fit(shown, own)


def _ask(function: Callable[..., Any]) -> tuple[Param, ...]:
    """Let Python say what a callable takes."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        signature = inspect.signature(function, annotation_format=Format.STRING)
    else:
        signature = inspect.signature(function)
    return _take_over(signature)


def _take_over(signature: inspect.Signature) -> tuple[Param, ...]:
    return tuple([Param(p.name, p.kind, p.default) for p in signature.parameters.values()])


def _plain_params(function: Any) -> tuple[Param, ...]:
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
        keywords: Mapping[str, Any] = function.__kwdefaults__ or {}
        params += [Param(n, Parameter.KEYWORD_ONLY, keywords.get(n, MISSING)) for n in names[count:end]]
    if flags & inspect.CO_VARKEYWORDS:
        params.append(Param(names[end + bool(flags & inspect.CO_VARARGS)], Parameter.VAR_KEYWORD))
    return tuple(params)


def _bind(params: tuple[Param, ...]) -> tuple[Param, ...]:
    """Return the parameters of a method without that of its instance or class."""
    if not params or params[0].kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD):
        raise ValueError("it is a method without a parameter for its instance")
    return params if params[0].variadic else params[1:]


# Partials.


def _is_partial(function: object) -> TypeGuard[functools.partial[Any]]:
    return isinstance(function, functools.partial)


def _leave_open(params: tuple[Param, ...], made: functools.partial[Any]) -> tuple[Param, ...]:
    """Return those of the parameters that a partial does not bind; what follows one bound by name is passed by name."""
    bound, rest = _match(params, made)
    found: list[Param] = []
    by_name = False
    for param in rest:
        if param.name in bound and not param.variadic:
            by_name = by_name or param.kind is Parameter.POSITIONAL_OR_KEYWORD
        elif not by_name or param.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD):
            found.append(param)
        elif param.kind is not Parameter.VAR_POSITIONAL:
            found.append(param._replace(kind=Parameter.KEYWORD_ONLY))
    return tuple(found)


def _match(params: Sequence[Param], made: functools.partial[Any]) -> tuple[dict[str, Any], list[Param]]:
    """Return what a partial binds by the names of parameters, and the parameters behind those bound by position."""
    rest, bound = list(params), dict[str, Any]()
    open_ones: list[Param] = []
    for value in made.args:
        if rest and rest[0].kind is Parameter.VAR_POSITIONAL:
            break
        if not rest or rest[0].kind not in POSITIONAL:
            raise ValueError("it binds more arguments than there are parameters")
        param = rest.pop(0)
        if value is _PLACEHOLDER:
            open_ones.append(param._replace(kind=Parameter.POSITIONAL_ONLY))
        else:
            bound[param.name] = value
    known = {p.name for p in rest if not p.variadic and p.kind is not Parameter.POSITIONAL_ONLY}
    if made.keywords.keys() - known and not any(p.kind is Parameter.VAR_KEYWORD for p in rest):
        raise ValueError("it binds an argument that is not a parameter")
    bound.update({name: value for name, value in made.keywords.items() if name in known})
    return bound, open_ones + rest


def read_bound(function: object) -> Mapping[str, Any]:
    """Return the arguments that a partial has bound, by the names of their parameters."""
    if not _is_partial(function):
        return {}
    return {**read_bound(function.func), **_match(_read(function.func, 1), function)[0]}


# Wrappers.


def _fit(shown: tuple[Param, ...], own: tuple[Param, ...]) -> tuple[Param, ...]:
    """Return the parameters of what is wrapped, as a wrapper whose code has its `own` can be given them."""
    explicit = [param for param in own if not param.variadic]
    takes_any = {param.kind for param in own if param.variadic}
    if not takes_any:
        return _fit_closed(shown, explicit)
    if len(takes_any) == 2 and not explicit:  # most say `*args, **kwargs`
        return shown
    return _Fitting(shown, explicit, takes_any).fit()


def _fit_closed(shown: tuple[Param, ...], explicit: list[Param]) -> tuple[Param, ...]:
    """Return the wrapper's own parameters; by position, they may go by another name than in what it wraps."""
    names, own_names = {param.name for param in shown}, {param.name for param in explicit}
    positional = [param for param in shown if param.kind in POSITIONAL]
    found: list[Param] = []
    for index, param in enumerate(explicit):
        if param.name not in names and param.kind in POSITIONAL and index < len(positional):
            other = positional[index]
            if other.name not in own_names:
                found.append(other._replace(kind=param.kind))
                continue
        if param.name in names or param.default is MISSING:
            found.append(param)
    return tuple(found)


class _Fitting:
    """Fits the parameters of what is wrapped to a wrapper with `*args` or `**kwargs`, and perhaps some of its own."""

    def __init__(self, shown: tuple[Param, ...], explicit: list[Param], takes_any: set[Any]) -> None:
        self.shown = shown
        self.own = {param.name: param for param in explicit}
        self.first = [param for param in explicit if param.kind in POSITIONAL]
        self.takes_rest = Parameter.VAR_POSITIONAL in takes_any
        self.takes_names = Parameter.VAR_KEYWORD in takes_any
        self.names = {param.name for param in shown}
        self.positional = [param for param in shown if param.kind in POSITIONAL]
        self.places = {param.name: index for index, param in enumerate(self.positional)}
        # Whether what is passed by position comes where the wrapper expects it.
        pairs = zip(self.first, self.positional, strict=False)
        self.is_aligned = all(one.name == other.name or one.name not in self.names for one, other in pairs)
        # How many can be passed by position: up to one that the wrapper takes by name.
        by_name = [self.places[n] for n, p in self.own.items() if p.kind is Parameter.KEYWORD_ONLY and n in self.places]
        self.reach = min(by_name, default=len(shown)) if self.takes_rest else len(self.first)

    def fit(self) -> tuple[Param, ...]:
        fitted = [self._fit_one(param) for param in self.shown]
        found = [param for param in fitted if param is not None]
        for index, param in enumerate(self.own.values()):  # what the wrapper wants for itself
            is_taken = param.kind in POSITIONAL and index < len(self.positional)
            if param.name not in self.names and param.default is MISSING and not is_taken:
                found.append(param)
        return tuple(sorted(found, key=lambda param: int(param.kind)))

    def _fit_one(self, param: Param) -> Param | None:
        """Return one parameter as the wrapper takes it; `None` if it does not."""
        if param.kind is Parameter.VAR_POSITIONAL:
            return param if self.takes_rest and self.is_aligned else None
        if param.kind is Parameter.VAR_KEYWORD:
            return param if self.takes_names else None
        own = self.own.get(param.name)
        if own is not None:
            param = param._replace(default=own.default)
        if param.kind in POSITIONAL and self.is_aligned and self.places[param.name] < self.reach:
            return param
        if self.takes_names or (own is not None and own.kind is not Parameter.POSITIONAL_ONLY):
            return param._replace(kind=Parameter.KEYWORD_ONLY)
        # Only by position, if at all.
        return param._replace(kind=Parameter.POSITIONAL_OR_KEYWORD) if param.default is MISSING else None
