"""What stands for a value: the same for equal ones, another for others."""

import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from fractions import Fraction
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco._base.digest import digest
from flowdeco._base.errors import DigestError


class Colour(Enum):
    RED = 1
    BLUE = 2


class Right(Flag):
    READ = 1
    WRITE = 2


@dataclass
class Page:
    url: str
    links: list[Any]
    seen: int = field(default=0, compare=False)


@dataclass
class Site:
    url: str
    links: list[Any]


@dataclass
class Empty:
    pass


class Point(NamedTuple):
    x: int
    y: int


class Model:
    """As pydantic's models are."""

    def __init__(self, **data: Any) -> None:
        self._data = data

    def model_dump(self) -> dict[str, Any]:
        return self._data


class Table:
    def __init__(self, name: str) -> None:
        self._name = name

    def __flowdeco_digest__(self) -> object:
        return self._name


DIFFERENT: list[Any] = [
    *(None, True, 1, 1.0, 1j, "1", b"1", bytearray(b"1"), Decimal(1), Fraction(1), False, 0, 0.0, -0.0, "", b"", ...),
    *(2**70, -1, float("inf"), float("nan"), "é", "\ud800", range(1), range(0, 1, 2), timedelta(1), timedelta(0, 1)),
    *(
        date(2026, 1, 1),
        datetime.fromisoformat("2026-01-01"),
        datetime(2026, 1, 1, tzinfo=UTC),
        time(1),
        time(1, fold=1),
    ),
    *(datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")), ZoneInfo("UTC"), UTC),
    *(UUID(int=1), Path("a"), Path("a/b"), ip_address("10.0.0.1"), ip_address("::1"), Colour.RED, Colour.BLUE),
    *(Right.READ, Right.READ | Right.WRITE, Colour, Right, int),
    *([], (), set(), frozenset(), {}, deque(), OrderedDict(), defaultdict(int), Counter(), MappingProxyType({})),
    *([1], [1, 2], [2, 1], [[1], 2], [[1, 2]], ["1"], ["12"], ["1", "2"], {1}, {1, 2}, {1: 2}, {2: 1}, {"1": 2}),
    *(OrderedDict([(1, 2), (3, 4)]), OrderedDict([(3, 4), (1, 2)])),
    *(Point(1, 2), (1, 2), Page("a", []), Page("a", ["b"]), Site("a", []), Empty(), Model(a=1), Model(a=2)),
    *(Table("a"), Table("b")),
]


def test_what_differs_has_different_digests() -> None:
    assert len({digest(value) for value in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize("value", DIFFERENT, ids=[f"{type(value).__name__}-{n}" for n, value in enumerate(DIFFERENT)])
def test_the_digest_of_a_value_is_always_the_same(value: Any) -> None:
    assert digest(value) == digest(value)
    assert len(digest(value)) == 32


def test_equal_values_have_one_digest() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"x", "y", "z"}) == digest({"z", "y", "x"})
    assert digest(Page("a", ["b"], seen=1)) == digest(Page("a", ["b"], seen=2))
    assert digest(Model(b=1, a=2)) == digest(Model(a=2, b=1))


def test_the_digest_is_the_same_in_another_process() -> None:
    code = "from flowdeco._base.digest import digest; print(digest({'a': {'x', 'y', 'z'}, 'b': (1, None)}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest({"b": (1, None), "a": {"z", "y", "x"}})


def test_a_digest_of_a_pydantic_model_is_made_of_its_fields() -> None:
    pydantic = pytest.importorskip("pydantic")
    made = pydantic.create_model("User", name=(str, ...), age=(int, 0))
    assert digest(made(name="a")) == digest(made(name="a", age=0)) != digest(made(name="a", age=1))


def test_a_digest_of_an_attrs_class_is_made_of_its_fields() -> None:
    attrs = pytest.importorskip("attrs")
    made = attrs.make_class("User", ["name"])
    assert digest(made("a")) == digest(made("a")) != digest(made("b"))


def test_a_value_that_is_nested_deep_has_a_digest() -> None:
    value: list[Any] = []
    for _ in range(10_000):
        value = [value]
    assert len(digest(value)) == 32


def test_a_value_that_stands_twice_in_another_does_not_contain_itself() -> None:
    part = [1]
    assert digest([part, part]) == digest([[1], [1]])


def test_what_contains_itself_has_none() -> None:
    value: list[Any] = [1]
    value.append({"a": value})
    with pytest.raises(DigestError, match=r"the list at \[1\]\['a'\] contains itself"):
        digest(value)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (object(), ""),
        ([1, object()], "[1]"),
        ({"a": (object(),)}, "['a'][0]"),
        (Page("a", [object()]), ".links[0]"),
        ({object(): 1}, ", a key"),
        (lambda: 1, ""),
        (iter([1]), ""),
        (type("Text", (str,), {})("a"), ""),
        (Table(object()), ".__flowdeco_digest__()"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_say_what_it_is_made_of_is_refused_with_its_place(value: Any, place: str) -> None:
    with pytest.raises(DigestError) as caught:
        digest(value)
    assert caught.value.place == place
    assert not isinstance(caught.value.value, (list, dict, Page))


def test_the_error_says_what_can_be_done() -> None:
    with pytest.raises(DigestError) as caught:
        digest([object()])
    assert str(caught.value) == (
        "Cannot tell whether two values are the same: the object at [0] does not say what it is made of. Say with key= "
        "what tells them apart, or give the class a method __flowdeco_digest__() that returns what a value is made of."
    )


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda parts: st.lists(parts) | st.tuples(parts, parts) | st.dictionaries(st.text(), parts),
    max_leaves=8,
)


@given(plain, plain)
def test_values_have_one_digest_if_they_are_shown_alike(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (repr(_ordered(one)) == repr(_ordered(other)))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {key: _ordered(named[key]) for key in sorted(named)}
    if isinstance(value, (list, tuple)):
        return type(cast("Any", value))(map(_ordered, cast("list[Any]", value)))
    return value
