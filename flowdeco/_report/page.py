"""The report of a run: one page that needs nothing but itself."""

from __future__ import annotations

from collections import Counter
from os import PathLike
from pathlib import Path

from .._base.events import Status
from .._draw.diagram import tell_status
from .._draw.html import describe, escape, fold, tell_seconds
from .error_list import Told, list_errors, list_hook_errors, show_traceback
from .graph_section import make_graph
from .item_section import make_items
from .nested_section import list_nested
from .phrase import count_things, time_of
from .section import MANY, badge, list_state, list_statistics, list_tasks, list_values
from .snapshot import Snapshot
from .style import page_style
from .timeline_chart import make_timeline
from .verdict import tell_verdict

__all__ = ["make_report", "write_report"]


def write_report(snapshot: Snapshot, path: str | PathLike[str]) -> Path:
    """Write the report of a run to a file."""
    target = Path(path)
    target.write_text(make_report(snapshot), encoding="utf-8")
    return target


def make_report(snapshot: Snapshot) -> str:
    """Return the report of a run."""
    run = snapshot.run
    sections = [(name, body) for name, body in _make_sections(snapshot) if body]
    links = "".join([f'<a href="#{_anchor(name)}">{name}</a>' for name, _ in sections])
    parts = [f'<section id="{_anchor(name)}"><h2>{name}</h2>{body}</section>' for name, body in sections]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        # Should any markup ever get through, nothing of it is run or loaded.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(run.workflow)}: {tell_status(snapshot.status)}</title><style>{page_style()}</style></head>\n"
        f'<body><header>{_make_head(snapshot)}</header><nav aria-label="Sections">{links}</nav>\n'
        f"<main>{_NEWLINE.join(parts)}</main></body></html>\n"
    )


_NEWLINE = "\n"


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _make_head(snapshot: Snapshot) -> str:
    run = snapshot.run
    counts = Counter(row.status for row in snapshot.rows)
    told = " ".join([badge(status, counts[status]) for status in Status if counts[status]])
    facts = {
        "Run": f"<code>{run.id}</code>",
        "Started": time_of(run.started) or "not yet",
        "Finished": time_of(run.finished) or ("still under way" if run.started else "not yet"),
        "Took": tell_seconds(snapshot.duration) + (" so far" if run.started and not run.finished else ""),
        count_things(len(snapshot.rows), "task"): told or "none",
    }
    listed = "".join([f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items() if value])
    title = f"<h1>{escape(run.workflow)} {badge(snapshot.status)}</h1>"
    return f'{title}{tell_verdict(snapshot)}<dl class="facts">{listed}</dl>'


def _make_sections(snapshot: Snapshot) -> list[tuple[str, str]]:
    run, rows = snapshot.run, snapshot.rows
    few = len(rows) <= MANY
    told: Told = {}
    return [
        ("Graph", make_graph(snapshot)),
        ("Timeline", make_timeline(snapshot) if rows else ""),
        ("Items", make_items(snapshot)),
        ("Errors", _make_errors(snapshot, told)),
        ("Hook errors", list_hook_errors(snapshot)),
        ("Nested runs", list_nested(snapshot, told)),
        ("Inputs", list_values(run.inputs, name="Inputs") if run.inputs else ""),
        ("Result", _make_result(snapshot)),
        ("Tasks", fold(count_things(len(rows), "task"), list_tasks(snapshot), unfolded=few) if rows else ""),
        ("State", list_state(snapshot)),
        ("Statistics", _make_statistics(snapshot, few)),
        ("Metadata", list_values(run.metadata, name="Metadata") if run.metadata else ""),
    ]


def _make_errors(snapshot: Snapshot, told: Told) -> str:
    error = snapshot.run.error
    known = {id(failure.error) for failure in snapshot.failures}
    listed = list_errors(snapshot, told)
    if error is None or id(error) in known:
        return listed
    whole = show_traceback(error, "Traceback of the run")
    return listed + fold("What the run failed with", whole, unfolded=not snapshot.failures)


def _make_result(snapshot: Snapshot) -> str:
    if snapshot.status is not Status.COMPLETED:
        return ""
    return f"<pre>{escape(describe(snapshot.run.result, most=2000))}</pre>"


def _make_statistics(snapshot: Snapshot, few: bool) -> str:
    metrics = snapshot.run.metrics
    if not snapshot.statistics:
        return ""
    gain = metrics.gain
    facts = [
        f"Attempts took {tell_seconds(metrics.running)} in total.",
        f"Tasks that could have run waited {tell_seconds(metrics.waiting)} in total.",
        f"One after the other, the attempts would have taken {gain:.3g} times as long as the run." if gain else "",
    ]
    return f"<p>{' '.join(facts)}</p>{list_statistics(snapshot, unfolded=few)}"
