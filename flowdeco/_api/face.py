"""What a `Task` and a `Workflow` have in common: they look like their function and show their definition's options."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType
from typing import Any, Self, cast

from .._base.checks import is_mapping
from .._base.text import shorten
from .._definition.definition import Definition, Face
from .._definition.options import check_changes
from .._definition.scope import LocalScope

__all__ = ["Decorated", "change_options"]


class Decorated(Face):
    """A decorated function."""

    __wrapped__: Callable[..., Any]

    @property
    def name(self) -> str | None:
        """What the record calls it: `name=`, else the function's name; `None` if it has neither."""
        return self._look().name

    @property
    def needs(self) -> Mapping[str, Any]:
        """Dependencies given by hand, by parameter."""
        return self._look().needs

    @property
    def after(self) -> tuple[Any, ...]:
        """Tasks, workflows and names that must have ended before."""
        return self._look().after

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names under which parts of the result are available."""
        return self._look().outputs

    @property
    def timeout(self) -> float | None:
        """Seconds, or `None` for no limit."""
        return cast("float | None", self._look().options["timeout"])

    @property
    def settled(self) -> tuple[str, ...]:
        """The parameters that receive an `Outcome`."""
        return self._look().settled

    def __repr__(self) -> str:
        definition = self._look()
        return f"<{definition.kind} {definition.name or shorten(definition.function)!r}>"

    def __reduce__(self) -> str:
        """Be pickled and copied as a function is: by the name that it can be imported under."""
        return str(getattr(self, "__qualname__", self.name))

    def __set_name__(self, owner: type, name: str) -> None:
        """Note which class the body has become that this stands in."""
        for namespace in self._look().scope:
            if isinstance(namespace, LocalScope):
                namespace.note_class(owner)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Be a method where the function would be one."""
        function = self._look().function
        if instance is None or isinstance(function, staticmethod) or not hasattr(function, "__get__"):
            return self
        return self._bind(instance)

    def _bind(self, instance: object) -> Any:
        return MethodType(cast("Callable[..., Any]", self), instance)

    def _look(self) -> Definition:
        definition: Definition = self._definition
        return definition

    def _show(self, definition: Definition) -> None:
        """Become the face of a definition: take on its function's name, documentation and attributes.

        As `functools.wraps` does.
        """
        self._definition = definition
        function, own = definition.function, self.__dict__
        if isinstance(function, FunctionType) and function.__dict__:
            # What a face has itself stays what it is, and a callable object keeps its attributes to itself.
            own.update({name: value for name, value in function.__dict__.items() if not _is_own(type(self), name)})
        for name in functools.WRAPPER_ASSIGNMENTS:
            try:
                own[name] = getattr(function, name)
            except AttributeError:
                pass
        own["__wrapped__"] = function

    def _copy(self) -> Self:
        """Return one that is the face of the same definition, for the time being."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._definition = self._definition
        return copy


def change_options(definition: Definition, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition's options with some of them changed: of `needs=` the parameters given, others as a whole.

    Raises:
        OptionError: one does not exist.
    """
    check_changes(f"{definition.kind} {definition.label!r}", changes, definition.options)
    changed = {**definition.options, **changes}
    needs = changes.get("needs", {})
    if is_mapping(needs):
        changed["needs"] = {**_keep_needs(definition, changes), **needs}
    return changed


def _keep_needs(definition: Definition, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the needs that a definition has; without those of its condition alone, if that is another now."""
    if "when" not in changes or definition.predicate is None:
        return dict(definition.needs)
    own = {param.name for param in definition.own_params}
    return {name: need for name, need in definition.needs.items() if name in own}


def _is_own(kind: type, name: str) -> bool:
    return any(name in vars(base) for base in kind.__mro__)
