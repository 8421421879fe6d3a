"""The report of a run: one page that needs nothing but itself."""

from __future__ import annotations

from collections import Counter
from os import PathLike
from pathlib import Path

from .._base.events import Status
from .._draw.html import describe, describe_error, escape, fold, tell_seconds
from .._draw.svg import MOST_BOXES, count_lines, draw_svg
from .section import (
    badge,
    list_errors,
    list_hook_errors,
    list_state,
    list_statistics,
    list_tasks,
    list_values,
    tell_traceback,
    time_of,
)
from .snapshot import Snapshot, diagram_of
from .style import page_style
from .timeline_chart import draw_timeline

__all__ = ["make_report", "write_report"]

# Longer sections are folded at first.
_LONG = 60

_SAMPLES = [
    ("bar completed", "attempt"),
    ("bar failed", "failed attempt"),
    ("wait", "waiting: for a thread, a place, or the next attempt"),
]


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
        f"<title>{escape(run.workflow)}: {snapshot.status}</title><style>{page_style()}</style></head>\n"
        f'<body><header>{_make_head(snapshot)}</header><nav aria-label="Sections">{links}</nav>\n'
        f"<main>{_NEWLINE.join(parts)}</main></body></html>\n"
    )


_NEWLINE = "\n"


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _make_head(snapshot: Snapshot) -> str:
    run = snapshot.run
    counts = Counter(row.status for row in snapshot.rows)
    told = " ".join([f"{badge(status)} {counts[status]:,}" for status in Status if counts[status]])
    facts = {
        "Run": f"<code>{run.id}</code>",
        "Started": time_of(run.started) or "not yet",
        "Finished": time_of(run.finished) or ("still under way" if run.started else "not yet"),
        "Took": tell_seconds(snapshot.duration) + (" so far" if run.started and not run.finished else ""),
        f"{len(snapshot.rows):,} task{'s' * (len(snapshot.rows) != 1)}": told or "none",
    }
    listed = "".join([f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items() if value])
    title = f"<h1>{escape(run.workflow)} {badge(snapshot.status)}</h1>"
    return f'{title}<dl class="facts">{listed}</dl>{_make_alarm(snapshot)}'


def _make_alarm(snapshot: Snapshot) -> str:
    """Return what the run failed with, or why it was skipped."""
    run = snapshot.run
    if run.error is not None:
        return f'<p class="alarm failed">{escape(describe_error(run.error))}</p>'
    if snapshot.status is Status.SKIPPED and run.reason is not None:
        return f"<p>Skipped: {escape(run.reason or 'no reason was given')}</p>"
    return ""


def _make_sections(snapshot: Snapshot) -> list[tuple[str, str]]:
    run, rows = snapshot.run, snapshot.rows
    few = len(rows) <= _LONG
    tasks = f"{len(rows):,} tasks"
    return [
        ("Graph", _make_graph(snapshot)),
        ("Timeline", _make_timeline(snapshot, tasks) if rows else ""),
        ("Errors", _make_errors(snapshot)),
        ("Hook errors", list_hook_errors(snapshot)),
        ("Inputs", list_values(run.inputs, name="Inputs") if run.inputs else ""),
        ("Result", _make_result(snapshot)),
        ("Tasks", fold(tasks, list_tasks(snapshot), unfolded=few) if rows else ""),
        ("State", list_state(snapshot)),
        ("Statistics", _make_statistics(snapshot, few)),
        ("Metadata", list_values(run.metadata, name="Metadata") if run.metadata else ""),
    ]


def _make_graph(snapshot: Snapshot) -> str:
    diagram = diagram_of(snapshot.journal)
    count = len(snapshot.journal.graph.inputs)
    hrefs = {count + row.number: f"#task-{row.number}" for row in snapshot.rows} if len(snapshot.rows) <= _LONG else {}
    path = [count + number for number in snapshot.critical]
    drawn = draw_svg(diagram, critical=path, links=hrefs)
    if not drawn:
        return f"<p>A graph of more than {MOST_BOXES:,} boxes is not drawn; <code>run.to_mermaid()</code> tells it.</p>"
    lines, all_lines = count_lines(diagram)
    rest = f"<p>Of {all_lines:,} lines {lines:,} are drawn, the shortest.</p>" if lines < all_lines else ""
    statuses = [status for status in Status if any(box.status is status for box in diagram.boxes)]
    legend = "".join([f"<li>{badge(status)}</li>" for status in statuses])
    marked = "<li>bold: the critical path</li>" if path else ""
    # A wide graph is shown from its middle on, where browsers know how.
    drawn = f'<div><span class="begin"></span>{drawn}</div>'
    boxes = f'<div class="graph" role="region" aria-label="Graph" tabindex="0">{drawn}</div>'
    return f'<ul class="legend">{legend}{marked}</ul>{rest}{boxes}'


def _make_timeline(snapshot: Snapshot, tasks: str) -> str:
    by_number = {row.number: row for row in snapshot.rows}
    names = [by_number[number].name for number in snapshot.critical]
    shown = (
        names if len(names) <= 2 * _LONG else [*names[:_LONG], f"… {len(names) - 2 * _LONG:,} more …", *names[-_LONG:]]
    )
    path = f"<p>Critical path: {' → '.join([f'<b>{escape(name)}</b>' for name in shown])}</p>" if names else ""
    samples = "".join([f'<li><span class="sample"><i class="{kind}"></i></span>{text}</li>' for kind, text in _SAMPLES])
    legend = f'<ul class="legend">{samples}<li>◆ on the critical path</li></ul>'
    return path + legend + fold(tasks, draw_timeline(snapshot), unfolded=len(snapshot.rows) <= 2 * _LONG)


def _make_errors(snapshot: Snapshot) -> str:
    error = snapshot.run.error
    known = {id(failure.error) for failure in snapshot.failures}
    listed = list_errors(snapshot)
    if error is None or id(error) in known:
        return listed
    whole = f"<pre>{escape(tell_traceback(error))}</pre>"
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
        f"Attempts took {tell_seconds(metrics.running)}, all told.",
        f"Tasks that could have run waited {tell_seconds(metrics.waiting)}, all told.",
        f"One after the other, the attempts would have taken {gain:.3g} times as long as the run." if gain else "",
    ]
    heads = f"{len(snapshot.statistics):,} rows"
    return f"<p>{' '.join(facts)}</p>{fold(heads, list_statistics(snapshot), unfolded=few)}"
