"""What an annotation tells of a result that is no JSON."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypedDict, TypeVar

import pydantic
import pytest

from flowdeco.cli.json_type import find_no_json
from tests.support.cli import Size

T = TypeVar("T")


@dataclass
class Point:
    x: float


@dataclass
class Tree:
    branches: "list[Tree]" = field(default_factory=list["Tree"])


@dataclass
class File:
    name: Path
    content: bytes


class Row(NamedTuple):
    a: complex


class Money(TypedDict):
    euros: bytearray


class Model(pydantic.BaseModel):
    content: bytes


class Client:
    """A class of its own."""


class Special(Protocol):
    """A protocol."""


class Array:
    def tolist(self) -> list[Any]:
        return []


@pytest.mark.parametrize(
    "hint",
    [
        *(
            Any,
            object,
            None,
            T,
            str,
            int,
            bool,
            float,
            Size,
            Decimal,
            Path,
            timedelta,
            Special,
            Array,
            Model,
            IPv4Address,
            pydantic.HttpUrl,
        ),
        *(Literal["a", 1], list, list[int], tuple[int, ...], set[str], dict, dict[Path, Point], Mapping[str, Any]),
        *(Point, Tree, Iterable[Point], Sequence[Tree], str | bytes, list[bytes | str | None], Point | Client),
    ],
    ids=str,
)
def test_what_may_be_json_is_let_through(hint: Any) -> None:
    assert find_no_json(hint) is None


@pytest.mark.parametrize(
    ("hint", "part"),
    [
        (bytes, "bytes"),
        (bytes | None, "bytes"),
        (bytes | memoryview, "bytes"),
        (Client, "Client"),
        (complex, "complex"),
        (type[int], "type[int]"),
        (Callable[[], int], "collections.abc.Callable[[], int]"),
        (Literal[b"a"], "bytes"),
        (list[bytes], "bytes"),
        (Sequence[Client], "Client"),
        (tuple[int, Client], "Client"),
        (dict[str, set[bytes]], "bytes"),
        (dict[bytes, str], "bytes"),
        (dict[tuple[int, int], str], "tuple[int, int]"),
        (Mapping[str, File], "bytes"),
        (Row, "complex"),
        (Money, "bytearray"),
    ],
    ids=str,
)
def test_what_is_surely_no_json_is_told(hint: Any, part: str) -> None:
    assert find_no_json(hint) == part
