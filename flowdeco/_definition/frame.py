"""What a running frame tells: where a decorator stands, its variables, and which will hold what the decorator makes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FrameType, FunctionType
from typing import Any, cast

__all__ = [
    "encloses",
    "find_enclosing",
    "find_outer_name",
    "find_own_name",
    "find_place",
    "is_fresh",
    "is_still_owned",
    "read_borrowed",
    "read_names",
    "read_some",
    "read_variables",
]

_PACKAGE = __name__.partition(".")[0]
_WITHIN = f"{_PACKAGE}."
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_MODULE = "<module>"
# To look at one variable of a frame is then to copy all of them.
_COPIES = sys.version_info < (3, 13)
# Names of our modules that were met on the way.
_ours: set[str] = set()


def is_fresh(function: Any) -> bool:
    """Whether nobody holds a function yet but the decorator that calls this, so no variable either; False if unsure."""
    # By the decorator's own variable, by this function, and by the call in it.
    return _COPIES and sys.getrefcount(function) == 3


def find_place(
    layers: Sequence[Any],
    home: FunctionType | None,
    outer: str,
    read: Callable[[FrameType], Mapping[str, Any]],
) -> tuple[FrameType | None, Mapping[str, Any] | None]:
    """Return the frame that a decorator stands in: the nearest that is neither ours nor a wrapper of somebody's own.

    A wrapper is a function that was handed what is being decorated.

    Args:
        layers: what is being decorated, and what is inside it.
        home: the function written in Python that is behind it, if any; the code that defines it is no wrapper.
        outer: the qualified name of that code.
        read: gives the variables of a frame.

    Returns:
        The frame, and its variables if they had to be read.
    """
    own = home.__globals__ if home is not None else None
    handed: set[int] = set()
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code, names = frame.f_code, frame.f_globals
        if names is own and code.co_qualname == outer:
            return frame, None
        if not _is_internal(names) and code.co_name not in _COMPREHENSIONS:
            count = _count_arguments(code)
            if not count:
                return frame, None
            variables = read(frame)
            handed = handed or set(map(id, layers))
            if handed.isdisjoint(map(id, _arguments(code, count, variables))):
                return frame, variables
        frame = frame.f_back
    return None, None


def find_own_name(frame: FrameType, home: FunctionType | None, outer: str) -> str:
    """Return the name that the function being decorated has in `frame`, if it is defined there.

    Args:
        frame: where the decorator stands.
        home: the function written in Python that is behind what is being decorated, if any.
        outer: the qualified name of the code that defines it.

    Returns:
        The name, or "".
    """
    return home.__code__.co_name if home is not None and encloses(frame, home, outer) else ""


def encloses(frame: FrameType, function: FunctionType, outer: str) -> bool:
    """Whether `function`, which the code named `outer` defines, was defined by the code that `frame` runs."""
    return frame.f_globals is function.__globals__ and frame.f_code.co_qualname == outer


def find_outer_name(function: FunctionType) -> str:
    """Return the qualified name of the code around a function's; of a comprehension's, that of the code around it."""
    qualname = function.__code__.co_qualname
    if "." not in qualname:  # so it is with most
        return _MODULE
    while True:
        qualname = qualname.rpartition(".")[0].removesuffix(".<locals>")
        if qualname.rpartition(".")[2] not in _COMPREHENSIONS:
            return qualname or _MODULE


def _is_internal(names: Mapping[str, Any]) -> bool:
    """Whether a module is one of ours, by its variables."""
    name = names.get("__name__")
    if type(name) is not str:
        return False
    if name in _ours:
        return True
    if name.startswith(_WITHIN) or name == _PACKAGE:
        _ours.add(name)
        return True
    return False


def _count_arguments(code: CodeType) -> int:
    """Return how many variables hold what a function was called with; none of other code's."""
    if not code.co_flags & inspect.CO_OPTIMIZED:
        return 0
    return code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)


def _arguments(code: CodeType, count: int, variables: Mapping[str, Any]) -> list[Any]:
    """Return what a function was called with."""
    values = list(map(variables.get, code.co_varnames[:count]))
    if code.co_flags & inspect.CO_VARARGS:
        values += values.pop() or ()
    return values


def read_variables(frame: FrameType) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the local variables of a frame and what they are bound to, and what `is_still_owned` can be asked of."""
    variables: Any = frame.f_locals
    found: dict[str, Any] = dict(variables.items())
    return found, _let_go(frame, variables)


def read_some(frame: FrameType, *names: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the same of some variables only, `None` for one that is not bound."""
    variables: Any = frame.f_locals
    found = {name: variables.get(name) for name in names}
    return found, _let_go(frame, variables)


def _let_go(frame: FrameType, variables: Any) -> dict[str, Any] | None:
    """Empty what `f_locals` gave if it stays with the frame: before Python 3.13 it is a copy, which does.

    It would keep alive what the code deletes. It may go if nobody else has got it by locals(): then it is referred to
    by the frame, by the caller, by this function and by the call in it. Returns it if it was emptied.
    """
    is_copy = type(variables) is dict and frame.f_code.co_flags & inspect.CO_OPTIMIZED
    if not is_copy or sys.getrefcount(variables) != 4 or sys.gettrace() is not None:  # a tracer writes it back
        return None
    variables.clear()
    return cast("dict[str, Any]", variables)


def is_still_owned(emptied: dict[str, Any]) -> bool:
    """Whether the frame that an emptied dict was from is still there, and nobody has asked for its variables since."""
    # By the frame, which lets go of it when it ends, by who asks here, by this function, and by the call in it.
    return not emptied and sys.getrefcount(emptied) == 4


def read_names(code: CodeType) -> frozenset[str]:
    """Return the variables of a function, or the names in a class's body."""
    if not code.co_flags & inspect.CO_OPTIMIZED:
        return frozenset(code.co_names)
    return frozenset((*code.co_varnames, *code.co_cellvars, *code.co_freevars))


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
