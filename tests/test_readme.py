"""Every snippet of README.md is run, and what it prints is what the README shows.

A Python block whose first line is a comment with a file's name is that file, which the blocks after it can import.
The other blocks of a section share their variables. A `text` block after a Python block is its output, with the
traceback of the error that it ends with, if any; `...` stands for frames that are left out.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import anyio
import pytest

import flowdeco
from flowdeco import Retry, Skip, Task, task, workflow
from flowdeco._policy.hook import EVENT_NAMES
from flowdeco.cli import main as cli

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w/]+\.py)\n")


class Block(NamedTuple):
    """A block of code in the README: its section, the line it begins at, its output if it is shown."""

    section: str
    language: str
    line: int
    code: str
    output: str | None

    @property
    def file_name(self) -> str | None:
        match = FILE_NAME.match(self.code)
        return match[1] if match else None


def read_blocks() -> list[Block]:
    text = README.read_text(encoding="utf-8")
    blocks: list[Block] = []
    for match in BLOCK.finditer(text):
        before = text[: match.start()]
        section = re.findall(r"^#+ (.*)$", BLOCK.sub("", before), re.MULTILINE)[-1]
        if match[1] == "text" and blocks and blocks[-1].language == "python" and before.endswith("```\n\n"):
            blocks[-1] = blocks[-1]._replace(output=match[2])
        else:
            blocks.append(Block(section, match[1], before.count("\n") + 2, match[2], None))
    return blocks


BLOCKS = read_blocks()
PYTHON = [block for block in BLOCKS if block.language == "python"]
FILES = {block.file_name: block for block in PYTHON if block.file_name is not None}
SECTIONS = list(dict.fromkeys(block.section for block in PYTHON))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files that the README shows, from which they can be imported."""
    for name, block in FILES.items():
        (tmp_path / name).write_text(block.code, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.chdir(tmp_path)
    modules = {Path(name).stem for name in FILES}
    for name in modules:
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    yield tmp_path
    for name in modules:
        sys.modules.pop(name, None)


def run_block(block: Block, variables: dict[str, Any]) -> str:
    """Run a block as it stands in the README, and return what it prints and raises."""
    printed = io.StringIO()
    source = "\n" * (block.line - 1) + block.code
    code: CodeType = compile(source, README, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(printed):
        try:
            if code.co_flags & inspect.CO_COROUTINE:
                anyio.run(eval, code, variables)
            else:
                exec(code, variables)
        except Exception as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_frame.f_code.co_filename != str(README):
                trace = trace.tb_next
            printed.write("".join(traceback.format_exception(error.with_traceback(trace))))
    return printed.getvalue()


def normalize(text: str) -> list[str]:
    """Make what differs from machine to machine and from run to run the same."""
    text = re.sub(r"\d+\.\d+ s\b", "0 s", text)
    text = re.sub(r'File "[^"]*", line \d+', 'File "file", line 0', text)
    return [line for line in text.splitlines() if not re.fullmatch(r"\s+[~^]+", line)]


def leave_out_frames(lines: list[str]) -> list[str]:
    """Put `...` for what stands between the head of a traceback and its error."""
    left: list[str] = []
    in_frames = False
    for line in lines:
        in_frames = in_frames and line.startswith(" ")
        if not in_frames:
            left.append(line)
        if line.startswith("Traceback "):
            in_frames = True
            left.append("  ...")
    return left


@pytest.mark.parametrize("section", SECTIONS)
def test_the_snippets_of_a_section_print_what_is_shown(section: str, folder: Path) -> None:
    variables: dict[str, Any] = {"__name__": "__main__"}
    for block in PYTHON:
        if block.section != section or (block.file_name or "").startswith("test_"):
            continue
        own = {"__name__": "__main__"} if block.file_name else variables
        actual, shown = normalize(run_block(block, own)), normalize(block.output or "")
        if "  ..." in shown:
            actual = leave_out_frames(actual)
        assert actual == shown, f"README.md, line {block.line}"


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("test_")])
def test_the_tests_shown_pass(name: str, folder: Path) -> None:
    package = Path(inspect.getfile(flowdeco)).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout  # the `async def` on asyncio and on trio


def test_every_block_is_checked_here() -> None:
    assert {block.language for block in BLOCKS} == {"python", "console"}
    assert len([block for block in PYTHON if block.output is not None]) >= 10


def test_the_first_screen_is_a_program_and_its_output() -> None:
    first = BLOCKS[0]
    assert first.language == "python"
    assert first.output
    assert first.line < 10
    assert "__main__" in first.code


