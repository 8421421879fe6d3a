"""A diagram as SVG."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from .diagram import Box, Diagram, Line
from .html import escape
from .label import draw_labels, measure, shorten
from .layout import HEIGHT, Layout, Point, lay_out
from .palette import LIGHT, picture_style

__all__ = ["MOST_BOXES", "Drawing", "count_lines", "draw", "draw_picture", "draw_svg", "frame_picture"]

# Past these numbers a diagram tells nobody anything.
MOST_BOXES = 3000
_MOST_LINES = 6000
# So many would hide one another.
_MANY_LINES = 500
# What stands left and right of a label; 26 where nothing special does.
_MARGINS = {"workflow": 36, "end": 34}


def draw_picture(diagram: Diagram) -> str | None:
    """Return a diagram as an SVG element that stands by itself; `None` if it has more than `MOST_BOXES`."""
    return draw_svg(diagram, style=picture_style()) or None


def frame_picture(diagram: Diagram, folded: Diagram | None) -> str | None:
    """Return a diagram as a part of a page of HTML that is no wider than the page; `None` if there is no picture.

    Args:
        diagram: what to draw.
        folded: the same with few boxes, which is shown first; `None` if `diagram` has few itself.
    """
    whole = draw_picture(diagram)
    if folded is None:
        return whole and _frame(diagram, whole)
    shown = _frame(folded, draw(folded, style=picture_style(), key="-folded").svg)
    rest = whole and f"<details><summary>All {len(diagram.boxes):,} boxes</summary>{_frame(diagram, whole)}</details>"
    return f"{shown}{rest or ''}"


def _frame(diagram: Diagram, drawn: str) -> str:
    name = escape(f"Graph of workflow {diagram.title}, {len(diagram.boxes):,} boxes")
    box = f'role="region" aria-label="{name}" tabindex="0" style="overflow:auto;max-width:100%;max-height:48em"'
    return f"<div {box}>{drawn}</div>"


class Drawing(NamedTuple):
    """A diagram as an SVG element, and how far to the right it begins: the middle of its uppermost boxes."""

    svg: str
    start: float


def draw_svg(diagram: Diagram, **options: Any) -> str:
    """Return a diagram as an SVG element, as `draw` does; `""` if it has more than `MOST_BOXES`."""
    return "" if len(diagram.boxes) > MOST_BOXES else draw(diagram, **options).svg


def draw(
    diagram: Diagram,
    *,
    critical: Sequence[int] = (),
    links: Mapping[int, str] | None = None,
    style: str | None = None,
    key: str = "",
) -> Drawing:
    """Return a diagram as an SVG element, with where it begins.

    Args:
        diagram: what to draw.
        critical: the numbers of boxes whose chain is to stand out.
        links: where a box leads to when it is clicked, by its number.
        style: a style sheet of its own, for where there is none around it; with a background then.
        key: what no other diagram of the same page has.
    """
    labels = [shorten(box.text) for box in diagram.boxes]
    lines = _choose_lines(diagram.lines)
    kinds = [box.kind for box in diagram.boxes]
    widths = [max(measure(label) + _MARGINS.get(kind, 26), 56) for label, kind in zip(labels, kinds, strict=True)]
    layout = lay_out(widths, [(line.source, line.target) for line in lines])
    pairs, bold = set(pairwise(critical)), frozenset(critical)
    parts = [_begin(diagram, layout, style, key)]
    parts += _draw_lines(lines, layout, widths, pairs, key)
    for number, (box, label) in enumerate(zip(diagram.boxes, labels, strict=True)):
        href = (links or {}).get(number)
        drawn = _draw_box(box, label, layout.boxes[number], widths[number], number in bold)
        parts.append(drawn if href is None else f'<a href="{escape(href)}">{drawn}</a>')
    return Drawing("".join([*parts, "</svg>"]), _find_start(layout))


def _find_start(layout: Layout) -> float:
    top = min([point.y for point in layout.boxes])
    across = sorted([point.x for point in layout.boxes if point.y == top])
    return across[len(across) // 2]


def count_lines(diagram: Diagram) -> tuple[int, int]:
    """Return how many lines are drawn, and how many there are."""
    return len(_choose_lines(diagram.lines)), len(diagram.lines)


def _begin(diagram: Diagram, layout: Layout, style: str | None, key: str) -> str:
    width, height = layout.width, layout.height
    title = escape(f"Graph of workflow {diagram.title}: {len(diagram.boxes)} boxes, {len(diagram.lines)} lines")
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    many = " many" if len(diagram.lines) > _MANY_LINES else ""
    kind = f'xmlns="http://www.w3.org/2000/svg" class="flowdeco-graph{many}" role="group"'
    parts = [f'<svg {kind} {size} aria-label="{title}">']
    if style is not None:
        parts.append(f'<style>{style}</style><rect class="paper" width="100%" height="100%" fill="{LIGHT.paper}"/>')
    for name, shape in _TIPS.items():
        parts.append(
            f'<marker id="flowdeco-{name}{key}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'markerUnits="userSpaceOnUse" orient="auto">{shape}</marker>'
        )
    return "".join(parts)


_TIPS = {
    "value": '<path class="tip" d="M0 0.5L8 4L0 7.5z"/>',
    "settled": '<circle class="tip" cx="4" cy="4" r="3.5"/>',
    "when": '<path class="tip" d="M0 4L4 0.5L8 4L4 7.5z"/>',
}


def _draw_lines(
    lines: Sequence[Line], layout: Layout, widths: Sequence[float], critical: Collection[tuple[int, int]], key: str
) -> Iterator[str]:
    starts = _spread(lines, layout, widths, down=True)
    ends = _spread(lines, layout, widths, down=False)
    places: list[float] = []
    for number, (line, bends) in enumerate(zip(lines, layout.bends, strict=True)):
        first, last = layout.boxes[line.source], layout.boxes[line.target]
        points = [Point(starts[number], first.y), *bends, Point(ends[number], last.y)]
        tip = line.kind if line.kind in _TIPS else "value"
        wide = " critical" if (line.source, line.target) in critical else ""
        yield f'<path class="line {line.kind}{wide}" marker-end="url(#flowdeco-{tip}{key})" d="{_draw_path(points)}"/>'
        before = points[-2].x
        places.append(before + (points[-1].x - before) * 0.7)
    yield from draw_labels(lines, layout.boxes, places)  # last, so that no line runs through them


def _spread(lines: Sequence[Line], layout: Layout, widths: Sequence[float], *, down: bool) -> list[float]:
    """Return how far to the right each line leaves its box, or with `down` false enters it: side by side."""
    at_box: dict[int, list[tuple[float, int]]] = {}
    for number, (line, bends) in enumerate(zip(lines, layout.bends, strict=True)):
        box, other = (line.source, line.target) if down else (line.target, line.source)
        towards = bends[0 if down else -1] if bends else layout.boxes[other]
        at_box.setdefault(box, []).append((towards.x, number))
    found = [0.0] * len(lines)
    for box, ends in at_box.items():
        # Those that share their way share its beginning.
        ways = sorted({x for x, _ in ends}) if down else sorted(ends)
        step = min((widths[box] - 24) / max(len(ways) - 1, 1), 14)
        place: dict[object, float] = {
            way: round(layout.boxes[box].x + (spot - (len(ways) - 1) / 2) * step, 1) for spot, way in enumerate(ways)
        }
        for end in ends:
            found[end[1]] = place[end[0] if down else end]
    return found


def _draw_path(points: Sequence[Point]) -> str:
    """Return a path from the lower side of a box to the upper side of another, upright at each of its points."""
    half = HEIGHT / 2
    x, y = points[0].x, points[0].y + half
    steps = [f"M{x:g} {y:g}"]
    for number, point in enumerate(points[1:], 2):
        top = point.y - half
        middle = (y + top) / 2
        steps.append(f"C{x:g} {middle:g} {point.x:g} {middle:g} {point.x:g} {top:g}")
        x, y = point.x, point.y + half
        if number < len(points):
            steps.append(f"V{y:g}")
    return "".join(steps)


def _draw_box(box: Box, label: str, at: Point, width: float, critical: bool) -> str:
    classes = " ".join(filter(None, ["box", box.kind, box.status, "replaced" * box.replaced, "critical" * critical]))
    shape = _draw_shape(box.kind, classes, at.x - width / 2, at.y - HEIGHT / 2, width)
    text = f'<text x="{at.x:g}" y="{at.y + 4.5:g}">{escape(label)}</text>'
    return f"<g><title>{escape(box.hint or box.text)}</title>{shape}{text}</g>"


def _draw_shape(kind: str, classes: str, x: float, y: float, width: float) -> str:
    if kind == "end":
        ends = f"{x:g},{y + HEIGHT / 2:g} {x + 10:g},{y:g} {x + width - 10:g},{y:g} {x + width:g},{y + HEIGHT / 2:g}"
        bottom = f"{x + width - 10:g},{y + HEIGHT:g} {x + 10:g},{y + HEIGHT:g}"
        return f'<polygon class="{classes}" points="{ends} {bottom}"/>'
    round_by = HEIGHT / 2 if kind == "input" else 6
    shape = f'<rect class="{classes}" x="{x:g}" y="{y:g}" width="{width:g}" height="{HEIGHT:g}" rx="{round_by:g}"/>'
    if kind == "workflow":
        bars = f"M{x + 6:g} {y:g}v{HEIGHT:g}M{x + width - 6:g} {y:g}v{HEIGHT:g}"
        shape += f'<path class="{classes}" d="{bars}"/>'
    elif kind == "resource":
        shape += f'<path class="{classes}" d="M{x:g} {y + 6:g}h{width:g}"/>'
    return shape


def _choose_lines(lines: list[Line]) -> list[Line]:
    """Return the lines that are drawn: of very many, those between boxes that are near to each other in order."""
    if len(lines) <= _MOST_LINES:
        return lines
    return sorted(lines, key=lambda line: line.target - line.source)[:_MOST_LINES]
