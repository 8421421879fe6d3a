"""A result is printed as JSON."""

import dataclasses
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Any

import pytest

from flowdeco.cli import json_output
from tests.support.cli import Command, Size, write


@dataclasses.dataclass
class Point:
    x: int
    places: set[PurePosixPath]


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": (1, 2.5, None, True)}, '{"a": [1, 2.5, null, true]}'),
        (Point(1, {PurePosixPath("b"), PurePosixPath("a")}), '{"x": 1, "places": ["a", "b"]}'),
        ({Size.LARGE: Size.SMALL, Level.HIGH: Level.HIGH}, '{"2": "s", "3": 3}'),
        ({date(2026, 1, 2): datetime(2026, 1, 2, tzinfo=UTC)}, '{"2026-01-02": "2026-01-02T00:00:00+00:00"}'),
        ([Decimal("0.10"), time(1, 2)], '["0.10", "01:02:00"]'),
        ("größe", '"größe"'),
        ("\udc80", '"\\udc80"'),
        ({3, 1, 2}, "[1, 2, 3]"),
    ],
)
def test_a_result_is_told_as_json(value: object, text: str) -> None:
    assert json_output.to_json(value) == text


def test_characters_that_cannot_be_written_are_escaped() -> None:
    assert json_output.to_json("größe", "ascii") == '"gr\\u00f6\\u00dfe"'


class Endless(list[Any]):
    """A list that has itself in it."""


ENDLESS = Endless()

ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, object()]}, "Cannot tell the result as JSON: result['a'][1] is of the type object. Return "),
        ({(1, 2): 3}, "Cannot tell the result as JSON: a key of result is of the type tuple. "),
        ([float("nan")], "Cannot tell the result as JSON: result[0] is nan, for which there is no word in it. "),
        (Point, "Cannot tell the result as JSON: result is of the type type. "),
        (b"", "Cannot tell the result as JSON: result is of the type bytes. "),
        (ENDLESS, "Cannot tell the result as JSON: it is nested without end."),
    ],
)
def test_a_result_that_is_not_json_is_refused_with_its_place_and_type(value: object, message: str) -> None:
    with pytest.raises(json_output.JsonError) as caught:
        json_output.to_json(value)
    assert str(caught.value).startswith(message)


def test_a_result_that_is_not_json_is_a_failure_of_the_command(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): return object()")
    code, out, err = flowdeco("run", "--json", "one.py")
    assert (code, out) == (1, "")
    assert str(err).startswith("flowdeco run: error: Cannot tell the result as JSON: result is of the type object.")
