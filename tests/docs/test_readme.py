"""The README is short, its programs and commands do what it shows, and what it says of files and versions is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.document import README, ROOT, find_dead_links
from tests.support.reading import check_blocks

MOST_LINES = 200
# What another project adds this one with; it is on no package index.
ADDED = {f"{tool} /path/to/flowdeco" for tool in ("python -m pip install", "uv add", "poetry add")}
SETUP = {"python3 -m venv .venv", ". .venv/bin/activate", "python -m pip install -e .[test]", "python -m pytest"}


def test_the_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= MOST_LINES


def test_the_first_screen_is_a_program_and_its_output() -> None:
    first = README.blocks[0]
    assert first.language == "python"
    assert first.output
    assert first.line < 10
    assert "__main__" in first.code


def test_its_programs_print_what_is_shown(tmp_path: Path) -> None:
    check_blocks(README, tmp_path)


def test_every_block_is_checked_here() -> None:
    assert {block.language for block in README.blocks} == {"python", "console"}
    assert [block.file_name for block in README.python if not block.output] == ["test_shop.py"]
    assert README.sessions == []


def test_it_has_an_example_of_each_thing_that_it_promises() -> None:
    sections = {section.partition("\n")[0]: section for section in README.text.split("\n## ")[1:]}
    for title in ("Errors and the record", "Many items, and what is opened and closed", "Tests"):
        assert sections[title].count("```python\n") == 1


def test_the_commands_shown_name_what_there_is() -> None:
    commands = {" ".join(command) for command in README.commands}
    assert commands >= ADDED
    for command in commands - ADDED - SETUP:
        assert (ROOT / command.removeprefix("python ")).is_file()


def test_it_says_which_python_it_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or later" in README.text
    assert "test" in project["optional-dependencies"]


def test_it_says_how_long_the_tests_take() -> None:
    assert re.search(r"The tests take about \S+\sminutes? on two\scores\.", README.text)


def test_its_links_lead_to_files_and_headings() -> None:
    # None of these is there where the tests are run against the installed package.
    known = [ROOT / name for name in ("CHANGELOG.md", "LICENSE", "flowdeco/README.md")]
    assert find_dead_links(README, known) == []


@pytest.mark.parametrize("line", ['python -m pip install -e ".[test]"', "python -m pytest"])
def test_the_lines_that_set_up_and_run_the_tests_stand_alone(line: str) -> None:
    assert line in README.text.splitlines()
