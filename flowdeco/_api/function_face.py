"""What a `Task` and a `Resource` have in common: they are called as their function is, also where that is a method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, Self, TypeVar, cast
from weakref import WeakValueDictionary

from .._definition.class_function import ClassFunction, is_class_method, read_class_function
from .._definition.definition import Definition, Face, TaskDefinition, definition_behind
from .face import Decorated
from .shown_signature import AWAITED, OfInstance

__all__ = ["FunctionFace"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class FunctionFace(Decorated, Generic[P, R_co]):
    """A decorated function that is still called as it was, and runs nothing else then."""

    # Those of the function: libraries read them to find out how to call it, and whether to await what it gives.
    __code__ = OfInstance(lambda self: _read(self._definition, "__code__", AWAITED))
    __defaults__ = OfInstance(lambda self: _read(self._definition, "__defaults__", None))
    __kwdefaults__ = OfInstance(lambda self: _read(self._definition, "__kwdefaults__", None))
    _definition: TaskDefinition

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return cast("R_co", self._definition.function(*args, **kwargs))

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        if isinstance(self._definition.function, ClassFunction):
            self._definition.function.note_class(owner)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Be a method where the function would be one; of a `classmethod`, the one of the class."""
        function = self._definition.function
        if not isinstance(function, ClassFunction):
            return super().__get__(instance, owner)
        owner = type(instance) if owner is None else owner
        return self if owner is function.owner else self._of_class(function, owner)

    def _of_class(self, function: ClassFunction, owner: type) -> Self:
        """Return that of a class that inherits this one: the same one as long as somebody holds it."""
        known: WeakValueDictionary[int, Self] = self.__dict__.setdefault("_of_classes", WeakValueDictionary())
        made = known.get(id(owner))
        if made is None or cast("ClassFunction", definition_behind(made).function).owner is not owner:
            made = self._copy()
            made._show(self._define_bound(made, ClassFunction(function.method, owner)))
            known[id(owner)] = made
        return made

    def _take_place(self, define: Callable[..., TaskDefinition], function: object, options: Any, fresh: bool) -> Self:
        """Take the place of a function that is decorated; `define` makes its definition, of a `classmethod`, too."""
        if is_class_method(function):
            definition = define(self, ClassFunction(function), options, signature=read_class_function(function))
        else:
            definition = define(self, function, options, is_fresh=fresh)
        self._show(definition)
        return self

    def _define_bound(self, made: Face, bound: ClassFunction) -> TaskDefinition:
        """Return the definition of the same, bound to a class."""
        raise NotImplementedError

    def _copy(self) -> Self:
        copy = super()._copy()
        copy.__dict__.pop("_of_classes", None)
        return copy

    def _show(self, definition: Definition) -> None:
        super()._show(definition)
        if _is_made_up(definition):
            self.__dict__.setdefault("__name__", definition.name or definition.kind)

    def _bind(self, instance: object) -> Any:
        return cast("Any", self._definition.function).__get__(instance)


def _is_made_up(definition: Definition) -> bool:
    """Whether a call is awaited and there is no code that says so: of a partial, or of an object."""
    return definition.signature.kind == "async" and not hasattr(definition.function, "__code__")


def _read(definition: Definition, name: str, otherwise: Any) -> Any:
    return otherwise if _is_made_up(definition) else getattr(definition.function, name)
