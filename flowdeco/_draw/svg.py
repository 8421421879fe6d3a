"""A diagram as SVG."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple
from unicodedata import east_asian_width

from .._base.events import Status
from .diagram import COLOURS, Box, Diagram, Line
from .html import clean, escape
from .layout import HEIGHT, Layout, Point, lay_out

__all__ = ["DARK", "LIGHT", "MOST_BOXES", "Palette", "count_lines", "draw_svg", "graph_rules"]

# Past these numbers a diagram tells nobody anything.
MOST_BOXES = 3000
_MOST_LINES = 6000
# So many would hide one another.
_MANY_LINES = 500
_MOST_LABEL = 36


class Palette(NamedTuple):
    """The colours of one appearance.

    Attributes:
        paper: the background.
        ink: text.
        faint: less important text.
        line: the lines of a graph.
        statuses: what a box of each status is filled with, and its border, which is legible as text on paper, too.
    """

    paper: str
    ink: str
    faint: str
    line: str
    statuses: Mapping[Status, tuple[str, str]]


LIGHT = Palette("#ffffff", "#111827", "#4b5563", "#6b7280", COLOURS)
DARK = Palette(
    "#10141b",
    "#f3f4f6",
    "#aab2bf",
    "#8b95a5",
    {
        Status.PENDING: ("#272d38", "#9ca3af"),
        Status.RUNNING: ("#172e57", "#7fb0ff"),
        Status.RETRYING: ("#46350c", "#facc15"),
        Status.COMPLETED: ("#12391f", "#4ade80"),
        Status.FAILED: ("#561919", "#fc8b8b"),
        Status.UPSTREAM_FAILED: ("#532b10", "#fdba74"),
        Status.SKIPPED: ("#343b47", "#b6bdc9"),
        Status.CANCELLED: ("#37275c", "#c4b5fd"),
    },
)


def graph_rules(palette: Palette) -> str:
    """Return the style sheet of a graph."""
    pending = palette.statuses[Status.PENDING][0]
    rules = [
        f".flowdeco-graph text{{font:13px system-ui,sans-serif;fill:{palette.ink};text-anchor:middle}}",
        f".flowdeco-graph .label{{font-size:11px;fill:{palette.faint};stroke:{palette.paper}}}",
        ".flowdeco-graph .label{stroke-width:4px;paint-order:stroke}",
        f".flowdeco-graph .box{{fill:{pending};stroke:{palette.line};stroke-width:1.2}}",
        f".flowdeco-graph .line{{fill:none;stroke:{palette.line};stroke-width:1.2}}",
        f".flowdeco-graph .tip{{fill:{palette.line}}}",
        f".flowdeco-graph .input,.flowdeco-graph .end{{fill:{palette.paper}}}",
        ".flowdeco-graph .replaced{stroke-dasharray:5 3}",
        ".flowdeco-graph .after{stroke-dasharray:5 4}",
        ".flowdeco-graph.many .line:not(.critical){stroke-opacity:.4}",
        f".flowdeco-graph .critical{{stroke-width:3;stroke:{palette.ink}}}",
    ]
    for status, (fill, border) in palette.statuses.items():
        rules.append(f".flowdeco-graph .{status}{{fill:{fill};stroke:{border}}}")
    return "".join(rules)


def draw_svg(
    diagram: Diagram, *, critical: Sequence[int] = (), links: Mapping[int, str] | None = None, style: str | None = None
) -> str:
    """Return a diagram as an SVG element; `""` if it has more than `MOST_BOXES`.

    Args:
        diagram: what to draw.
        critical: the numbers of boxes whose chain is to stand out.
        links: where a box leads to when it is clicked, by its number.
        style: a style sheet of its own, for where there is none around it; with a background then.
    """
    if len(diagram.boxes) > MOST_BOXES:
        return ""
    labels = [_shorten(box.text) for box in diagram.boxes]
    lines = _choose_lines(diagram.lines)
    widths = [max(_measure(label) + 26, 56) for label in labels]
    layout = lay_out(widths, [(line.source, line.target) for line in lines])
    pairs, bold = set(pairwise(critical)), frozenset(critical)
    parts = [_begin(diagram, layout, style)]
    parts += _draw_lines(lines, layout, widths, pairs)
    for number, (box, label) in enumerate(zip(diagram.boxes, labels, strict=True)):
        href = (links or {}).get(number)
        drawn = _draw_box(box, label, layout.boxes[number], widths[number], number in bold)
        parts.append(drawn if href is None else f'<a href="{escape(href)}">{drawn}</a>')
    return "".join([*parts, "</svg>"])


def count_lines(diagram: Diagram) -> tuple[int, int]:
    """Return how many lines are drawn, and how many there are."""
    return len(_choose_lines(diagram.lines)), len(diagram.lines)


def _begin(diagram: Diagram, layout: Layout, style: str | None) -> str:
    width, height = layout.width, layout.height
    title = escape(f"Graph of workflow {diagram.title}: {len(diagram.boxes)} boxes, {len(diagram.lines)} lines")
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    many = " many" if len(diagram.lines) > _MANY_LINES else ""
    kind = f'xmlns="http://www.w3.org/2000/svg" class="flowdeco-graph{many}" role="group"'
    parts = [f'<svg {kind} {size} aria-label="{title}">']
    if style is not None:
        parts.append(f'<style>{style}</style><rect width="100%" height="100%" fill="{LIGHT.paper}"/>')
    for name, shape in _TIPS.items():
        parts.append(
            f'<marker id="flowdeco-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'markerUnits="userSpaceOnUse" orient="auto">{shape}</marker>'
        )
    return "".join(parts)


_TIPS = {
    "value": '<path class="tip" d="M0 0.5L8 4L0 7.5z"/>',
    "settled": '<circle class="tip" cx="4" cy="4" r="3.5"/>',
    "when": '<path class="tip" d="M0 4L4 0.5L8 4L4 7.5z"/>',
}


def _draw_lines(
    lines: Sequence[Line], layout: Layout, widths: Sequence[float], critical: Collection[tuple[int, int]]
) -> Iterator[str]:
    labels = _Labels()
    starts = _spread(lines, layout, widths, down=True)
    ends = _spread(lines, layout, widths, down=False)
    for number, (line, bends) in enumerate(zip(lines, layout.bends, strict=True)):
        first, last = layout.boxes[line.source], layout.boxes[line.target]
        points = [Point(starts[number], first.y), *bends, Point(ends[number], last.y)]
        tip = line.kind if line.kind in _TIPS else "value"
        wide = " critical" if (line.source, line.target) in critical else ""
        yield f'<path class="line {line.kind}{wide}" marker-end="url(#flowdeco-{tip})" d="{_draw_path(points)}"/>'
        if line.label:
            before = points[-2]
            labels.add(line.label, before.x + (points[-1].x - before.x) * 0.7, last.y - HEIGHT / 2 - 13)
    yield from labels.drawn  # last, so that no line runs through them


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


class _Labels:
    """Writes labels, a later one above an earlier one that it would cover."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self._rows: dict[float, list[tuple[float, float]]] = {}

    def add(self, label: str, x: float, y: float) -> None:
        text = _shorten(label)
        half = _measure(text) * 0.45 + 3
        for _ in range(2):
            if all(x + half <= left or right <= x - half for left, right in self._rows.get(y, ())):
                break
            y -= 12
        self._rows.setdefault(y, []).append((x - half, x + half))
        self.drawn.append(f'<text class="label" x="{x:g}" y="{y:g}">{escape(text)}</text>')


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
    return shape


def _choose_lines(lines: list[Line]) -> list[Line]:
    """Return the lines that are drawn: of very many, those between boxes that are near to each other in order."""
    if len(lines) <= _MOST_LINES:
        return lines
    return sorted(lines, key=lambda line: line.target - line.source)[:_MOST_LINES]


def _shorten(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _MOST_LABEL else text[: _MOST_LABEL - 1] + "…"


def _measure(text: str) -> float:
    """Return about how many pixels a text is wide."""
    return sum(13.0 if east_asian_width(char) in "WF" else 9.2 if char.isupper() else 7.3 for char in text)
