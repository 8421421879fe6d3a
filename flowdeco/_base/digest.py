"""The digest of a value: the same for equal values, in every process and on every machine.

It is made of what a value is, never of how it is shown: two values of different types have different digests, also 1
and True. What does not say what it is made of has none: a digest of a part of it would take two things for one.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import PurePath
from types import MappingProxyType, NoneType
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from .errors import DigestError
from .text import shorten
from .trampoline import Steps, run_steps

__all__ = ["digest", "digest_key"]

_SIZE: Final = 16
_KNOWN_ZONES: Final = (timezone, ZoneInfo)


def digest(value: object) -> str:
    """Return 32 hexadecimal digits that stand for a value.

    It is known of numbers, texts, bytes, dates and times, `UUID`, paths, IP addresses, enums and classes; of lists,
    tuples, sets, dicts, deques, dataclasses, attrs classes and pydantic models of such; and of what has a method
    `__flowdeco_digest__()`, which returns such a value.

    Raises:
        DigestError: there is something in it that has no digest, or it contains itself.
    """
    make = _SCALARS.get(type(value))
    return (_hash(make(value)) if make is not None else run_steps(_Digester().digest(value, ""))).hex()


def digest_key(key: object, label: str) -> str:
    """Return the digest of what a `key=` gave for an item.

    Args:
        key: what it gave.
        label: whose it is.

    Raises:
        DigestError: it has none.
    """
    try:
        return digest(key)
    except DigestError as error:
        text = f"Cannot tell the items of {label} apart: key= gives {shorten(key)}, which has no digest. "
        text += "Let it give a text, a number, or a tuple of these."
        raise DigestError(text, value=error.value, place=error.place) from None


def _hash(*parts: bytes) -> bytes:
    made = blake2b(digest_size=_SIZE)
    for part in parts:
        made.update(len(part).to_bytes(8, "little"))
        made.update(part)
    return made.digest()


def _spelled(name: str, spell: Callable[[Any], str]) -> Callable[[Any], bytes]:
    return lambda value: f"{name}:{spell(value)}".encode("utf-8", "surrogatepass")


def _spell_time(value: datetime | time) -> str:
    zone = value.tzinfo
    of_zone = "" if zone is None else f" {zone if isinstance(zone, _KNOWN_ZONES) else type(zone).__qualname__}"
    return f"{value.isoformat()} {value.fold}{of_zone}"


_SCALARS: Final[dict[type, Callable[[Any], bytes]]] = {
    NoneType: lambda _: b"None:",
    str: _spelled("str", str),
    int: _spelled("int", hex),
    bool: _spelled("bool", str),
    float: _spelled("float", float.hex),
    complex: _spelled("complex", lambda value: f"{value.real.hex()} {value.imag.hex()}"),
    bytes: lambda value: b"bytes:" + value,
    bytearray: lambda value: b"bytearray:" + value,
    Decimal: _spelled("Decimal", str),
    Fraction: _spelled("Fraction", str),
    datetime: _spelled("datetime", _spell_time),
    time: _spelled("time", _spell_time),
    date: _spelled("date", date.isoformat),
    timedelta: _spelled("timedelta", lambda value: f"{value.days} {value.seconds} {value.microseconds}"),
    timezone: _spelled("timezone", str),
    ZoneInfo: _spelled("ZoneInfo", str),
    UUID: _spelled("UUID", str),
    range: _spelled("range", repr),
    type(...): lambda _: b"...:",
    **{kind: _spelled(kind.__name__, str) for kind in (IPv4Address, IPv6Address, IPv4Network, IPv6Network)},
}
_LISTS: Final = (list, tuple, deque)
_SETS: Final = (set, frozenset)
_DICTS: Final = (dict, defaultdict, Counter, MappingProxyType)


class _Digester:
    """Makes the digest of one value; it goes down into it without recursion, as values may be nested deep."""

    def __init__(self) -> None:
        self._around: set[int] = set()

    def digest(self, value: Any, place: str) -> Steps[bytes]:
        make = _SCALARS.get(cast("Any", type(value)))
        if make is not None:
            return _hash(make(value))
        if id(value) in self._around:
            raise _refuse(value, place, "contains itself")
        self._around.add(id(value))
        try:
            made: bytes = yield self._digest_made(value, place)
            return made
        finally:
            self._around.discard(id(value))

    def _digest_made(self, value: Any, place: str) -> Steps[bytes]:
        kind = cast("Any", type(value))
        name = f"{kind.__module__}.{kind.__qualname__}"
        if kind in _SETS:
            return _hash(name.encode(), *sorted((yield self._digest_all(_numbered(value, place)))))
        if kind in _DICTS:
            made: bytes = yield self._digest_dict(name, value, place)
            return made
        if isinstance(value, Enum):
            return _hash(b"enum", name.encode(), value.name.encode() if value.name else repr(value.value).encode())
        if isinstance(value, type):
            return _hash(b"class", f"{value.__module__}.{value.__qualname__}".encode())
        if isinstance(value, PurePath):
            return _hash(b"path", str(value).encode("utf-8", "surrogatepass"))
        parts = yield self._digest_all(_take_apart(value, place))
        return _hash(name.encode(), *parts)

    def _digest_all(self, parts: Iterable[tuple[str, Any]]) -> Steps[list[bytes]]:
        made: list[bytes] = []
        for place, part in parts:
            made.append((yield self.digest(part, place)))
        return made

    def _digest_dict(self, name: str, value: Mapping[Any, Any], place: str) -> Steps[bytes]:
        pairs: list[bytes] = []
        for key, part in value.items():
            of_key = yield self.digest(key, f"{place}, a key")
            pairs.append(of_key + (yield self.digest(part, f"{place}[{key!r}]")))
        return _hash(name.encode(), *sorted(pairs))


def _take_apart(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Return what a value consists of, with where each part stands."""
    kind = cast("Any", type(value))
    if kind in _LISTS or _is_named_tuple(value):
        return _numbered(value, place)
    if kind is OrderedDict:
        return _numbered(value.items(), place)
    if hasattr(kind, "__flowdeco_digest__"):
        return iter([(f"{place}.__flowdeco_digest__()", value.__flowdeco_digest__())])
    if hasattr(kind, "__dataclass_fields__"):
        names = [field.name for field in dataclasses.fields(value) if field.compare]
        return _named(value, names, place)
    if hasattr(kind, "__attrs_attrs__"):
        return _named(value, [field.name for field in kind.__attrs_attrs__ if field.eq], place)
    if hasattr(kind, "model_dump"):
        return iter([(place, value.model_dump())])
    raise _refuse(value, place, "does not say what it is made of")


def _is_named_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(cast("Any", value), "_fields")


def _numbered(values: Iterable[Any], place: str) -> Iterator[tuple[str, Any]]:
    return ((f"{place}[{number}]", part) for number, part in enumerate(values))


def _named(value: Any, names: Iterable[str], place: str) -> Iterator[tuple[str, Any]]:
    return ((f"{place}.{name}", getattr(value, name)) for name in names)


def _refuse(value: object, place: str, reason: str) -> DigestError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    of_place = f" at {place.lstrip(', ')}" if place else ""
    message = f"Cannot tell whether two values are the same: the {kind}{of_place} {reason}. Say with key= what tells "
    message += "them apart, or give the class a method __flowdeco_digest__() that returns what a value is made of."
    return DigestError(message, value=value, place=place)
