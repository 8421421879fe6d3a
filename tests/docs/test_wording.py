"""How the guide is written: nothing is told twice, and in words that a reader has been given."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import flowdeco
from tests.support.document import INDEX, PAGES, README, Document

# What errors said once, and nobody would say.
QUAINT = ("vouch for", "Mend one", "Cannot tell the result", "task None")
LONG = 12  # so many words in a row are not the same by chance
# Where the first program of the README is used, each page says so.
SHOP = re.compile(r"^.*`shop\.py`, the first program of the .*$", re.MULTILINE)
# Words of those who build the library; the guide gets along without them.
INSIDE = ("lane", "lifecycle", "journal", "parked", "bytecode", "closure", "coroutine", "awaitable", "namespace")


def words_of(page: Document) -> list[str]:
    prose = re.sub(r"^\|.*$", "", SHOP.sub("", page.prose), flags=re.MULTILINE)
    return re.findall(r"[\w=@.'/-]*\w[\w=@'/-]*", prose)


def test_nothing_is_told_in_the_same_words_on_two_pages() -> None:
    told: defaultdict[str, set[str]] = defaultdict(set)
    for page in (INDEX, *PAGES):  # the README has the shortest form of what they tell
        words = words_of(page)
        for at in range(len(words) - LONG + 1):
            told[" ".join(words[at : at + LONG])].add(page.name)
    assert {words: pages for words, pages in told.items() if len(pages) > 1} == {}


def test_the_guide_speaks_in_words_that_need_no_knowledge_of_the_inside() -> None:
    said = {(page.name, word) for page in (README, INDEX, *PAGES) for word in INSIDE if word in words_of(page)}
    assert said == set()


def test_errors_are_not_worded_quaintly_any_more() -> None:
    folder = Path(flowdeco.__file__).parent
    said = {(path.name, words) for path in folder.rglob("*.py") for words in QUAINT if words in path.read_text("utf-8")}
    assert said == set()
