"""Results as JSON, also where they are made of more than JSON knows."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, TypeGuard, cast
from uuid import UUID

from .. import FlowdecoError

__all__ = ["JsonError", "to_json"]

_AS_TEXT = (PurePath, UUID, Decimal)


class JsonError(FlowdecoError, TypeError):
    """A result cannot be told as JSON.

    Attributes:
        value: the part of it that cannot.
    """

    value: object


def to_json(value: Any, encoding: str = "utf-8") -> str:
    """Return the value as one line of JSON.

    Dataclasses become objects, sets arrays (sorted if they can be), members of enums their values, dates and times
    ISO 8601; paths, UUIDs and decimals become strings.

    Args:
        value: what to tell.
        encoding: what the text is going to be written in; other characters are escaped.

    Raises:
        JsonError: some of it cannot be told.
    """
    try:
        plain = _simplify(value, "result")
        text = json.dumps(plain, ensure_ascii=False)
    except RecursionError:
        raise JsonError("Cannot tell the result as JSON: it is nested without end.", value=value) from None
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(plain)
    return text


def _simplify(value: Any, place: str) -> Any:
    """Return what JSON knows in the place of what it does not."""
    if isinstance(value, Enum):
        return _simplify(value.value, place)
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _refuse(value, place, f"is {value}, for which there is no word in it")
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, _AS_TEXT):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _simplify(getattr(value, f.name), f"{place}.{f.name}") for f in dataclasses.fields(value)}
    if _is_mapping(value):
        return {_simplify_key(key, place): _simplify(item, f"{place}[{key!r}]") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_simplify(item, f"{place}[{number}]") for number, item in enumerate(cast("list[Any]", value))]
    if isinstance(value, (set, frozenset)):
        return _sort([_simplify(item, f"a member of {place}") for item in cast("set[Any]", value)])
    raise _refuse(value, place, f"is of the type {type(value).__name__}")


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _simplify_key(key: Any, place: str) -> Any:
    simple = _simplify(key, f"a key of {place}")
    if isinstance(simple, (list, dict)):
        raise _refuse(key, f"a key of {place}", f"is of the type {type(key).__name__}")
    return simple


def _sort(members: list[Any]) -> list[Any]:
    try:
        return sorted(members)
    except TypeError:
        return members


def _refuse(value: object, place: str, reason: str) -> JsonError:
    message = f"Cannot tell the result as JSON: {place} {reason}. Return what JSON knows, or leave --json out."
    return JsonError(message, value=value)
