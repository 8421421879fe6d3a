"""The command `flowdeco`: its targets, the inputs as options, its output, and its exit codes."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from importlib import import_module
from inspect import Parameter
from pathlib import Path, PurePosixPath
from textwrap import dedent
from typing import Any, Literal, NewType, TypedDict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Run
from flowdeco.cli import input_parser, json_output, option_reader
from flowdeco.cli import main as cli

SHOP = '''
    """A shop."""

    from __future__ import annotations

    from flowdeco import task, workflow


    @task
    async def price(item: str) -> float:
        return {"tea": 4.0, "coffee": 6.5}[item]


    @task
    def amount(price: float, count: int) -> float:
        return price * count


    @workflow
    def offer(item: str, amount: float, count: int = 1, *, gift_wrap: bool = False) -> str:
        """Say what something costs, 5% off.

        It is asked for at the %(prog)s.

        Args:
            item: what is sold, at 5% off
                or more.
            count (int): how many.

        Returns:
            A sentence.
        """
        return f"{count} {item} for {amount:.2f}{', wrapped' if gift_wrap else ''}"
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in; what is imported from there is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


class Answer:
    """What a command has come to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __iter__(self) -> Iterator[object]:
        return iter((self.code, self.out, self.err))

    @property
    def problem(self) -> str:
        """The last line that it complained with."""
        return self.err.splitlines()[-1]


Command = Callable[..., Answer]


