"""Values of any type that an input may be annotated with, built from what JSON knows and checked on the way."""

from __future__ import annotations

import collections
import json
from collections import abc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ForwardRef, NamedTuple, TypeGuard, TypeVar, cast, get_args, get_origin

from .. import FlowdecoError
from .._base.annotation import list_members, show_type
from .._base.text import nearest, shorten
from .record_type import Record, Unevaluated, record_of
from .scalar_reader import scalar_of

__all__ = ["COLLECTIONS", "Builder", "UnreadableTypeError", "builder_of", "members_of", "parse_json", "rank"]

# What each collection is made of; an abstract one is what is as good as any.
COLLECTIONS: dict[Any, Callable[[list[Any]], Any]] = {
    **{kind: kind for kind in (list, tuple, set, frozenset, collections.deque)},
    **dict.fromkeys((abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable), list),
    **dict.fromkeys((abc.Set, abc.MutableSet), set),
}
_MAPPINGS: dict[Any, Callable[[dict[Any, Any]], Any]] = {
    **{kind: kind for kind in (dict, collections.OrderedDict, collections.Counter)},
    **dict.fromkeys((abc.Mapping, abc.MutableMapping), dict),
    collections.defaultdict: partial(collections.defaultdict, None),
}


class UnreadableTypeError(FlowdecoError, TypeError):
    """No text can be turned into a value of a type.

    Attributes:
        type: which one it is.
    """

    type: object


class Builder(NamedTuple):
    """How a value of a type is built from what JSON knows.

    Attributes:
        expects: what the JSON has to be, for messages.
        build: makes the value, given the JSON and its place in the whole; raises `ValueError` with what is wrong.
        rank: which of a union is asked first: what takes less before what takes more.
        takes: `"text"` if it is made of any text, `"json"` if it has a form of its own, `"word"` if it is one word.
    """

    expects: str
    build: Callable[[Any, str], Any]
    rank: int = 0
    takes: str = "word"


def builder_of(hint: Any) -> Builder:
    """Return how a value of a type is built.

    Raises:
        UnreadableTypeError: it cannot be, nor can a part of it.
    """
    return _Maker().make(hint)


def members_of(hint: Any) -> list[Any]:
    """Return the members of a union, or the one that a type is; a type variable stands for what it may be at most."""
    found: list[Any] = []
    for member in list_members(hint):
        bounds: tuple[Any, ...] = ()
        if isinstance(member, TypeVar):
            bounds = member.__constraints__ or ((member.__bound__,) if member.__bound__ is not None else ())
        is_known = bounds and not any(isinstance(each, ForwardRef) for each in bounds)
        found += [part for each in bounds for part in members_of(each)] if is_known else [member]
    return found


def parse_json(text: str) -> Any:
    """Return what a text says as JSON. Raises `ValueError`, also for a key that is there twice."""
    try:
        return json.loads(text, object_pairs_hook=_make_object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def rank(name: str) -> int:
    """Return which member of a union is asked first: an `int` is a `float`, too, and every text is a `str`."""
    return {"int": 0, "float": 2, "complex": 3, "str": 4, "bytes": 4}.get(name, 1)


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in collections.Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"it has the key {twice!r} twice")
    return made


