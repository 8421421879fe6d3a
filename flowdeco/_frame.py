"""What a running frame tells: where a decorator stands, and which variables will hold what it makes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from dis import opmap
from types import FrameType, FunctionType
from typing import Any

__all__ = ["encloses", "find_enclosing", "find_place", "read_targets", "read_variables"]

_PACKAGE = __name__.partition(".")[0]
_WITHIN = f"{_PACKAGE}."
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_MODULE = "<module>"


def find_place(layers: Sequence[Any], home: FunctionType | None) -> tuple[FrameType | None, bool]:
    """Return the frame that a decorator stands in: the nearest that is neither ours nor a wrapper of somebody's own.

    A wrapper is a function that was handed what is being decorated.

    Args:
        layers: what is being decorated, and what is inside it.
        home: the function written in Python that is behind it, if any; the code that defines it is no wrapper.

    Returns:
        The frame, and whether the decorator runs in a comprehension there.
    """
    outer = _outer_name(home.__code__.co_qualname) if home is not None else ""
    handed: set[int] = set()
    repeated = False
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_name in _COMPREHENSIONS:
            repeated = True
        elif home is not None and code.co_qualname == outer and frame.f_globals is home.__globals__:
            return frame, repeated
        elif not _is_internal(frame):
            handed = handed or {id(layer) for layer in layers}
            if not any(id(value) in handed for value in _arguments(frame)):
                return frame, repeated
        frame = frame.f_back
    return None, repeated


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
    variables = dict(read_variables(frame))
    values = [variables.get(name) for name in code.co_varnames[:count]]
    return values + list(variables.get(code.co_varnames[count]) or ()) if gathers else values


def read_variables(frame: FrameType) -> list[tuple[str, Any]]:
    """Return the local variables of a frame and what they are bound to."""
    variables: Any = frame.f_locals
    found = list(variables.items())
    # Before Python 3.13 this is a copy that stays with the frame, and so keeps alive what the code deletes. It may go
    # if nobody else has got it by locals(): then it is referred to by the frame, by `variables` and by this call.
    is_copy = type(variables) is dict and frame.f_code.co_flags & inspect.CO_OPTIMIZED
    if is_copy and sys.getrefcount(variables) == 3 and sys.gettrace() is None:  # a tracer writes it back
        variables.clear()
    return found


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


# The bytecode of CPython, from 3.11 on: two bytes an instruction, the inline caches of one follow it as zeros.
_CACHE = opmap.get("CACHE", 0)
_EXTENDED = opmap.get("EXTENDED_ARG")
_COPY = opmap.get("COPY")
_CALLS = {opmap[name] for name in ("PRECALL", "CALL", "CALL_KW", "CALL_FUNCTION_EX") if name in opmap}
_STORE_NAME = opmap.get("STORE_NAME")
_STORES = {opmap[name] for name in ("STORE_FAST", "STORE_DEREF") if name in opmap}
# From 3.13 on: two instructions in one, each with half of the argument.
_STORE_STORE = opmap.get("STORE_FAST_STORE_FAST", -1)
_STORE_LOAD = opmap.get("STORE_FAST_LOAD_FAST", -2)


def read_targets(frame: FrameType, own_name: str) -> list[str]:
    """Return the local variables that are about to be bound to the value of the call that `frame` is making.

    So `x = task(...)` is known to bind `x` although it has not happened yet. Where the bytecode cannot be read, and
    where more decorators follow, it is taken to be the function's own name.
    """
    code = frame.f_code
    if not hasattr(code, "_varname_from_oparg"):
        return [own_name]
    ops, place = code.co_code, frame.f_lasti
    while place > 0 and ops[place] == _CACHE:
        place -= 2
    if place < 0 or ops[place] not in _CALLS:
        return []
    names: list[str] = []
    decorated, most = False, 1
    for op, arg in _instructions(ops, frame.f_lasti + 2):
        if op == _COPY:
            most += 1
        elif op in _CALLS and not arg and not names:
            decorated = True
        else:
            found = _targets(code, op, arg)
            names += found
            if not found or len(names) >= most:
                break
    names = names[:most]
    return [name for name in names if name == own_name] if decorated else names


def _instructions(ops: bytes, start: int) -> Iterator[tuple[int, int]]:
    high = 0
    for place in range(start, len(ops), 2):
        op, arg = ops[place], ops[place + 1] | high
        high = arg << 8 if op == _EXTENDED else 0
        if op not in (_CACHE, _EXTENDED):
            yield op, arg


def _targets(code: Any, op: int, arg: int) -> list[str]:
    """Return the variables that an instruction binds, if they are the code's own."""
    if op in _STORES:
        return [code._varname_from_oparg(arg)]
    if op == _STORE_NAME:
        return [code.co_names[arg]]
    if op == _STORE_STORE:
        return [code._varname_from_oparg(arg >> 4), code._varname_from_oparg(arg & 15)]
    return [code._varname_from_oparg(arg >> 4)] if op == _STORE_LOAD else []
