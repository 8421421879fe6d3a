"""The timeline of a run: a row for each task, with a bar for each attempt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from .._base.events import Status
from .._draw.diagram import MARKS, tell_status
from .._draw.html import describe_error, escape, fold, tell_seconds
from .._record.journal import RUN
from .._record.timeline import Attempt
from .mapped import Mapped
from .phrase import count_things
from .row import Row
from .section import MANY, tell_rest
from .snapshot import Snapshot
from .ticks import Tick, list_ticks

__all__ = ["make_timeline"]

# A longer path is told by its ends.
_MOST_PATH = 12
# Of more that failed the rest stands in the whole timeline only.
_MOST_FAILED = 20
# A label nearer to the end of the axis stands left of its tick.
_NEAR_END = 0.93

_SAMPLES = [
    ("bar completed", "attempt"),
    ("bar failed", "✗ failed for good"),
    ("bar retrying", "↻ failed, tried again or recovered"),
    ("span", "a resource is open"),
    ("wait", "waiting: for a thread, a place, or the next attempt"),
]


def make_timeline(snapshot: Snapshot) -> str:
    """Return the timeline of a run, folded if it is long."""
    by_number = {row.number: row for row in snapshot.rows}
    names = [by_number[number].name for number in snapshot.critical]
    rest = len(names) - 2 * _MOST_PATH
    shown = names if rest <= 0 else [*names[:_MOST_PATH], f"… {rest:,} more …", *names[-_MOST_PATH:]]
    path = f"<p>Critical path: {' → '.join([f'<b>{escape(name)}</b>' for name in shown])}</p>" if names else ""
    summary = count_things(len(snapshot.rows), "task")
    few = len(snapshot.rows) <= 2 * MANY
    chart = fold(summary, _draw_timeline(snapshot, snapshot.rows), unfolded=few)
    return f"{path}{'' if snapshot.level else _legend(snapshot)}{'' if few else _show_failed(snapshot)}{chart}"


def _show_failed(snapshot: Snapshot) -> str:
    """Return the rows of what failed, as nobody would find them among the many."""
    failed = [row for row in snapshot.rows if row.status is Status.FAILED]
    if not failed:
        return ""
    return f"<p>{count_things(len(failed), 'task')} failed:</p>{_draw_timeline(snapshot, failed, most=_MOST_FAILED)}"


def _legend(snapshot: Snapshot) -> str:
    """Return what the bars mean, of the kinds that there are."""
    runs = [snapshot, *snapshot.nested.values(), *[within for _, within in snapshot.called.values()]]
    rows = [row for run in runs for row in (*run.rows, *chain.from_iterable(run.calls.values()))]
    kinds = {str(_status_of(row, attempt)) for row in rows for attempt in row.attempts}
    kinds |= {"span"} if any(row.span for row in rows) else set()
    samples = "".join(
        [
            f'<li><span class="sample"><i class="{kind}"></i></span>{text}</li>'
            for kind, text in _SAMPLES
            if kind.rpartition(" ")[2] in {"completed", "wait", *kinds}
        ]
    )
    return f'<ul class="legend">{samples}<li>◆ on the critical path</li></ul>'


def _draw_timeline(snapshot: Snapshot, chosen: Sequence[Row], most: int | None = None) -> str:
    """Return the rows, those that began first at the top."""
    span = snapshot.span
    rows = sorted(chosen, key=lambda row: (row.start is None, row.start or 0.0, row.number))[:most]
    ticks = list_ticks(span)
    step = 100 * ticks[1].seconds / span if len(ticks) > 1 else 100
    head = (
        '<tr><th scope="col" class="who">Task</th><th scope="col"><div class="unseen">Attempts</div>'
        f'<div class="axis" aria-hidden="true">{"".join(_draw_ticks(ticks, span))}</div></th>'
        '<th scope="col" class="took">Took</th></tr>'
    )
    body = "".join([_draw_row(row, span, snapshot.key) for row in _list_rows(snapshot, rows, is_whole=most is None)])
    drawn = f'<table class="time" style="--step:{step:.6g}%"><thead>{head}</thead><tbody>{body}</tbody></table>'
    return drawn + tell_rest(len(chosen) - len(rows))


def _list_rows(snapshot: Snapshot, rows: Sequence[Row], *, is_whole: bool) -> Iterator[Row]:
    """Yield rows, each with those of its calls below it."""
    for row in rows:
        yield row
        yield from snapshot.calls.get(row.number, ())
    if is_whole:
        yield from snapshot.calls.get(RUN, ())


def _draw_ticks(ticks: list[Tick], span: float) -> Iterator[str]:
    """Give the labels of the axis, with those marked for which a narrow screen has no room."""
    few = {tick.label for tick in list_ticks(span, most=2)}
    for tick in ticks:
        kind = " ".join(["last"] * (tick.seconds / span > _NEAR_END) + ["fine"] * (tick.label not in few))
        yield f'<span class="{kind}" style="left:{100 * tick.seconds / span:.6g}%">{tick.label}</span>'


def _draw_row(row: Row, span: float, key: str = "") -> str:
    name = escape(row.name)
    mark = '<span title="on the critical path">◆</span><span class="unseen">on the critical path</span> '
    kind = "task" if row.items is None else "items"
    who = f'{mark * row.critical}{MARKS[row.status]} <a href="#{kind}-{key}{row.anchor}">{name}</a>'
    track = _draw_track(row, span) if row.attempts else f'<div class="track"><span>{_tell_absence(row)}</span></div>'
    indent = f' style="padding-left:{1.2 * row.depth:g}rem"' if row.depth else ""
    return (
        f'<tr{" class=critical" * row.critical}><th scope="row" class="who"{indent} title="{name}">{who}</th>'
        f'<td>{track}</td><td class="took">{tell_seconds(row.duration)}</td></tr>'
    )


def _draw_track(row: Row, span: float) -> str:
    waits = [_draw_wait(start, end, span) for start, end in _find_waits(row)]
    bars = [_draw_bar(row, attempt, span) for attempt in row.attempts]
    told = "; ".join([_tell_attempt(row, attempt) for attempt in row.attempts])
    drawn = f'<div class="track" aria-hidden="true">{"".join([*waits, _draw_span(row, span), *bars])}</div>'
    return f'{drawn}<span class="unseen">{escape(told)}</span>'


def _tell_absence(row: Row) -> str:
    """Return why there is no bar."""
    if row.shared:
        return '<span title="It ran in a workflow around this one.">shared</span>'
    return "replaced by a value" if row.replaced else tell_status(row.status)


def _find_waits(row: Row) -> Iterator[tuple[float, float]]:
    """Give the times in which a task could have run, but did not."""
    if row.ready is not None and row.start is not None:
        yield row.ready, row.start
    for earlier, later in pairwise(row.attempts):
        if earlier.end is not None:
            yield earlier.end, later.start


def _place(start: float, end: float, span: float) -> str:
    left = min(100 * start / span, 99.8)
    return f"left:{left:.4g}%;width:{max(100 * end / span - left, 0):.4g}%"


def _draw_wait(start: float, end: float, span: float) -> str:
    if (end - start) / span < 0.002:
        return ""
    return f'<i class="wait" style="{_place(start, end, span)}" title="waited {tell_seconds(end - start)}"></i>'


def _draw_span(row: Row, span: float) -> str:
    """Return the bar of the time in which a resource was open."""
    if row.span is None:
        return ""
    start, end = row.span
    told = f"open from {tell_seconds(start)} " + ("on" if end is None else f"to {tell_seconds(end)}")
    return f'<i class="span" style="{_place(start, span if end is None else end, span)}" title="{told}"></i>'


def _draw_bar(row: Row, attempt: Attempt, span: float) -> str:
    status = _status_of(row, attempt)
    mark = {Status.FAILED: "✗", Status.RETRYING: "↻"}.get(status, "")
    number = f"<b>{mark}{attempt.number}</b>" if len(row.attempts) > 1 else f"<b>{mark}</b>" * bool(mark)
    if row.items is not None:
        number = f"<b>{_count_items(row.items)}</b>"
    end = span if attempt.end is None else attempt.end
    return (
        f'<i class="bar {status}{" critical" * row.critical}" style="{_place(attempt.start, end, span)}" '
        f'title="{escape(f"{row.name}: {_tell_attempt(row, attempt)}")}">{number}</i>'
    )


def _count_items(items: Mapped) -> str:
    """Return how many items stand how, in few letters: `412 ✓ 3 ✗`."""
    counts = items.counts
    return " ".join([f"{counts[status]:,}&#8239;{MARKS[status]}" for status in Status if counts.get(status)])


def _status_of(row: Row, attempt: Attempt) -> Status:
    """Return what became of an attempt: of the last one what became of the task, of one made good that it was."""
    is_last = attempt is row.attempts[-1]
    if is_last and attempt.end is None:
        return Status.RUNNING
    if attempt.error is None and is_last:
        return row.status
    return row.status if is_last and row.status is not Status.COMPLETED else Status.RETRYING


def _tell_attempt(row: Row, attempt: Attempt) -> str:
    status = _status_of(row, attempt)
    outcome = "failed" if attempt.error is not None or status is Status.RETRYING else tell_status(status)
    if row.items is not None:
        told = ", ".join([f"{count:,} {tell_status(each)}" for each, count in row.items.counts.items()])
        end = f"to {tell_seconds(attempt.end)}" if attempt.end else "on"
        return f"{count_things(row.items.total, 'item')}: {told}, from {tell_seconds(attempt.start)} {end}"
    end = f"to {tell_seconds(attempt.end)}, took {tell_seconds(attempt.end - attempt.start)}" if attempt.end else "on"
    error = f", {describe_error(attempt.error)}" if attempt.error is not None else ""
    return f"attempt {attempt.number} {outcome}, from {tell_seconds(attempt.start)} {end}{error}"
