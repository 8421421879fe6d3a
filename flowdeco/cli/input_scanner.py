"""The words after a workflow on the command line, sorted by the input that each belongs to.

It is not argparse that does it: that takes `-1e-3` and `-inf` for options, and cannot give an input either by its name
or by its position.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Given", "Option", "Scan", "scan"]

# What begins with a dash and is a value all the same, wherever it stands: numbers, times, durations.
_VALUE = re.compile(r"-(\.?\d|inf|nan|p\d|pt\d).*", re.IGNORECASE | re.DOTALL)

Given: TypeAlias = "bool | str | list[str]"


class Option(NamedTuple):
    """An option: which input it gives, and what stands after it."""

    name: str
    takes: Literal["on", "off", "one", "many"]


class Scan(NamedTuple):
    """What a command line says.

    Attributes:
        given: what stands for each input that is named.
        rest: what stands for itself, in order.
        unknown: the options that there are not, with what seems to be their value.
        without: the first option that misses its value, and what stands in its place; `None` if there is none.
        asks_for_help: whether there is an option that does.
    """

    given: dict[str, Given]
    rest: list[str]
    unknown: list[str]
    without: tuple[str, str] | None
    asks_for_help: bool


def scan(texts: Sequence[str], options: Mapping[str, Option], helps: Sequence[str]) -> Scan:
    """Return what the command line says.

    Args:
        texts: its words.
        options: what options there are, by how they are written.
        helps: those that ask for help.
    """
    return _Scanner(texts, options, helps).scan()


class _Scanner:
    def __init__(self, texts: Sequence[str], options: Mapping[str, Option], helps: Sequence[str]) -> None:
        self._texts = list(texts)
        self._options = options
        self._helps = helps
        self._given: dict[str, Given] = {}
        self._rest: list[str] = []
        self._unknown: list[str] = []
        self._without: tuple[str, str] | None = None
        self._asks_for_help = False

    def scan(self) -> Scan:
        while self._texts:
            text = self._texts.pop(0)
            if text == "--":
                self._rest += self._texts
                break
            if text in self._helps:
                self._asks_for_help = True
            elif text.startswith("--"):
                self._take_option(text)
            elif text.startswith("-") and text != "-" and not _VALUE.fullmatch(text):
                self._unknown.append(text)
            else:
                self._rest.append(text)
        return Scan(self._given, self._rest, self._unknown, self._without, self._asks_for_help)

    def _take_option(self, text: str) -> None:
        written, equals, value = text.partition("=")
        option = self._options.get(written.replace("_", "-"))
        if option is None or (option.takes == "off" and equals):
            self._unknown += [text, *self._take_values(0 if equals else 1)]
        elif option.takes in ("on", "off"):
            self._given[option.name] = value if equals else option.takes == "on"
        elif option.takes == "many":
            before = self._given.get(option.name)
            values = [value] if equals else self._take_values(None)
            self._given[option.name] = [*before, *values] if isinstance(before, list) else values
        else:
            values = [value] if equals else self._take_values(1)
            if values:
                self._given[option.name] = values[0]
            else:
                self._without = self._without or (written, self._texts[0] if self._texts else "")

    def _take_values(self, most: int | None) -> list[str]:
        """Take what stands next and is no option, or so many of it."""
        count = 0
        while count < len(self._texts) and count != most and self._is_value(self._texts[count]):
            count += 1
        taken, self._texts = self._texts[:count], self._texts[count:]
        return taken

    def _is_value(self, text: str) -> bool:
        return not text.startswith("--") and text not in self._helps
