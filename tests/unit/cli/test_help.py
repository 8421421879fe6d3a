"""The help, the version, and commands that are wrong."""

import re

import pytest

from tests.support.cli import SHOP, Command, write


def test_the_help_of_a_workflow_says_what_its_signature_and_its_docstring_say(flowdeco: Command) -> None:
    write("shop.py", SHOP)
    code, out, err = flowdeco("run", "shop.py:offer", "--help")
    assert (code, err) == (0, "")
    text = str(out)
    assert re.match(r"usage: flowdeco run shop.py:offer \[-h\] --item TEXT \[--count INT\]\n", text)
    assert "Say what something costs, 5% off.\n\nIt is asked for at the %(prog)s.\n\n" in text
    assert "A sentence" not in text
    assert "  --item TEXT           what is sold, at 5% off or more. (required)\n" in text
    assert "  --count INT           how many. (default: 1)\n" in text
    assert re.search(r"  --gift-wrap, --no-gift-wrap\n +\(default: False\)\n", text)
    assert "Options of the command itself stand before shop.py:offer: see flowdeco run --help." in text


def test_an_input_may_be_called_as_an_option_of_the_command_is(flowdeco: Command) -> None:
    text = """
        from flowdeco import workflow
        @workflow
        def one(json, report, progress, help, verbose, x: bool, no_x: bool = True):
            return [json, report, progress, help, verbose, x, no_x]
        """
    write("one.py", text)
    arguments = ["--json=a", "--report=b", "--progress=c", "--help=d", "--verbose=e", "--x=off", "--no-no-x"]
    assert flowdeco("run", "--json", "one.py", *arguments).out == '["a", "b", "c", "d", "e", false, false]\n'
    assert flowdeco("run", "one.py", "-h").out.startswith("usage: flowdeco run one.py:one [-h] --json TEXT")


def test_positional_only_inputs_and_those_with_dashes_arrive(flowdeco: Command) -> None:
    write(
        "one.py",
        "from flowdeco import workflow\n@workflow\ndef one(a: int, b: int = 2, /, *, c_d=3): return [a, b, c_d]",
    )
    assert flowdeco("run", "--json", "one.py", "--a", "1").out == "[1, 2, 3]\n"
    assert flowdeco("run", "--json", "one.py", "--a", "1", "--c_d=5").out == "[1, 2, 5]\n"
    assert flowdeco("run", "--json", "one.py", "--a", "1", "--c-d", "6").out == "[1, 2, 6]\n"


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], *([command, "--help"] for command in ("run", "graph", "check", "completion"))]
)
def test_the_command_explains_itself(flowdeco: Command, arguments: list[str]) -> None:
    code, out, err = flowdeco(*arguments)
    assert code == (0 if arguments else 2)
    said = str(out if arguments else err)
    assert said.startswith("usage: flowdeco")
    assert max(map(len, said.splitlines())) < 80


def test_the_version_is_that_of_the_distribution(flowdeco: Command) -> None:
    assert re.fullmatch(r"flowdeco \d+\.\d+\S*\n", flowdeco("--version").out)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("run --jso shop.py", "flowdeco run: error: unrecognized arguments: --jso. Did you mean '--json'?"),
        (
            "run --item tea shop.py",
            "flowdeco run: error: unrecognized arguments: --item. The inputs of the workflow stand after TARGET.",
        ),
        ("graph shop.py more", "flowdeco graph: error: unrecognized arguments: more"),
        ("check shop.py --type", "flowdeco check: error: unrecognized arguments: --type. Did you mean '--types'?"),
        ("run", "flowdeco run: error: the following arguments are required: TARGET"),
        ("run --report no/where.html shop.py", "flowdeco run: error: argument --report: 'no/where.html' cannot be wri"),
        ("run --report . shop.py", "flowdeco run: error: argument --report: '.' is a folder"),
        (
            "nothing",
            "flowdeco: error: there is no command 'nothing'. There is 'run', 'graph', 'check' and",
        ),
        ("chek shop.py", "flowdeco: error: there is no command 'chek'. Did you mean 'check'?"),
        (
            "shop.py:offer tea",
            "flowdeco: error: there is no command 'shop.py:offer'. To run a workflow: flowdeco run ",
        ),
        ("--nothing", "flowdeco: error: unrecognized arguments: --nothing"),
    ],
)
def test_a_wrong_command_is_an_error_of_usage(flowdeco: Command, arguments: str, problem: str) -> None:
    answer = flowdeco(*arguments.split())
    assert (answer.code, answer.out) == (2, "")
    assert answer.problem.startswith(problem)


def test_choices_of_any_characters_are_no_trouble_to_the_help(flowdeco: Command) -> None:
    text = """
        from typing import Literal
        from flowdeco import workflow
        @workflow
        def one(first_input: Literal["(a", "[b", "100%"], second_input: Literal["a)", ""], a_third_input: int): ...
        """
    write("one.py", text)
    assert "--first-input CHOICE" in flowdeco("run", "one.py", "--help").out
    answer = flowdeco("run", "one.py", "--first-input=x", "--second-input=a)", "--a-third-input=1")
    assert "(choose from '(a', '[b', '100%')" in answer.problem


def test_defaults_are_shown_as_they_could_be_typed(flowdeco: Command) -> None:
    text = """
        from datetime import date, timedelta
        from enum import Enum
        from flowdeco import workflow
        class Size(Enum):
            SMALL = 1
        @workflow
        def one(wait: timedelta = timedelta(hours=1), on=date(2026, 1, 2), size=Size.SMALL, text=""): ...
        """
    write("one.py", text)
    said = flowdeco("run", "one.py", "--help").out
    assert [line.partition("(default: ")[2] for line in str(said).splitlines() if "(default" in line] == [
        *("1:00:00)", "2026-01-02)", "SMALL)", "'')")
    ]
