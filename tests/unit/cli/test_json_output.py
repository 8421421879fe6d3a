"""A result is printed as JSON."""

import dataclasses
import math
import sys
from collections import deque
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import pydantic
import pytest

from flowdeco.cli import json_output, printing
from tests.support.cli import Command, Size, write


@dataclasses.dataclass
class Point:
    x: int
    places: set[PurePosixPath]


class Model(pydantic.BaseModel):
    at: datetime


class Site(pydantic.BaseModel):
    url: pydantic.HttpUrl


class Array:
    """What numpy and its like have."""

    def tolist(self) -> list[Any]:
        return [(1, 2)]


class Fields:
    """What msgspec has."""

    __struct_fields__ = ("b",)
    b = 1


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
        ({True: 1, None: 2, 1.5: 3}, '{"true": 1, "null": 2, "1.5": 3}'),
        ([timedelta(minutes=90), Fraction(1, 3)], '["PT1H30M", "1/3"]'),
        (deque([1, range(2)]), "[1, [0, 1]]"),
        (Model(at=datetime(2026, 1, 2, tzinfo=UTC)), '{"at": "2026-01-02T00:00:00+00:00"}'),
        (Array(), "[[1, 2]]"),
        ([IPv4Address("10.0.0.1"), ZoneInfo("UTC")], '["10.0.0.1", "UTC"]'),
        (Site(url=pydantic.HttpUrl("http://x/")), '{"url": "http://x/"}'),
        (Fields(), '{"b": 1}'),
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
        (
            {"a": {1: "x", "1": "y"}},
            "Cannot print the result as JSON: the keys 1 and '1' of result['a'] are both \"1\" there",
        ),
        (
            {None: 1, "null": 2},
            "Cannot print the result as JSON: the keys None and 'null' of result are both \"null\" ",
        ),
        ({Size.SMALL: 1, "s": 2}, "Cannot print the result as JSON: the keys <Size.SMALL: 's'> and 's' of result are "),
        ({"a": -math.inf}, "Cannot print the result as JSON: result['a'] is -inf, which JSON cannot express. "),
        ({math.nan: 1}, "Cannot print the result as JSON: a key of result is nan, which JSON cannot express. "),
        ({"a": [1, object()]}, "Cannot print the result as JSON: result['a'][1] is of the type object. Return "),
        ({(1, 2): 3}, "Cannot print the result as JSON: a key of result is of the type tuple. "),
        ([float("nan")], "Cannot print the result as JSON: result[0] is nan, which JSON cannot express. "),
        (Point, "Cannot print the result as JSON: result is of the type type. "),
        (b"", "Cannot print the result as JSON: result is of the type bytes. "),
        (ENDLESS, "Cannot print the result as JSON: it contains itself, or is nested too deep. Return "),
    ],
)
def test_a_result_that_is_not_json_is_refused_with_its_place_and_type(value: object, message: str) -> None:
    with pytest.raises(json_output.JsonError) as caught:
        json_output.to_json(value)
    assert str(caught.value).startswith(message)


def nest(depth: int) -> list[Any]:
    """Return a list in a list, and so on."""
    made: list[Any] = []
    for _ in range(depth - 1):
        made = [made]
    return made


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_result_that_is_nested_deep_is_printed(flowdeco: Command, options: list[str]) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): return made\nmade = []")
    with open("one.py", "a", encoding="utf-8") as file:
        file.write("\nfor _ in range(1199): made = [made]\n")
    limit = sys.getrecursionlimit()
    assert [*flowdeco("run", *options, "one.py")] == [0, f"{'[' * 1200}{']' * 1200}\n", ""]
    assert sys.getrecursionlimit() == limit


def test_of_a_result_that_is_nested_too_deep_the_outermost_is_shown() -> None:
    with pytest.raises(json_output.JsonError, match="it contains itself, or is nested too deep"):
        json_output.to_json(nest(100_000))
    assert printing.show_fully(nest(100_000)).startswith("[" * 100)


@pytest.mark.parametrize(
    ("body", "said", "shown"),
    [
        ("object.__new__(Odd)", "result is of the type Odd", "odd"),
        ("{1: 'a', '1': 'b'}", "the keys 1 and '1' of result are both \"1\" there", "{1: 'a', '1': 'b'}"),
        ("[float('nan')]", "result[0] is nan, which JSON cannot express", "[nan]"),
        ("object.__new__(Broken)", "result is of the type Broken", "<Broken, whose repr raises ValueError>"),
    ],
)
def test_a_result_that_turns_out_not_to_be_json_is_not_lost(
    flowdeco: Command, body: str, said: str, shown: str
) -> None:
    text = f"""
        from flowdeco import workflow
        class Odd:
            def __repr__(self): return "odd"
        class Broken:
            def __repr__(self): raise ValueError
        @workflow
        def one(): return {body}
        """
    write("one.py", text)
    code, out, err = flowdeco("run", "--json", "one.py")
    assert (code, out) == (3, "")
    lines = str(err).splitlines()
    assert lines[0].startswith(f"flowdeco run: error: Cannot print the result as JSON: {said}")
    assert lines[1:] == ["The run was completed, and this is its result:", shown]


def test_a_result_whose_str_fails_is_not_lost(flowdeco: Command) -> None:
    text = """
        from flowdeco import workflow
        class Odd:
            def __repr__(self): return "odd"
            def __str__(self): raise ValueError("no")
        @workflow
        def one(): return Odd()
        """
    write("one.py", text)
    code, out, err = flowdeco("run", "one.py")
    assert (code, out) == (3, "")
    assert str(err).splitlines() == [
        "flowdeco run: error: Cannot print the result: its str() raised ValueError: no.",
        "The run was completed, and this is its result:",
        "odd",
    ]


def test_a_number_of_very_many_digits_is_printed(flowdeco: Command) -> None:
    limit = sys.get_int_max_str_digits()
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): return 10**5000")
    try:
        for options in ([], ["--json"]):
            assert flowdeco("run", *options, "one.py").out == f"1{'0' * 5000}\n"
    finally:
        sys.set_int_max_str_digits(limit)


def test_a_result_that_is_annotated_not_to_be_json_is_refused_before_anything_runs(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow
        @task
        def ran(): print("ran")
        @workflow
        async def one(ran) -> dict[str, bytes]: return {}
        """
    write("one.py", text)
    code, out, err = flowdeco("run", "--json", "one.py")
    assert (code, out) == (2, "")
    assert err == (
        "flowdeco run: error: Cannot print the result as JSON: one.py:one is annotated to return dict[str, bytes], and "
        "bytes is not JSON. Return what JSON knows, or leave --json out.\n"
    )
    assert [*flowdeco("run", "one.py")] == [0, "ran\n{}\n", ""]
