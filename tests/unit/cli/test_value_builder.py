"""Values of annotated types, built from JSON."""

import json
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from inspect import Parameter
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, NotRequired, Protocol, TypedDict, TypeVar

import pydantic
import pytest

from flowdeco.cli.json_output import to_json
from flowdeco.cli.option_reader import reader_of
from flowdeco.cli.value_builder import UnreadableTypeError, builder_of
from tests.support.cli import Size
from tests.support.typed_dicts import Base, Extended, Loose

if TYPE_CHECKING:
    from fractions import Fraction

T = TypeVar("T")


@dataclass
class Point:
    x: float
    y: float = 0.0


@dataclass(frozen=True)
class Order:
    items: "list[Item]"
    wait: timedelta
    at: Point | None = None
    by_day: dict[date, int] = field(default_factory=dict[date, int])
    _: KW_ONLY
    gift: bool = False
    total: int = field(init=False, default=0)


class Item(NamedTuple):
    name: str
    price: Decimal = Decimal(1)


class Money(TypedDict):
    euros: int
    cents: NotRequired[int]


@dataclass
class Tree:
    name: str
    branches: "list[Tree]" = field(default_factory=list["Tree"])


@dataclass
class Box(Generic[T]):
    content: T
    others: list[T] = field(default_factory=list[T])


@dataclass
class Circle:
    radius: float


@dataclass
class Square:
    side: float


@dataclass
class Scaled:
    x: float
    by: InitVar[int]

    def __post_init__(self, by: int) -> None:
        if by < 1:
            raise ValueError("by is below 1")
        self.x *= by


@dataclass
class Unknown:
    x: "Fraction"


class Special(Protocol):
    """A protocol."""


class Client:
    """A class of its own."""


class Model(pydantic.BaseModel):
    name: str
    wait: timedelta = timedelta(0)
    day: date | None = None


@pydantic.dataclasses.dataclass
class Checked:
    x: pydantic.PositiveInt


BUILT: list[tuple[Any, str, object]] = [
    (Point, '{"x": 1}', Point(1.0)),
    (Point | None, "null", None),
    (Point | None, '{"x": 1, "y": 2.5}', Point(1.0, 2.5)),
    (
        Order,
        """{"items": [{"name": "tea", "price": "4.50"}, ["cup"]], "wait": "PT5S", "at": {"x": 1}, "gift": true,
            "by_day": {"2026-11-24": 3}}""",
        Order(
            [Item("tea", Decimal("4.50")), Item("cup")],
            timedelta(seconds=5),
            Point(1),
            {date(2026, 11, 24): 3},
            gift=True,
        ),
    ),
    (Item, '["tea", "2"]', Item("tea", Decimal(2))),
    (Money, '{"euros": 1}', {"euros": 1}),
    (Money, '{"euros": 1, "cents": 5}', {"euros": 1, "cents": 5}),
    (Tree, '{"name": "a", "branches": [{"name": "b"}]}', Tree("a", [Tree("b")])),
    (Box[int], '{"content": 1, "others": [2]}', Box(1, [2])),
    (Box[Point], '{"content": {"x": 1}}', Box(Point(1))),
    (Circle | Square, '{"side": 2}', Square(2)),
    (int | Point, "5", 5),
    (int | Point, '{"x": 5}', Point(5)),
    (str | Point, "five", "five"),
    (Scaled, '{"x": 2, "by": 3}', Scaled(2, 3)),
    (dict[str, Point], '{"a": {"x": 1}}', {"a": Point(1)}),
    (dict[int, str | int], '{"1": "a", "2": 2}', {1: "a", 2: 2}),
    (Mapping[Size, Path], '{"SMALL": "a"}', {Size.SMALL: Path("a")}),
    (OrderedDict[str, int], '{"a": 1}', OrderedDict(a=1)),
    (Counter[str], '{"a": 1}', Counter("a")),
    (defaultdict[str, list[int]], '{"a": [1]}', defaultdict(None, {"a": [1]})),
    (dict[str, tuple[int, Literal["a", 2]]], '{"a": [1, 2]}', {"a": (1, 2)}),
    (dict[str, Size | bool], '{"a": "s", "b": 2, "c": true}', {"a": Size.SMALL, "b": Size.LARGE, "c": True}),
    (dict[str, float | None], '{"a": 1, "b": null}', {"a": 1.0, "b": None}),
    (dict[str, deque[int] | set[int]], '{"a": [1, 2]}', {"a": deque([1, 2])}),
    (
        Model,
        '{"name": "a", "wait": "PT5S", "day": "2026-11-24"}',
        Model(name="a", wait=timedelta(seconds=5), day=date(2026, 11, 24)),
    ),
    (Checked, '{"x": 5}', Checked(5)),
    (pydantic.SecretStr, "tea", pydantic.SecretStr("tea")),
]


