"""The graph of a run on its page: whole if it is small, else folded, with what is in each fold below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .._base.events import Status
from .._draw.diagram import MARKS, Diagram
from .._draw.folding import Folded
from .._draw.html import escape, fold, tell_seconds
from .._draw.svg import MOST_BOXES, Drawing, count_lines, draw
from .._graph.likeness import fold_graph
from .section import badge
from .snapshot import Snapshot, diagram_of

__all__ = ["make_graph"]


def make_graph(snapshot: Snapshot) -> str:
    """Return the picture of a run's graph."""
    diagram = diagram_of(snapshot.journal)
    folded = fold_graph(diagram, snapshot.journal.graph.definitions)
    if folded is None:
        return _legend(snapshot, diagram) + _frame(snapshot, draw_whole(snapshot, diagram))
    drawn = _frame(snapshot, _draw_folded(snapshot, folded))
    return _legend(snapshot, diagram) + drawn + _list_groups(snapshot, folded) + _fold_whole(snapshot, diagram)


def _legend(snapshot: Snapshot, diagram: Diagram) -> str:
    if snapshot.level:  # the outermost run has one
        return ""
    statuses = [status for status in Status if any(box.status is status for box in diagram.boxes)]
    marked = "<li>bold: the critical path</li>" if snapshot.critical else ""
    return f'<ul class="legend">{"".join([f"<li>{badge(status)}</li>" for status in statuses])}{marked}</ul>'


def _frame(snapshot: Snapshot, drawing: Drawing, name: str = "Graph") -> str:
    """Return a drawing in a box that scrolls and opens where the drawing begins."""
    begin = f'<span class="begin" style="--x:{drawing.start:g}px"></span>'
    label = escape(f"{name} of {snapshot.run.workflow}")
    return f'<div class="graph" role="region" aria-label="{label}" tabindex="0"><div>{drawing.svg}{begin}</div></div>'


def draw_whole(snapshot: Snapshot, diagram: Diagram, *, is_linked: bool = True) -> Drawing:
    """Return the drawing of every box."""
    first = _first_box(snapshot)
    links = {first + row.number: _link(snapshot, row.number) for row in snapshot.rows} if is_linked else {}
    path = [first + number for number in snapshot.critical]
    return draw(diagram, critical=path, links=links, key=snapshot.key)


def _link(snapshot: Snapshot, number: int) -> str:
    kind = "run" if (number, None) in snapshot.nested else "items" if snapshot.rows[number].items else "task"
    return f"#{kind}-{snapshot.key}{number}"


def _draw_folded(snapshot: Snapshot, folded: Folded) -> Drawing:
    first, places = _first_box(snapshot), folded.group_of
    links: dict[int, str] = {}
    for number, group in enumerate(folded.groups):
        if len(group) > 1:
            links[number] = f"#group-{snapshot.key}{number}"
        elif first <= group[0] < first + len(snapshot.rows):
            links[number] = _link(snapshot, group[0] - first)
    path = [*dict.fromkeys([places[first + number] for number in snapshot.critical])]
    return draw(folded.diagram, critical=path, links=links, key=f"{snapshot.key}f")


def _list_groups(snapshot: Snapshot, folded: Folded) -> str:
    """Return what is in each fold."""
    first, found = _first_box(snapshot), list[str]()
    for number, (box, group) in enumerate(zip(folded.diagram.boxes, folded.groups, strict=True)):
        rows = [member - first for member in group if first <= member < first + len(snapshot.rows)]
        if len(group) > 1 and rows:
            anchor = f"group-{snapshot.key}{number}"
            members = "".join(_list_members(snapshot, rows))
            summary = f"<b>{escape(box.label)}</b> {_tell_statuses(snapshot, rows)}{_tell_times(snapshot, rows)}"
            listed = f'<ul class="members" id="{anchor}" aria-label="{escape(box.label)}" tabindex="0">{members}</ul>'
            found.append(fold(summary, listed, unfolded=False))
    return f'<div class="groups">{"".join(found)}</div>' if found else ""


def _list_members(snapshot: Snapshot, rows: Sequence[int]) -> Iterator[str]:
    for number in rows:
        row = snapshot.rows[number]
        yield f'<li><a href="{_link(snapshot, number)}">{MARKS[row.status]} {escape(row.name)}</a></li>'


def _tell_statuses(snapshot: Snapshot, rows: Sequence[int]) -> str:
    counts: Mapping[Status, int] = Counter([snapshot.rows[number].status for number in rows])
    one = len(counts) == 1  # the number stands in the box's label, then
    return " ".join([badge(status, None if one else counts[status]) for status in Status if status in counts])


def _tell_times(snapshot: Snapshot, rows: Sequence[int]) -> str:
    times = sorted([snapshot.rows[number].duration or 0.0 for number in rows])
    if not times[-1]:
        return ""
    median, longest = tell_seconds(times[len(times) // 2]), tell_seconds(times[-1])
    return f' <span class="faint">median {median}, longest {longest}</span>'


def _fold_whole(snapshot: Snapshot, diagram: Diagram) -> str:
    count = len(diagram.boxes)
    if count > MOST_BOXES:
        return f"<p>A graph of more than {MOST_BOXES:,} boxes is not drawn; <code>run.to_mermaid()</code> tells it.</p>"
    lines, all_lines = count_lines(diagram)
    rest = f"<p>Of {all_lines:,} lines {lines:,} are drawn, the shortest.</p>" if lines < all_lines else ""
    drawn = draw_whole(snapshot, diagram, is_linked=count <= 200)
    return fold(f"All {count:,} boxes", rest + _frame(snapshot, drawn, "Whole graph"), unfolded=False)


def _first_box(snapshot: Snapshot) -> int:
    """Return the number of the box of the first node: before it stand the inputs, and what is called."""
    graph = snapshot.journal.graph
    return len(graph.inputs) + len(graph.calls.nodes)
