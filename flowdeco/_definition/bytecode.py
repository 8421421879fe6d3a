"""Which variables will hold what a decorator makes, as the bytecode after its call says."""

from __future__ import annotations

from collections.abc import Iterator
from dis import opmap
from types import FrameType
from typing import Any

__all__ = ["read_targets"]


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
