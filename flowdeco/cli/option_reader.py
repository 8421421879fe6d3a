"""The inputs of a workflow as options of a command: what each may be, and how its text is read."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from contextlib import suppress
from inspect import Parameter
from types import FunctionType, NoneType, SimpleNamespace
from typing import Any, Literal, NamedTuple, TypeVar, cast, get_args, get_origin

from .._base.annotation import read_annotations, show_type
from .._base.signature import peel
from .._base.text import nearest
from .record_type import Unevaluated
from .scalar_reader import Scalar, scalar_of
from .value_builder import COLLECTIONS, Builder, builder_of, members_of, parse_json, rank

__all__ = ["WORDED_SWITCH", "Reader", "read_hints", "reader_of"]


class Reader(NamedTuple):
    """How the text of an option becomes an input.

    Attributes:
        shape: whether it is a switch without a value, takes one, or takes any number of them.
        metavar: what stands for a value in the help.
        read: turns the text, or all the texts, into the input; raises `ValueError` with what is wrong.
        choices: what it may be, if that is listed.
        number: how many texts it takes if it is many; `None`: any number.
        is_whole: whether one text is all of it if it is many: a JSON array whose items fit.
    """

    shape: Literal["switch", "one", "many"]
    metavar: str
    read: Callable[[Any], Any]
    choices: tuple[str, ...] = ()
    number: int | None = None
    is_whole: Callable[[str], bool] = lambda text: False


def read_hints(function: Any) -> dict[str, Any]:
    """Return the annotations of a function's parameters; `Unevaluated` for one that cannot be evaluated."""
    hints = read_annotations(function, "sync").params
    inner = next((layer for layer in peel(function) if isinstance(layer, FunctionType)), None)
    try:
        written = dict(inner.__annotations__) if inner is not None else {}
    except Exception:  # from Python 3.14 on, they may only be evaluated here
        return hints
    unsure = [name for name, hint in hints.items() if hint is Any and isinstance(written.get(name), str)]
    scope = {"__globals__": getattr(inner, "__globals__", {}), "__type_params__": getattr(inner, "__type_params__", ())}
    for name in unsure:
        try:
            typing.get_type_hints(SimpleNamespace(**scope, __annotations__={name: written[name]}))
        except Exception:
            hints[name] = Unevaluated(written[name])
    return hints


def reader_of(hint: Any, default: object = Parameter.empty) -> Reader:
    """Return how an input is read.

    Args:
        hint: its annotation; `Parameter.empty` if it has none.
        default: its default, which says what it is if no annotation does.

    Raises:
        UnreadableTypeError: no text can be turned into it.
    """
    if hint is Parameter.empty:
        hint = str if default is Parameter.empty or default is None else type(default)
    members = members_of(hint)
    kinds = [member for member in members if member is not NoneType]
    if kinds and all(kind is bool for kind in kinds):
        return Reader("switch", "", bool)
    if len(kinds) == 1 and (get_origin(kinds[0]) or kinds[0]) in COLLECTIONS:
        return _reader_of_many(kinds[0])
    return _reader_of_one(kinds, nullable=len(kinds) < len(members))


def _reader_of_one(kinds: Sequence[Any], *, nullable: bool) -> Reader:
    """Return how one text is read: as what is written plainly if it is that, else as JSON."""
    scalars = {id(kind): scalar for kind in kinds if (scalar := scalar_of(kind)) is not None}
    formed = [kind for kind in kinds if id(kind) not in scalars]
    plain = sorted(scalars.values(), key=lambda scalar: rank(scalar.name))
    loose = any(kind in (Any, object) or isinstance(kind, TypeVar) for kind in formed)
    read_formed = _formed_reader(formed, loose=loose) if formed else None
    takes_all = loose or any(rank(scalar.name) == 4 for scalar in plain)

    def read(text: str) -> Any:
        if nullable and not takes_all and text.lower() in ("none", "null"):
            return None
        # What has a form is no mere text, though a text may be all there is besides.
        if read_formed is not None and (not plain or _has_form(text)):
            return read_formed(text)
        for scalar in plain:
            try:
                return scalar.read(text)
            except Exception:
                pass
        if loose and read_formed is not None:
            return read_formed(text)
        raise ValueError(_say_misfit(text, plain, formed))

    metavars = [*(scalar.metavar for scalar in plain), *(["VALUE" if loose else "JSON"] if formed else [])]
    choices = tuple(choice for scalar in plain for choice in scalar.choices)
    return Reader("one", "|".join(dict.fromkeys(metavars)) or "null", read, choices)


def _has_form(text: str) -> bool:
    try:
        return isinstance(parse_json(text), (dict, list))
    except ValueError:
        return False