@pytest.fixture
def flowdeco(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process."""

    def call(*arguments: str) -> Answer:
        try:
            code = cli.main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return call


# Running.


def test_run_takes_inputs_as_options_and_prints_the_result(flowdeco: Command) -> None:
    write("shop.py", SHOP)
    answer = flowdeco("run", "shop.py:offer", "--item", "tea", "--count=3", "--gift-wrap")
    assert [*answer] == [0, "3 tea for 12.00, wrapped\n", ""]


def test_a_module_is_taken_as_well_as_a_file(flowdeco: Command) -> None:
    write("shops/__init__.py", "")
    write("shops/tea.py", SHOP)
    assert flowdeco("run", "shops.tea:offer", "--item", "tea").out == "1 tea for 4.00\n"


def test_an_async_def_workflow_is_run(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\nasync def one(n: int) -> int: return n")
    assert [*flowdeco("run", "one.py", "--n", "-7")] == [0, "-7\n", ""]


def test_nothing_is_printed_for_none(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): pass")
    assert [*flowdeco("run", "one.py")] == [0, "", ""]
    assert [*flowdeco("run", "--json", "one.py")] == [0, "null\n", ""]


def test_a_file_is_imported_under_its_own_name_with_its_neighbours_in_reach(flowdeco: Command) -> None:
    write("far/neighbour.py", "VALUE = 5")
    write(
        "far/one.py",
        """
        from flowdeco import workflow
        import neighbour

        @workflow
        def one(): return f"{__name__} {neighbour.VALUE}"

        if __name__ == "__main__": raise AssertionError
        """,
    )
    assert flowdeco("run", "far/one.py").out == "one 5\n"


def test_a_file_in_a_package_is_imported_as_a_part_of_it(flowdeco: Command) -> None:
    write("far/shops/__init__.py", "")
    write("far/shops/deep/__init__.py", "")
    write("far/shops/deep/price.py", "PRICE = 5")
    text = "from flowdeco import workflow\nfrom .price import PRICE\n@workflow\ndef one(): return f'{__name__} {PRICE}'"
    write("far/shops/deep/one.py", text)
    assert flowdeco("run", "far/shops/deep/one.py").out == "shops.deep.one 5\n"


def test_the_only_workflow_that_a_file_defines_needs_no_name(flowdeco: Command) -> None:
    write("shop.py", SHOP)
    write(
        "more.py",
        "from flowdeco import workflow\nfrom shop import offer\n@workflow\ndef more(offer, item): return offer",
    )
    answer = flowdeco("run", "more.py", "--offer", "tea")
    assert answer.code == 2  # it is a task here, not an input
    assert answer.problem.endswith("unrecognized arguments: --offer tea. That is a task, not an input.")
    write("again.py", "from shop import offer\nsame = offer")
    assert flowdeco("run", "again.py", "--item", "tea").out == "1 tea for 4.00\n"


def test_a_workflow_is_found_by_a_dotted_name(flowdeco: Command) -> None:
    text = """
        from flowdeco import workflow
        class Group:
            @staticmethod
            def _one(): return 1
            one = workflow(_one)
        """
    write("one.py", text)
    assert flowdeco("run", "one.py:Group.one").out == "1\n"


def test_a_failed_run_shows_the_traceback_of_the_program_only(flowdeco: Command) -> None:
    path = write("shop.py", SHOP)
    code, out, err = flowdeco("run", "shop.py:offer", "--item", "milk")
    assert (code, out) == (1, "")
    assert [line for line in str(err).splitlines() if not line.strip(" ~^").startswith("return")] == [
        "Traceback (most recent call last):",
        f'  File "{path.resolve()}", line 11, in price',
        *re.findall(r".*~.*", str(err)),
        "KeyError: 'milk'",
        "Raised by task 'price' of workflow 'offer'.",
    ]


def test_an_error_of_flowdeco_is_shown_without_our_frames(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow
        @task(outputs=("a", "b"))
        def pair(): return 1
        @workflow
        def one(a): return a
        """
    write("one.py", text)
    answer = flowdeco("run", "one.py")
    assert answer.code == 1
    assert answer.err.startswith("flowdeco.OutputError: ")


def test_a_skipped_run_is_no_failure(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import Skip, workflow\n@workflow\ndef one(why): raise Skip(why)")
    assert [*flowdeco("run", "one.py", "--why", "no tea")] == [0, "", "Workflow 'one' was skipped: no tea\n"]
    assert flowdeco("run", "one.py", "--why", "").err == "Workflow 'one' was skipped\n"
    assert flowdeco("run", "--json", "one.py", "--why", "").out == "null\n"


def test_an_exit_of_the_program_is_the_exit_of_the_command(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): raise SystemExit(7)")
    assert flowdeco("run", "one.py").code == 7


# Targets that lead nowhere.


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("shp.py", "Cannot load 'shp.py': there is no such file. Did you mean 'shop.py'?"),
        ("far/shop.py", "Cannot load 'far/shop.py': there is no such file."),
        ("folder/", "Cannot load 'folder': it is a folder. Name a file in it."),
        ("folder.py", "Cannot load 'folder.py': it is a folder. Name a file in it."),
        ("shp:offer", "Cannot find module 'shp': there is none of that name. Did you mean 'shop'?"),
        ("pack.shp", "Cannot find module 'pack.shp': there is none of that name. Did you mean 'pack.shop'?"),
        ("no.such", "Cannot find module 'no': there is none of that name."),
        ("my-shop", "Cannot find 'my-shop': it is neither the name of a module nor a file that ends in .py."),
        (":offer", "Cannot find '': it is neither the name of a module nor a file that ends in .py."),
        ("./two.dots.py", "Cannot load 'two.dots.py': its name is no module's. "),
        ("shop:ofer", "Cannot find workflow 'ofer' in 'shop': there is no such name. Did you mean 'offer'? It has 'of"),
        ("shop:x.y", "Cannot find workflow 'x.y' in 'shop': there is no such name. It has 'offer'."),
        ("none:offer", "Cannot find workflow 'offer' in 'none': there is no such name. It has none."),
        ("shop:price", "Cannot use 'price' of 'shop' as a workflow: it is a task. Name a workflow that needs it."),
        ("none:plain", "Cannot use 'plain' of 'none' as a workflow: it is a plain function. Decorate it with @workflo"),
        ("none:X", "Cannot use 'X' of 'none' as a workflow: it is of the type int. "),
        ("none.py", "Cannot find a workflow in 'none.py': it has none. Decorate a function with @workflow."),
        ("two.py", "Cannot choose a workflow of 'two.py': it has 2 of them. Name one: two.py:a, two.py:b."),
    ],
)
@pytest.mark.parametrize("command", ["run", "graph"])
def test_a_target_that_leads_nowhere_is_an_error_of_usage(
    flowdeco: Command, command: str, target: str, problem: str
) -> None:
    write("shop.py", SHOP)
    write("pack/__init__.py", "")
    write("pack/shop.py", SHOP)
    write("two.dots.py", SHOP)
    write("none.py", "def plain(): pass\nX = 1")
    write("two.py", "from flowdeco import workflow\n@workflow\ndef a(): pass\n@workflow\ndef b(): pass")
    Path("folder").mkdir()
    Path("folder.py").mkdir()
    code, out, err = flowdeco(command, target)
    assert (code, out) == (2, "")
    assert str(err).startswith(f"flowdeco {command}: error: {problem}")


