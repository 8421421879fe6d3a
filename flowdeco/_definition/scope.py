"""The names in reach of a function: where it was decorated, its closure, its module.

A scope is a tuple of namespaces, the nearest first. A module is its own live dictionary. A function's or a
class's body is over before the workflow runs, so the tasks bound there are noted, and nothing else of it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from types import CellType, FrameType, FunctionType
from typing import Any, Protocol
from weakref import ref

from .._base.signature import peel
from .bytecode import read_targets
from .frame import encloses, find_enclosing, find_place, read_variables

__all__ = ["LocalScope", "Namespace", "Scope", "capture_scope", "refresh_scopes"]

# How many variables each decoration may cost to look at: bodies of very many are not looked through each time.
_LOOKS = 4
_THOROUGH_LOOKS = 4_096


class Namespace(Protocol):
    """Names and what they are bound to; only tasks among them count."""

    def get(self, name: str, /) -> Any: ...
    def items(self) -> Iterable[tuple[str, Any]]: ...
    def __len__(self) -> int: ...


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

    def items(self) -> Iterator[tuple[str, Any]]:
        return ((name, self.get(name)) for name in self._cells)

    def __len__(self) -> int:
        return len(self._cells)


class _Mark:
    """Left in a frame, to know it again: an object at the same place in memory may be another frame.

    `f_trace` is the one attribute of a frame that can be set. Nothing looks at it unless the thread is being
    traced, as by a debugger; it is left alone then.
    """

    __slots__ = ("__weakref__", "scope")

    def __init__(self, scope: LocalScope) -> None:
        self.scope = scope

    def __call__(self, *_: object) -> None:
        """Trace nothing, should a tracer begin while the frame is being executed."""


class LocalScope:
    """The tasks bound in one execution of a function's or a class's body.

    The frame itself is not kept, since all its variables would be kept with it.

    Attributes:
        bindings: the tasks by the names of their variables.
        frame_id: the frame's place in memory.
        outer: the scopes of the functions around it that were being executed.
        step_type: what counts as a task or a workflow.
    """

    __slots__ = ("_looks", "_mark", "_size", "bindings", "frame_id", "outer", "step_type")

    def __init__(self, frame: FrameType, step_type: type) -> None:
        self.bindings: dict[str, Any] = {}
        self.frame_id = id(frame)
        self.step_type = step_type
        self._mark: ref[_Mark] | None = None
        if frame.f_trace is None and sys.gettrace() is None:
            frame.f_trace = mark = _Mark(self)
            self._mark = ref(mark)
        self.scan(frame)
        around = find_enclosing(frame)
        self.outer: tuple[LocalScope, ...] = ()
        if around is not None:
            scope = _scope_of(around, step_type, _THOROUGH_LOOKS)
            self.outer = (scope, *scope.outer)

    def get(self, name: str, /) -> Any:
        return self.bindings.get(name)

    def items(self) -> ItemsView[str, Any]:
        return self.bindings.items()

    def __len__(self) -> int:
        return len(self.bindings)

    @property
    def is_open(self) -> bool:
        """Whether its body may still be being executed."""
        return self._mark is None or self._mark() is not None

    def expect(self, names: Iterable[str], step: Any) -> None:
        """Note that variables are about to be bound to `step`."""
        for name in names:
            self.bindings[name] = step

    def scan_in_turn(self, frame: FrameType, looks: int) -> None:
        """Scan often enough to miss little, seldom enough not to be quadratic in a body of very many names."""
        self._looks += looks
        if self._looks >= self._size:
            self.scan(frame)

    def scan(self, frame: FrameType) -> None:
        """Note which variables of `frame` are bound to tasks now."""
        variables = read_variables(frame)
        self._looks, self._size = 0, len(variables)
        kind = self.step_type
        # isinstance would run a proxy's code
        self.bindings = {name: value for name, value in variables if issubclass(type(value), kind)}


def capture_scope(function: Callable[..., Any], step: Any, step_type: type, *, thorough: bool = False) -> Scope:
    """Return the names in reach of `function`, which is being decorated by a caller further up the stack.

    Args:
        function: the function.
        step: what it becomes; `None` if it is to stand in for another and no variable will be bound to it.
        step_type: what counts as a task or a workflow.
        thorough: whether to look through a body of very many variables again, too.
    """
    layers = peel(function)
    home = layers[-1] if type(layers[-1]) is FunctionType else None
    frame, repeated = find_place(layers, home)
    found: list[Namespace] = []
    if frame is not None:
        found += _local_scopes(frame, step_type, _THOROUGH_LOOKS if thorough else _LOOKS)
        if step is not None and not repeated and found and isinstance(found[0], LocalScope):
            found[0].expect(read_targets(frame, home.__name__ if home is not None else ""), step)
        found.append(frame.f_globals)
    if home is not None:
        if home.__closure__:
            found.insert(_place_of_closure(found, frame, home), Cells(home.__code__.co_freevars, home.__closure__))
        found.append(home.__globals__)
    return tuple({id(namespace): namespace for namespace in found}.values())


def _place_of_closure(found: list[Namespace], frame: FrameType | None, home: FunctionType) -> int:
    """Return where in the scope the function's closure belongs.

    It comes after the names where the decorator runs, except that the functions around the function are there
    twice, and the closure has what their variables refer to now. It comes before the module of the function.
    """
    if frame is None or not encloses(frame, home):
        return len(found) - (len(found) > 1 and found[-1] is home.__globals__)
    return 0 if frame.f_code.co_flags & inspect.CO_OPTIMIZED else 1


def _local_scopes(frame: FrameType, step_type: type, looks: int) -> list[Namespace]:
    """Return the scopes of `frame` and of the functions around it that are being executed; a module has none."""
    if frame.f_code.co_qualname != "<module>":
        scope = _scope_of(frame, step_type, looks)
        return [scope, *scope.outer]
    variables: Any = frame.f_locals
    own = variables is not frame.f_globals and isinstance(variables, Mapping)
    return [variables] if own else []  # exec() with two namespaces: the first is as live as a module's


def _scope_of(frame: FrameType, step_type: type, looks: int) -> LocalScope:
    scope = _find_scope(frame, step_type)
    if scope is None:
        return LocalScope(frame, step_type)
    scope.scan_in_turn(frame, looks)
    return scope


def _find_scope(frame: FrameType, step_type: type) -> LocalScope | None:
    """Return the scope that was made of `frame` before."""
    mark: object = frame.f_trace
    if isinstance(mark, _Mark):
        return mark.scope
    if mark is None and sys.gettrace() is None:
        return None
    # While it is being traced, a task made there that is bound there tells.
    for name, value in read_variables(frame):
        if issubclass(type(value), step_type):
            scope = next(iter(value._scope), None)
            if isinstance(scope, LocalScope) and scope.frame_id == id(frame) and scope.get(name) is value:
                return scope
    return None


def refresh_scopes(scopes: Iterable[LocalScope]) -> None:
    """Note what was bound since, in those of the scopes whose body is still being executed up the stack."""
    open_scopes = {scope.frame_id: scope for scope in scopes if scope.is_open}
    frame: FrameType | None = sys._getframe(1) if open_scopes else None
    while frame is not None and open_scopes:
        scope = open_scopes.get(id(frame))
        if scope is not None and _find_scope(frame, scope.step_type) is scope:
            scope.scan(frame)
            del open_scopes[id(frame)]
        frame = frame.f_back