def _formed_reader(kinds: Sequence[Any], *, loose: bool) -> Callable[[str], Any]:
    """Return how a text is read that is JSON, or may be: what may be anything is else the text itself."""
    builder = builder_of(typing.Union[tuple(kinds)])  # noqa: UP007
    as_text = all(hasattr(kind, "__get_pydantic_core_schema__") for kind in kinds)

    def read(text: str) -> Any:
        try:
            data = parse_json(text)
        except ValueError as error:
            if loose:
                return text
            if as_text:
                return _build_of_text(builder, text)
            raise ValueError(f"expected {builder.expects}; {text!r} is not JSON: {error}") from None
        return builder.build(data, "")

    return read


def _build_of_text(builder: Builder, text: str) -> Any:
    try:
        return builder.build(text, "")
    except ValueError as error:
        raise ValueError(f"expected JSON for {builder.expects}, not {text!r} ({error})") from None


def _say_misfit(text: str, scalars: Sequence[Scalar], formed: Sequence[Any]) -> str:
    choices = [choice for scalar in scalars for choice in scalar.choices]
    if choices and all(scalar.choices for scalar in scalars) and not formed:
        chosen = ", ".join(map(repr, choices))
        return f"invalid choice: {text!r} (choose from {chosen}).{nearest(text, choices)}".removesuffix(".")
    names = " or ".join(dict.fromkeys([*(scalar.name for scalar in scalars), *map(show_type, formed)]))
    examples = " or ".join(dict.fromkeys(scalar.example for scalar in scalars if scalar.example))
    return f"invalid {names} value: {text!r}{examples and f' (write it as {examples})'}"


def _reader_of_many(hint: Any) -> Reader:
    """Return how a collection is read: an option for each item, or one text that is a JSON array.

    A text that is one whose items fit is the whole, also where it could be an item, as of a list of texts.
    """
    kind, arguments = get_origin(hint) or hint, get_args(hint)
    whole = builder_of(hint)
    if kind is tuple and arguments and ... not in arguments:
        items = [_item_reader(argument) for argument in arguments]
        metavar = "|".join(dict.fromkeys(item.metavar for item in items))
        read, is_whole = _several_reader(whole, _row_reader(items))
        return Reader("many", metavar, read, number=len(items), is_whole=is_whole)
    item, make = _item_reader(arguments[0] if arguments else Any), COLLECTIONS[kind]

    def read_items(texts: Sequence[str]) -> Any:
        items = [item.read(text) for text in texts]
        try:
            return make(items)
        except TypeError as error:  # a set's members
            raise ValueError(f"cannot make {whole.expects}: {error}") from None

    read, is_whole = _several_reader(whole, read_items)
    return Reader("many", item.metavar, read, item.choices, is_whole=is_whole)


def _several_reader(
    whole: Builder, read_items: Callable[[Sequence[str]], Any]
) -> tuple[Callable[[Sequence[str]], Any], Callable[[str], bool]]:
    """Return how texts are read that are the items, or of which one is the whole, and what tells that of a text."""

    def read(texts: Sequence[str]) -> Any:
        array = _parse_array(texts[0]) if len(texts) == 1 else None
        if array is None:
            return read_items(texts)
        try:
            return whole.build(array, "")
        except ValueError as problem:
            with suppress(ValueError):
                return read_items(texts)
            raise problem from None

    def is_whole(text: str) -> bool:
        array = _parse_array(text)
        if array is not None:
            with suppress(ValueError):
                whole.build(array, "")
                return True
        return False

    return read, is_whole


def _parse_array(text: str) -> list[Any] | None:
    """Return what a text says if that is a JSON array."""
    try:
        # What begins so is an array, or no JSON at all.
        return cast("list[Any]", parse_json(text)) if text.lstrip().startswith("[") else None
    except ValueError:
        return None


def _row_reader(items: Sequence[Reader]) -> Callable[[Sequence[str]], Any]:
    def read(texts: Sequence[str]) -> Any:
        if len(texts) != len(items):
            raise ValueError(f"expected {len(items)} values, not {len(texts)}")
        return tuple([item.read(text) for item, text in zip(items, texts, strict=True)])

    return read


def _item_reader(hint: Any) -> Reader:
    """Return how an item of a collection is read: what has no text of its own is JSON."""
    reader = reader_of(hint)
    if reader.shape == "switch":
        return WORDED_SWITCH
    return reader if reader.shape == "one" else _reader_of_one([hint], nullable=False)


# A bool that is told by a word.
WORDED_SWITCH = _reader_of_one([bool], nullable=False)
