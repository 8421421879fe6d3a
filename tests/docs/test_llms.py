"""The rules for coding assistants: as many as they say, all code run, and the errors as they are raised."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.document import INDEX, LLMS, find_dead_links
from tests.support.reading import check_blocks

RULES = [int(number) for number in re.findall(r"^(\d+)\. [A-Z].*\.$", LLMS.prose, re.MULTILINE)]
ERRORS = LLMS.text.partition("\n## The errors that are met most\n")[2].split("\n### ")[1:]


def test_its_code_prints_and_raises_what_is_shown(tmp_path: Path) -> None:
    check_blocks(LLMS, tmp_path)


def test_there_are_twenty_four_rules_and_they_are_numbered() -> None:
    assert "twenty-four rules" in LLMS.prose
    assert list(range(1, 25)) == RULES


def test_each_part_of_the_rules_has_code() -> None:
    parts = LLMS.text.partition("\n## The errors")[0].split("\n## ")[1:]
    assert all(part.count("```python\n") == 1 for part in parts)


def test_there_are_five_errors_each_with_its_cause_its_message_and_the_rule_that_mends_it() -> None:
    assert re.sub(r"\s", " ", LLMS.prose).count("five errors") == 1
    assert len(ERRORS) == 5
    for error in ERRORS:
        assert "```python\n" in error
        assert re.search(r"^flowdeco\.\w+Error: Cannot .*\.$", error, re.MULTILINE)
        assert {int(number) for number in re.findall(r"\d+", error[: error.index("```")])} <= set(RULES)


def test_the_index_and_the_rules_lead_to_each_other() -> None:
    assert LLMS.path in INDEX.linked
    assert INDEX.path in LLMS.linked
    assert find_dead_links(LLMS) == []
