"""What is written as one plain text: numbers, dates, paths, members of enums. From a text, and from a value of JSON."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import partial
from pathlib import Path, PurePath
from types import NoneType
from typing import Any, Literal, LiteralString, NamedTuple, get_args, get_origin
from uuid import UUID

from .._base.annotation import show_type
from .duration import EXAMPLES, parse_duration

__all__ = ["Scalar", "scalar_of"]

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
# Those that are made from a text by calling them, the more special first.
_BY_CALL: tuple[type, ...] = (str, int, float, complex, Decimal, Fraction, UUID)
_BY_ISO: tuple[type, ...] = (datetime, date, time)
# The same, of modules that need not be loaded.
_OTHERS_BY_CALL = {
    *(f"ipaddress.IPv{version}{kind}" for version in (4, 6) for kind in ("Address", "Network", "Interface")),
    "zoneinfo.ZoneInfo",
}
_EXAMPLES: dict[type, str] = {
    datetime: "2026-11-24T10:30:00",
    date: "2026-11-24",
    time: "10:30",
    Decimal: "0.10",
    Fraction: "1/3",
    complex: "1+2j",
    UUID: "12345678-1234-5678-1234-567812345678",
}
# What a value of JSON may be, besides a text, for the type to be made of it without loss.
_OF_JSON: dict[type, tuple[type, ...]] = {
    str: (),
    int: (int,),
    float: (int, float),
    complex: (int, float),
    Decimal: (int,),
    Fraction: (int,),
}


class Scalar(NamedTuple):
    """How one of the types that are written as a plain text is read.

    Attributes:
        name: of the type, for messages.
        metavar: what stands for it in the help.
        read: makes it of a text, and raises whatever that raises.
        build: makes it of a value of JSON, and raises `ValueError` or whatever else if it cannot.
        example: how it is written; empty where everybody knows.
        choices: what it may be, if that is listed.
    """

    name: str
    metavar: str
    read: Callable[[str], Any]
    build: Callable[[Any], Any]
    example: str = ""
    choices: tuple[str, ...] = ()


def scalar_of(hint: Any) -> Scalar | None:
    """Return how a type is read; `None` if it is none that is written as a plain text."""
    if get_origin(hint) is Literal:
        return _literal(get_args(hint))
    kind = str if hint is LiteralString else get_origin(hint) or hint
    if not isinstance(kind, type):
        return None
    if kind is NoneType:
        return Scalar("null", "null", {"null": None, "none": None}.__getitem__, _require(NoneType))
    if issubclass(kind, Enum):
        return _enum(kind)
    if kind is bool:
        return Scalar("bool", "{true,false}", _read_word, _require(bool), "true or false")
    return _of_class(kind)


def _of_class(kind: Any) -> Scalar | None:
    name, metavar = show_type(kind), kind.__name__.upper()
    example = next((example for base, example in _EXAMPLES.items() if issubclass(kind, base)), "")
    if issubclass(kind, bytes):
        return Scalar(name, "TEXT", partial(_encode, kind), _from_text(partial(_encode, kind)))
    if issubclass(kind, timedelta):
        return Scalar(name, "DURATION", parse_duration, _from_text(parse_duration), EXAMPLES)
    if issubclass(kind, _BY_ISO):
        return Scalar(name, metavar, kind.fromisoformat, _from_text(kind.fromisoformat), example)
    if kind is os.PathLike or issubclass(kind, PurePath):
        make = Path if kind is os.PathLike else kind
        return Scalar(name, "PATH", make, _from_text(make))
    if kind is re.Pattern:
        return Scalar("pattern", "PATTERN", re.compile, _from_text(re.compile))
    if issubclass(kind, _BY_CALL):
        return Scalar(name, "TEXT" if issubclass(kind, str) else metavar, kind, _number(kind), example)
    if f"{kind.__module__}.{kind.__qualname__}" in _OTHERS_BY_CALL:
        return Scalar(name, metavar, kind, _from_text(kind))
    return None


def _read_word(text: str) -> bool:
    return _WORDS[text.lower()]


def _encode(kind: Any, text: str) -> Any:
    return kind(text.encode(errors="surrogateescape"))  # a word of the command line may be no UTF-8


def _require(kind: type) -> Callable[[Any], Any]:
    def build(data: Any) -> Any:
        if type(data) is not kind:
            raise ValueError
        return data

    return build


def _from_text(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def build(data: Any) -> Any:
        if not isinstance(data, str):
            raise ValueError
        return read(data)

    return build


def _number(kind: Any) -> Callable[[Any], Any]:
    """Return how one that is made by calling it is made of JSON, where a number is not a text and the reverse."""
    base = next((base for base in _OF_JSON if issubclass(kind, base)), None)
    taken = (str,) if base is None else _OF_JSON[base]
    if base in (str, complex, Decimal, Fraction):
        taken = (*taken, str)

    def build(data: Any) -> Any:
        if type(data) not in taken:
            raise ValueError
        return kind(data)

    return build


def _enum(kind: type[Enum]) -> Scalar:
    members = kind.__members__
    by_text = {**{str(member.value): member for member in kind}, **members}

    def build(data: Any) -> Any:
        if isinstance(data, str) and data in members:
            return members[data]
        return next(member for member in kind if type(member.value) is type(data) and member.value == data)

    return _choice(show_type(kind), by_text, build, tuple(members))


def _literal(values: tuple[Any, ...]) -> Scalar:
    by_text = {str(value.name if isinstance(value, Enum) else value): value for value in values}

    plain = [(value.value if isinstance(value, Enum) else value, value) for value in values]

    def build(data: Any) -> Any:
        return next(value for each, value in plain if type(each) is type(data) and each == data)

    return _choice("literal", by_text, build, tuple(by_text))


def _choice(name: str, by_text: Mapping[str, Any], build: Callable[[Any], Any], choices: tuple[str, ...]) -> Scalar:
    # argparse cannot break a line at everything.
    plain = all(choice.isidentifier() or choice.isdecimal() for choice in choices)
    metavar = "{" + ",".join(choices) + "}" if plain else "CHOICE"
    return Scalar(name, metavar, by_text.__getitem__, build, choices=choices)
