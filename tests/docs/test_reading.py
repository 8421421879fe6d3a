"""A page that shows what is not so is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import reading
from tests.support.document import Document
from tests.support.reading import check_blocks, check_sessions

RAISES = """\
Traceback (most recent call last):
  File "example.py", line 5, in <module>
    fail()
  File "example.py", line 2, in fail
    raise ValueError
ValueError
"""
FAILS = "def fail() -> None:\n    raise ValueError\n\n\nfail()\n"


def page_of(folder: Path, *blocks: tuple[str, str]) -> Document:
    """Write a page of blocks, each a language and a code."""
    text = "\n\n".join(f"```{language}\n{code}```" for language, code in blocks)
    (folder / "page.md").write_text(f"# Page\n\n{text}\n", encoding="utf-8")
    return Document(folder / "page.md")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("print(1)\n", None),
        ("print(1)\n", "2\n"),
        ("print(1)\n", "1\n2\n"),
        ("", "1\n"),
        (FAILS, None),
        (FAILS, RAISES.replace("line 2", "line 3")),
        (FAILS, RAISES.replace("ValueError\n", "ValueError: no\n")),
        ("print('1.0 s')\n", "0.2 s\n"),
    ],
)
def test_what_a_block_does_not_print_is_found(
    code: str, shown: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.document.ROOT", tmp_path)
    monkeypatch.setattr(reading, "TRIES", 1)
    page = page_of(tmp_path, ("python", code), *([("text", shown)] if shown else []))
    with pytest.raises(AssertionError):
        check_blocks(page, tmp_path)


@pytest.mark.parametrize(
    ("code", "shown"), [("", None), ("print(1)\n", "1\n"), (FAILS, RAISES), ("print('1.0 s')\n", "1.2 s\n")]
)
def test_what_a_block_prints_is_fine(
    code: str, shown: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.document.ROOT", tmp_path)
    check_blocks(page_of(tmp_path, ("python", code), *([("text", shown)] if shown else [])), tmp_path)


def test_a_block_without_imports_goes_on_with_the_program_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.document.ROOT", tmp_path)
    first, shown = ("python", "import math\nx = math.pi\n"), ("text", "3\n")
    check_blocks(page_of(tmp_path, first, ("python", "print(round(x))\n"), shown), tmp_path)
    with pytest.raises(AssertionError):
        check_blocks(page_of(tmp_path, first, ("python", "import sys\nprint(round(x))\n"), shown), tmp_path)


@pytest.mark.parametrize(
    ("console", "is_so"),
    [
        ("$ flowdeco --version > version.txt\n", True),
        ("$ flowdeco --version\n", False),
        ("$ flowdeco check nothing.py > said.txt\n$ echo $?\n2\n", True),
        ("$ flowdeco check nothing.py > said.txt\n$ echo $?\n1\n", False),
        ("$ flowdeco check nothing.py > said.txt\n", False),
        ("$ python -c 'print(1)'\n1\n", True),
        ("$ python -c 'print(1)'\n2\n", False),
        ("$ rm -rf version.txt\n", False),
    ],
)
def test_a_command_must_print_what_is_shown_and_end_well_unless_its_exit_code_is_shown(
    console: str, is_so: bool, tmp_path: Path
) -> None:
    page = page_of(tmp_path, ("console", console))
    if is_so:
        check_sessions(page, tmp_path)
    else:
        with pytest.raises(AssertionError):
            check_sessions(page, tmp_path)
