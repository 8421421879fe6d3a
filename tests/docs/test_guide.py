"""Every block of the guide is run, and what it prints is what the page shows; each page stands alone."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.support.document import (
    PAGES,
    SHOP,
    Document,
    Session,
    check_session,
    find_dead_links,
    is_test,
    leave_out,
    run_pytest,
)

each_page = pytest.mark.parametrize("page", PAGES, ids=[page.path.stem for page in PAGES])
TESTS = [(page, name) for page in PAGES for name in page.own_files if is_test(name)]
SESSIONS = [(page, session) for page in PAGES for session in page.sessions]
# What a reader has who has done what the README says.
INSTALLED = {"anyio", "flowdeco", "pytest"}


@each_page
def test_the_blocks_of_a_page_print_what_is_shown(page: Document, tmp_path: Path) -> None:
    with page.unfold(tmp_path):
        for where, printed, shown in page.run_blocks():
            assert printed == shown, where


@pytest.mark.parametrize(("page", "name"), TESTS, ids=[name for _, name in TESTS])
def test_the_tests_shown_pass(page: Document, name: str, tmp_path: Path) -> None:
    with page.unfold(tmp_path):
        said = run_pytest(name)
    code = page.own_files[name]
    plain, on_a_loop = (len(re.findall(rf"^{kind} test_", code, re.MULTILINE)) for kind in ("def", "async def"))
    assert f"{plain + 2 * on_a_loop} passed" in said  # an `async def` on asyncio and on trio


@pytest.mark.parametrize(("page", "session"), SESSIONS, ids=[session.command for _, session in SESSIONS])
def test_the_commands_of_flowdeco_print_what_is_shown(
    page: Document, session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with page.unfold(tmp_path):
        check_session(session, tmp_path, capsys)


@each_page
def test_every_block_is_checked_here(page: Document) -> None:
    assert {block.language for block in page.blocks} <= {"python", "console"}
    assert page.commands == []


@each_page
def test_the_links_lead_to_files_and_headings(page: Document) -> None:
    assert find_dead_links(page) == []


@each_page
def test_no_two_headings_of_a_page_have_the_same_anchor(page: Document) -> None:
    assert len(set(page.headings)) == len(page.headings)


@each_page
def test_a_page_says_where_the_files_are_from_that_it_imports(page: Document) -> None:
    trees = [ast.parse(re.sub(r"^await ", "", block.code, flags=re.MULTILINE)) for block in page.python]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    modules = {name.partition(".")[0] for name in names} - INSTALLED - sys.stdlib_module_names
    foreign = {f"{module}.py" for module in modules} - page.own_files.keys()
    assert foreign <= SHOP.keys()
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
