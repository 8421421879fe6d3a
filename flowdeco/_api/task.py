"""A task: a function, still called as it was, with what a workflow must know to run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, Self, TypeVar, Unpack, cast
from weakref import WeakValueDictionary

from .._definition.class_function import ClassFunction
from .._definition.decoration import define_stand_in, define_task
from .._definition.definition import Definition, Scope, TaskDefinition, definition_behind
from .._definition.option_types import TaskOptions
from .face import Decorated, change_options
from .shown_signature import AWAITED, OfInstance

__all__ = ["Task", "stand_in"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Task(Decorated, Generic[P, R_co]):
    """A function that workflows can run. Made by `@task`.

    Called, it runs the function and nothing else: no timeout, no record.
    """

    # Those of the function: libraries read them to find out how to call it, and whether to await what it gives.
    __code__ = OfInstance(lambda self: _read(self._definition, "__code__", AWAITED))
    __defaults__ = OfInstance(lambda self: _read(self._definition, "__defaults__", None))
    __kwdefaults__ = OfInstance(lambda self: _read(self._definition, "__kwdefaults__", None))
    _definition: TaskDefinition

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return cast("R_co", self._definition.function(*args, **kwargs))

    def with_options(self, **options: Unpack[TaskOptions]) -> Self:
        """Return a task of the same function with other options; it is a node of its own.

        Args:
            **options: as of `task`; those left out stay as they are, and of `needs=` the parameters left out, too;
                `needs=None` takes all of it away.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """
        old, made = self._definition, self._copy()
        asked = old.asked if old.stands_in else None
        changed = change_options(old, options)
        condition = old.predicate if changed["when"] is old.options["when"] else None
        made._show(define_task(made, old.function, changed, old.scope, old.signature, asked, condition=condition))
        return made

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        if isinstance(self._definition.function, ClassFunction):
            self._definition.function.note_class(owner)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Be a method where the function would be one; of a `classmethod`, the task of the class."""
        function = self._definition.function
        if not isinstance(function, ClassFunction):
            return super().__get__(instance, owner)
        owner = type(instance) if owner is None else owner
        return self if owner is function.owner else self._of_class(function, owner)

    def _of_class(self, function: ClassFunction, owner: type) -> Self:
        """Return the task of a class that inherits this one: the same one as long as somebody holds it."""
        known: WeakValueDictionary[int, Self] = self.__dict__.setdefault("_of_classes", WeakValueDictionary())
        made = known.get(id(owner))
        if made is None or cast("ClassFunction", definition_behind(made).function).owner is not owner:
            old, made = self._definition, self._copy()
            bound = ClassFunction(function.method, owner)
            options = dict(old.options)
            made._show(define_task(made, bound, options, old.scope, old.signature, condition=old.predicate))
            known[id(owner)] = made
        return made

    def _copy(self) -> Self:
        copy = super()._copy()
        copy.__dict__.pop("_of_classes", None)
        return copy

    def _show(self, definition: Definition) -> None:
        super()._show(definition)
        if _is_made_up(definition):
            self.__dict__.setdefault("__name__", definition.name or "task")

    def _bind(self, instance: object) -> Any:
        return cast("Any", self._definition.function).__get__(instance)


def _is_made_up(definition: Definition) -> bool:
    """Whether a call is awaited and there is no code that says so: of a partial, or of an object."""
    return definition.signature.kind == "async" and not hasattr(definition.function, "__code__")


def _read(definition: Definition, name: str, otherwise: Any) -> Any:
    return otherwise if _is_made_up(definition) else getattr(definition.function, name)


def stand_in(
    definition: Definition, function: Callable[..., Any], scope: Scope, output: str | None = None
) -> TaskDefinition:
    """Return what runs a function in the place of a task or workflow, or of what gives one output of it."""
    face: Task[..., Any] = Task()
    made = define_stand_in(face, definition, function, scope, output)
    face._show(made)
    return made
