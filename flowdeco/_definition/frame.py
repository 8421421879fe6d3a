"""What a running frame tells: where a decorator stands, its variables, and which will hold what the decorator makes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from types import CodeType, FrameType, FunctionType
from typing import Any

__all__ = ["encloses", "find_enclosing", "find_own_name", "find_place", "read_borrowed", "read_some", "read_variables"]

_PACKAGE = __name__.partition(".")[0]
_WITHIN = f"{_PACKAGE}."
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_MODULE = "<module>"


def find_place(layers: Sequence[Any], home: FunctionType | None) -> FrameType | None:
    """Return the frame that a decorator stands in: the nearest that is neither ours nor a wrapper of somebody's own.

    A wrapper is a function that was handed what is being decorated.

    Args:
        layers: what is being decorated, and what is inside it.
        home: the function written in Python that is behind it, if any; the code that defines it is no wrapper.
    """
    outer = _outer_name(home.__code__.co_qualname) if home is not None else ""
    handed: set[int] = set()
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if home is not None and code.co_qualname == outer and frame.f_globals is home.__globals__:
            return frame
        if code.co_name not in _COMPREHENSIONS and not _is_internal(frame):
            handed = handed or {id(layer) for layer in layers}
            if not any(id(value) in handed for value in _arguments(frame)):
                return frame
        frame = frame.f_back
    return None


def find_own_name(frame: FrameType, layers: Sequence[Any]) -> str:
    """Return the variable of `frame` that has the name of the function being decorated, if that is defined there.

    Args:
        frame: where the decorator stands.
        layers: what is being decorated, and what is inside it.

    Returns:
        The variable's name, or "".
    """
    home = layers[-1]
    if type(home) is not FunctionType or not encloses(frame, home):
        return ""
    name, code = home.__code__.co_name, frame.f_code
    if not code.co_flags & inspect.CO_OPTIMIZED:
        return name if name in code.co_names else ""
    return name if name in code.co_varnames or name in code.co_cellvars or name in code.co_freevars else ""


def encloses(frame: FrameType, function: FunctionType) -> bool:
    """Whether `function` was defined by the code that `frame` runs."""
    same_module = frame.f_globals is function.__globals__
    return same_module and frame.f_code.co_qualname == _outer_name(function.__code__.co_qualname)


def _outer_name(qualname: str) -> str:
    """Return the qualified name of the code around a function's; of a comprehension's, that of the code around it."""
    if "." not in qualname:  # so it is with most
        return _MODULE
    while True:
        qualname = qualname.rpartition(".")[0].removesuffix(".<locals>")
        if qualname.rpartition(".")[2] not in _COMPREHENSIONS:
            return qualname or _MODULE


def _is_internal(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and (name.startswith(_WITHIN) or name == _PACKAGE)


def _arguments(frame: FrameType) -> list[Any]:
    """Return what a function was called with; nothing for other code."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    gathers = bool(code.co_flags & inspect.CO_VARARGS)
    if not code.co_flags & inspect.CO_OPTIMIZED or not (count or gathers):
        return []
    variables = read_variables(frame)
    values = [variables.get(name) for name in code.co_varnames[:count]]
    return values + list(variables.get(code.co_varnames[count]) or ()) if gathers else values


def read_variables(frame: FrameType) -> dict[str, Any]:
    """Return the local variables of a frame and what they are bound to."""
    variables: Any = frame.f_locals
    found: dict[str, Any] = dict(variables.items())
    _let_go(frame, variables)
    return found


def read_some(frame: FrameType, *names: str) -> dict[str, Any]:
    """Return what these local variables of a frame are bound to, `None` for one that is not."""
    variables: Any = frame.f_locals
    found = {name: variables.get(name) for name in names}
    _let_go(frame, variables)
    return found


def _let_go(frame: FrameType, variables: Any) -> None:
    """Empty what `f_locals` gave if it stays with the frame: before Python 3.13 it is a copy, which does.

    It would keep alive what the code deletes. It may go if nobody else has got it by locals(): then it is referred to
    by the frame, by the caller, by this function and by the call in it.
    """
    is_copy = type(variables) is dict and frame.f_code.co_flags & inspect.CO_OPTIMIZED
    if is_copy and sys.getrefcount(variables) == 4 and sys.gettrace() is None:  # a tracer writes it back
        variables.clear()


def read_borrowed(code: CodeType) -> frozenset[str]:
    """Return the variables that have their value from elsewhere: arguments, and those of the functions around."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return frozenset((*code.co_varnames[:count], *code.co_freevars))


def find_enclosing(frame: FrameType) -> FrameType | None:
    """Return the nearest function around the code of `frame` that is being executed, further up the stack."""
    # Only a function's name is followed by <locals>, so these are the functions around it.
    parts = frame.f_code.co_qualname.split(".<locals>.")[:-1]
    names = {".<locals>.".join(parts[: i + 1]) for i in range(len(parts))}
    here = frame.f_back if names else None
    while here is not None:
        if here.f_code.co_qualname in names and here.f_globals is frame.f_globals:
            return here
        here = here.f_back
    return None
