"""The timeline of a run: a row for each task, with a bar for each attempt."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .._base.events import Status
from .._draw.diagram import MARKS
from .._draw.html import describe_error, escape, tell_seconds
from .._record.timeline import Attempt
from .snapshot import Row, Snapshot

__all__ = ["draw_timeline"]

_TICKS = 4


def draw_timeline(snapshot: Snapshot) -> str:
    """Return the rows, those that began first at the top."""
    span = snapshot.span
    rows = sorted(snapshot.rows, key=lambda row: (row.start is None, row.start or 0.0, row.number))
    ticks = [
        f'<span style="left:{100 * n / _TICKS:g}%">{_tell_tick(span * n / _TICKS)}</span>' for n in range(_TICKS + 1)
    ]
    head = (
        '<tr><th scope="col" class="who">Task</th><th scope="col"><div class="unseen">Attempts</div>'
        f'<div class="axis" aria-hidden="true">{"".join(ticks)}</div></th><th scope="col" class="took">Took</th></tr>'
    )
    body = "".join([_draw_row(row, span) for row in rows])
    return f'<table class="time"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _tell_tick(seconds: float) -> str:
    return tell_seconds(seconds)


def _draw_row(row: Row, span: float) -> str:
    name = escape(row.name)
    mark = '<span title="on the critical path">◆</span><span class="unseen">on the critical path</span> '
    who = f'{mark * row.critical}{MARKS[row.status]} <a href="#task-{row.number}">{name}</a>'
    waits = [_draw_wait(start, end, span) for start, end in _find_waits(row)]
    bars = [_draw_bar(row, attempt, span) for attempt in row.attempts]
    told = "; ".join([_tell_attempt(row, attempt) for attempt in row.attempts]) or row.status
    return (
        f'<tr{" class=critical" * row.critical}><th scope="row" class="who" title="{name}">{who}</th>'
        f'<td><div class="track" aria-hidden="true">{"".join([*waits, *bars])}</div>'
        f'<span class="unseen">{escape(told)}</span></td><td class="took">{tell_seconds(row.duration)}</td></tr>'
    )


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


def _draw_bar(row: Row, attempt: Attempt, span: float) -> str:
    status = _status_of(row, attempt)
    number = f"<b>{attempt.number}</b>" if len(row.attempts) > 1 else ""
    end = span if attempt.end is None else attempt.end
    return (
        f'<i class="bar {status}{" critical" * row.critical}" style="{_place(attempt.start, end, span)}" '
        f'title="{escape(f"{row.name}: {_tell_attempt(row, attempt)}")}">{number}</i>'
    )


def _status_of(row: Row, attempt: Attempt) -> Status:
    """Return how an attempt ended: the last one as the task did, unless it was recovered from."""
    if attempt.error is not None:
        return Status.FAILED
    if attempt is not row.attempts[-1]:
        return Status.FAILED
    return Status.RUNNING if attempt.end is None else row.status


def _tell_attempt(row: Row, attempt: Attempt) -> str:
    status = _status_of(row, attempt)
    end = f"to {tell_seconds(attempt.end)}, took {tell_seconds(attempt.end - attempt.start)}" if attempt.end else "on"
    error = f", {describe_error(attempt.error)}" if attempt.error is not None else ""
    return f"attempt {attempt.number} {status}, from {tell_seconds(attempt.start)} {end}{error}"
