"""Inputs that do not fit, and graphs that are wrong."""

import re

import pytest

from tests.support.cli import SHOP, Command, write

OWN = "That is an option of the command itself:"


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ("", "the following arguments are required: --item"),
        ("--itm tea", "unrecognized arguments: --itm tea. Did you mean '--item'?"),
        ("--itm tea 3", "unrecognized arguments: --itm tea. Did you mean '--item'?"),
        ("--item tea --no-gift-wrap=yes", "unrecognized arguments: --no-gift-wrap=yes. Did you mean '--no-gift-wrap'?"),
        (
            "--item tea --gift-wrap=maybe",
            "argument --gift-wrap: invalid bool value: 'maybe' (write it as true or false)",
        ),
        ("--item tea --nothing", "unrecognized arguments: --nothing."),
        ("--item tea --count x", "argument --count: invalid int value: 'x'"),
        ("--item", "argument --item: expected one argument"),
        ("tea 2 yes", "unrecognized arguments: yes. By position it takes 2 at most."),
        ("tea --item tea", "argument --item is given twice: as an option, and by position: 'tea'"),
        ("tea --json", f"unrecognized arguments: --json. {OWN} flowdeco run --json shop.py:offer ..."),
        ("tea -x", "unrecognized arguments: -x."),
        ("--item --count 3", "argument --item: expected one argument. If --count is its value, write --item=--count"),
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
    is_alone = "invalid" in problem  # how a value is wrong does not show in the usage
    assert lines[0] == (
        "usage: flowdeco run shop.py:offer [-h] --item TEXT [--count INT]" if not is_alone else lines[-1]
    )
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


@pytest.mark.parametrize("inputs", [[], ["a"], ["--items", "a"]])
def test_what_is_wrong_with_the_graph_is_told_before_what_is_wrong_with_the_inputs(
    flowdeco: Command, inputs: list[str]
) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(x, *items): ...")
    code, out, err = flowdeco("run", "one.py", *inputs)
    assert (code, out) == (1, "")
    assert str(err).startswith(
        "flowdeco run: error: Cannot build workflow 'one': workflow 'one' needs 'items', and *items"
    )
    assert flowdeco("run", "one.py", "--help").code == 0


def test_an_input_without_a_workflow_that_takes_it_says_that_there_is_none(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): ...")
    assert flowdeco("run", "one.py", "5").problem.endswith("unrecognized arguments: 5. It has no inputs.")


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        (["--item", "tea"], "argument --item is given twice: as an option, and by position: 'offer'."),
        (["tea", "2"], "unrecognized arguments: 2. By position it takes 2 at most."),
        ([], "the following arguments are required: --count."),
    ],
)
def test_a_workflow_that_follows_a_space_is_told_of_the_colon(flowdeco: Command, rest: list[str], problem: str) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef offer(item, count): ...")
    answer = flowdeco("run", "one.py", "offer", *rest)
    hint = "If 'offer' is the workflow, it follows a colon: one.py:offer"
    assert answer.code == 2
    assert answer.problem == f"flowdeco run one.py:offer: error: {problem} {hint}"


def test_an_input_may_be_called_as_the_workflow_is(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef offer(item): return item")
    assert (*flowdeco("run", "one.py", "offer"),) == (0, "offer\n", "")