def test_a_file_whose_name_is_taken_is_refused(flowdeco: Command) -> None:
    write("json.py", SHOP)
    assert json.loads("1")
    answer = flowdeco("run", "json.py", "--item", "tea")
    assert answer.code == 2
    assert answer.problem.endswith("Cannot load 'json.py': there is another module 'json' already. Rename the file.")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("import no_such_module_of_mine", "ModuleNotFoundError: No module named 'no_such_module_of_mine'"),
        ("def f():\n    1 / 0\nf()", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("from flowdeco import workflow\n@workflow(timeout=-1)\ndef f(): pass", "flowdeco.OptionError: "),
    ],
)
def test_a_file_that_cannot_be_imported_shows_its_own_traceback(flowdeco: Command, text: str, last: str) -> None:
    path = write("broken.py", text)
    code, out, err = flowdeco("run", "broken.py:f")
    lines = str(err).splitlines()
    assert (code, out) == (1, "")
    assert lines[-1].startswith(last)
    frames = [line for line in lines if line.startswith("  File")]
    assert str(path.resolve()) in frames[0]
    assert not any("importlib" in line or "_target" in line for line in frames)


def test_a_package_that_asks_for_what_it_lacks_shows_its_own_traceback(flowdeco: Command) -> None:
    write("pack/__init__.py", "import pack.gone")
    answer = flowdeco("run", "pack.gone:offer")
    assert answer.code == 1
    assert "__init__.py" in answer.err
    assert answer.problem == "ModuleNotFoundError: No module named 'pack.gone'"


# Inputs that do not fit.

OWN = "That is an option of the command itself:"


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ("", "the following arguments are required: --item"),
        ("--itm tea", "unrecognized arguments: --itm tea. Did you mean '--item'?"),
        ("--item tea --nothing", "unrecognized arguments: --nothing."),
        ("--item tea --count x", "argument --count: invalid int value: 'x'"),
        ("--item", "argument --item: expected one argument"),
        ("tea", "unrecognized arguments: tea. Inputs are given by name, as in --item tea."),
        ("--item tea --amount 3", "unrecognized arguments: --amount 3. That is a task, not an input."),
        ("--item tea --json", f"unrecognized arguments: --json. {OWN} flowdeco run --json shop.py:offer ..."),
        ("--ite tea", "unrecognized arguments: --ite tea. Did you mean '--item'?"),
    ],
)
def test_an_input_that_does_not_fit_is_an_error_of_usage(flowdeco: Command, inputs: str, problem: str) -> None:
    write("shop.py", SHOP)
    code, out, err = flowdeco("run", "shop.py", *inputs.split())
    assert (code, out) == (2, "")
    lines = str(err).splitlines()
    assert lines[0] == "usage: flowdeco run shop.py:offer [-h] --item TEXT [--count INT]"
    assert lines[-1] == f"flowdeco run shop.py:offer: error: {problem}"


