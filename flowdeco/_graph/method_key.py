"""Which task of a class is meant by a method of it, by a base's task that it replaces, or by a name of its own."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType, MethodType

from .._definition.definition import Definition, Scope, definition_of
from .._definition.inheritance import InheritedScope
from .._definition.scope import LocalScope, find_in_class

__all__ = ["describe_unnamed", "find_meant"]


def find_meant(owner: Definition, definitions: Iterable[Definition], key: object) -> Definition | None:
    """Return the task that a key means which is not the task itself; `None` if there is none.

    Args:
        owner: the workflow.
        definitions: what it runs.
        key: a bound method, or a task or workflow of another class.
    """
    function = _read_function(key) if isinstance(key, MethodType) else None
    for each in definitions if function is not None else ():
        if each.function is function or (isinstance(each.function, MethodType) and each.function == key):
            return each
    own, heir = definition_of(key), _find_class(owner.scope)
    if heir is None or (own is None and function is None):
        return None
    for base in heir.__mro__:
        for name, value in vars(base).items():
            found = definition_of(value)
            if found is not None and (found is own or found.function is function):
                return definition_of(find_in_class(heir, name))
    return None


def describe_unnamed(scope: Scope, name: str) -> str:
    """Return what to do about a name under which a subclass has a task and the class of the workflow has none.

    A sentence; "" for any other name.
    """
    view = next((namespace for namespace in scope if isinstance(namespace, InheritedScope)), None)
    heir = None if view is None else view.inheritance.heir
    base = None if view is None or view.body.body_of is None else view.body.body_of()
    if heir is None or base is None or definition_of(find_in_class(heir, name)) is None:
        return ""
    text = f"{name!r} is a task of class {heir.__name__!r}, but not of {base.__name__!r}, which has the workflow: "
    return text + "define one there, too, with @task above @abstractmethod."


def _read_function(method: MethodType) -> object:
    """Return the function of a method; that of a task, if it is one, is shown by what the method has instead."""
    function = method.__func__
    return function if isinstance(function, FunctionType) else getattr(function, "__wrapped__", function)


def _find_class(scope: Scope) -> type | None:
    """Return the class that a workflow was looked up on, if its names are those of the body of one."""
    for namespace in scope:
        if isinstance(namespace, InheritedScope):
            return namespace.inheritance.heir
        if isinstance(namespace, LocalScope) and namespace.body_of is not None:
            return namespace.body_of()
    return None
