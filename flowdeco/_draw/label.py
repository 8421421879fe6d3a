"""What is written in a diagram: on boxes, and where several lines say the same, once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

from .diagram import Line
from .html import clean, escape
from .layout import HEIGHT, Point

__all__ = ["draw_labels", "measure", "shorten"]

_MOST_LABEL = 36
# So many lines from one box that say the same say it where they begin.
_MANY = 6
_ABOVE, _BELOW = -HEIGHT / 2 - 13, HEIGHT / 2 + 18


def shorten(text: str) -> str:
    """Return a text no longer than there is room for."""
    text = clean(text)
    return text if len(text) <= _MOST_LABEL else text[: _MOST_LABEL - 1] + "…"


def measure(text: str) -> float:
    """Return about how many pixels a text is wide."""
    return sum(13.0 if east_asian_width(char) in "WF" else 9.2 if char.isupper() else 7.3 for char in text)


def draw_labels(lines: Sequence[Line], boxes: Sequence[Point], places: Sequence[float]) -> Iterator[str]:
    """Return the labels of lines: once for all lines to one box, and for many from one, that say the same.

    Args:
        lines: the lines.
        boxes: the middle of each box.
        places: how far to the right the label of each line stands if it is alone.
    """
    taken: dict[float, list[tuple[float, float]]] = {}
    for label, x, y in _gather(lines, boxes, places):
        text = shorten(label)
        half = measure(text) * 0.45 + 3
        for _ in range(2):  # above one that it would cover
            if all(x + half <= left or right <= x - half for left, right in taken.get(y, ())):
                break
            y -= 12
        taken.setdefault(y, []).append((x - half, x + half))
        yield f'<text class="label" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _gather(
    lines: Sequence[Line], boxes: Sequence[Point], places: Sequence[float]
) -> Iterator[tuple[str, float, float]]:
    """Give each label with its place."""
    into: dict[tuple[int, str], list[int]] = {}
    for number, line in enumerate(lines):
        if line.label:
            into.setdefault((line.target, line.label), []).append(number)
    out: dict[tuple[int, str], list[int]] = {}
    for (target, label), numbers in into.items():
        if len(numbers) > 1:
            yield label, boxes[target].x, boxes[target].y + _ABOVE
        else:
            out.setdefault((lines[numbers[0]].source, label), []).append(numbers[0])
    for (source, label), numbers in out.items():
        if len(numbers) > _MANY:
            yield label, boxes[source].x, boxes[source].y + _BELOW
            continue
        for number in numbers:
            yield label, places[number], boxes[lines[number].target].y + _ABOVE
