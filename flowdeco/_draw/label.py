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
# So many that share neither end say it once, with their number.
_VERY_MANY = 12
_ABOVE, _BELOW = -HEIGHT / 2 - 13, HEIGHT / 2 + 18


def shorten(text: str) -> str:
    """Return a text no longer than there is room for."""
    text = clean(text)
    return text if len(text) <= _MOST_LABEL else text[: _MOST_LABEL - 1] + "…"


def measure(text: str) -> float:
    """Return about how many pixels a text is wide."""
    return sum(13.0 if east_asian_width(char) in "WF" else 9.2 if char.isupper() else 7.3 for char in text)


def draw_labels(lines: Sequence[Line], boxes: Sequence[Point], places: Sequence[float]) -> Iterator[str]:
    """Return the labels of lines: once for all to one box, for many from one, and for very many, that say the same.

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
        # What is behind the letters alone would leave the line between words, as if it struck them out.
        yield f'<rect class="ground" x="{x - half:g}" y="{y - 10.5:g}" width="{2 * half:g}" height="14" rx="3"/>'
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
    alone: dict[str, list[int]] = {}
    for (source, label), numbers in out.items():
        if len(numbers) > _MANY:
            yield label, boxes[source].x, boxes[source].y + _BELOW
        else:
            alone.setdefault(label, []).extend(numbers)
    for label, numbers in alone.items():
        many = len(numbers) > _VERY_MANY
        told = f"{label} \N{MULTIPLICATION SIGN} {len(numbers):,}" if many else label
        for number in numbers[:1] if many else numbers:
            yield told, places[number], boxes[lines[number].target].y + _ABOVE
