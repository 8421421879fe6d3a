"""Types whose values are never JSON: what an annotation tells of a result before it is there."""

from __future__ import annotations

import inspect
from collections import abc
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from .._base.annotation import list_members, show_type
from .json_output import AS_ISO, AS_TEXT, MODULES_AS_TEXT
from .record_type import record_of

__all__ = ["find_no_json"]

_KNOWN = (str, int, float, Enum, NoneType, timedelta, *AS_TEXT, *AS_ISO)
_BYTES: tuple[type, ...] = (bytes, bytearray, memoryview)
_COLLECTIONS = (abc.Mapping, abc.Sequence, abc.Set)
_NEVER: tuple[Any, ...] = (get_origin(Callable[..., Any]), abc.Iterator)
_HAVE_A_FORM = ("__get_pydantic_core_schema__", "tolist")


def find_no_json(hint: Any) -> str | None:
    """Return the type, or the part of it, that is surely no JSON; `None` if there is none.

    What a class does not say is left open: it may have a subclass, a list may be empty of what it is said to hold, but
    it would be odd to annotate it so.
    """
    return _find(hint, ())


def _find(hint: Any, around: Sequence[Any]) -> str | None:
    members = [member for member in list_members(hint) if member is not NoneType]
    found = [_find_single(member, [*around, member]) for member in members if member not in around]
    return found[0] if found and all(found) else None


def _find_single(hint: Any, around: Sequence[Any]) -> str | None:
    if get_origin(hint) is Literal:
        return next((show_type(type(value)) for value in get_args(hint) if isinstance(value, _BYTES)), None)
    kind: Any = get_origin(hint) or hint
    arguments = get_args(hint)
    record = record_of(hint)
    if record is not None:
        return next(filter(None, (_find(field, around) for field in record.fields.values())), None)
    if hint in (Any, object) or not _is_class(kind) or issubclass(kind, _KNOWN):
        return None
    if kind.__module__ in MODULES_AS_TEXT:
        return None
    if kind in _NEVER:
        return show_type(hint)
    is_open = inspect.isabstract(kind) or getattr(kind, "_is_protocol", False)
    if is_open or issubclass(kind, _COLLECTIONS) or any(hasattr(kind, name) for name in _HAVE_A_FORM):
        return show_type(hint) if issubclass(kind, _BYTES) else _find_in_parts(kind, arguments, around)
    return show_type(hint)


def _find_in_parts(kind: Any, arguments: Sequence[Any], around: Sequence[Any]) -> str | None:
    """Return what is no JSON of what a collection is said to hold."""
    parts = [argument for argument in arguments if argument is not ...]
    if issubclass(kind, abc.Mapping) and parts and (reason := _find_no_key(parts[0])):
        return reason
    if not issubclass(kind, abc.Iterable):
        return None
    return next(filter(None, (_find(part, around) for part in parts)), None)


def _find_no_key(hint: Any) -> str | None:
    """Return the type of keys that are no text in JSON, though they are something else in it."""
    kinds = [get_origin(member) or member for member in list_members(hint)]
    return show_type(hint) if all(_is_class(kind) and issubclass(kind, (tuple, frozenset)) for kind in kinds) else None


def _is_class(kind: Any) -> bool:
    return isinstance(kind, type)
