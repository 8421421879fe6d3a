"""The README is short, its programs and commands do what it shows, and it leads to every page of the guide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.document import PAGES, README, ROOT, Session, check_session, find_dead_links

MOST_LINES = 200


def test_the_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= MOST_LINES


def test_the_first_screen_is_a_program_and_its_output() -> None:
    first = README.blocks[0]
    assert first.language == "python"
    assert first.output
    assert first.line < 10
    assert "__main__" in first.code


def test_its_programs_print_what_is_shown(tmp_path: Path) -> None:
    with README.unfold(tmp_path):
        for where, printed, shown in README.run_blocks():
            assert printed == shown, where


def test_every_block_is_checked_here() -> None:
    assert {block.language for block in README.blocks} == {"python", "console"}
    assert all(block.output for block in README.python)


@pytest.mark.parametrize("session", README.sessions, ids=[session.command for session in README.sessions])
def test_its_commands_of_flowdeco_print_what_is_shown(
    session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with README.unfold(tmp_path):
        check_session(session, tmp_path, capsys)


def test_the_commands_shown_name_what_there_is() -> None:
    known = {"python3 -m venv .venv", ". .venv/bin/activate", "python -m pip install .", "python -m pytest"}
    assert README.commands
    for command in README.commands:
        if command[:4] == ["python", "-m", "pip", "install"] and command[-1].startswith(".["):
            metadata = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
            assert f"\n{command[-1][2:-1]} = [" in metadata
        elif len(command) == 2 and command[1].startswith("examples/"):
            assert (ROOT / command[1]).is_file()
        else:
            assert " ".join(command) in known


def test_it_says_how_long_the_tests_take() -> None:
    assert re.search(r"The tests take about \S+ minutes? on two\scores\.", README.text)


def test_its_links_lead_to_files_and_headings() -> None:
    # Neither is there where the tests are run against the installed package.
    assert find_dead_links(README, known=[ROOT / "CHANGELOG.md", ROOT / "LICENSE"]) == []


def test_it_lists_every_page_of_the_guide_by_its_title() -> None:
    table = README.text.split("\n## The guide\n")[1].split("\n## ")[0]
    listed = re.findall(r"^\| \[(.*?)\]\((.*?)\) \|", table, re.MULTILINE)
    assert sorted(listed) == sorted((page.headings[0], page.name) for page in PAGES)
