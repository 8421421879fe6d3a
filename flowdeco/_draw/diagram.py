"""A diagram as data: boxes and lines, with the sign and the colours of each status."""

from __future__ import annotations

from typing import NamedTuple

from .._base.events import Status
from .html import clean

__all__ = ["COLOURS", "MARKS", "Box", "Diagram", "Line", "tell_status"]

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


def tell_status(status: Status) -> str:
    """Return a status in words."""
    return status.replace("_", " ")


class Box(NamedTuple):
    """What stands in a diagram.

    Attributes:
        label: its name.
        kind: `"task"`, `"resource"`, `"workflow"`, `"input"`, or `"end"` for the workflow whose graph it is.
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
            `"after"` where only the order counts, or `"calls"` where the target may call the source.
    """

    source: int
    target: int
    label: str
    kind: str


class Diagram(NamedTuple):
    """What is to be drawn: boxes, and the lines between them."""

    title: str
    boxes: list[Box]
    lines: list[Line]


def on_one_line(text: str) -> str:
    return clean(" ".join(text.split()))
