"""Results as JSON, also where they are made of more than JSON knows."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Any, TypeGuard, cast
from uuid import UUID

from .. import FlowdecoError
from .duration import format_duration
from .printing import allow_depth

__all__ = ["AS_ISO", "AS_TEXT", "MODULES_AS_TEXT", "JsonError", "to_json"]

AS_TEXT = (PurePath, UUID, Decimal, Fraction)
# All that they have is written as it is read.
MODULES_AS_TEXT = ("ipaddress", "zoneinfo")
AS_ISO = (datetime, date, time)


class JsonError(FlowdecoError, TypeError):
    """A result cannot be printed as JSON.

    Attributes:
        value: the part of it that cannot.
    """

    value: object


def to_json(value: Any, encoding: str = "utf-8") -> str:
    """Return the value as one line of JSON.

    Dataclasses, models of pydantic and what attrs or msgspec make become objects, sets arrays (sorted if they can be),
    arrays of numpy and the like arrays, members of enums their values; dates, times and durations ISO 8601; paths,
    UUIDs, decimals and fractions become strings.

    Args:
        value: what to print.
        encoding: what the text is going to be written in; other characters are escaped.

    Raises:
        JsonError: some of it cannot be printed.
    """
    try:
        with allow_depth():
            plain = _simplify(value, "result")
            text = json.dumps(plain, ensure_ascii=False)
            return text if _can_be_written(text, encoding) else json.dumps(plain)
    except RecursionError:
        reason = "it contains itself, or is nested too deep. Return what is flatter, or leave --json out"
        raise JsonError(f"Cannot print the result as JSON: {reason}.", value=value) from None


def _can_be_written(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _simplify(value: Any, place: str) -> Any:
    """Return what JSON knows in the place of what it does not."""
    if isinstance(value, Enum):
        return _simplify(value.value, place)
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _refuse(value, place, f"is {value}, which JSON cannot express")
        return value
    if isinstance(value, AS_ISO):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, AS_TEXT) or type(value).__module__ in MODULES_AS_TEXT:
        return str(value)
    if _is_mapping(value):
        return _simplify_mapping(value, place)
    if _is_sequence(value):
        return [_simplify(item, f"{place}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return _sort([_simplify(item, f"a member of {place}") for item in cast("set[Any]", value)])
    return _simplify_object(value, place)


def _simplify_object(value: Any, place: str) -> Any:
    """Return what a class makes of its own fields, or says of them itself."""
    kind = cast("Any", type(value))
    if callable(getattr(kind, "model_dump", None)):  # a model of pydantic
        return _simplify(value.model_dump(), place)
    names = _field_names(value, kind)
    if names is not None:
        return {name: _simplify(getattr(value, name), f"{place}.{name}") for name in names}
    if hasattr(kind, "__get_pydantic_core_schema__"):  # an address or a secret, which hides itself
        return str(value)
    if callable(getattr(kind, "tolist", None)):  # an array, or a number of its kind
        return _simplify(value.tolist(), place)
    raise _refuse(value, place, f"is of the type {kind.__name__}")


def _field_names(value: Any, kind: Any) -> list[str] | None:
    fields: Any = getattr(kind, "__struct_fields__", None)  # of msgspec, which has their names
    if hasattr(kind, "__dataclass_fields__"):
        fields = [field.name for field in dataclasses.fields(value)]
    elif hasattr(kind, "__attrs_attrs__"):
        fields = [field.name for field in kind.__attrs_attrs__]
    return None if fields is None else list(fields)


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview))


def _simplify_mapping(value: Mapping[Any, Any], place: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    before: dict[str, Any] = {}
    for key, item in value.items():
        word = _word_of(key, place)
        if word in made:
            reason = f"are both {json.dumps(word)} there, and one would be lost"
            raise _refuse(value, f"the keys {before[word]!r} and {key!r} of {place}", reason)
        before[word], made[word] = key, _simplify(item, f"{place}[{key!r}]")
    return made


def _word_of(key: Any, place: str) -> str:
    """Return a key as JSON writes it, where it is always a text."""
    simple = _simplify(key, f"a key of {place}")
    if isinstance(simple, str):
        return simple
    if isinstance(simple, (list, dict)):
        raise _refuse(key, f"a key of {place}", f"is of the type {type(key).__name__}")
    return json.dumps(simple)


def _sort(members: list[Any]) -> list[Any]:
    try:
        return sorted(members)
    except TypeError:
        return members


def _refuse(value: object, place: str, reason: str) -> JsonError:
    message = f"Cannot print the result as JSON: {place} {reason}. Return what JSON knows, or leave --json out."
    return JsonError(message, value=value)
