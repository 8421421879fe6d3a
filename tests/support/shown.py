"""What a program printed, beside what a page shows of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import NamedTuple

from .document import TIME

LEFT_OUT = "  ..."
FRAME = re.compile(r'File "(?:[^"]*/)?([^"/]*)", line (\d+)')


class Comparison(NamedTuple):
    """Where a block stands, what it printed, and what is shown."""

    where: str
    printed: list[str]
    shown: list[str]

    @property
    def same_text(self) -> bool:
        """Whether it is the same but for times."""
        return _without_times(self.printed) == _without_times(self.shown)

    @property
    def shows_a_timeout(self) -> bool:
        """Whether it depends on the time that a run had what of it is told."""
        return any(" longer than its timeout " in line for line in self.shown)

    @property
    def same_times(self) -> bool:
        """Whether each time that is shown is about the one that was printed."""
        return self.same_text and all(map(_about, _times_in(self.printed), _times_in(self.shown)))


def compare(where: str, printed: str, shown: str, files: Collection[str] = ()) -> Comparison:
    """Put side by side what was printed and what is shown, without what differs from machine to machine.

    Args:
        where: the place on the page.
        printed: all that was printed.
        shown: what the page shows.
        files: names of files whose lines are those of the page; of others the line is not compared.
    """
    expected = normalize(shown, files)
    return Comparison(where, leave_out(normalize(printed, files), expected), expected)


def normalize(text: str, files: Collection[str] = ()) -> list[str]:
    """Return the lines of a text without folders, numbers of foreign lines, and marks under the code of a traceback."""
    text = FRAME.sub(lambda match: f'File "{match[1]}", line {match[2] if match[1] in files else 0}', text)
    return [line for line in text.splitlines() if not re.fullmatch(r"\s+[~^]+", line)]


def leave_out(actual: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Put `  ...` for the frames of a traceback for which it stands in what is shown."""
    left: list[str] = []
    at = 0
    for line, following in zip_longest(shown, shown[1:]):
        if line == LEFT_OUT:
            while at < len(actual) and actual[at].startswith("  ") and actual[at] != following:
                at += 1
            left.append(LEFT_OUT)
        elif at < len(actual):
            left.append(actual[at])
            at += 1
    return [*left, *actual[at:]]


def _without_times(lines: list[str]) -> list[str]:
    return [TIME.sub("0 s", line) for line in lines]


def _times_in(lines: list[str]) -> list[float]:
    return [float(time) for line in lines for time in TIME.findall(line)]


def _about(printed: float, shown: float) -> bool:
    return shown / 2 - 0.05 <= printed <= shown * 2 + 0.1