class _Maker:
    """Makes builders; a type that has itself in it gets the one that is being made."""

    def __init__(self) -> None:
        self._made: dict[Any, Builder | None] = {}

    def make(self, hint: Any) -> Builder:
        try:
            made = self._made[hint]
        except KeyError:
            pass
        except TypeError:  # it has something in it that has no hash
            return self._make(hint)
        else:
            return made or Builder(show_type(hint), partial(self._build_later, hint))
        self._made[hint] = None
        self._made[hint] = builder = self._make(hint)
        return builder

    def _build_later(self, hint: Any, data: Any, place: str) -> Any:
        return cast("Builder", self._made[hint]).build(data, place)

    def _make(self, hint: Any) -> Builder:
        builders = [self._make_single(member) for member in dict.fromkeys(members_of(hint))]
        return builders[0] if len(builders) == 1 else _union(sorted(builders, key=lambda builder: builder.rank))

    def _make_single(self, hint: Any) -> Builder:
        if hint in (Any, object) or isinstance(hint, TypeVar):
            return Builder("anything", _take, 5, "text")
        scalar = scalar_of(hint)
        if scalar is not None:
            expects = " or ".join(map(repr, scalar.choices)) or scalar.name
            takes = "text" if rank(scalar.name) == 4 else "word"
            return Builder(expects, partial(_build_scalar, expects, scalar.build), rank(scalar.name), takes)
        kind = get_origin(hint) or hint
        if kind in COLLECTIONS:
            return self._collection(kind, get_args(hint))
        if kind in _MAPPINGS:
            return self._mapping(kind, get_args(hint))
        record = record_of(hint)
        if record is not None:
            return self._record(record)
        if hasattr(kind, "__get_pydantic_core_schema__"):
            return Builder(show_type(kind), _by_pydantic(kind), 1, "json")
        reason = "no text can be turned into it"
        if isinstance(hint, Unevaluated):
            reason = "it is not known when the program runs. Import it outside of `if TYPE_CHECKING:`"
        raise UnreadableTypeError(f"Cannot read {show_type(hint)}: {reason}.", type=hint)

    def _collection(self, kind: Any, arguments: tuple[Any, ...]) -> Builder:
        if kind is tuple and arguments and ... not in arguments:
            return self._row([self.make(argument) for argument in arguments])
        item, make = self.make(arguments[0] if arguments else Any), COLLECTIONS[kind]
        expects = f"a JSON array, each item {item.expects}"

        def build(data: Any, place: str) -> Any:
            items = _expect(list, data, expects, place)
            built = [item.build(each, f"{place}[{number}]") for number, each in enumerate(items)]
            return _call(make, built, expects=expects, place=place)

        return Builder(expects, build, takes="json")

    def _row(self, items: Sequence[Builder]) -> Builder:
        expects = f"a JSON array of {len(items)}: {', '.join(item.expects for item in items)}"

        def build(data: Any, place: str) -> Any:
            row = _expect(list, data, expects, place)
            if len(row) != len(items):
                raise _misfit(expects, data, place)
            return tuple(
                [
                    item.build(each, f"{place}[{number}]")
                    for number, (item, each) in enumerate(zip(items, row, strict=True))
                ]
            )

        return Builder(expects, build, takes="json")

    def _mapping(self, kind: Any, arguments: tuple[Any, ...]) -> Builder:
        key_hint, value_hint = arguments if len(arguments) == 2 else ((*arguments, Any)[0], Any)
        if kind is collections.Counter:
            value_hint = int
        read_key, value, make = _key_reader(key_hint), self.make(value_hint), _MAPPINGS[kind]
        expects = "a JSON object" + (f", each value {value.expects}" if value_hint is not Any else "")

        def build(data: Any, place: str) -> Any:
            items = _expect(dict, data, expects, place).items()
            built = {read_key(key, place): value.build(each, f"{place}[{key!r}]") for key, each in items}
            if len(built) < len(items):
                raise ValueError(f"{_at(place)}two keys of {shorten(data)} mean the same")
            return make(built)

        return Builder(expects, build, takes="json")

    def _record(self, record: Record) -> Builder:
        parts = {name: self.make(hint) for name, hint in record.fields.items()}
        optional = {name: "" if name in record.required else ", optional" for name in parts}
        told = ", ".join(f"{name} ({show_type(record.fields[name])}{optional[name]})" for name in parts)
        expects = f"a JSON object for {record.name}" + (f" with {told}" if told else " without anything in it")
        if record.is_row:
            expects += ", or a JSON array of them"

        def build(data: Any, place: str) -> Any:
            if record.is_row and _is_list(data):
                if len(data) > len(parts):
                    raise _misfit(expects, data, place)
                data = dict(zip(parts, data, strict=False))
            given = _expect(dict, data, expects, place)
            _check_fields(record, given, place)
            built = {name: parts[name].build(each, f"{place}.{name}".lstrip(".")) for name, each in given.items()}
            return _call(partial(record.make, **built), expects=record.name, place=place)

        return Builder(expects, build, takes="json")


