"""Which types may be which others: lenient, but for what plainly cannot be."""

import collections
import enum
import functools
import io
import typing
from collections import abc
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Protocol,
    TypedDict,
    TypeVar,
    runtime_checkable,
)

import pytest
import typing_extensions
from typing_extensions import TypeAliasType

from flowdeco._base.annotation import item_of, may_be, read_annotations, show_type, value_of
from tests.support.naming import make_module

T = TypeVar("T")
UserId = NewType("UserId", int)
Alias = TypeAliasType("Alias", list[int] | None)
Endless = TypeAliasType("Endless", "Endless")  # type: ignore[misc]  # as meant


class Animal:
    """Something to derive from."""


class Dog(Animal):
    """Derived."""


class Stone:
    """Not derived."""


class Box(Generic[T]):
    """Generic, in a way that nobody knows."""


class Point(NamedTuple):
    """A tuple with names."""

    x: int


class Movie(TypedDict):
    """A dict with known keys."""

    name: str


class Color(enum.Enum):
    """A few values."""

    RED = 1


class Named(Protocol):
    """A protocol for type checkers only."""

    name: str


@runtime_checkable
class Closing(Protocol):
    """A protocol that can be asked for."""

    def close(self) -> None: ...


MAY: list[tuple[Any, Any]] = [
    (int, int),
    (Any, int),
    (int, Any),
    (object, int),
    (int, object),
    (bool, int),
    (int, bool),
    (int, float),
    (int, complex),
    (float, complex),
    (bytearray, bytes),
    (Dog, Animal),
    (Animal, Dog),
    (Animal, Animal | None),
    (int | None, int),
    (int | str, str | bytes),
    (typing.Union[int, str], typing.Optional[str]),  # noqa: UP007, UP045
    (None, None),
    (None, int | None),
    (UserId, int),
    (int, UserId),
    (UserId, UserId),
    (T, int),
    (int, T),
    (typing.cast("Any", list)[T], list[int]),
    (Annotated[int, "metres"], float),
    (int, Annotated[Annotated[int, 1], 2]),
    (list[Annotated[int, 1]], list[int]),
    (list[int], list),
    (list, list[int]),
    (list[int], list[int]),
    (list[bool], list[int]),
    (list[int], abc.Sequence),
    (list[int], abc.Sequence[float]),
    (list[int], abc.Iterable[int]),
    (list[int], typing.List[int]),  # noqa: UP006
    (typing.List, abc.Iterable[int]),  # noqa: UP006
    (abc.Iterable[int], list[int]),
    (abc.Iterable[int], abc.Sized),
    (dict[str, int], abc.Mapping[str, int]),
    (dict[str, int], abc.Iterable[str]),
    (collections.OrderedDict[str, int], dict[str, int]),
    (tuple[int, str], tuple[int, ...]),
    (tuple[int, ...], tuple[int, int]),
    (tuple[int, str], tuple[int, str]),
    (tuple[int, int], abc.Sequence[int]),
    (tuple[()], tuple[int, ...]),
    (str, abc.Sequence[str]),
    (str, abc.Iterable[int]),
    (Point, tuple[int]),
    (Movie, dict[str, Any]),
    (dict[str, str], Movie),
    (Movie, abc.Mapping[str, str]),
    (Box[int], Box[str]),
    (Literal["a", "b"], Literal["b", "c"]),
    (Literal["a"], str),
    (str, Literal["a"]),
    (Literal[1], float),
    (Literal[None], int | None),
    (Literal[Color.RED], Color),
    (Stone, Named),
    (io.StringIO, Closing),
    (io.StringIO, typing.TextIO),
    (typing.IO[str], io.TextIOWrapper),
    (abc.Callable[[int], str], abc.Callable[..., Any]),
    (type[Dog], type[Animal]),
    (type[Dog], abc.Callable[[], Dog]),
    (list[int], Alias),
    (None, Alias),
    (str, Endless),
    (typing_extensions.Never, int),
    (typing.NoReturn, int),
    (typing_extensions.LiteralString, str),
    (typing.cast("Any", typing_extensions).Self, int),
    ("a forward reference", int),
    (5, int),
    (int, ...),
]

