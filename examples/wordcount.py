"""The words of some texts, and the unit tests of such a workflow.

python examples/wordcount.py README.md CHANGELOG.md
python -m pytest examples/wordcount.py
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio

from flowdeco import task, workflow


@task
async def texts(paths: list[Path]) -> list[str]:
    return [await anyio.Path(path).read_text(encoding="utf-8") for path in paths]


@task
def words(texts: list[str]) -> list[str]:
    return [word for text in texts for word in re.findall(r"[^\W\d_]+", text.lower())]


@task
def frequent(words: list[str], top: int) -> list[tuple[str, int]]:
    return Counter(words).most_common(top)


@task
def longest(words: list[str]) -> str:
    return max(words, key=len, default="")


@workflow
def summary(paths: list[Path], words: list[str], frequent: list[tuple[str, int]], longest: str, top: int = 10) -> str:
    rows = [f"  {word:<20}{count:>6,}" for word, count in frequent]
    return "\n".join([f"{len(words):,} words in {len(paths)} files; the longest is {longest!r}", *rows])


# The tests. A task that is called is the function that it was; what would read files is overridden.


def test_words_are_counted_in_lower_case() -> None:
    assert words(["To be, or", "not to be"]) == ["to", "be", "or", "not", "to", "be"]


def test_the_summary_names_the_most_frequent_words() -> None:
    without_files = summary.override(texts=["to be or not to be", "that is the question"])
    head, row = without_files(paths=[], top=1).splitlines()
    assert head == "10 words in 0 files; the longest is 'question'"
    assert row.split() == ["to", "2"]


def test_an_unreadable_file_fails_the_run() -> None:
    def unreadable(paths: list[Path]) -> list[str]:
        raise PermissionError(paths[0])

    run = summary.override(texts=unreadable).run(paths=[Path("secret.txt")])
    assert isinstance(run.error, PermissionError)
    assert run.tasks["texts"].status == "failed"
    assert run.tasks["words"].status == "cancelled"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Count the words of some texts.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="how many of the most frequent words to list")
    given = parser.parse_args(argv)
    print(summary(paths=given.paths, top=given.top))


if __name__ == "__main__":
    main()