def _is_list(data: object) -> TypeGuard[list[Any]]:
    return isinstance(data, list)


def _check_fields(record: Record, given: dict[str, Any], place: str) -> None:
    for name in given:
        if name not in record.fields:
            raise ValueError(f"{_at(place)}{record.name} has no {name!r}.{nearest(name, record.fields)}".rstrip("."))
    missing = [name for name in record.fields if name in record.required and name not in given]
    if missing:
        raise ValueError(f"{_at(place)}{record.name} needs {', '.join(map(repr, missing))}")


def _union(builders: Sequence[Builder]) -> Builder:
    expects = " or ".join(dict.fromkeys(builder.expects for builder in builders if builder.expects != "null"))

    def build(data: Any, place: str) -> Any:
        # What has a form is no mere text, though a text may be all there is besides.
        formed = isinstance(data, (dict, list))
        asked = [builder for builder in builders if builder.takes == "json"] if formed else []
        problems: list[str] = []
        for builder in asked or builders:
            try:
                return builder.build(data, place)
            except ValueError as error:
                problems.append(str(error))
        if formed and len(problems) == 1:
            raise ValueError(problems[0])
        raise ValueError("; or ".join(problems)) if formed and asked else _misfit(expects, data, place)

    takes = {builder.takes for builder in builders}
    return Builder(expects, build, max(builder.rank for builder in builders), "json" if "json" in takes else "word")


def _take(data: Any, _: str) -> Any:
    return data


def _build_scalar(expects: str, build: Callable[[Any], Any], data: Any, place: str) -> Any:
    try:
        return build(data)
    except Exception:
        raise _misfit(expects, data, place) from None


def _key_reader(hint: Any) -> Callable[[str, str], Any]:
    """Return how a key is read, which in JSON is always a text."""
    hints = members_of(hint)
    scalars = [scalar for scalar in map(scalar_of, hints) if scalar is not None]
    if any(each in (Any, object) or isinstance(each, TypeVar) for each in hints):
        return lambda key, _: key
    if len(scalars) < len(hints):
        reason = "it is the type of a key, and no text can be turned into it"
        raise UnreadableTypeError(f"Cannot read {show_type(hint)}: {reason}.", type=hint)
    scalars.sort(key=lambda scalar: rank(scalar.name))

    def read(key: str, place: str) -> Any:
        for scalar in scalars:
            try:
                return scalar.read(key)
            except Exception:
                pass
        raise ValueError(f"{_at(place)}expected keys of {' or '.join(s.name for s in scalars)}, not {key!r}")

    return read


def _by_pydantic(kind: Any) -> Callable[[Any, str], Any]:
    """Return how pydantic reads a type of its own, a model before all, which has all to say on it."""
    validate = getattr(kind, "model_validate_json", None)
    if validate is None:
        import sys

        validate = sys.modules["pydantic"].TypeAdapter(kind).validate_json

    def build(data: Any, place: str) -> Any:
        try:
            return validate(json.dumps(data))
        except ValueError as error:
            raise ValueError("; ".join(_tell_pydantic(error, place))) from None

    return build


def _tell_pydantic(error: Any, place: str) -> list[str]:
    try:
        found: list[dict[str, Any]] = error.errors()
        return [f"{_at('.'.join(filter(None, [place, *map(str, each['loc'])])))}{each['msg']}" for each in found]
    except Exception:
        return [f"{_at(place)}{error}"]


def _expect(kind: Any, data: Any, expects: str, place: str) -> Any:
    if not isinstance(data, kind):
        raise _misfit(expects, data, place)
    return data


def _call(make: Callable[..., Any], *arguments: Any, expects: str, place: str) -> Any:
    """Make a value, of which its own type may think ill."""
    try:
        return make(*arguments)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise ValueError(f"{_at(place)}cannot make {expects}: {said}") from None


def _misfit(expects: str, data: Any, place: str) -> ValueError:
    return ValueError(f"{_at(place)}expected {expects}, not {_show(data)}")


def _at(place: str) -> str:
    return f"{place}: " if place else ""


def _show(data: Any) -> str:
    text = repr(data) if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
