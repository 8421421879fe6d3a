"""What an option may be, and how its text is read."""

import re
import sys
from collections import deque
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from inspect import Parameter
from ipaddress import IPv4Address
from os import PathLike
from pathlib import Path, PurePosixPath
from re import Pattern
from typing import Any, Literal, LiteralString, NewType, TypedDict, TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco.cli import input_help, option_reader
from flowdeco.cli.value_builder import UnreadableTypeError
from tests.support.cli import Command, Size, write

Wait = TypeVar("Wait", bound=timedelta)
WAIT: Any = Wait  # which type checkers know only in a signature
Number = TypeVar("Number", int, float)
Anything = TypeVar("Anything")
Late = TypeVar("Late", bound="timedelta")


class Money(TypedDict):
    euros: int


NO_JSON = """expected a JSON object; '{a' is not JSON: Expecting property name enclosed in double quotes: line 1 \
column 2 (char 1)"""


class Celsius(float):
    """A number of its own kind."""


Name = NewType("Name", str)


@pytest.mark.parametrize(
    ("hint", "text", "value"),
    [
        (Parameter.empty, "5", "5"),
        (str, "5", "5"),
        (Name, "5", "5"),
        (int, "-5", -5),
        (float, "5", 5.0),
        (Decimal, "0.10", Decimal("0.10")),
        (complex, "1j", 1j),
        (bytes, "é", "é".encode()),
        (bytes, "\udcff", b"\xff"),
        (LiteralString, "a", "a"),
        (Path, "a/b", Path("a/b")),
        (PurePosixPath, "a/b", PurePosixPath("a/b")),
        (UUID, "12345678123456781234567812345678", UUID("12345678123456781234567812345678")),
        (Size, "SMALL", Size.SMALL),
        (Size, "2", Size.LARGE),
        (Literal["a", 3], "3", 3),
        (int | None, "5", 5),
        (int | None, "none", None),
        (str | None, "none", "none"),
        (str | int, "5", 5),
        (str | int, "five", "five"),
        (int | bool, "true", True),
        (float | Literal["auto"], "auto", "auto"),
        (date, "2026-11-24", date(2026, 11, 24)),
        (datetime, "2026-11-24T10:00:00+00:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (time, "10:30", time(10, 30)),
        (dict, '{"a": [1]}', {"a": [1]}),
        (dict[str, int] | None, '{"a": 1}', {"a": 1}),
        (Mapping[str, int], "{}", {}),
        (Money, '{"euros": 1}', {"euros": 1}),
        (Any, "[1, null]", [1, None]),
        (Any, "[1,", "[1,"),
        (timedelta, "90s", timedelta(seconds=90)),
        (timedelta, "-1:30", timedelta(hours=-1, minutes=-30)),
        (timedelta | None, "none", None),
        (str | list[str], '["1"]', ["1"]),
        (str | list[str], "[1", "[1"),
        (IPv4Address, "10.0.0.1", IPv4Address("10.0.0.1")),
        (Pattern[str], "a+", re.compile("a+")),
        (PathLike[str], "a", Path("a")),
        (Celsius, "5", Celsius(5)),
        (float | int, "5", 5),
    ],
)
def test_a_text_is_read_as_its_annotation_says(hint: Any, text: str, value: object) -> None:
    reader = option_reader.reader_of(hint)
    assert reader.shape == "one"
    found = reader.read(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("hint", "texts", "value"),
    [
        (list[int], ["1", "2"], [1, 2]),
        (list[int] | None, [], []),
        (list, ["1", "x", "[2]"], [1, "x", [2]]),
        (Sequence[str], ["1"], ["1"]),
        (set[int], ["1", "1"], {1}),
        (Set[int], ["1"], {1}),
        (frozenset[Size], ["LARGE"], frozenset({Size.LARGE})),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (tuple[int, str], ["1", "2"], (1, "2")),
        (list[bool], ["yes", "off"], [True, False]),
        (list[list[int]], ["[1]"], [[1]]),
        (list[dict[str, int]], ['{"a": 1}'], [{"a": 1}]),
        (list[int], ["[1, 2]"], [1, 2]),
        (list[str], ["[1, 2]"], ["[1, 2]"]),
        (list[str], ['["a", "b"]'], ["a", "b"]),
        (list[str], ['["a"]', "b"], ['["a"]', "b"]),
        (list[str], ["[a"], ["[a"]),
        (set[Path], ['["a"]'], {Path("a")}),
        (list, ["[1, 2]"], [1, 2]),
        (list[Any], ["[[1]]"], [[1]]),
        (list[list[int]], ["[[1], [2]]"], [[1], [2]]),
        (list[list[int]], ["[1]", "[2]"], [[1], [2]]),
        (list[int], ["[]"], []),
        (tuple[str, ...], [' ["a"]'], ("a",)),
        (tuple[int, str], ['[1, "a"]'], (1, "a")),
        (tuple[str], ['["a"]'], ("a",)),
        (tuple[str], ['["a", "b"]'], ('["a", "b"]',)),
        (list[WAIT], ["1s"], [timedelta(seconds=1)]),
        (deque[int], ["1"], deque([1])),
        (list[timedelta], ["1s", "PT2S"], [timedelta(seconds=1), timedelta(seconds=2)]),
    ],
)
def test_a_collection_is_given_item_by_item(hint: Any, texts: list[str], value: object) -> None:
    reader = option_reader.reader_of(hint)
    assert reader.shape == "many"
    found = reader.read(texts)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("hint", "text", "value"),
    [
        (Wait, "1h", timedelta(hours=1)),
        (Wait | None, "none", None),
        (Number, "3", 3),
        (Number, "0.5", 0.5),
        (Anything, "x", "x"),
        (dict[str, WAIT], '{"a": "1s"}', {"a": timedelta(seconds=1)}),
        (Late, "1h", "1h"),
    ],
)
def test_a_type_variable_is_read_as_what_it_may_be(hint: Any, text: str, value: object) -> None:
    found = option_reader.reader_of(hint).read(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("hint", [bool, bool | None])
def test_a_bool_is_a_switch(hint: Any) -> None:
    assert option_reader.reader_of(hint).shape == "switch"


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        (3, "5", 5),
        (0.5, "5", 5.0),
        ("a", "5", "5"),
        (None, "5", "5"),
        (Size.SMALL, "LARGE", Size.LARGE),
        (object(), "5", 5),
    ],
)
def test_without_an_annotation_the_default_says_what_it_is(default: object, text: str, value: object) -> None:
    found = option_reader.reader_of(Parameter.empty, default).read(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("hint", "text", "message"),
    [
        (int, "x", "invalid int value: 'x'"),
        (int | float, "x", "invalid int or float value: 'x'"),
        (Decimal, "x", "invalid Decimal value: 'x' (write it as 0.10)"),
        (date, "today", "invalid date value: 'today' (write it as 2026-11-24)"),
        (Size, "LARG", "invalid choice: 'LARG' (choose from 'SMALL', 'LARGE'). Did you mean 'LARGE'?"),
        (Literal["a", 3], "x", "invalid choice: 'x' (choose from 'a', '3')"),
        (dict, "[1]", "expected a JSON object, not [1]"),
        (
            dict,
            "{a",
            NO_JSON,
        ),
        (int | bool, "maybe", "invalid int or bool value: 'maybe' (write it as true or false)"),
        (list[int], ["1", "x"], "invalid int value: 'x'"),
        (list[int], ["[1, true]"], "[1]: expected int, not true"),
        (int | list[int], "x", "invalid int or list[int] value: 'x'"),
        (str | list[str], "[1]", "[0]: expected str, not 1"),
        (timedelta, "5", "invalid timedelta value: '5' (write it as 90s, 1h30m, 01:30:00 or PT1H30M)"),
        (tuple[int, int], ["1"], "expected 2 values, not 1"),
        (tuple[int, int], ["[1]"], "expected a JSON array of 2: int, int, not [1]"),
        (tuple[int, str], ["[1, 2]"], "[1]: expected str, not 2"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(hint: Any, text: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        option_reader.reader_of(hint).read(text)
    assert str(caught.value) == message


@given(st.integers() | st.floats() | st.text())
def test_what_a_text_says_is_read_back(value: int | float | str) -> None:
    found = option_reader.reader_of(type(value)).read(str(value))
    assert found == value or found != found


def test_annotations_that_cannot_be_evaluated_do_not_spoil_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one.py", "from __future__ import annotations\ndef function(a: int, b: NoSuchName, c): ...")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    function = import_module("one").function
    hints = option_reader.read_hints(function)
    assert hints["a"] is int
    with pytest.raises(UnreadableTypeError, match=r"^Cannot read NoSuchName: it is not known when the program runs."):
        option_reader.reader_of(hints["b"])


def test_an_input_without_an_annotation_is_read_as_the_tasks_that_receive_it_say(flowdeco: Command) -> None:
    text = "@task\ndef double(number: int): return 2 * number\n@workflow\ndef one(number, double): return double"
    write("one.py", f"from flowdeco import task, workflow\n{text}")
    assert flowdeco("run", "one.py", "--number", "3").out == "6\n"
    assert flowdeco("run", "one.py", "--number", "x").problem.endswith("argument --number: invalid int value: 'x'")


def test_a_list_is_given_by_one_option_or_by_several(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(of: list[int]): return of")
    assert flowdeco("run", "one.py", "--of", "1", "2", "--of", "3").out == "[1, 2, 3]\n"
    assert flowdeco("run", "one.py", "--of").out == "[]\n"
    assert flowdeco("run", "one.py", "--of", "1", "x").problem.endswith("argument --of: invalid int value: 'x'")


@pytest.mark.parametrize("heading", ["Args", "Arguments", "Parameters"])
def test_the_docstring_is_read_section_by_section(heading: str) -> None:
    doc = f"""First line.

    Second: paragraph.

    {heading}:
        one: is said
            here
            and here: too.
        *two (list[str], optional): that.

        three:
            below.

    Raises:
        four: no parameter.
    """
    text, said = input_help.read_doc(doc)
    assert text == "First line.\n\nSecond: paragraph."
    assert said == {"one": "is said here and here: too.", "two": "that.", "three": "below."}
    assert input_help.read_doc("") == ("", {})
