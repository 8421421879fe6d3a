"""Every block of the guide is run, and what it prints is what the page shows; each page stands alone."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.support.document import (
    INDEX,
    LLMS,
    PAGES,
    QUICK_SHOP,
    README,
    ROOT,
    Document,
    find_dead_links,
    is_test,
    parse,
)
from tests.support.reading import check_blocks, check_sessions, run_pytest
from tests.support.schedules import read_crontab, read_dockerfile
from tests.support.shown import compare, leave_out


def read_foreign(code: str) -> None:
    """Read the program of another library, which is not there: it must use nothing of this one."""
    assert "flowdeco" not in code
    ast.parse(code)


WITH_INDEX = [INDEX, *PAGES]
each_page = pytest.mark.parametrize("page", PAGES, ids=[page.path.stem for page in PAGES])
each_page_and_the_index = pytest.mark.parametrize("page", WITH_INDEX, ids=[page.path.stem for page in WITH_INDEX])
TESTS = [(page, name) for page in (README, *PAGES) for name in page.own_files if is_test(name)]
# The cells of one page are run by test_notebook, the files of the other by test_pytest.
PROGRAMS = [page for page in PAGES if page.path.stem not in ("notebooks", "pytest")]
WITH_SESSIONS = [page for page in PAGES if page.sessions]
RUN = {"python", "console"}
# What is shown, but not run: it can be read as what it is.
READERS: dict[str, Callable[[str], object]] = {
    "cron": read_crontab,
    "dockerfile": read_dockerfile,
    "py": read_foreign,
    "toml": tomllib.loads,
    "ini": lambda code: ConfigParser(strict=False, interpolation=None).read_string(code),
}
# What a reader has who has done what the README says, or what a page says at its head.
INSTALLED = {"anyio", "fastapi", "flowdeco", "httpx", "opentelemetry", "pytest"}


@pytest.mark.parametrize("page", PROGRAMS, ids=[page.path.stem for page in PROGRAMS])
def test_the_blocks_of_a_page_print_what_is_shown(page: Document, tmp_path: Path) -> None:
    check_blocks(page, tmp_path)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What pytest says has passed when it is given all files of tests that are shown."""
    folder = tmp_path_factory.mktemp("tests")
    for page in (README, *PAGES):
        for name, code in {**page.own_files, **QUICK_SHOP}.items():
            (folder / name).write_text(code, encoding="utf-8")
    said = run_pytest([name for _, name in TESTS], folder)
    return re.findall(r"^(\w+\.py)::.* PASSED", said, re.MULTILINE)


@pytest.mark.parametrize(("page", "name"), TESTS, ids=[name for _, name in TESTS])
def test_the_tests_shown_pass(page: Document, name: str, passed: list[str]) -> None:
    code = page.own_files[name]
    plain, on_a_loop = (len(re.findall(rf"^{kind} test_", code, re.MULTILINE)) for kind in ("def", "async def"))
    assert passed.count(name) == plain + 2 * on_a_loop > 0  # an `async def` on asyncio and on trio


@pytest.mark.parametrize("page", WITH_SESSIONS, ids=[page.path.stem for page in WITH_SESSIONS])
def test_the_commands_print_what_is_shown(page: Document, tmp_path: Path) -> None:
    check_sessions(page, tmp_path)


@each_page
def test_every_block_is_checked_here(page: Document) -> None:
    for block in page.blocks:
        if block.language not in RUN:
            READERS[block.language](block.code)
    assert page.commands == []


@each_page_and_the_index
def test_the_links_lead_to_files_and_headings(page: Document) -> None:
    assert find_dead_links(page) == []


@each_page_and_the_index
def test_no_two_headings_of_a_page_have_the_same_anchor(page: Document) -> None:
    assert len(set(page.headings)) == len(page.headings)


@pytest.mark.parametrize("page", [README, *WITH_INDEX], ids=lambda page: page.path.name)
def test_the_files_that_a_page_names_are_there(page: Document) -> None:
    here = {"report.html", *page.files}
    for name in page.named_files:
        assert name in here or (ROOT / name).is_file() or (page.path.parent / name).is_file(), name


def test_the_index_lists_every_page_once_by_its_title() -> None:
    assert INDEX.path in README.linked
    listed = re.findall(r"^\| \[(.*?)\]\((\w+\.md)\) \|", INDEX.text, re.MULTILINE)
    assert sorted(listed) == sorted((page.headings[0], page.path.name) for page in PAGES)


def test_the_index_lists_every_example() -> None:
    assert set((ROOT / "examples").glob("*.py")) <= INDEX.linked


def test_files_of_one_name_are_the_same_on_all_pages() -> None:
    shown: dict[str, str] = {}
    for page in (README, LLMS, *PAGES):
        for name, code in page.own_files.items():
            assert shown.setdefault(name, code) == code, (page.name, name)


@each_page
def test_a_page_says_where_the_files_are_from_that_it_imports(page: Document) -> None:
    nodes = [node for block in page.python for node in ast.walk(parse(block.code))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    modules = {name.partition(".")[0] for name in names} - INSTALLED - sys.stdlib_module_names
    foreign = {f"{module}.py" for module in modules} - page.own_files.keys()
    assert foreign <= {"shop.py"}
    commands = " ".join(session.command for session in page.sessions)
    if foreign or ("shop.py" in commands and "shop.py" not in page.own_files):
        head = page.text.partition("\n## ")[0]
        assert "`shop.py`" in head
        assert "(../../README.md)" in head


def test_a_line_of_dots_stands_for_any_number_of_frames() -> None:
    actual = ["Traceback", "  a", "    1", "  b", "    2", "Error"]
    assert leave_out(actual, ["Traceback", "  ...", "Error"]) == ["Traceback", "  ...", "Error"]
    shown = ["Traceback", "  a", "    1", "  ...", "  b", "    2", "Error"]
    assert leave_out(actual, shown) == shown
    assert leave_out(actual, ["Traceback", "  ...", "Other"]) == ["Traceback", "  ...", "Error"]
    assert leave_out(actual, ["Traceback", "Error"]) == actual


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("took 1.03 s", "took 1.00 s", True),
        ("took 0.00 s", "took 0.01 s", True),
        ("took 1.02 s", "took 0.20 s", False),
        ("took 0.20 s", "took 1.00 s", False),
        ("took 1.0 s", "took 2.5 s", False),
        ("took 61 s", "took 6 s", False),
        ("kept 1.0 s", "took 1.0 s", False),
        ("1.0 s", "1.0 s, 1.0 s", False),
    ],
)
def test_a_time_is_compared_roughly_but_compared(printed: str, shown: str, same: bool) -> None:
    assert compare("", printed, shown).same_times is same


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ('  File "/tmp/a/shop.py", line 11, in price', '  File "shop.py", line 11, in price', True),
        ('  File "/tmp/a/shop.py", line 11, in price', '  File "shop.py", line 12, in price', False),
        ('  File "/lib/anyio/run.py", line 11, in run', '  File "run.py", line 12, in run', True),
        ('  File "/lib/anyio/run.py", line 11, in run', '  File "shop.py", line 11, in run', False),
    ],
)
def test_a_line_of_the_page_is_compared_by_its_number(printed: str, shown: str, same: bool) -> None:
    assert compare("", printed, shown, {"shop.py"}).same_text is same