def sessions() -> list[tuple[str, str]]:
    """Return each command of `flowdeco` that is shown, with what is shown as its output."""
    shown = [block.code for block in BLOCKS if block.language == "console" and block.code.startswith("$ ")]
    return [
        entry.partition("\n")[::2]
        for code in shown
        for entry in re.findall(r"^\$ (flowdeco .*?)(?=^\$|\Z)", code, re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(("command", "output"), sessions(), ids=[command for command, _ in sessions()])
def test_the_commands_of_flowdeco_print_what_is_shown(
    command: str, output: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(shlex.split(command)[1:]) == 0
    if output:
        assert capsys.readouterr().out == output
    if "--report" in command:
        assert (folder / "offer.html").is_file()


def commands() -> list[list[str]]:
    shown = [block.code for block in BLOCKS if block.language == "console" and not block.code.startswith("$ ")]
    lines = [line for code in shown for line in code.splitlines()]
    return [shlex.split(command) for line in lines for command in line.split(" && ")]


def test_the_commands_shown_name_what_there_is() -> None:
    known = {"python3 -m venv .venv", ". .venv/bin/activate", "python -m pip install .", "python -m pytest"}
    for command in commands():
        if command[:4] == ["python", "-m", "pip", "install"] and command[-1].startswith(".["):
            metadata = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
            assert f"\n{command[-1][2:-1]} = [" in metadata
        elif len(command) == 2 and command[1].startswith("examples/"):
            assert (ROOT / command[1]).is_file()
        else:
            assert " ".join(command) in known


def anchor_of(heading: str) -> str:
    """Return what a link to a heading names, as GitHub makes it."""
    return "#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_links_lead_to_files_and_headings() -> None:
    text = README.read_text(encoding="utf-8")
    known = {"CHANGELOG.md", "LICENSE"}  # not there where the tests are run against the installed package
    known |= {anchor_of(heading) for heading in re.findall(r"^#+ (.*)$", BLOCK.sub("", text), re.MULTILINE)}
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        assert target in known or (ROOT / target).is_file(), target


# The table of what happens in which order: each row is made to happen.

HOOKS = ("on_start", "on_success", "on_retry", "on_error")


class Story:
    """What happens to one task, as its hooks are told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def hook(self, name: str, error: Exception | None = None) -> Callable[[], None]:
        def hook() -> None:
            self.told.append(name)
            if error is not None:
                raise error

        return hook

    def task(self, function: Callable[..., Any], **options: Any) -> Task[..., Any]:
        """Return a task of which all is told that `options` leave open."""
        hooks = {name: self.hook(name) for name in HOOKS}
        given: dict[str, Any] = {"name": "it", "on_state": self.note_status, **hooks, **options}
        return task(function, **given)

    def note_status(self, status: str) -> None:
        self.told.append(f"*{status}*")


def give() -> int:
    return 1


def fail() -> int:
    raise ValueError


def skip() -> int:
    raise Skip


async def wait() -> None:
    await anyio.sleep_forever()


def succeed_later() -> Callable[[], int]:
    attempts = iter([fail, give])
    return lambda: next(attempts)()


def take(it: object) -> object:
    return it


def tell_alone(story: Story, function: Callable[..., Any], options: dict[str, Any], **of_workflow: Any) -> None:
    it = story.task(function, **options)
    workflow(take, name="w", needs={"it": it}, **of_workflow).run()


def tell_after(story: Story, before: Callable[..., Any], **of_workflow: Any) -> None:
    it = story.task(take, needs={"it": task(before, name="before")})
    workflow(take, name="w", needs={"it": it}, **of_workflow).run()


def tell_override(story: Story, instead: Any) -> None:
    it = story.task(fail)
    workflow(take, name="w", needs={"it": it}).override({it: instead}).run()


ONCE_MORE = Retry(1, delay=0)

ROWS: dict[str, Callable[[Story], None]] = {
    "success": lambda s: tell_alone(s, give, {}),
    "success at the second attempt": lambda s: tell_alone(s, succeed_later(), {"retries": ONCE_MORE}),
    "an error, also a timeout, and no attempt left": lambda s: tell_alone(s, fail, {}),
    "an error that `recover=` makes good": lambda s: tell_alone(s, fail, {"recover": s.hook("recover")}),
    "an error, and `recover=` fails, too": lambda s: tell_alone(s, fail, {"recover": s.hook("recover", OSError())}),
    "`Skip` in the task": lambda s: tell_alone(s, skip, {}),
    "skipped by `when=` or since what it needs was": lambda s: tell_alone(s, give, {"when": lambda: False}),
    "`on_start` raises, which forbids the task to run": lambda s: tell_alone(
        s, give, {"on_start": s.hook("on_start", PermissionError())}
    ),
    "the run is cancelled, or takes too long": lambda s: tell_alone(s, wait, {}, timeout=0.15),
    "cancelled before it began": lambda s: tell_after(s, fail),
    "what it needs has failed, and the run goes on": lambda s: tell_after(s, fail, keep_going=True),
    "`override` puts a value in its place": lambda s: tell_override(s, 1),
    "`override` puts a function in its place": lambda s: tell_override(s, give),
    "`on_success` raises": lambda s: tell_alone(s, give, {"on_success": s.hook("on_success", OSError())}),
    '`on_success` raises, with `hook_errors="raise"`': lambda s: tell_alone(
        s, give, {"on_success": s.hook("on_success", OSError())}, hook_errors="raise"
    ),
}


def rows_of_the_table() -> dict[str, list[str]]:
    """Return what the README says of each case."""
    table = README.read_text(encoding="utf-8").split("| what happens | in order |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [line.strip("|").split(" | ") for line in table.splitlines()]
    return {case.strip(): [told.strip(" `") for told in order.split(", ")] for case, order in rows}


@pytest.mark.parametrize("case", rows_of_the_table())
def test_hooks_are_told_in_the_order_of_the_table(case: str) -> None:
    story = Story()
    ROWS[case](story)
    assert (story.told or ["nothing"]) == rows_of_the_table()[case]


def test_a_timeout_is_told_as_any_other_error() -> None:
    story = Story()
    tell_alone(story, wait, {"timeout": 0.01})
    assert story.told == rows_of_the_table()["an error, also a timeout, and no attempt left"]


def test_what_is_skipped_since_what_it_needs_was_is_told_as_what_when_skips() -> None:
    story = Story()
    tell_after(story, skip)
    assert story.told == rows_of_the_table()["skipped by `when=` or since what it needs was"]


def test_the_table_of_names_lists_what_a_hook_can_ask_for() -> None:
    table = README.read_text(encoding="utf-8").split("| a parameter named | receives |")[1].split("\n\n")[0]
    names = [name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.strip("| ").split(" | ")[0])]
    assert sorted(names) == sorted(EVENT_NAMES)
