"""The fields of a class of states: how they are declared, and how they are found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from inspect import Parameter
from reprlib import repr as shorten
from types import MemberDescriptorType
from typing import Any, ClassVar, Protocol, TypeVar, get_origin, overload

from .._base.errors import OptionError, StateFieldError, StateKeyError, StateTypeError, StateValidationError
from .._base.text import listed, nearest

__all__ = [
    "FIELDS",
    "Field",
    "check_arguments",
    "collect_fields",
    "field",
    "refuse_attribute",
    "refuse_key",
    "validate",
]

T = TypeVar("T")

# The attribute of a class of states that has its fields by name.
FIELDS = "__state_fields__"
_NOTHING: Any = Parameter.empty


class _Keyed(Protocol):
    def __getitem__(self, key: str, /) -> Any: ...
    def __setitem__(self, key: str, value: Any, /) -> None: ...


class Field:
    """One field: its attribute is the value under its name.

    Attributes:
        name: its name; `""` until its class is made.
        default: its default; `_NOTHING` if there is none.
        factory: what makes its default, or `None`.
        validate: what was given as `validate=`.
        on_change: what was given as `on_change=`.
        validators: `validate`, checked.
        subscribers: `on_change`, each taking a change.
    """

    def __init__(
        self, default: Any, factory: Callable[[], Any] | None = None, validate: Any = None, on_change: Any = None
    ) -> None:
        self.name = ""
        self.default = default
        self.factory = factory
        self.validate = validate
        self.on_change = on_change
        self.validators: tuple[Callable[[Any], object], ...] = ()
        self.subscribers: tuple[Callable[[Any], object], ...] = ()

    @property
    def required(self) -> bool:
        """Whether the constructor has to be given a value."""
        return self.default is _NOTHING and self.factory is None

    def named(self, name: str) -> Field:
        """Return the field under a name. What `field()` gave may be used for several."""
        other = Field(self.default, self.factory, self.validate, self.on_change)
        other.name = name
        return other

    def make_default(self) -> Any:
        """Return the value of a field that the constructor is not given."""
        return self.default if self.factory is None else self.factory()

    def __get__(self, instance: _Keyed | None, owner: type) -> Any:
        if instance is None:
            if self.default is not _NOTHING:
                return self.default
            raise self._error("read", owner, "the class itself has no default for it. Make an instance first.")
        try:
            return instance[self.name]
        except KeyError:
            reason = "it has not been set yet. Call super().__init__() first."
            raise self._error("read", owner, reason) from None

    def __set__(self, instance: _Keyed, value: Any) -> None:
        instance[self.name] = value

    def __delete__(self, instance: object) -> None:
        raise self._error("delete", type(instance), "a field always has a value. Set it to another one.")

    def _error(self, verb: str, owner: type, reason: str) -> StateFieldError:
        message = f"Cannot {verb} field {self.name!r} of state {owner.__name__!r}: {reason}"
        return StateFieldError(message, state=owner.__name__, field=self.name, fields=tuple(getattr(owner, FIELDS)))


@overload
def field(
    default: T,
    *,
    validate: Callable[[T], object] | Sequence[Callable[[T], object]] | None = None,
    on_change: Callable[..., object] | Sequence[Callable[..., object]] | None = None,
) -> T: ...
@overload
def field(
    *,
    factory: Callable[[], T],
    validate: Callable[[T], object] | Sequence[Callable[[T], object]] | None = None,
    on_change: Callable[..., object] | Sequence[Callable[..., object]] | None = None,
) -> T: ...
@overload
def field(
    *,
    validate: Callable[[Any], object] | Sequence[Callable[[Any], object]] | None = None,
    on_change: Callable[..., object] | Sequence[Callable[..., object]] | None = None,
) -> Any: ...
def field(
    default: Any = _NOTHING,
    *,
    factory: Callable[[], Any] | None = None,
    validate: Any = None,
    on_change: Any = None,
) -> Any:
    """Declare a field of a `State` that needs more than a plain default: `spent: float = field(0.0, validate=...)`.

    Args:
        default: the value of a new state; hashable. Without it and without `factory` the constructor has to be given
            one; type checkers do not see that.
        factory: called without arguments for each new state, to make its value.
        validate: a function, or a list of them, that gets a new value and returns false or raises to reject it. What
            returns `None` accepts. Defaults and what the constructor is given are validated as well.
        on_change: a function, or a list of them, called after each change as by `State.watch`.

    Returns:
        What stands for the field until its class is made; to a type checker, the field's value.

    Raises:
        OptionError: there is both a default and a factory, or the factory cannot be called.
    """
    if factory is not None and default is not _NOTHING:
        raise OptionError(
            "Cannot define field: it has a default and a factory. Give one.", option="factory", value=factory
        )
    made: Any = factory
    if made is not None and not callable(made):
        message = f"Cannot define field: its factory is of type {type(factory).__name__!r}, which cannot be called."
        raise OptionError(f"{message} Give a function.", option="factory", value=factory)
    return Field(default, factory, validate, on_change)


def collect_fields(cls: type, inherited: Mapping[str, Field], reserved: Collection[str]) -> dict[str, Field]:
    """Return the fields of a class that is being made, and put its own where Python finds attributes.

    Args:
        cls: the class.
        inherited: the fields of its bases.
        reserved: what no field may be called.

    Raises:
        StateTypeError: a field cannot be.
    """
    own = {
        name: _read_field(cls, name, reserved)
        for name, annotation in _read_annotations(cls).items()
        if not name.startswith("_") and not _is_class_variable(annotation, cls.__module__)
    }
    for name, value in vars(cls).items():
        if name in own:
            continue
        if isinstance(value, Field):
            reason = (
                "a name with a leading underscore is not a field" if name.startswith("_") else "it has no annotation"
            )
            raise _refuse(cls, name, f"{reason}. Write it as in tokens: int = field(0).")
        if name in inherited:
            raise _refuse(cls, name, f"it is inherited, and here it has no annotation. Write it as in {name}: int = 0.")
    for name, found in own.items():
        setattr(cls, name, found)
    return {**inherited, **own}


def _read_annotations(cls: type) -> Mapping[str, object]:
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(cls, format=Format.STRING)
    annotations: Mapping[str, object] = vars(cls).get("__annotations__", {})
    return annotations


def _is_class_variable(annotation: object, module: str) -> bool:
    if not isinstance(annotation, str):
        return annotation is ClassVar or get_origin(annotation) is ClassVar
    head = annotation.strip("'\" ").partition("[")[0].strip()
    # Looking up one name is not evaluating: `from typing import ClassVar as C`.
    return head.rpartition(".")[2] == "ClassVar" or getattr(sys.modules.get(module), head, None) is ClassVar


def _read_field(cls: type, name: str, reserved: Collection[str]) -> Field:
    if name in reserved:
        raise _refuse(cls, name, "every state has a method of that name. Call the field something else.")
    value = vars(cls).get(name, _NOTHING)
    if isinstance(value, MemberDescriptorType):  # of __slots__
        value = _NOTHING
    found = value.named(name) if isinstance(value, Field) else Field(value).named(name)
    try:
        hash(found.default)
    except TypeError:
        kind = type(found.default).__name__
        reason = f"its default, a mutable {kind!r}, would be shared by all instances. Give field(factory={kind})"
        raise _refuse(cls, name, f"{reason} or another function that makes one.") from None
    return found


def _refuse(cls: type, name: str, reason: str) -> StateTypeError:
    message = f"Cannot define field {name!r} of state {cls.__name__!r}: {reason}"
    return StateTypeError(message, state=cls.__name__, key=name)


def check_arguments(state: str, fields: Mapping[str, Field], given: Collection[str], positional: bool) -> None:
    """Reject arguments of a constructor that are not the values of fields, or not all that it needs."""
    has = f"It has the fields {listed(list(fields), 20)}."
    if positional:
        message = f"Cannot make state {state!r}: its fields are given by name. {has}"
        raise StateTypeError(message, state=state, key=None)
    for name in given:
        if name not in fields:
            message = f"Cannot make state {state!r}: there is no field {name!r}.{nearest(name, fields)} {has}"
            raise StateTypeError(message, state=state, key=name)
    missing = [name for name, found in fields.items() if found.required and name not in given]
    if missing:
        message = f"Cannot make state {state!r}: no value is given for {listed(missing)}, which has no default."
        raise StateTypeError(f"{message} Write {state}({missing[0]}=...).", state=state, key=missing[0])


def validate(doing: str, state: str, key: object, value: object, validators: Sequence[Callable[[Any], object]]) -> None:
    """Raise `StateValidationError` for the first validator that rejects a value."""
    for validator in validators:
        cause: Exception | None = None
        name = getattr(validator, "__name__", None) or shorten(validator)
        try:
            answer = validator(value)
            if answer is None or answer:
                continue
            reason = f"validator {name!r} returned {shorten(answer)}"
        except Exception as error:
            reason, cause = f"validator {name!r} raised {type(error).__name__}: {error}", error
        message = f"Cannot {doing}: {reason} for {shorten(value)}. Give a value that it accepts."
        raise StateValidationError(message, state=state, key=key, value=value, reason=reason) from cause


def refuse_attribute(verb: str, state: str, fields: Collection[str], name: str) -> StateFieldError:
    """Return the error for an attribute that is no field."""
    message = f"Cannot {verb} attribute {name!r} of state {state!r}: "
    if fields:
        message += f"there is no such field.{nearest(name, fields)} It has the fields {listed(list(fields), 20)}. "
        message += f"A key of your own is state[{name!r}]."
    else:
        message += f"it has keys and no fields. Write state[{name!r}], or declare the field in a subclass of State "
        message += "and give that to the workflow: @workflow(state=...)."
    return StateFieldError(message, state=state, field=name, fields=tuple(fields))


def refuse_key(verb: str, state: str, key: object, keys: Iterable[object]) -> StateKeyError:
    """Return the error for a key that is not there."""
    message = f"Cannot {verb} key {shorten(key)} of state {state!r}: it is not there."
    if isinstance(key, str):
        message += nearest(key, [other for other in keys if isinstance(other, str)])
    if verb == "read":
        message += " state.get() takes a default."
    return StateKeyError(message, state=state, key=key)
