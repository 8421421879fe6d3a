"""The names in reach of a function: where it was decorated, its closure, its module.

A scope is a tuple of namespaces, the nearest first. A module is its own live dictionary. A function's or a
class's body is over before the workflow runs, so the tasks bound there are noted, and nothing else of it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, ValuesView
from types import CellType, CodeType, FrameType, FunctionType
from typing import Any, Protocol
from weakref import WeakValueDictionary

from ._signature import innermost

__all__ = ["Cells", "LocalScope", "Namespace", "Scope", "capture_scope", "refresh_scopes"]

_PACKAGE = __name__.partition(".")[0]
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


class Namespace(Protocol):
    """Names and what they are bound to; only tasks among them count."""

    def get(self, name: str, /) -> Any: ...
    def values(self) -> Iterable[Any]: ...


Scope = tuple[Namespace, ...]


class Cells:
    """The variables that a function closes over."""

    __slots__ = ("_cells",)

    def __init__(self, names: tuple[str, ...], cells: tuple[CellType, ...]) -> None:
        self._cells = dict(zip(names, cells, strict=True))

    def get(self, name: str, /) -> Any:
        try:
            return self._cells[name].cell_contents
        except (KeyError, ValueError):  # ValueError: not assigned yet
            return None

    def values(self) -> Iterator[Any]:
        return map(self.get, self._cells)


class LocalScope:
    """The tasks bound in one execution of a function's or a class's body.

    The frame itself is not kept, since all its variables would be kept with it. It is recognised again, while
    it runs, by its place in memory and by a task decorated in it that is still bound there.
    """

    __slots__ = ("__weakref__", "_code", "_made", "_unscanned", "bindings", "frame_id", "step_type")

    def __init__(self, frame: FrameType, step_type: type) -> None:
        self.bindings: dict[str, Any] = {}
        self.frame_id = id(frame)
        self.step_type = step_type
        self._code: CodeType = frame.f_code
        self._made: dict[int, tuple[str, Any]] = {}
        self._unscanned = 0
        self.scan(frame)

    def get(self, name: str, /) -> Any:
        return self.bindings.get(name)

    def values(self) -> ValuesView[Any]:
        return self.bindings.values()

    def is_of(self, frame: FrameType) -> bool:
        """Whether `frame` is the execution that this scope was made from."""
        if frame.f_code is not self._code:
            return False
        names = frame.f_locals
        return any(names.get(name) is step for name, step in self._made.values()) or any(
            id(value) in self._made for value in list(names.values())
        )

    def expect(self, name: str, step: Any) -> None:
        """Note that `name` is about to be bound to `step`, as it is when `step` decorates a `def`."""
        self._made[id(step)] = name, step
        if name.isidentifier():
            self.bindings[name] = step

    def scan_now_and_then(self, frame: FrameType) -> None:
        """Scan often enough to miss little, seldom enough not to be quadratic in a body of very many names."""
        self._unscanned += 64
        if self._unscanned >= self._code.co_nlocals:
            self.scan(frame)

    def scan(self, frame: FrameType) -> None:
        """Note which variables of `frame` are bound to tasks now."""
        self._unscanned = 0
        for name, value in list(frame.f_locals.items()):
            if issubclass(type(value), self.step_type):  # isinstance would run a proxy's code
                self.bindings[name] = value
            elif name in self.bindings:
                del self.bindings[name]


_local_scopes: WeakValueDictionary[int, LocalScope] = WeakValueDictionary()


def capture_scope(function: Callable[..., Any], step: Any, step_type: type) -> Scope:
    """Return the names in reach of `function`, which is being decorated by a caller further up the stack.

    Args:
        function: the function.
        step: what it becomes; `None` if it is to stand in for another and no variable will be bound to it.
        step_type: what counts as a task or a workflow.
    """
    home = innermost(function)
    frame = _place_of(function, home)
    found: list[Any] = []
    if frame is not None:
        found += _enclosing_scopes(frame, step_type)
        if found and step is not None:
            named = home is not None and _encloses(frame, home)
            found[0].expect(home.__name__ if home is not None and named else "", step)
        found.append(frame.f_globals)
    if home is not None:
        if home.__closure__:
            # A closure is nearer than its module, except where the decorator runs in another one.
            place = len(found) - (bool(found) and found[-1] is home.__globals__ and len(found) > 1)
            found.insert(place, Cells(home.__code__.co_freevars, home.__closure__))
        found.append(home.__globals__)
    return tuple({id(namespace): namespace for namespace in found}.values())


def _place_of(function: Any, home: FunctionType | None) -> FrameType | None:
    """Return the frame that the decorator stands in; a wrapper is a frame that was handed the function."""
    aliases = {id(f) for f in _layers(function)}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if home is not None and _encloses(frame, home):
            return frame
        if not _is_internal(frame) and not _is_wrapper(frame, aliases):
            return frame
        frame = frame.f_back
    return None


def _layers(function: Any) -> Iterator[Any]:
    while function is not None:
        yield function
        function = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None)


def _is_internal(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__", "")
    return name == _PACKAGE or str(name).startswith(_PACKAGE + ".")


def _is_wrapper(frame: FrameType, aliases: set[int]) -> bool:
    code = frame.f_code
    if code.co_name in _COMPREHENSIONS:
        return True
    if not code.co_flags & inspect.CO_OPTIMIZED:
        return False
    count = code.co_argcount + code.co_kwonlyargcount
    names = frame.f_locals
    handed = [names.get(name) for name in code.co_varnames[:count]]
    if code.co_flags & inspect.CO_VARARGS:
        handed += names.get(code.co_varnames[count]) or ()
    return any(id(value) in aliases for value in handed)


def _encloses(frame: FrameType, function: FunctionType) -> bool:
    """Whether `function` was defined by the code that `frame` runs."""
    if frame.f_globals is not function.__globals__:
        return False
    return frame.f_code.co_qualname == (_outer_name(function.__qualname__) or "<module>")


def _outer_name(qualname: str) -> str:
    return qualname.rpartition(".")[0].removesuffix(".<locals>")


def _enclosing_scopes(frame: FrameType, step_type: type) -> list[LocalScope]:
    """Return the scope of `frame` and those of the functions around it that are being executed."""
    scopes: list[LocalScope] = []
    here: FrameType | None = frame
    qualname = frame.f_code.co_qualname
    while here is not None and qualname != "<module>":
        code = here.f_code
        if here is frame or (code.co_qualname == qualname and here.f_globals is frame.f_globals):
            if here is frame or code.co_flags & inspect.CO_OPTIMIZED:  # a class's names end with its body
                scopes.append(_local_scope(here, step_type))
            qualname = _outer_name(qualname) or "<module>"
        here = here.f_back
    if frame.f_code.co_qualname == "<module>" and frame.f_locals is not frame.f_globals:
        scopes.append(_local_scope(frame, step_type))  # exec() with two namespaces
    return scopes


def _local_scope(frame: FrameType, step_type: type) -> LocalScope:
    scope = _local_scopes.get(id(frame))
    if scope is not None and scope.is_of(frame):
        scope.scan_now_and_then(frame)
        return scope
    _local_scopes[id(frame)] = scope = LocalScope(frame, step_type)
    return scope


def refresh_scopes(scopes: Iterable[LocalScope]) -> None:
    """Note what was bound since, in those of the scopes whose body is still being executed up the stack."""
    open_scopes = {scope.frame_id: scope for scope in scopes}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and open_scopes:
        scope = open_scopes.get(id(frame))
        if scope is not None and scope.is_of(frame):
            scope.scan(frame)
            del open_scopes[id(frame)]
        frame = frame.f_back
