"""README.md and the pages of the guide: their blocks of code, commands and links, and how to run them.

A Python block whose first line is a comment with a file's name is that file, which the blocks after it can import.
The other blocks of a page share their variables, as if they stood in one program. A `text` block after a Python block
is its output, with the traceback of the error that it ends with, if any; a line `  ...` in a traceback stands for
frames that are left out.
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
from collections.abc import Generator, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest

import flowdeco
from flowdeco.cli import main as cli

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "examples" / "guide"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w/]+\.py)\n")
LEFT_OUT = "  ..."


class Block(NamedTuple):
    """A block of code: the line it begins at, and its output if that is shown."""

    language: str
    line: int
    code: str
    output: str | None

    @property
    def file_name(self) -> str | None:
        match = FILE_NAME.match(self.code)
        return match[1] if match else None


class Session(NamedTuple):
    """A command after a `$`, and what is shown as its output; `""` if nothing is."""

    command: str
    output: str


class Document:
    """A page that is read by people and run by tests."""

    def __init__(self, path: Path, given: dict[str, str] | None = None) -> None:
        """Read a page.

        Args:
            path: where it is.
            given: files that its blocks can import, by name, besides those that it shows.
        """
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.blocks = list(_read_blocks(self.text))
        self.python = [block for block in self.blocks if block.language == "python"]
        self.own_files = {block.file_name: block.code for block in self.python if block.file_name is not None}
        self.files = {**(given or {}), **self.own_files}

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """What is no block of code."""
        return BLOCK.sub("", self.text)

    @property
    def headings(self) -> list[str]:
        return re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)

    @property
    def links(self) -> list[str]:
        """What the links name that lead into this repository."""
        return re.findall(r"\]\((?!https?:)([^)\s]+)\)", self.prose)

    @property
    def sessions(self) -> list[Session]:
        """The commands of `flowdeco` that are shown with a `$`."""
        shown = [block.code for block in self.blocks if block.language == "console" and block.code.startswith("$ ")]
        found = [re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", code, re.MULTILINE) for code in shown]
        return [Session(command, output) for sessions in found for command, output in sessions]

    @property
    def commands(self) -> list[list[str]]:
        """The other commands that are shown, each as its words."""
        shown = [block.code for block in self.blocks if block.language == "console" and not block.code.startswith("$ ")]
        lines = [line for code in shown for line in code.splitlines()]
        return [shlex.split(command) for line in lines for command in line.split(" && ")]

    @contextlib.contextmanager
    def unfold(self, folder: Path) -> Generator[None, None, None]:
        """Put the page's files into a folder, and go there: they can be imported until the block is left."""
        for name, code in self.files.items():
            (folder / name).write_text(code, encoding="utf-8")
        modules = {Path(name).stem for name in self.files}
        before = sys.path[:]
        _forget(modules)
        importlib.invalidate_caches()
        sys.path.insert(0, str(folder))
        try:
            with contextlib.chdir(folder):
                yield
        finally:
            sys.path[:] = before
            _forget(modules)

    def run_blocks(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """Run the Python blocks in turn, but for tests. To be called unfolded.

        Yields:
            Where the block stands, what it prints, and what is shown; frames that are left out are left out of both.
        """
        variables: dict[str, Any] = {"__name__": "__main__"}
        for block in self.python:
            if is_test(block.file_name):
                continue
            shown = normalize(block.output or "")
            printed = self._run_block(block, {"__name__": "__main__"} if block.file_name else variables)
            yield f"{self.name}, line {block.line}", leave_out(normalize(printed), shown), shown

    def _run_block(self, block: Block, variables: dict[str, Any]) -> str:
        """Run a block as it stands on the page, and return what it prints and raises."""
        printed = io.StringIO()
        source = "\n" * (block.line - 1) + block.code
        code = compile(source, self.path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        with contextlib.redirect_stdout(printed):
            try:
                if code.co_flags & inspect.CO_COROUTINE:
                    anyio.run(eval, code, variables)
                else:
                    exec(code, variables)
            except Exception as error:
                trace = error.__traceback__
                while trace is not None and trace.tb_frame.f_code.co_filename != str(self.path):
                    trace = trace.tb_next
                printed.write("".join(traceback.format_exception(error.with_traceback(trace))))
        return printed.getvalue()


def is_test(file_name: str | None) -> bool:
    """Whether a block is a file of tests, which pytest runs."""
    return file_name is not None and file_name.startswith("test_")


def run_pytest(name: str) -> str:
    """Run a file of tests in this folder, and return what pytest says; it must be content."""
    package = Path(inspect.getfile(flowdeco)).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name],
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_session(session: Session, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a command of `flowdeco`: it must succeed, print what is shown, and write the report that it names."""
    words = shlex.split(session.command)
    assert words[0] == "flowdeco"
    assert cli.main(words[1:]) == 0
    printed = capsys.readouterr().out
    if session.output:
        assert printed == session.output, session.command
    if "--report" in words:
        assert (folder / words[words.index("--report") + 1]).is_file()


def normalize(text: str) -> list[str]:
    """Make what differs from machine to machine and from run to run the same."""
    text = re.sub(r"\d+\.\d+ s\b", "0 s", text)
    text = re.sub(r'File "[^"]*", line \d+', 'File "file", line 0', text)
    return [line for line in text.splitlines() if not re.fullmatch(r"\s+[~^]+", line)]


def leave_out(actual: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Put `  ...` for the frames of a traceback for which it stands in what is shown."""
    left: list[str] = []
    at = 0
    for line, following in zip_longest(shown, shown[1:]):
        if line == LEFT_OUT:
            while at < len(actual) and actual[at].startswith("  ") and actual[at] != following:
                at += 1
            left.append(LEFT_OUT)
        elif at < len(actual):
            left.append(actual[at])
            at += 1
    return [*left, *actual[at:]]


def anchor_of(heading: str) -> str:
    """Return what a link to a heading names, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def find_dead_links(document: Document, known: Sequence[Path] = ()) -> list[str]:
    """Return the links of a page that lead to no file, or to no heading of a page.

    Args:
        document: the page.
        known: files that count as there.
    """
    dead: list[str] = []
    for link in document.links:
        target, _, anchor = link.partition("#")
        path = (document.path.parent / target).resolve() if target else document.path
        if path in known and not anchor:
            continue
        if not path.is_file() or (anchor and anchor not in map(anchor_of, Document(path).headings)):
            dead.append(link)
    return dead


def _read_blocks(text: str) -> Iterator[Block]:
    last: Block | None = None
    for match in BLOCK.finditer(text):
        before = text[: match.start()]
        if match[1] == "text" and last is not None and last.language == "python" and before.endswith("```\n\n"):
            last = last._replace(output=match[2])
            continue
        if last is not None:
            yield last
        last = Block(match[1], before.count("\n") + 2, match[2], None)
    if last is not None:
        yield last


def _forget(modules: set[str]) -> None:
    for name in modules:
        sys.modules.pop(name, None)


README = Document(ROOT / "README.md")
# The first program of the README can be imported on every page. It waits for a second, as a server would; tests do not.
SHOP = {"shop.py": README.blocks[0].code.replace("anyio.sleep(1)", "anyio.sleep(0.2)")}
PAGES = [Document(path, SHOP) for path in sorted(GUIDE.glob("*.md"))]
