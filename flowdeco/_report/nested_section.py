"""The runs within a run: each folded, and within it its graph, its timeline, its errors, its tasks and its own runs."""

from __future__ import annotations

from .._base.events import Status
from .._draw.html import escape, fold, tell_seconds
from .._record.item_record import name_item
from .error_list import Told, list_errors
from .graph_section import make_graph
from .item_section import make_items
from .phrase import count_things
from .section import MANY, badge, list_tasks, list_values, tell_rest
from .snapshot import Snapshot, name_place
from .timeline_chart import make_timeline

__all__ = ["list_nested"]

# More runs that completed are folded away together.
_MOST_QUIET = 12


def list_nested(snapshot: Snapshot, told: Told, path: str = "") -> str:
    """Return the runs of a run's nodes, and those of called workflows.

    Args:
        snapshot: the run around them.
        told: the tracebacks that stand on the page already.
        path: the names of the runs around that, but for the outermost.
    """
    loud, quiet = list[str](), list[str]()
    for place, within in snapshot.nested.items():
        node, index = place
        name = snapshot.rows[node].name
        name = name if index is None else name_item(name, index)
        shown = _show(within, f"{path}{name}", f"{snapshot.key}{name_place(place)}", told)
        (quiet if within.status is Status.COMPLETED else loud).append(shown)
    for anchor, (name, within) in snapshot.called.items():
        shown = _show(within, f"{path}{name}", f"{snapshot.key}{anchor}", told)
        (quiet if within.status is Status.COMPLETED else loud).append(shown)
    rest = "".join(quiet)
    if len(quiet) > _MOST_QUIET:
        rest = fold(f"{len(quiet):,} {'more that completed' if loud else 'completed'}", rest, unfolded=False)
    return "".join(loud) + rest + tell_rest(snapshot.left_out)


def _show(snapshot: Snapshot, path: str, number: str, told: Told) -> str:
    counted = count_things(len(snapshot.rows), "task")
    summary = f"<b>{escape(path)}</b> {badge(snapshot.status)} {counted}, {tell_seconds(snapshot.duration)}"
    few = len(snapshot.rows) <= MANY
    level = min(snapshot.level + 2, 6)
    parts = [
        ("Graph", make_graph(snapshot)),
        ("Timeline", make_timeline(snapshot) if snapshot.rows else ""),
        ("Items", make_items(snapshot)),
        ("Errors", list_errors(snapshot, told)),
        ("Inputs", list_values(snapshot.run.inputs, name=f"Inputs of {path}") if snapshot.run.inputs else ""),
        ("Tasks", fold(counted, list_tasks(snapshot), unfolded=few) if snapshot.rows else ""),
        ("Nested runs", list_nested(snapshot, told, f"{path} / ")),
    ]
    body = "".join([f"<h{level}>{name}</h{level}>{part}" for name, part in parts if part])
    failed = snapshot.status is Status.FAILED
    return f'<div class="nested">{fold(summary, f"<div id=run-{number}>{body}</div>", unfolded=failed)}</div>'
