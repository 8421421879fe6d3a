"""Types that are made of named fields: dataclasses, named tuples, typed dicts, and what attrs and msgspec make."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from .._base.annotation import show_type

__all__ = ["Record", "Unevaluated", "record_of"]


class Unevaluated:
    """Stands for an annotation that names what cannot be found when it is evaluated."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class Record(NamedTuple):
    """A type that is made of named fields.

    Attributes:
        name: what it is called.
        fields: the type of each field.
        required: the fields that have no default.
        make: makes a value, given the fields by name.
        is_row: whether its fields have an order that counts.
    """

    name: str
    fields: Mapping[str, Any]
    required: frozenset[str]
    make: Callable[..., Any]
    is_row: bool = False


def record_of(hint: Any) -> Record | None:
    """Return a type as a record; `None` if it is none."""
    kind = get_origin(hint) or hint
    if hasattr(kind, "__required_keys__"):  # of `typing` or, which need not be loaded, `typing_extensions`
        fields = {name: _bare(field) for name, field in _fields_of(hint, kind).items()}
        return Record(show_type(kind), fields, _required_keys(kind), dict)
    is_row = hasattr(kind, "_fields") and tuple in getattr(kind, "__mro__", ())
    if not isinstance(kind, type) or not (is_row or any(hasattr(kind, mark) for mark in _MARKS)):
        return None
    hints = _fields_of(hint, kind)
    # attrs leaves the underscore of a field out.
    hints = {**{name.lstrip("_"): field for name, field in hints.items()}, **hints}
    params = [p for p in inspect.signature(kind).parameters.values() if p.kind not in _VARIADIC]
    required = frozenset(param.name for param in params if param.default is Parameter.empty)
    return Record(show_type(kind), {p.name: hints.get(p.name, Any) for p in params}, required, kind, is_row)


def _required_keys(kind: Any) -> frozenset[str]:
    """Return the keys that a typed dict must have.

    It knows that by itself only of annotations that were no mere texts when it was made, as all are under
    `from __future__ import annotations`.
    """
    known: frozenset[str] = kind.__required_keys__
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except Exception:
        return known
    marks = {name: _mark_of(hint) for name, hint in hints.items()}
    return frozenset(name for name, mark in marks.items() if mark or (mark is None and name in known))


def _mark_of(hint: Any) -> bool | None:
    """Return whether a key is said to be required; `None` if its annotation says nothing of that."""
    while (origin := get_origin(hint)) is not None:
        name = str(origin)
        if name.endswith("Required"):
            return not name.endswith("NotRequired")
        if origin is not Annotated and not name.endswith("ReadOnly"):
            break
        hint = get_args(hint)[0]
    return None


_MARKS = ("__dataclass_fields__", "__attrs_attrs__", "__struct_fields__")
_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def _fields_of(hint: Any, kind: Any) -> dict[str, Any]:
    """Return the types of the fields, with what a generic type is given in its place."""
    try:
        # A constructor of its own may take what is no field.
        found: dict[str, Any] = {**typing.get_type_hints(kind.__init__), **typing.get_type_hints(kind)}
    except Exception:
        names: dict[str, Any] = {}
        for base in reversed(kind.__mro__):
            names.update(getattr(base, "__annotations__", {}))
        found = {name: Unevaluated(each) if isinstance(each, str) else each for name, each in names.items()}
    given: dict[Any, Any] = dict(zip(getattr(kind, "__parameters__", ()), get_args(hint), strict=False))
    return {name: _fill(_unwrap(field), given) for name, field in found.items()}


def _unwrap(hint: Any) -> Any:
    return getattr(hint, "type", hint) if type(hint).__name__ == "InitVar" else hint


def _fill(hint: Any, given: Mapping[Any, Any]) -> Any:
    if hint in given:
        return given[hint]
    wanted = getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(each, Any) for each in wanted)] if given and wanted else hint


def _bare(hint: Any) -> Any:
    """Return the type of a key of a typed dict without what else is said of the key."""
    while str(get_origin(hint)).endswith(("Required", "ReadOnly")):
        hint = get_args(hint)[0]
    return hint
