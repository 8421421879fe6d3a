"""The names in reach of a function: where it was decorated, its closure, its module.

A scope is a tuple of namespaces, the nearest first. A module is its own live dictionary. A function's or a
class's body is over before the workflow runs, so the tasks bound there are noted, and nothing else of it. What these
names mean later, the class says that the body has become.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CellType, CodeType, FrameType, FunctionType
from typing import Any
from weakref import WeakValueDictionary, ref

from .._base.checks import is_mapping
from .._base.signature import peel
from .class_function import is_class_method
from .definition import Face, Namespace, Scope, definition_behind, definition_of
from .face import is_face, is_taken
from .frame import (
    encloses,
    find_enclosing,
    find_outer_name,
    find_own_name,
    find_place,
    is_still_owned,
    read_borrowed,
    read_names,
    read_some,
    read_variables,
)

__all__ = ["Cells", "LocalScope", "capture_scope", "find_in_class", "refresh_scopes"]

# How many variables each decoration may cost to look at: bodies of very many are not looked through each time.
_LOOKS = 4


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


class LocalScope:
    """The tasks bound in one execution of a function's or a class's body.

    Neither the frame nor its variables are kept, and a frame's place in memory is used again. So a frame is taken for
    the one that a scope was made in only where that is known: what its variables were read from is still the frame's.
    Where Python does not tell, from 3.13 on, each variable known to hold a task must still be bound, and one that was
    no argument must hold a task that was made there, or a function that the body had defined before. A body that has
    neither is not known again, so what it has put elsewhere than in a variable does not see the tasks that come later.

    Attributes:
        bindings: the tasks by the names of their variables, as the body left them.
        outer: the scopes of the functions around it that were being executed.
        body_of: leads to the class whose body it is; `None` for a function's, and before there is the class.
        class_methods: the names of class methods that were made of tasks, and are none themselves.
        frame_id: the frame's place in memory.
    """

    __slots__ = (
        *("__weakref__", "_borrowed", "_code", "_emptied", "_functions", "_is_same", "_last", "_looks", "_names"),
        *("_namespace", "_pending", "_size", "_unkept", "bindings", "body_of", "class_methods", "frame_id", "outer"),
    )

    def __init__(self, frame: FrameType) -> None:
        self.bindings: dict[str, Any] = {}
        self.outer: tuple[LocalScope, ...] = ()
        self.body_of: ref[type] | None = None
        self.class_methods: frozenset[str] = frozenset()
        self.frame_id = id(frame)
        self._code = frame.f_code
        # Of a code object, they are put together anew each time.
        self._names = read_names(frame.f_code)
        self._borrowed = read_borrowed(frame.f_code)
        self._last = ""
        # What the frame's variables were read from, while the frame owns it: it tells whether that is still there.
        self._emptied: dict[str, Any] | None = None
        self._pending: dict[str, Any] | None = None
        # The functions that the body has defined, by their variables, where there is nothing better to tell it by.
        self._functions: dict[str, ref[FunctionType]] = {}
        # Of a class's body: what its variables are, until there is the class.
        self._namespace: Mapping[str, Any] | None = None
        self._is_same: bool | None = None
        self._looks = self._size = 0
        # The names of the body that the class was made without.
        self._unkept: frozenset[str] = frozenset()

    def get(self, name: str, /) -> Any:
        bound = self.bindings.get(name)
        if bound is None or self.body_of is None or name in self._unkept:
            return bound
        made = self.body_of()
        return bound if made is None else find_in_class(made, name)

    def items(self) -> Iterable[tuple[str, Any]]:
        if self.body_of is None:
            return self.bindings.items()
        return [(name, self.get(name)) for name in list(self.bindings)]

    def __len__(self) -> int:
        return len(self.bindings)

    def find_replaced(self, name: str) -> Any:
        """Return the task of the body in whose place the class has no task any more; `None` if it has one."""
        return None if self.body_of is None or is_taken(self.get(name)) else self.bindings.get(name)

    def note_class(self, made: type) -> None:
        """Note the class that has been made, if this is its body.

        It may be made again, as by `dataclass(slots=True)`, and has its qualified name only later then.
        """
        if self._code.co_name != made.__name__ or self._code.co_flags & inspect.CO_OPTIMIZED:
            return
        known = self.body_of() if self.body_of is not None else None
        if known is None or not issubclass(made, known):  # a subclass of the same name may be given a task of this one
            self.body_of = ref(made)
            self._settle(vars(made))
            self._namespace = None
            if _latest.get(self.frame_id) is self:
                del _latest[self.frame_id]

    def _settle(self, names: Mapping[str, Any]) -> None:
        """Take in what the body's names mean at its end."""
        ended = {name: value for name, value in names.items() if is_taken(value)}
        self._unkept = frozenset(self.bindings.keys() - names.keys())
        self.bindings = {name: self.bindings[name] for name in self._unkept} | ended
        self._note_class_methods(names)

    def _note_class_methods(self, names: Mapping[str, Any]) -> None:
        found = [name for name, value in names.items() if is_class_method(value) and is_taken(value.__func__)]
        self.class_methods = frozenset(found)

    def defines(self, name: str) -> bool:
        """Whether the body has a `def` of that name, whatever has become of it."""
        codes = [part for part in self._code.co_consts if isinstance(part, CodeType) and part.co_name == name]
        return any(code.co_flags & inspect.CO_OPTIMIZED for code in codes)  # a class has a code object, too

    def read(self, frame: FrameType) -> dict[str, Any]:
        """Return the variables of `frame`, and note whether it is the scope's own."""
        if self._namespace is not None:
            self._is_same = frame.f_locals is self._namespace
        else:
            self._is_same = self._owns_emptied()
        self._emptied = self._pending = None  # it is emptied only if nobody else has it
        variables, self._pending = read_variables(frame)
        return variables

    def begin(self, frame: FrameType) -> Mapping[str, Any]:
        """Note which variables are bound to tasks in the frame that the scope is made of. Returns the variables."""
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            self._namespace = frame.f_locals
        variables = self.read(frame)
        self._note(frame, variables, _tasks_of(variables))
        return variables

    def look(self, frame: FrameType, variables: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Note which variables of `frame` are bound to tasks now.

        Args:
            frame: the frame.
            variables: its variables, if they were just `read`.

        Returns:
            The variables; `None` if the frame is not known to be of the same execution.
        """
        if variables is None:
            variables = self.read(frame)
        tasks = _tasks_of(variables)
        if not (self._shows(frame, variables, tasks) if self._is_same is None else self._is_same):
            self._pending = None
            return None
        self._note(frame, variables, tasks)
        return variables

    def _note(self, frame: FrameType, variables: Mapping[str, Any], tasks: dict[str, Any]) -> None:
        self.bindings = tasks
        self._emptied, self._pending = self._pending, None
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            self._note_class_methods(variables)
        if self._emptied is None:
            functions = [(n, v) for n, v in variables.items() if type(v) is FunctionType]
            if functions:
                codes = {id(part) for part in self._code.co_consts if type(part) is CodeType}
                self._functions = {name: ref(f) for name, f in functions if id(f.__code__) in codes}
        self._looks, self._size = 0, len(variables)

    def glance(self, frame: FrameType, name: str, *, is_fresh: bool) -> dict[str, Any] | None:
        """Return just the variable `name`, and so let a whole look wait; `None` if it may not.

        It is taken often enough to miss little, and seldom enough not to be quadratic in a body of very many variables.
        Of a fresh function it is known that no variable holds it, so nothing has to be read as long as it is sure that
        the frame is the same.
        """
        self._looks += _LOOKS
        if self._looks >= self._size or frame.f_code is not self._code or not self._last:
            return None
        owns = self._owns_emptied()
        if is_fresh and owns:
            return {}
        self._emptied = None
        variables, emptied = read_some(frame, name, self._last)
        is_bound = variables[self._last] is self.bindings.get(self._last)
        self._emptied = emptied if owns or is_bound else None
        return variables if is_bound else None

    def _owns_emptied(self) -> bool | None:
        """Whether the frame is still there; `None` if that is not known, as somebody has asked for its variables."""
        return None if self._emptied is None or self._emptied else is_still_owned(self._emptied)

    def _shows(self, frame: FrameType, variables: Mapping[str, Any], tasks: Mapping[str, Any]) -> bool:
        """Whether what the variables hold tells that the frame is the scope's own."""
        if frame.f_code is not self._code or not self.bindings.keys() <= variables.keys():
            return False
        if any(type(variables.get(n)) is FunctionType and variables[n] is f() for n, f in self._functions.items()):
            return True
        made = [definition_of(t) for name, t in tasks.items() if name not in self._borrowed and is_face(t)]
        return any(namespace is self for definition in made if definition for namespace in definition.scope)

    def expect(self, name: str, face: Face) -> None:
        """Note that a variable is about to be bound to `face`, if there is one of that name."""
        if name in self._names:
            self.bindings[name] = face
            self._last = "" if name in self._borrowed else name


def find_in_class(owner: type, name: str, otherwise: Any = None) -> Any:
    """Return what a class has under a name; of a task of a base, the one that it is for this class."""
    for each in owner.__mro__:
        if name in vars(each):
            found: Any = vars(each)[name]
            inner: Any = found.__func__ if issubclass(type(found), staticmethod) else found
            return inner.__get__(None, owner) if each is not owner and is_face(inner) else found
    return otherwise


# The last scope that was made of a frame, by the frame's place in memory.
_latest: WeakValueDictionary[int, LocalScope] = WeakValueDictionary()


def _tasks_of(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if is_taken(value)}


def capture_scope(
    function: Callable[..., Any], face: Face | None, *, is_fresh: bool = False, thorough: bool = False
) -> Scope:
    """Return the names in reach of `function`, which is being decorated by a caller further up the stack.

    Args:
        function: the function.
        face: what it becomes; `None` if no variable will be bound to it.
        is_fresh: whether no variable holds the function yet.
        thorough: whether to look through a body of very many variables again, too.
    """
    layers = peel(function)
    home = layers[-1] if type(layers[-1]) is FunctionType else None
    outer = find_outer_name(home) if home is not None else ""
    frame, variables = find_place(layers, home, outer, _read)
    found: list[Namespace] = []
    if frame is not None:
        if frame.f_code.co_qualname == "<module>":
            names: Any = frame.f_locals
            if names is not frame.f_globals and is_mapping(names):
                found.append(names)  # exec() with two namespaces: the first is as live as a module's
        else:
            name = find_own_name(frame, home, outer) if face is not None else ""
            scope = None if thorough or variables is not None else _latest.get(id(frame))
            seen: Mapping[str, Any] | None
            seen = scope.glance(frame, name, is_fresh=is_fresh) if scope is not None else None
            if scope is None or seen is None:
                scope, seen = _look_at(frame, variables)
            # If the variable has the function already, it is no `@` that is being executed, but a call.
            if face is not None and name and not any(seen.get(name) is layer for layer in layers):
                scope.expect(name, face)
            found += [scope, *scope.outer]
        found.append(frame.f_globals)
    if home is not None:
        if home.__closure__:
            found.insert(
                _place_of_closure(found, frame, home, outer), Cells(home.__code__.co_freevars, home.__closure__)
            )
        if not found or found[-1] is not home.__globals__:
            found.append(home.__globals__)
    if len(layers) > 1:
        found += _scope_within(layers, found)
    return tuple(found)


def _scope_within(layers: Iterable[Any], found: Iterable[Namespace]) -> list[Namespace]:
    """Return what else is in reach of the tasks and workflows that are wrapped."""
    seen = set(map(id, found))
    within = [namespace for layer in layers if is_face(layer) for namespace in definition_behind(layer).scope]
    return [namespace for namespace in within if id(namespace) not in seen]


def _place_of_closure(found: list[Namespace], frame: FrameType | None, home: FunctionType, outer: str) -> int:
    """Return where in the scope the function's closure belongs.

    It comes after the names where the decorator runs, except that the functions around the function are there
    twice, and the closure has what their variables refer to now. It comes before the module of the function.
    """
    if frame is None or not encloses(frame, home, outer):
        return len(found) - (len(found) > 1 and found[-1] is home.__globals__)
    return 0 if frame.f_code.co_flags & inspect.CO_OPTIMIZED else 1


def _read(frame: FrameType) -> dict[str, Any]:
    scope = _latest.get(id(frame))
    return scope.read(frame) if scope is not None else read_variables(frame)[0]


def _look_at(frame: FrameType, variables: Mapping[str, Any] | None = None) -> tuple[LocalScope, Mapping[str, Any]]:
    """Return the scope of a frame, with what is bound there now, and all the variables of the frame."""
    scope = _latest.get(id(frame))
    seen = scope.look(frame, variables) if scope is not None else None
    if scope is None or seen is None:
        _latest[id(frame)] = scope = LocalScope(frame)
        seen = scope.begin(frame)
        around = find_enclosing(frame)
        if around is not None:
            outer, _ = _look_at(around)
            scope.outer = (outer, *outer.outer)
    return scope, seen


def refresh_scopes(scopes: Iterable[LocalScope]) -> None:
    """Note what was bound since, in those of the scopes whose body is still being executed up the stack."""
    wanted = {scope.frame_id: scope for scope in scopes if _latest.get(scope.frame_id) is scope}
    frame: FrameType | None = sys._getframe(1) if wanted else None
    while frame is not None and wanted:
        scope = wanted.pop(id(frame), None)
        if scope is not None:
            scope.look(frame, None)
        frame = frame.f_back
