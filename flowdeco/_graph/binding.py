"""What names meant when a graph was built, so as to see whether they still mean the same."""

from __future__ import annotations

from operator import is_
from typing import Any, TypeAlias

from .._definition.definition import Definition, Namespace, count_definitions, definition_of
from .._definition.face import is_taken, may_be_taken
from .._definition.inheritance import InheritedScope
from .._definition.scope import LocalScope

__all__ = ["Binding", "Seen", "find_replaced"]

# What gives a part of its result under a name: by that name, then by the variable that the task is bound to.
Parts: TypeAlias = dict[str, dict[str, Any]]


class Seen:
    """What was looked up in one namespace.

    Attributes:
        namespace: where.
        bound: the names that refer to a task, and the task.
        absent: the names that refer to none.
    """

    __slots__ = ("_extent", "_parts", "absent", "bound", "namespace")

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.bound: dict[str, Any] = {}
        self.absent: dict[str, None] = {}
        self._parts: Parts | None = None
        self._extent = 0, 0

    def find_task(self, name: str) -> Definition | None:
        """Return the task that a name refers to now; `None` if it refers to anything else."""
        value = self.namespace.get(name)
        found = definition_of(value)
        if found is not None:
            self.bound[name] = value
        return found

    def find_providers(self, name: str) -> list[Definition]:
        """Return the tasks bound here of whose results a part has that name."""
        if self._parts is None:
            self._parts, self._extent = self._read_parts(), self._measure()
        found: dict[str, Any] = self._parts.get(name, {})
        self.bound.update(found)
        return list(dict.fromkeys([made for made in map(definition_of, found.values()) if made is not None]))

    def list_names(self) -> list[str]:
        """Return every name that means a task or a part of its result."""
        values = list(self.namespace.items())
        return [name for name, value in values if is_taken(value)] + list(self._read_parts())

    def holds(self) -> bool:
        """Whether every name means the same as before."""
        get = self.namespace.get
        if not all(map(is_, map(get, self.bound), self.bound.values())):
            return False
        for kind in set(map(type, map(get, self.absent))) if self.absent else ():
            if may_be_taken(kind) and any(map(is_taken, map(get, self.absent))):
                return False
        # To look through a whole module at each call costs too much: only where names or tasks have come or gone.
        if self._parts is not None and self._extent != (len(self.namespace), count_definitions()):
            if self._read_parts() != self._parts:
                return False
            self._extent = self._measure()
        return True

    def _measure(self) -> tuple[int, int]:
        return len(self.namespace), count_definitions()

    def update(self, other: Seen) -> None:
        """Take in what was looked up here for another graph."""
        self.bound.update(other.bound)
        self.absent.update(other.absent)
        if other._parts is not None:
            self._parts, self._extent = other._parts, other._extent

    def _read_parts(self) -> Parts:
        parts: Parts = {}
        for variable, value in list(self.namespace.items()):
            found = definition_of(value)
            if found is not None:
                for output in found.outputs:
                    parts.setdefault(output, {})[variable] = value
        return parts


def find_replaced(namespace: Namespace, name: str) -> Definition | None:
    """Return the task that a name of the body of a class meant, if the class has no task under it any more."""
    if not isinstance(namespace, LocalScope | InheritedScope):
        return None
    return definition_of(namespace.find_replaced(name))


class Binding:
    """The names that a graph was built from.

    Args:
        before: the names of the graph before, if there was one.
    """

    def __init__(self, before: Binding | None) -> None:
        self._seen: dict[int, Seen] = {}
        self._before: dict[int, Seen] = before._seen if before is not None else {}
        self._first: dict[int, Seen] = before._first if before is not None else self._seen

    @property
    def namespaces(self) -> list[Namespace]:
        """Where names were looked up."""
        return [seen.namespace for seen in self._seen.values()]

    def see(self, namespace: Namespace) -> Seen:
        """Return what was looked up in a namespace."""
        seen = self._seen.get(id(namespace))
        if seen is None:
            self._seen[id(namespace)] = seen = Seen(namespace)
        return seen

    def find_lost(self, namespace: Namespace, name: str) -> Definition | None:
        """Return the task that a name referred to before; `None` also if in the first graph it referred to none."""
        replaced = find_replaced(namespace, name)
        if replaced is not None:
            return replaced
        before, first = self._before.get(id(namespace)), self._first.get(id(namespace))
        if before is None or (first is not None and name in first.absent):
            return None
        return definition_of(before.bound.get(name))

    def holds(self) -> bool:
        """Whether every name means the same as before."""
        for seen in self._seen.values():  # each call of a workflow asks, and a generator costs more than the loop
            if not seen.holds():
                return False
        return True

    def update(self, other: Binding) -> None:
        """Take in the names of another graph."""
        for seen in other._seen.values():
            self.see(seen.namespace).update(seen)
