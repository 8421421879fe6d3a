"""README.md and the pages of the guide as they are read: their blocks of code, commands, headings and links.

A Python block whose first line is a comment with a file's name is that file, which the blocks after it can import. Of
the others, one that imports something is a program of its own, and one that imports nothing goes on with the program
above it. A `text` block after a Python block is its output, with the traceback of the error that it ends with, if any;
a line `  ...` in a traceback stands for frames that are left out.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "examples" / "guide"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w/]+\.py)\n")
TIME = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) s\b")


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

    @property
    def begins_a_program(self) -> bool:
        return any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in parse(self.code).body)


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
    def linked(self) -> set[Path]:
        """The files that the links lead to."""
        return {(self.path.parent / link.partition("#")[0]).resolve() for link in self.links if link[0] != "#"}

    @property
    def shows_times(self) -> bool:
        """Whether it matters how long its programs and commands take."""
        outputs = [block.output or "" for block in self.python] + [session.output for session in self.sessions]
        return any(map(TIME.search, outputs))

    @property
    def named_files(self) -> list[str]:
        """The files that are named in the text, as code."""
        return re.findall(r"`([\w./-]+\.(?:py|md|toml|txt))`", self.prose)

    @property
    def programs(self) -> list[list[Block]]:
        """The Python blocks that are no files, each program with all that goes on with it."""
        programs: list[list[Block]] = []
        for block in self.python:
            if block.file_name is None:
                if block.begins_a_program or not programs:
                    programs.append([])
                programs[-1].append(block)
        return programs

    @property
    def sessions(self) -> list[Session]:
        """The commands that are shown with a `$`, whose output is shown, too."""
        shown = [block.code for block in self.blocks if block.language == "console" and block.code.startswith("$ ")]
        found = [re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", code, re.MULTILINE) for code in shown]
        return [Session(command, output) for sessions in found for command, output in sessions]

    @property
    def commands(self) -> list[list[str]]:
        """The other commands that are shown, each as its words."""
        shown = [block.code for block in self.blocks if block.language == "console" and not block.code.startswith("$ ")]
        lines = [line for code in shown for line in code.splitlines()]
        return [shlex.split(command) for line in lines for command in line.split(" && ")]


def parse(code: str) -> ast.Module:
    """Read a program that may await outside of functions, as a notebook's cell may."""
    tree: ast.Module = compile(code, "cell.py", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return tree


def is_test(file_name: str | None) -> bool:
    """Whether a block is a file of tests, which pytest runs."""
    return file_name is not None and file_name.startswith("test_")


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


def _give_shop(path: Path) -> Document:
    """Read a page that can import the first program of the README.

    That one waits for a second, as for a server; where no time is shown, it need not.
    """
    page = Document(path, SHOP)
    return page if page.shows_times else Document(path, QUICK_SHOP)


README = Document(ROOT / "README.md")
SHOP = {"shop.py": README.blocks[0].code}
QUICK_SHOP = {name: code.replace("anyio.sleep(1)", "anyio.sleep(0.1)") for name, code in SHOP.items()}
INDEX = Document(GUIDE / "README.md", SHOP)
LLMS = Document(GUIDE / "llms.txt")
PAGES = [_give_shop(path) for path in sorted(GUIDE.glob("*.md")) if path != INDEX.path]
