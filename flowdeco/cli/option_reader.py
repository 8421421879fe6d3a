"""The inputs of a workflow as options of a command: what each may be, and how its text is read."""

from __future__ import annotations

import json
import typing
from collections import abc
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from inspect import Parameter
from pathlib import PurePath
from types import NoneType
from typing import Any, Literal, NamedTuple, cast, get_args, get_origin
from uuid import UUID

from .._base.annotation import _members, read_annotations, show_type
from .._base.text import nearest

__all__ = ["WORDED_SWITCH", "Reader", "read_hints", "reader_of"]

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_BY_CALL: tuple[type, ...] = (int, float, complex, Decimal, Fraction, UUID)
_BY_ISO: tuple[type, ...] = (datetime, date, time)
# The collections that are given item by item, and what each is made of: an abstract one, of what is as good as any.
_MANY: dict[Any, Callable[[list[Any]], Any]] = {
    **{kind: kind for kind in (list, tuple, set, frozenset)},
    **dict.fromkeys((abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable), list),
    **dict.fromkeys((abc.Set, abc.MutableSet), set),
}


class Reader(NamedTuple):
    """How the text of an option becomes an input.

    Attributes:
        shape: whether it is a switch without a value, takes one, or takes any number of them.
        metavar: what stands for a value in the help.
        read: turns the text, or all the texts, into the input; raises `ValueError` with what is wrong.
    """

    shape: Literal["switch", "one", "many"]
    metavar: str
    read: Callable[[Any], Any]


class _Single(NamedTuple):
    """How one text is read as one of the types that an input may have."""

    name: str
    read: Callable[[str], Any]
    metavar: str
    choices: tuple[str, ...] = ()


def read_hints(function: Any) -> dict[str, Any]:
    """Return the annotations of a function's parameters; `Any` for one that cannot be evaluated."""
    return read_annotations(function, "sync").params


def reader_of(hint: Any, default: object = Parameter.empty) -> Reader:
    """Return how an input is read.

    Args:
        hint: its annotation; `Parameter.empty` if it has none.
        default: its default, which says what it is if no annotation does.
    """
    if hint is Parameter.empty:
        kind: type = str if default is Parameter.empty or default is None else type(default)
        hint = kind if _is_simple(kind) else Any
    members = _members(hint)
    kinds = [member for member in members if member is not NoneType]
    nullable = len(kinds) < len(members)
    if kinds and all(kind is bool for kind in kinds):
        return Reader("switch", "", bool)
    if len(kinds) == 1 and (many := _reader_of_many(kinds[0])) is not None:
        return many
    singles = [_single_of(kind) for kind in kinds] or [_any()]
    # Every text is a string, so whatever else it may be comes first.
    singles.sort(key=lambda single: single.name == "str")
    return _reader_of_one(singles, nullable=nullable)


def _is_simple(kind: type) -> bool:
    return kind in (str, dict) or kind in _MANY or issubclass(kind, (Enum, PurePath, *_BY_CALL, *_BY_ISO))


def _reader_of_one(singles: list[_Single], *, nullable: bool) -> Reader:
    takes_all = any(single.name in ("str", "") for single in singles)

    def read(text: str) -> Any:
        if nullable and not takes_all and text.lower() in ("none", "null"):
            return None
        for single in singles:
            try:
                return single.read(text)
            except Exception:
                pass
        raise ValueError(_say_misfit(text, singles))

    metavars = list(dict.fromkeys(single.metavar for single in singles))
    return Reader("one", "|".join(metavars), read)


def _say_misfit(text: str, singles: list[_Single]) -> str:
    choices = [choice for single in singles for choice in single.choices]
    if choices and all(single.choices for single in singles):
        chosen = ", ".join(map(repr, choices))
        return f"invalid choice: {text!r} (choose from {chosen}).{nearest(text, choices)}".removesuffix(".")
    return f"invalid {' or '.join(dict.fromkeys(single.name for single in singles))} value: {text!r}"


def _reader_of_many(hint: Any) -> Reader | None:
    """Return how a collection is read, an option for each item; `None` if it is none."""
    kind, arguments = get_origin(hint) or hint, get_args(hint)
    if kind not in _MANY:
        return None
    if kind is tuple and arguments and ... not in arguments:
        return _reader_of_row([_item_reader(argument) for argument in arguments])
    item, make = _item_reader(arguments[0] if arguments else Any), _MANY[kind]

    def read(texts: Sequence[str]) -> Any:
        return make([item.read(text) for text in texts])

    return Reader("many", item.metavar, read)


def _reader_of_row(items: list[Reader]) -> Reader:
    def read(texts: Sequence[str]) -> Any:
        if len(texts) != len(items):
            raise ValueError(f"expected {len(items)} values, not {len(texts)}")
        return tuple([item.read(text) for item, text in zip(items, texts, strict=True)])

    return Reader("many", "|".join(dict.fromkeys(item.metavar for item in items)), read)


def _item_reader(hint: Any) -> Reader:
    """Return how an item of a collection is read: what has no text of its own is JSON."""
    reader = reader_of(hint)
    if reader.shape == "switch":
        return WORDED_SWITCH
    return reader if reader.shape == "one" else _reader_of_one([_any()], nullable=False)


def _single_of(hint: Any) -> _Single:
    if get_origin(hint) is Literal:
        return _choice({str(value): value for value in get_args(hint)}, "literal")
    kind = get_origin(hint) or hint
    if typing.is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, abc.Mapping)):
        return _Single("JSON object", _read_object, "JSON")
    if not isinstance(kind, type):
        return _any()
    return _single_of_class(kind)


def _single_of_class(kind: Any) -> _Single:
    name = show_type(kind)
    if issubclass(kind, Enum):
        return _choice(kind.__members__, name, {str(member.value): member for member in kind})
    if kind is str:
        return _Single("str", str, "TEXT")
    if kind is bool:
        return _Single("bool", _read_switch, "{true,false}")
    if kind is bytes:
        return _Single("bytes", str.encode, "TEXT")
    if issubclass(kind, PurePath):
        return _Single(name, kind, "PATH")
    if kind in _BY_CALL:
        return _Single(name, kind, name.upper())
    if kind in _BY_ISO:
        return _Single(name, kind.fromisoformat, name.upper())
    return _any()


def _choice(values: Mapping[str, Any], name: str, others: Mapping[str, Any] | None = None) -> _Single:
    known = {**(others or {}), **values}
    # argparse cannot break a line at everything.
    plain = all(choice.isidentifier() or choice.isdecimal() for choice in values)
    return _Single(name, known.__getitem__, "{" + ",".join(values) + "}" if plain else "CHOICE", tuple(values))


def _any() -> _Single:
    """Return how a text is read that may be anything: as JSON if it is, else as itself."""
    return _Single("", _read_anything, "VALUE")


def _read_anything(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_switch(text: str) -> bool:
    return _WORDS[text.lower()]


def _read_object(text: str) -> Any:
    found: Any = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError
    return cast("Any", found)


# A bool that is told by a word.
WORDED_SWITCH = _reader_of_one([_single_of(bool)], nullable=False)
