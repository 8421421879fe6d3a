"""The names of the body of a class as a subclass has them.

A workflow that is looked up on a subclass, or on an instance of it, is another than that of the base: where a name of
the body means a task, it means what the subclass has under that name. What was defined elsewhere, a task of the
subclass too, names what it names, so that one can rest on the task that it takes the place of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import ref

from .definition import Namespace, Scope
from .scope import LocalScope, find_in_class

__all__ = ["Inheritance", "InheritedScope", "find_place", "inherit_scope"]


class Inheritance:
    """A subclass, and the bodies of its bases as it has them."""

    __slots__ = ("_class", "_views")

    def __init__(self, heir: type) -> None:
        self._class = ref(heir)
        # By the body's place in memory; a view keeps it there.
        self._views: dict[int, InheritedScope] = {}

    @property
    def heir(self) -> type | None:
        """The subclass; `None` if it is gone."""
        return self._class()

    def view(self, namespace: Namespace) -> Namespace:
        """Return the names of a base's body as the subclass has them; any other namespace as it is."""
        known = self._views.get(id(namespace))
        if known is not None:
            return known
        heir = self._class()
        if heir is None or not isinstance(namespace, LocalScope) or not _is_body_of_base(namespace, heir):
            return namespace
        return self._views.setdefault(id(namespace), InheritedScope(namespace, self))

    def find(self, name: str, otherwise: Any) -> Any:
        """Return what the subclass has under a name."""
        heir = self._class()
        return otherwise if heir is None else find_in_class(heir, name, otherwise)


class InheritedScope:
    """The names of a base's body as a subclass has them."""

    __slots__ = ("body", "inheritance")

    def __init__(self, body: LocalScope, inheritance: Inheritance) -> None:
        self.body = body
        self.inheritance = inheritance

    def get(self, name: str, /) -> Any:
        bound = self.body.bindings.get(name)
        return None if bound is None else self.inheritance.find(name, bound)

    def items(self) -> Iterator[tuple[str, Any]]:
        return ((name, self.get(name)) for name in list(self.body.bindings))

    def __len__(self) -> int:
        return len(self.body)

    def find_replaced(self, name: str) -> Any:
        """Return the task of the body in whose place the base, not the subclass, has no task any more."""
        return self.body.find_replaced(name) if self.get(name) is self.body.get(name) else None


def inherit_scope(scope: Scope, heir: type) -> Scope | None:
    """Return the names in reach as a subclass has them; `None` if none of it is the body of a base."""
    if not any(isinstance(namespace, LocalScope) and _is_body_of_base(namespace, heir) for namespace in scope):
        return None
    return tuple(map(Inheritance(heir).view, scope))


def find_place(
    scope: Scope, inheritance: Inheritance | None, value: Any
) -> tuple[LocalScope | InheritedScope, str] | None:
    """Return where a task is bound in the body of a class among `scope`, and its name there."""
    for namespace in scope:
        view = namespace if inheritance is None else inheritance.view(namespace)
        body = view.body if isinstance(view, InheritedScope) else view
        if isinstance(body, LocalScope) and body.body_of is not None:
            for name, bound in body.bindings.items():
                if bound is value:
                    return (view if isinstance(view, InheritedScope) else body), name
    return None


def _is_body_of_base(namespace: LocalScope, heir: type) -> bool:
    base = namespace.body_of() if namespace.body_of is not None else None
    return base is not None and base is not heir and base in heir.__mro__