@pytest.mark.parametrize(("hint", "text", "value"), BUILT, ids=[f"{hint} {text}" for hint, text, _ in BUILT])
def test_a_value_of_an_annotated_type_is_built(hint: Any, text: str, value: object) -> None:
    found = reader_of(hint).read(text)
    assert found == value
    assert type(found) is type(value)


# Those whose fields are what their constructor takes.
PRINTED = [
    (hint, value) for hint, _, value in BUILT if not isinstance(value, (NoneType, pydantic.SecretStr, Order, Scaled))
]


@pytest.mark.parametrize(("hint", "value"), PRINTED, ids=[str(hint) for hint, _ in PRINTED])
def test_what_json_prints_is_taken_back(hint: Any, value: object) -> None:
    text = to_json({"": value})
    assert builder_of(dict[str, hint]).build(json.loads(text), "") == {"": value}


def test_the_items_of_a_collection_are_built_each() -> None:
    assert reader_of(list[Point]).read(['{"x": 1}', '{"x": 2}']) == [Point(1), Point(2)]
    assert reader_of(list[Point]).read(['[{"x": 1}, {"x": 2}]']) == [Point(1), Point(2)]
    assert reader_of(tuple[int, Item]).read(["1", '["tea"]']) == (1, Item("tea"))
    assert reader_of(Sequence[Item] | None).read([]) == []


@pytest.mark.parametrize("value", [Point(1.5), {"a": [1]}, Item("a"), timedelta(5)])
def test_without_an_annotation_the_default_says_what_is_built(value: object) -> None:
    texts: dict[type, str] = {Point: '{"x": 1.5}', dict: '{"a": [1]}', Item: '["a"]', timedelta: "5d"}
    assert reader_of(Parameter.empty, value).read(texts[type(value)]) == value


TWICE = """expected a JSON object for Point with x (float), y (float, optional); '{"x": 1, "x": 2}' is not JSON: it \
has the key 'x' twice"""
REFUSED: list[tuple[Any, str, str]] = [
    (Point, "5", "expected a JSON object for Point with x (float), y (float, optional), not 5"),
    (
        Point,
        "x=1",
        "expected a JSON object for Point with x (float), y (float, optional); 'x=1' is not JSON: Expecting ",
    ),
    (Point, '{"x": "a"}', "x: expected float, not 'a'"),
    (Point, '{"x": true}', "x: expected float, not true"),
    (Point, '{"y": 1}', "Point needs 'x'"),
    (Point, '{"x": 1, "z": 1}', "Point has no 'z'"),
    (Point, '{"xx": 1}', "Point has no 'xx'. Did you mean 'x'?"),
    (
        Point,
        '{"x": 1, "x": 2}',
        TWICE,
    ),
    (Point, "[" * 100_000, "expected a JSON object for Point"),
    (Point | None, "5", "expected a JSON object for Point"),
    (Order, '{"items": [["tea"], {"nam": 1}], "wait": "1s"}', "items[1]: Item has no 'nam'. Did you mean 'name'?"),
    (Order, '{"items": [["tea", 1.5]], "wait": "1s"}', "items[0].price: expected Decimal, not 1.5"),
    (Order, '{"items": [], "wait": 5}', "wait: expected timedelta, not 5"),
    (Order, '{"items": [], "wait": "1s", "total": 1}', "Order has no 'total'"),
    (
        Item,
        '["a", "1", "c"]',
        "expected a JSON object for Item with name (str), price (Decimal, optional), or a JSON array",
    ),
    (Money, '{"cents": 1}', "Money needs 'euros'"),
    (Money, '{"euros": "1"}', "euros: expected int, not '1'"),
    (Tree, '{"name": "a", "branches": [{"name": 1}]}', "branches[0].name: expected str, not 1"),
    (Box[int], '{"content": "1"}', "content: expected int, not '1'"),
    (Circle | Square, '{"sides": 1}', "Circle has no 'sides'; or Square has no 'sides'. Did you mean 'side'?"),
    (str | Point, '{"x": "a"}', "x: expected float, not 'a'"),
    (int | Point, "a", "invalid int or Point value: 'a'"),
    (Scaled, '{"x": 1, "by": 0}', "cannot make Scaled: ValueError: by is below 1"),
    (dict[int, int], '{"a": 1}', "expected keys of int, not 'a'"),
    (dict[int, int], '{"1": 1, "01": 2}', "two keys of {'1': 1, '01': 2} mean the same"),
    (dict[str, Size], '{"a": "t"}', "['a']: expected 'SMALL' or 'LARGE', not 't'"),
    (dict[str, set[Any]], '{"a": [[]]}', "['a']: cannot make a JSON array"),
    (dict[str, tuple[int, str]], '{"a": [1]}', "['a']: expected a JSON array of 2: int, str, not [1]"),
    (dict[str, bool | None], '{"a": 1}', "['a']: expected bool, not 1"),
    (Model, '{"wait": "x"}', "name: Field required; wait: Input should be a valid"),
    (Model, "tea", "expected JSON for Model, not 'tea' (Input should be an object)"),
    (list[Model], '{"name": 1}', "name: Input should be a valid string"),
    (dict[str, Model], '{"a": {"name": 1}}', "['a'].name: Input should be a valid string"),
    (Checked, '{"x": 0}', "cannot make Checked: "),
]


