"""The picture of a graph as data, and as text for Mermaid and for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ._events import Status
from ._markup import clean

__all__ = ["COLOURS", "MARKS", "Box", "Line", "Picture", "to_dot", "to_mermaid"]

# Colour alone would not tell everybody, so each status has a sign too. Most fonts have these.
MARKS = {
    Status.PENDING: "○",
    Status.RUNNING: "►",
    Status.RETRYING: "↻",
    Status.COMPLETED: "✓",
    Status.FAILED: "✗",
    Status.UPSTREAM_FAILED: "⇡",
    Status.SKIPPED: "↷",
    Status.CANCELLED: "⊘",
}

# For each status what a box is filled with, and its border; the text on it is nearly black.
COLOURS = {
    Status.PENDING: ("#f4f5f7", "#6b7280"),
    Status.RUNNING: ("#dbeafe", "#1d4ed8"),
    Status.RETRYING: ("#fef3c7", "#a16207"),
    Status.COMPLETED: ("#dcfce7", "#15803d"),
    Status.FAILED: ("#fee2e2", "#b91c1c"),
    Status.UPSTREAM_FAILED: ("#ffedd5", "#c2410c"),
    Status.SKIPPED: ("#e5e7eb", "#4b5563"),
    Status.CANCELLED: ("#ede9fe", "#6d28d9"),
}


class Box(NamedTuple):
    """What stands in a picture.

    Attributes:
        label: its name.
        kind: `"task"`, `"workflow"`, `"input"`, or `"end"` for the workflow whose graph it is.
        replaced: whether a value stands in for it.
        status: how it stands in a run; `None` where there is none.
        hint: more about it, for where there is room.
    """

    label: str
    kind: str
    replaced: bool = False
    status: Status | None = None
    hint: str = ""

    @property
    def text(self) -> str:
        """The label with what else has to be said of it."""
        mark = f"{MARKS[self.status]} " if self.status is not None else ""
        return f"{mark}{self.label}{' (replaced)' if self.replaced else ''}"


class Line(NamedTuple):
    """What leads from one box to another.

    Attributes:
        source: the number of a box.
        target: the number of the box that needs it.
        label: what is to be said of it; mostly nothing.
        kind: `"value"`, `"settled"` where an `Outcome` is received, `"when"` where it is asked whether the target runs,
            or `"after"` where only the order counts.
    """

    source: int
    target: int
    label: str
    kind: str


class Picture(NamedTuple):
    """What is to be drawn: boxes, and the lines between them."""

    title: str
    boxes: list[Box]
    lines: list[Line]


_MERMAID_SHAPES = {"task": '["{}"]', "workflow": '[["{}"]]', "input": '(["{}"])', "end": '{{{{"{}"}}}}'}
_MERMAID_ARROWS = {"value": "-->", "settled": "--o", "when": "==>", "after": "-.->"}
_DOT_SHAPES = {
    "task": "shape=box",
    "workflow": "shape=box peripheries=2",
    "input": "shape=ellipse",
    "end": "shape=hexagon",
}
_DOT_ARROWS = {"value": "", "settled": "arrowhead=odot", "when": "arrowhead=diamond", "after": "style=dashed"}


def to_mermaid(picture: Picture) -> str:
    """Return the text of a Mermaid flowchart."""
    return "\n".join(["graph TD", *_mermaid_lines(picture), ""])


def to_dot(picture: Picture) -> str:
    """Return the text of a Graphviz graph."""
    head = [
        f"digraph {_quote(picture.title)} {{",
        '    node [fontname="sans-serif"]',
        '    edge [fontname="sans-serif"]',
    ]
    return "\n".join([*head, *_dot_lines(picture), "}", ""])


def _mermaid_lines(picture: Picture) -> Iterator[str]:
    by_class: dict[str, list[str]] = {}
    for number, box in enumerate(picture.boxes):
        yield f"    n{number}{_MERMAID_SHAPES[box.kind].format(_encode(box.text))}"
        if box.status is not None:
            by_class.setdefault(box.status, []).append(f"n{number}")
        if box.replaced:
            by_class.setdefault("replaced", []).append(f"n{number}")
    for line in picture.lines:
        label = f'|"{_encode(line.label)}"|' if line.label else ""
        yield f"    n{line.source} {_MERMAID_ARROWS[line.kind]}{label} n{line.target}"
    for status, (fill, border) in COLOURS.items():
        if status in by_class:
            yield f"    classDef {status} fill:{fill},stroke:{border},color:#111827"
    if "replaced" in by_class:
        yield "    classDef replaced stroke-dasharray:5 3"
    for name, members in by_class.items():
        yield f"    class {','.join(members)} {name}"


def _dot_lines(picture: Picture) -> Iterator[str]:
    for number, box in enumerate(picture.boxes):
        attributes = [f"label={_quote(box.text)}", _DOT_SHAPES[box.kind]]
        styles = ["dashed"] if box.replaced else []
        if box.status is not None:
            fill, border = COLOURS[box.status]
            styles.append("filled")
            attributes.append(f'fillcolor="{fill}" color="{border}" fontcolor="#111827"')
        attributes += [f'style="{",".join(styles)}"'] if styles else []
        yield f"    n{number} [{' '.join(attributes)}]"
    for line in picture.lines:
        label = f"label={_quote(line.label)}" if line.label else ""
        known = " ".join(filter(None, [label, _DOT_ARROWS[line.kind]]))
        yield f"    n{line.source} -> n{line.target}{f' [{known}]' if known else ''}"


def _encode(text: str) -> str:
    """Return text for between double quotes in Mermaid: all that may mean something there as its number."""
    text = _on_one_line(text)
    return "".join([char if char.isalnum() or char in " _-.,()[]=" else f"#{ord(char)};" for char in text])


def _quote(text: str) -> str:
    """Return text in double quotes for Graphviz, which takes `&` for the beginning of an entity."""
    text = _on_one_line(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{text}"'


def _on_one_line(text: str) -> str:
    return clean(" ".join(text.split()))
