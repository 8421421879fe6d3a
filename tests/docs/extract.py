"""Writes the programs of README.md and the guide into a folder, for type checkers to read.

`python -m tests.docs.extract DIR` writes the settings of mypy and pyright, too, so that these judge the programs as
strictly as the library: `mypy --config-file DIR/mypy.ini DIR` and `pyright -p DIR`.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from tests.support.document import LLMS, PAGES, README, Block, Document, parse

MYPY = """\
[mypy]
python_version = 3.11
strict = true
warn_unreachable = true
enable_error_code = ignore-without-code, redundant-self, truthy-bool, unused-awaitable
"""
PYRIGHT = {
    "pythonVersion": "3.11",
    "typeCheckingMode": "strict",
    "reportUnusedExpression": "none",  # a cell of a notebook may end with one, which is then shown
    "reportIncompatibleVariableOverride": "none",  # a task that a subclass overrides: see limitations.md
}
CELL = "cell.py"
# Outside of functions only a notebook knows `await`; there it waits for what is awaited, as this does.
WAITING = '''\
"""What `await` does in a notebook's cell."""

from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


def wait_for(awaited: Awaitable[T]) -> T:
    raise NotImplementedError
'''


def files_of(page: Document) -> Iterator[tuple[str, str]]:
    """Give the name and the text of each file and each program of a page."""
    yield from page.own_files.items()
    for blocks in page.programs:
        for line, code in _versions(blocks):
            yield f"{page.path.stem.lower()}_line_{line}.py", without_await(code)


def _versions(blocks: list[Block]) -> Iterator[tuple[int, str]]:
    """Give a program, and once more from each block on that defines anew what is defined above, without that."""
    line, code = blocks[0].line, ""
    for block in blocks:
        anew = _definitions(block.code).keys() & _definitions(code).keys()
        if anew:
            yield line, code
            line, code = block.line, _without(code, anew)
        code += f"\n\n{block.code}" if code else block.code
    yield line, code


def _definitions(code: str) -> dict[str, range]:
    """Return the lines, from 0, of each function and class of a program."""
    found: dict[str, range] = {}
    for node in parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            begin = min(each.lineno for each in (node, *node.decorator_list))
            found[node.name] = range(begin - 1, node.end_lineno or 0)
    return found


def _without(code: str, names: Collection[str]) -> str:
    left_out = {line for name, lines in _definitions(code).items() if name in names for line in lines}
    return "".join(line for at, line in enumerate(code.splitlines(keepends=True)) if at not in left_out)


def without_await(code: str) -> str:
    """Put a call for each `await` that stands outside of functions."""
    found = [node for statement in parse(code).body for node in _awaits_outside_functions(statement)]
    if not found:
        return code
    lines = [line.encode() for line in code.splitlines(keepends=True)]
    begins = [(node.lineno, node.col_offset, b"wait_for(", len(b"await ")) for node in found]
    ends = [(node.end_lineno or 0, node.end_col_offset or 0, b")", 0) for node in found]
    for number, at, new, left_out in sorted(begins + ends, reverse=True):
        line = lines[number - 1]
        lines[number - 1] = line[:at] + new + line[at + left_out :]
    return "from cell import wait_for\n" + b"".join(lines).decode()


def _awaits_outside_functions(node: ast.AST) -> Iterator[ast.Await]:
    if isinstance(node, ast.Await):
        yield node
    assert not isinstance(node, (ast.AsyncWith, ast.AsyncFor)), "write it into an async function"
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        for child in ast.iter_child_nodes(node):
            yield from _awaits_outside_functions(child)


def write(folder: Path) -> list[Path]:
    """Write all there is to check into a folder, and return the Python files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mypy.ini").write_text(MYPY, encoding="utf-8")
    (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    programs = {CELL: WAITING}
    for page in (README, LLMS, *PAGES):
        programs.update(files_of(page))
    for name, code in programs.items():
        (folder / name).write_text(code, encoding="utf-8")
    return [folder / name for name in programs]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