@pytest.mark.parametrize(("hint", "text", "problem"), REFUSED, ids=[f"{hint} {text[:40]}" for hint, text, _ in REFUSED])
def test_what_does_not_fit_is_refused_with_its_place_and_what_is_expected(hint: Any, text: str, problem: str) -> None:
    reader = reader_of(hint)
    with pytest.raises(ValueError) as caught:
        reader.read([text] if reader.shape == "many" else text)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("hint", "named"),
    [
        (Client, "Client"),
        (Client | None, "Client"),
        (list[Client], "Client"),
        (dict[str, Client], "Client"),
        (dict[Point, int], "Point"),
        (Special, "Special"),
        (type[int], "type[int]"),
        (Callable[[], int], "collections.abc.Callable[[], int]"),
        (Box[Client], "Client"),
        (Unknown, "Fraction"),
    ],
    ids=str,
)
def test_a_type_that_no_text_can_be_turned_into_is_refused_at_once(hint: Any, named: str) -> None:
    with pytest.raises(UnreadableTypeError, match=r"^Cannot read ") as caught:
        reader_of(hint)
    assert str(caught.value).startswith(f"Cannot read {named}: ")


def test_a_value_nested_without_end_is_built_as_deep_as_it_is() -> None:
    text = '{"name": "a"}'
    for _ in range(50):
        text = f'{{"name": "a", "branches": [{text}]}}'
    tree, depth = builder_of(Tree).build(json.loads(text), ""), 0
    while tree.branches:
        tree, depth = tree.branches[0], depth + 1
    assert depth == 50


@pytest.mark.parametrize(
    ("kind", "required", "optional"),
    [
        (Base, {"always"}, {"sometimes"}),
        (Loose, {"always", "must", "noted"}, {"sometimes", "may"}),
        (Extended, {"must", "seen"}, {"may"}),
    ],
)
def test_the_keys_of_a_typed_dict_are_required_as_its_annotations_say_also_where_they_are_texts(
    kind: Any, required: set[str], optional: set[str]
) -> None:
    builder = builder_of(kind)
    full: dict[str, Any] = dict.fromkeys(required | optional, 1)
    if kind is Loose:
        full["may"] = "x"
    assert builder.build(full, "") == full
    least = {name: full[name] for name in required}
    assert builder.build(least, "") == least
    for name in required:
        with pytest.raises(ValueError, match=f"{kind.__name__} needs '{name}'"):
            builder.build({key: value for key, value in full.items() if key != name}, "")