CANNOT: list[tuple[Any, Any]] = [
    (int, str),
    (str, int),
    (float, int),
    (None, int),
    (int, None),
    (str | bytes, int),
    (str, int | None),
    (Dog, Stone),
    (Dog, type),
    (Path, str),
    (UserId, str),
    (Annotated[int, "metres"], str),
    (list[int], int),
    (list[int], dict[str, int]),
    (list[int], set[int]),
    (list[int], list[str]),
    (list[int], abc.Iterable[str]),
    (list[int] | None, list[str]),
    (list[list[int]], list[list[str]]),
    (int, abc.Iterable[int]),
    (abc.Mapping[str, int], str),
    (list[int], abc.Iterator[int]),
    (dict[str, int], dict[str, str]),
    (dict[int, int], dict[str, int]),
    (dict[str, int], abc.Iterable[int]),
    (tuple[int, str], tuple[int, int]),
    (tuple[int], tuple[int, int]),
    (tuple[int, ...], tuple[str, ...]),
    (tuple[int], list[int]),
    (Movie, list[str]),
    (Movie, str),
    (Literal["a"], Literal["b"]),
    (Literal["a", "b"], int),
    (int, Literal["a"]),
    (Color, int),
    (int, Closing),
    (abc.Callable[[int], str], int),
    (int, abc.Callable[[], int]),
    (str, Alias),
    (list[str], Alias),
]


@pytest.mark.parametrize(("actual", "wanted"), MAY, ids=repr)
def test_what_may_be_of_the_wanted_type_is_no_problem(actual: Any, wanted: Any) -> None:
    assert may_be(actual, wanted)


@pytest.mark.parametrize(("actual", "wanted"), CANNOT, ids=repr)
def test_what_plainly_cannot_be_of_the_wanted_type_is_found(actual: Any, wanted: Any) -> None:
    assert not may_be(actual, wanted)


@pytest.mark.parametrize(
    ("hint", "item"),
    [
        (list[int], int),
        (abc.Sequence[str], str),
        (tuple[int, ...], int),
        (tuple[int, str], int | str),
        (dict[str, int], str),
        (list[int] | None, int),
        (list[int] | set[str], int | str),
        (list[int] | str, Any),
        (list, Any),
        (tuple[()], Any),
        (None, Any),
        (Any, Any),
    ],
    ids=repr,
)
def test_the_type_of_the_items_is_what_a_collection_says(hint: Any, item: Any) -> None:
    assert item_of(hint) == item


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (dict[str, int], int),
        (abc.Mapping[str, int] | None, int),
        (dict[str, int] | dict[str, str], int | str),
        (dict, Any),
        (dict[str, int] | str, Any),
        (collections.Counter[str], Any),
        (Movie, Any),
    ],
    ids=repr,
)
def test_the_type_of_the_values_is_what_a_mapping_says(hint: Any, value: Any) -> None:
    assert value_of(hint) == value


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (int, "int"),
        (None, "None"),
        (type(None), "None"),
        (list[int], "list[int]"),
        (int | None, "int | None"),
        (typing.Optional[int], "Optional[int]"),  # noqa: UP045
        (Any, "Any"),
        (Literal["a"], "Literal['a']"),
        (Dog, "Dog"),
    ],
    ids=repr,
)
def test_a_type_is_shown_as_one_would_write_it(hint: Any, text: str) -> None:
    assert show_type(hint) == text


def test_an_annotation_that_cannot_be_evaluated_is_anything_and_spoils_no_other() -> None:
    def function(a: "int", b: "Nowhere[1 / 0]", c: "list[Nowhere]") -> "int": ...  # type: ignore[name-defined,empty-body]  # noqa: F821

    assert read_annotations(function, "sync") == ({"a": int, "b": Any, "c": Any}, int)

    def returning(a: "str") -> "Nowhere": ...  # type: ignore[name-defined]  # noqa: F821

    assert read_annotations(returning, "sync") == ({"a": str}, Any)


def test_annotations_of_what_is_wrapped_are_read_in_its_own_module() -> None:
    inner = make_module("elsewhere", "class Own: ...\ndef function(a: 'Own'): ...").function

    @functools.wraps(inner)
    def wrapper(*args: Any) -> Any: ...

    (hint,) = read_annotations(wrapper, "sync").params.values()
    assert (hint.__module__, hint.__qualname__) == ("elsewhere", "Own")


def test_a_builtin_says_nothing() -> None:
    assert read_annotations(len, "sync") == ({}, Any)
