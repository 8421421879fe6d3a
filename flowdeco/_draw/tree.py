"""Draws a tree of lines, however deep, in time and space that grow with the number of lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

__all__ = ["Branch", "draw_tree"]

# Past this many levels a branch goes on in a paragraph of its own: a chain of thousands stays readable.
_MOST_LEVELS = 20


class Branch(NamedTuple):
    """One line of a tree; `name` says what is below it, and is `None` for nothing."""

    label: str
    name: str | None = None


class _Drawing:
    def __init__(self, below: Callable[[str], Iterable[Branch]]) -> None:
        self.lines: list[str] = []
        self.later: deque[str] = deque()
        self._below = below
        self._has_below: dict[str, bool] = {}

    def draw(self, branches: Iterable[Branch]) -> None:
        levels = [deque(branches)]
        while levels:
            if not levels[-1]:
                levels.pop()
                continue
            label, name = levels[-1].popleft()
            stem = "".join("│   " if level else "    " for level in levels[:-1])
            end, below = ("", []) if name is None else self._open(name, len(levels))
            self.lines.append(f"{stem}{'├──' if levels[-1] else '└──'} {label}{end}")
            if below:
                levels.append(deque(below))

    def _open(self, name: str, level: int) -> tuple[str, list[Branch]]:
        """Return what a line ends with, and the lines below it that are to be drawn now."""
        if name in self._has_below:
            return " ↑" if self._has_below[name] else "", []
        below = list(self._below(name))
        self._has_below[name] = bool(below)
        if not below or level < _MOST_LEVELS:
            return "", below
        self.later.append(name)
        return " ↓", []


def draw_tree(title: str, branches: Iterable[Branch], below: Callable[[str], Iterable[Branch]]) -> str:
    """Return a tree as text.

    What is below a name is drawn once: a line that ends with `↑` has it further up, one with `↓` further down,
    in a paragraph of its own.

    Args:
        title: the first line.
        branches: the lines right below it.
        below: gives the lines below a name.
    """
    drawing = _Drawing(below)
    drawing.lines.append(title)
    drawing.draw(branches)
    while drawing.later:
        name = drawing.later.popleft()
        drawing.lines += ["", f"{name} …"]
        drawing.draw(below(name))
    return "\n".join(drawing.lines)
