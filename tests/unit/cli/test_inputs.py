"""Inputs on the command line: by name, by position, and what is a value though it begins with a dash."""

import pytest

from tests.support.cli import SHOP, Command, write

TRIP = """
    from dataclasses import dataclass
    from datetime import timedelta
    from flowdeco import task, workflow

    @dataclass
    class Place:
        name: str
        height: float = 0.0

    class Client: ...

    @task
    def ran():
        print("ran")

    @workflow
    def trip(to: Place, wait: timedelta = timedelta(0), client: Client | None = None, *, ran=None):
        return [to, wait.total_seconds(), client]

    @workflow
    def by_client(client: Client, ran): ...
"""


def test_what_is_annotated_is_what_arrives(flowdeco: Command) -> None:
    write("trip.py", TRIP)
    answer = flowdeco("run", "trip.py:trip", "--to", '{"name": "Bern"}', "--wait", "90s")
    assert [*answer] == [0, "ran\n[Place(name='Bern', height=0.0), 90.0, None]\n", ""]


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        (
            ["--to", "Bern"],
            "argument --to: expected a JSON object for Place with name (str), height (float, optional); ",
        ),
        (["--to", '{"nam": "Bern"}'], "argument --to: Place has no 'nam'. Did you mean 'name'?"),
        (
            ["--to", '{"name": "Bern"}', "--wait=90"],
            "argument --wait: invalid timedelta value: '90' (write it as 90s, ",
        ),
        (
            ["--to", '{"name": "Bern"}', "--client=x"],
            "argument --client: Cannot read Client: no text can be turned into it. Leave it out, or call the workflow",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(flowdeco: Command, inputs: list[str], problem: str) -> None:
    write("trip.py", TRIP)
    answer = flowdeco("run", "trip.py:trip", *inputs)
    assert (answer.code, answer.out) == (2, "")
    assert answer.problem.startswith(f"flowdeco run trip.py:trip: error: {problem}")


def test_an_input_that_cannot_be_given_is_said_so(flowdeco: Command) -> None:
    write("trip.py", TRIP)
    answer = flowdeco("run", "trip.py:by_client")
    assert (answer.code, answer.out) == (2, "")
    assert answer.problem.endswith(
        "error: argument --client: Cannot read Client: no text can be turned into it. Annotate it with another type, "
        "or call the workflow from Python."
    )
    code, out, _ = flowdeco("run", "trip.py:trip", "--help")
    assert code == 0
    assert "(default: None) (cannot be given on a command line)" in " ".join(str(out).split())


NUMBERS = """
    from datetime import timedelta
    from decimal import Decimal
    from fractions import Fraction
    from flowdeco import workflow

    @workflow
    def show(rate: float = 0, many: list[float] = [], *, text="", wait: timedelta = timedelta(0),
             exact: Decimal = Decimal(0), part: Fraction = Fraction(0), h: int = 0):
        return f"{rate} {many} {text} {wait.total_seconds()} {exact} {part} {h}"
"""


@pytest.mark.parametrize(
    ("inputs", "shown"),
    [
        ("--rate -1e-3", "-0.001 []  0.0 0 0 0"),
        ("--rate -inf", "-inf []  0.0 0 0 0"),
        ("--rate -Infinity", "-inf []  0.0 0 0 0"),
        ("--rate -nan", "nan []  0.0 0 0 0"),
        ("--rate -.5", "-0.5 []  0.0 0 0 0"),
        ("--rate=-5", "-5.0 []  0.0 0 0 0"),
        ("-1e-3", "-0.001 []  0.0 0 0 0"),
        ("-5 -inf 3 -1e5", "-5.0 [-inf, 3.0, -100000.0]  0.0 0 0 0"),
        ("-- -5 -1", "-5.0 [-1.0]  0.0 0 0 0"),
        ("--many -1 -2e3 --rate -5", "-5.0 [-1.0, -2000.0]  0.0 0 0 0"),
        ("--many 1 -- -5", "-5.0 [1.0]  0.0 0 0 0"),
        ("--text -x", "0 [] -x 0.0 0 0 0"),
        ("--text -", "0 [] - 0.0 0 0 0"),
        ("--text=--rate", "0 [] --rate 0.0 0 0 0"),
        ("--text= --rate=1", "1.0 []  0.0 0 0 0"),
        ("--wait -90s", "0 []  -90.0 0 0 0"),
        ("--wait -PT5S", "0 []  -5.0 0 0 0"),
        ("--wait -0:00:10", "0 []  -10.0 0 0 0"),
        ("--exact -Infinity --part -1/3 --h -7", "0 []  0.0 -Infinity -1/3 -7"),
        ("--rate 1 --rate 2", "2.0 []  0.0 0 0 0"),
    ],
)
def test_a_value_may_begin_with_a_dash(flowdeco: Command, inputs: str, shown: str) -> None:
    write("show.py", NUMBERS)
    answer = flowdeco("run", "show.py", *inputs.split())
    assert [*answer] == [0, f"{shown}\n", ""]


@pytest.mark.parametrize(
    "inputs",
    ["tea 2", "tea --count 2", "--count 2 tea", "tea -- 2", "--count=2 -- tea", "-- tea 2", "--item tea --count 2"],
)
def test_inputs_are_given_by_position_too(flowdeco: Command, inputs: str) -> None:
    write("shop.py", SHOP)
    answer = flowdeco("run", "shop.py:offer", "--gift-wrap", *inputs.split())
    assert [*answer] == [0, "2 tea for 8.00, wrapped\n", ""]


def test_after_two_dashes_all_is_by_position(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(a, b=''): return [a, b]")
    assert flowdeco("run", "one.py", "--", "--a", "-h").out == "['--a', '-h']\n"
    assert flowdeco("run", "one.py", "--", "--").out == "['--', '']\n"
    assert flowdeco("run", "one.py", "a", "--").out == "['a', '']\n"


def test_what_is_by_name_only_has_no_position(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(*, a=1): return a")
    answer = flowdeco("run", "one.py", "5")
    assert answer.code == 2
    assert answer.problem.endswith("error: unrecognized arguments: 5. Inputs are given by name.")


def test_by_position_a_list_takes_all_that_is_left_and_a_row_what_it_holds(flowdeco: Command) -> None:
    text = """
        from flowdeco import workflow
        @workflow
        def one(where: tuple[int, int], on: bool, of: list[int] = [], last=""): return [where, on, of, last]
        """
    write("one.py", text)
    assert flowdeco("run", "one.py", "1", "-2", "yes", "3", "4").out == "[(1, -2), True, [3, 4], '']\n"
    assert flowdeco("run", "one.py", "1", "2", "no", "--last", "5").out == "[(1, 2), False, [], '5']\n"
    said = " ".join(str(flowdeco("run", "one.py", "--help").out).split())
    assert "by name, or by position: WHERE ... ON [OF ...]" in said


def test_a_switch_may_be_told_by_a_word(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(*, on: bool): return on")
    assert flowdeco("run", "one.py", "--on=no").out == "False\n"
    assert flowdeco("run", "one.py", "--on").out == "True\n"
    assert flowdeco("run", "one.py", "--no-on").out == "False\n"


def test_what_is_imported_for_type_checkers_only_is_told_how_to_be_given(flowdeco: Command) -> None:
    text = """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from flowdeco import workflow
        if TYPE_CHECKING:
            from decimal import Decimal
        @workflow
        def one(price: Decimal = None, count: int = 1): return [price, count]
        """
    write("one.py", text)
    assert flowdeco("run", "one.py", "--count", "2").out == "[None, 2]\n"
    code, out, err = flowdeco("run", "one.py", "5")
    assert (code, out) == (2, "")
    assert err == (
        "flowdeco run one.py:one: error: argument --price: Cannot read Decimal: it is not known when the program runs. "
        "Import it outside of `if TYPE_CHECKING:`.\n"
    )


def test_a_tuple_by_position_may_be_one_json_array(flowdeco: Command) -> None:
    text = "@workflow\ndef one(pair: tuple[int, str], last: str): return [pair, last]"
    write("one.py", f"from flowdeco import workflow\n{text}")
    for pair in (["1", "a"], ['[1, "a"]']):
        assert flowdeco("run", "one.py", *pair, "z").out == "[(1, 'a'), 'z']\n"
    assert flowdeco("run", "one.py", "--pair", '[1, "a"]', "--last", "z").out == "[(1, 'a'), 'z']\n"