def test_a_missing_input_that_is_a_misspelt_task_is_called_so(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import task, workflow\n@task\ndef words(): ...\n@workflow\ndef one(wrods): ...")
    assert flowdeco("run", "one.py").problem.endswith("required: --wrods. Did you mean the task 'words'?")


def test_a_wrong_graph_is_told_and_is_a_failure(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow
        @task
        def one(nothing, nowhere): ...
        @workflow
        def all(one): ...
        """
    write("wrong.py", text)
    for arguments in (["run", "wrong.py"], ["graph", "wrong.py"]):
        code, out, err = flowdeco(*arguments)
        assert (code, out) == (1, "")
        lines = str(err).splitlines()
        assert [re.sub("needs '.*", "needs", line) for line in lines] == [
            f"flowdeco {arguments[0]}: error: Cannot build workflow 'all': task 'one' needs"
        ] * 2
    code, out, err = flowdeco("check", "wrong.py")
    assert (code, err) == (1, "")
    assert [line.split("'")[5] for line in str(out).splitlines()] == ["nothing", "nowhere"]


def test_an_input_without_a_workflow_that_takes_it_says_that_there_is_none(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): ...")
    assert flowdeco("run", "one.py", "5").problem.endswith("unrecognized arguments: 5. It has no inputs.")


# Help.


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


@pytest.mark.parametrize("arguments", [[], ["--help"], ["run", "--help"], ["graph", "--help"], ["check", "--help"]])
def test_the_command_explains_itself(flowdeco: Command, arguments: list[str]) -> None:
    code, out, err = flowdeco(*arguments)
    assert code == (0 if arguments else 2)
    assert str(out if arguments else err).startswith("usage: flowdeco")


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
        ("run", "flowdeco run: error: the following arguments are required: TARGET, --input VALUE"),
        ("run --report no/where.html shop.py", "flowdeco run: error: argument --report: 'no/where.html' cannot be wri"),
        ("run --report . shop.py", "flowdeco run: error: argument --report: '.' is a folder"),
        ("nothing", "flowdeco: error: argument COMMAND: invalid choice: 'nothing'"),
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


# What an option may be.


class Size(Enum):
    SMALL = "s"
    LARGE = 2


class Money(TypedDict):
    euros: int


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
        (timedelta, "5", 5),
        (str | list[str], "[1]", [1]),
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
    ],
)
def test_a_collection_is_given_item_by_item(hint: Any, texts: list[str], value: object) -> None:
    reader = option_reader.reader_of(hint)
    assert reader.shape == "many"
    found = reader.read(texts)
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
        (Decimal, "x", "invalid Decimal value: 'x'"),
        (date, "today", "invalid date value: 'today'"),
        (Size, "LARG", "invalid choice: 'LARG' (choose from 'SMALL', 'LARGE'). Did you mean 'LARGE'?"),
        (Literal["a", 3], "x", "invalid choice: 'x' (choose from 'a', '3')"),
        (dict, "[1]", "invalid JSON object value: '[1]'"),
        (int | bool, "maybe", "invalid int or bool value: 'maybe'"),
        (list[int], ["1", "x"], "invalid int value: 'x'"),
        (tuple[int, int], ["1"], "expected 2 values, not 1"),
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
    assert option_reader.read_hints(function) == {"a": int, "b": Any}


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
    text, said = input_parser._read_doc(doc)
    assert text == "First line.\n\nSecond: paragraph."
    assert said == {"one": "is said here and here: too.", "two": "that.", "three": "below."}
    assert input_parser._read_doc("") == ("", {})


# Results.


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


# The other options of run.


@pytest.mark.parametrize(("item", "code"), [("tea", 0), ("milk", 1)])
def test_report_writes_a_page_however_the_run_ends(flowdeco: Command, item: str, code: int) -> None:
    write("shop.py", SHOP)
    assert flowdeco("run", "--report", "page.html", "shop.py", "--item", item).code == code
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "4.0" in page or "KeyError" in page


def test_a_report_that_cannot_be_written_is_a_failure_but_the_result_is_there(
    flowdeco: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_html(self: Run[str], path: Path) -> None:
        assert self.tasks["price"].result == 4.0  # it is there for the report
        raise OSError("no space left")

    write("shop.py", SHOP)
    monkeypatch.setattr("flowdeco.Run.to_html", to_html)
    assert [*flowdeco("run", "--report", "page.html", "shop.py", "--item", "tea")] == [
        1,
        "1 tea for 4.00\n",
        "flowdeco run: error: Cannot write the report: no space left\n",
    ]


def test_progress_is_shown_on_stderr_once_and_beside_the_hooks_that_are_there(flowdeco: Command) -> None:
    text = """
        from flowdeco import workflow
        from flowdeco.progress import Progress
        seen = []
        @workflow(on_state=seen.append)
        def one(): return len(seen)
        @workflow(on_state=Progress())
        def two(): return 2
        """
    write("one.py", text)
    for name, result in (("one", 1), ("two", 2)):
        code, out, err = flowdeco("run", "--progress", f"one.py:{name}")
        assert (code, out) == (0, f"{result}\n")
        assert [re.sub(r"[\d.]+ s", "N s", line) for line in str(err).splitlines()] == [
            f"{name}: started, 0 tasks",
            f"{name}: completed in N s",
        ]


# The other commands.


def test_graph_prints_a_tree_or_what_is_asked_for(flowdeco: Command) -> None:
    write("shop.py", SHOP)
    code, out, err = flowdeco("graph", "shop.py")
    assert (code, err) == (0, "")
    assert str(out).splitlines()[:2] == ["offer(item, count, gift_wrap)", "├── item (input)"]
    assert flowdeco("graph", "shop.py:offer", "--format", "mermaid").out.startswith("graph TD\n")
    assert flowdeco("graph", "--format", "dot", "shop.py:offer").out.startswith("digraph ")


def test_check_finds_what_is_wrong_with_every_workflow_of_a_file(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow
        @task
        def text() -> str: return ""
        @task
        def double(text: int) -> int: return text * 2
        @workflow
        def one(double): return double
        @workflow
        def two(double): return double
        @workflow
        def three(*values): return values
        """
    write("all.py", text)
    code, out, err = flowdeco("check", "all.py")
    assert (code, err) == (1, "")
    assert str(out).startswith("Cannot build workflow 'three': ")
    assert [*flowdeco("check", "all.py:one")] == [0, "no problems\n", ""]
    code, out, err = flowdeco("check", "all.py", "--types")
    assert (code, err) == (1, "")
    assert [line.split("'")[1] for line in str(out).splitlines()] == ["one", "two", "three"]


# As a program of its own.


def call(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowdeco", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, **options)


def test_python_m_flowdeco_is_the_command() -> None:
    write("shop.py", SHOP)
    done = call("run", "--json", "shop:offer", "--item", "tea")
    assert (done.returncode, done.stdout, done.stderr) == (0, '"1 tea for 4.00"\n', "")
    assert call("run", "shop:offer", "--item", "milk").returncode == 1


def test_verbose_shows_the_log() -> None:
    write("shop.py", SHOP)
    done = call("run", "-v", "shop:offer", "--item", "tea")
    assert done.stdout == "1 tea for 4.00\n"
    assert [line.partition(" ")[2] for line in done.stderr.splitlines()] == [
        "offer: running",
        "offer.price: running",
        "offer.price: completed",
        "offer.amount: running",
        "offer.amount: completed",
        "offer: completed",
    ]


PROCESS = """
    import os
    from flowdeco import task, workflow
    @task(run_in="process")
    def number(): return os.getpid()
    @workflow
    def elsewhere(number): return number != os.getpid()
"""


def test_a_task_may_run_in_a_process() -> None:
    write("far/apart.py", PROCESS)
    done = call("run", "far/apart.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_the_installed_command_is_the_same() -> None:
    script = Path(sys.executable).with_name("flowdeco")
    if not script.exists():
        pytest.skip("the package was installed without its command")
    write("far/apart.py", PROCESS)
    done = subprocess.run([script, "run", "far/apart.py"], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a single process")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ctrl_c_ends_the_run_without_a_traceback(backend: str) -> None:
    text = f"""
        import anyio
        from flowdeco import task, workflow
        @task
        async def forever():
            try:
                print("begun", flush=True)
                await anyio.sleep_forever()
            finally:
                print("cleaned up", flush=True)
        @workflow(backend={backend!r})
        def wait(forever): ...
        """
    write("wait.py", text)
    command = [sys.executable, "-m", "flowdeco", "run", "--report", "page.html", "--progress", "wait.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "cleaned up\n")
    assert "Traceback" not in err
    assert err.endswith("Interrupted.\n")
    assert "cancelled" in Path("page.html").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pipe to a head")
def test_a_reader_that_has_seen_enough_is_no_trouble() -> None:
    write("shop.py", SHOP)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "flowdeco", "graph", "shop.py"]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
