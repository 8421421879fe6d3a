"""Doing what a page shows: its blocks are run, its commands called, its files of tests given to pytest."""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import io
import linecache
import os
import shlex
import subprocess
import sys
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio

import flowdeco
from flowdeco.cli import main as cli

from .document import Block, Document, Session, is_test
from .shown import Comparison, compare

PROGRAM = "example.py"  # the name of a program that the page gives none
# A machine under load may stand still for a while, which makes times longer that are shown.
TRIES = 6


@contextlib.contextmanager
def unfold(page: Document, folder: Path) -> Generator[None, None, None]:
    """Put the page's files into a folder, and go there: they can be imported until the block is left."""
    for name, code in page.files.items():
        (folder / name).write_text(code, encoding="utf-8")
    modules = {Path(name).stem for name in page.files}
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


def check_blocks(page: Document, folder: Path) -> None:
    """Run the Python blocks of a page, but for tests: what they print must be what is shown."""
    for left in reversed(range(TRIES)):
        with unfold(page, folder):
            compared = run_blocks(page)
        for each in compared:
            assert each.same_text or (left and each.shows_a_timeout) or each.printed == each.shown, each.where
        late = [each for each in compared if not each.same_times]
        assert left or [each.printed for each in late] == [each.shown for each in late]
        if not late:
            break


def run_blocks(page: Document) -> list[Comparison]:
    """Run the Python blocks in turn, but for tests. To be called unfolded."""
    compared: list[Comparison] = []
    program = _Program(PROGRAM)
    for block in page.python:
        if is_test(block.file_name):
            continue
        if block.file_name is None and block.begins_a_program:
            program = _Program(PROGRAM)
        printed = (_Program(block.file_name) if block.file_name else program).run(block)
        where = f"{page.name}, line {block.line}"
        compared.append(compare(where, printed, block.output or "", {PROGRAM, *page.files}))
    return compared


class _Program:
    """A program that is typed in block by block."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._lines: list[str] = []
        self._variables: dict[str, Any] = {"__name__": "__main__"}

    def run(self, block: Block) -> str:
        """Run a block, and return what it prints and raises."""
        source = "\n" * len(self._lines) + block.code
        self._lines += block.code.splitlines(keepends=True)
        linecache.cache[self._file_name] = (0, None, self._lines, self._file_name)
        code = compile(source, self._file_name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        self._lines += ["\n", "\n"]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                if code.co_flags & inspect.CO_COROUTINE:
                    anyio.run(eval, code, self._variables)
                else:
                    exec(code, self._variables)
            except Exception as error:
                printed.write("".join(traceback.format_exception(error.with_traceback(self._own(error)))))
        return printed.getvalue()

    def _own(self, error: Exception) -> Any:
        """Return the traceback from the program on, without what ran it."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != self._file_name:
            trace = trace.tb_next
        return trace


def check_sessions(page: Document, folder: Path) -> None:
    """Run the commands of a page in turn: each must print what is shown, as in a terminal."""
    code = 0
    with unfold(page, folder):
        for session in page.sessions:
            if session.command == "echo $?":
                assert session.output == f"{code}\n", page.sessions
                code = 0
                continue
            assert code == 0, f"the command before failed: {session.command}"
            for left in reversed(range(TRIES)):
                code, printed = run_command(session, folder)
                compared = compare(session.command, printed, session.output)
                assert compared.same_times or (left and compared.same_text), printed
                if compared.same_times:
                    break
    assert code == 0, page.sessions[-1].command


def run_command(session: Session, folder: Path) -> tuple[int, str]:
    """Run a command in a folder, and return its exit code with all that a terminal would show."""
    line, _, file = session.command.partition(" > ")
    words = shlex.split(line)
    assert words[0] in {"flowdeco", "python"}, f"nothing is known of {words[0]}"
    code, printed = _call(words[1:]) if words[0] == "flowdeco" else _start(words[1:], folder)
    if "--report" in words:
        assert (folder / words[words.index("--report") + 1]).is_file()
    if file:
        (folder / file.removesuffix(" 2>&1")).write_text(printed, encoding="utf-8")
        printed = ""
    return code, printed


def run_pytest(names: list[str], folder: Path) -> str:
    """Run files of tests in a folder, and return what pytest says; it must be content."""
    code, printed = start_pytest(names, folder)
    assert code == 0, printed
    return printed


def start_pytest(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Call pytest in a folder, and return its exit code and what it says."""
    return _start(["-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments], folder)


def _call(arguments: list[str]) -> tuple[int, str]:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
        try:
            code = cli.main(arguments)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    terminal.seek(0)
    return code, terminal.read()


def _start(arguments: list[str], folder: Path) -> tuple[int, str]:
    package = Path(inspect.getfile(flowdeco)).parents[1]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def _forget(modules: set[str]) -> None:
    for name in modules:
        sys.modules.pop(name, None)
