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
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import anyio
import pytest

import flowdeco

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


def commands() -> list[list[str]]:
    lines = [line for block in BLOCKS if block.language == "console" for line in block.code.splitlines()]
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


def test_the_links_lead_to_files() -> None:
    beside = {"CHANGELOG.md", "LICENSE"}  # not there where the tests are run against the installed package
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README.read_text(encoding="utf-8")):
        assert target in beside or (ROOT / target).is_file(), target
