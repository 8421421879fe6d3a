"""The parts of the report of a run: tasks, errors, state, numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from os import sep
from pathlib import Path
from traceback import StackSummary, TracebackException
from typing import Any

from .._base.events import Status
from .._draw.diagram import MARKS
from .._draw.html import describe, describe_error, escape, fold, table, tell_seconds
from .._state.store import Change
from .snapshot import NOT_KEPT, Row, Snapshot

__all__ = [
    "badge",
    "list_errors",
    "list_hook_errors",
    "list_state",
    "list_statistics",
    "list_tasks",
    "list_values",
    "tell_traceback",
    "time_of",
]

_PACKAGE = f"{Path(__file__).parent.parent}{sep}"
_MOST_ERRORS = 500
_MOST_CHANGES = 1000
_MOST_KEYS = 200
_MOST_TEXT = 20_000


def badge(status: Status) -> str:
    """Return how something stands, as a word with its sign."""
    return f'<span class="badge {status}"><span aria-hidden="true">{MARKS[status]} </span>{status}</span>'


def time_of(moment: datetime | None) -> str:
    """Return a time in UTC, to the millisecond."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    return (
        f'<time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} UTC</time>'
    )


def list_values(values: Mapping[Any, Any], *, name: str) -> str:
    """Return a table of values by name."""
    rows = [
        f'<tr><th scope="row">{escape(describe(key) if not isinstance(key, str) else key)}</th>'
        f'<td class="text mono">{escape(describe(value))}</td></tr>'
        for key, value in values.items()
    ]
    return table(["Name", "Value"], rows, name=name)


def list_tasks(snapshot: Snapshot) -> str:
    """Return a table of all tasks with what became of them."""
    heads = ["Task", "Status", "Attempts", "Began after", "Took", "Waited", "Result, error or reason"]
    return table(heads, map(_tell_task, snapshot.rows), name="Tasks", numbers=heads[2:6])


def _tell_task(row: Row) -> str:
    notes = ["recovered"] * row.recovered + ["replaced by a value"] * row.replaced
    notes += [f"{row.abandoned} abandoned"] * bool(row.abandoned) + ["on the critical path"] * row.critical
    metadata = f'<div class="faint">{escape(describe(dict(row.metadata)))}</div>' if row.metadata else ""
    note = f'<div class="faint">{", ".join(notes)}</div>' if notes else ""
    kind = "text faint" if row.outcome == NOT_KEPT else "text mono"
    return (
        f'<tr id="task-{row.number}"><th scope="row">{escape(row.name)}{metadata}</th>'
        f"<td>{badge(row.status)}{note}</td>"
        f'<td class="number">{len(row.attempts)}</td><td class="number">{tell_seconds(row.start)}</td>'
        f'<td class="number">{tell_seconds(row.duration)}</td><td class="number">{tell_seconds(row.waited)}</td>'
        f'<td class="{kind}">{escape(row.outcome)}</td></tr>'
    )


def list_errors(snapshot: Snapshot) -> str:
    """Return every failed attempt with its traceback."""
    few = len(snapshot.failures) <= 10
    found: list[str] = []
    for failure in snapshot.failures[:_MOST_ERRORS]:
        who = "the workflow" if failure.task is None else f"<b>{escape(failure.task)}</b>, attempt {failure.attempt}"
        summary = f"{time_of(failure.time)} {who}: {escape(_first_line(describe_error(failure.error)))}"
        found.append(fold(summary, f"<pre>{escape(tell_traceback(failure.error))}</pre>", unfolded=few))
    return "".join(found) + _tell_rest(len(snapshot.failures) - _MOST_ERRORS)


def list_hook_errors(snapshot: Snapshot) -> str:
    """Return what hooks have raised, with tracebacks."""
    found: list[str] = []
    for failure in snapshot.hook_errors[:_MOST_ERRORS]:
        who = "the workflow" if failure.task is None else f"<b>{escape(failure.task)}</b>"
        name = getattr(failure.function, "__qualname__", None) or describe(failure.function)
        hook = f"<code>{escape(failure.hook)}</code> {escape(name)} of {who}"
        summary = f"{time_of(failure.time)} {hook}: {escape(_first_line(describe_error(failure.error)))}"
        found.append(fold(summary, f"<pre>{escape(tell_traceback(failure.error))}</pre>", unfolded=False))
    return "".join(found) + _tell_rest(len(snapshot.hook_errors) - _MOST_ERRORS)


def _tell_rest(count: int) -> str:
    return f'<p class="faint">{count:,} more are not shown.</p>' if count > 0 else ""


def _first_line(text: str) -> str:
    line, _, rest = text.partition("\n")
    return f"{line} …" if rest else line


def tell_traceback(error: BaseException) -> str:
    """Return an error's traceback with those of its causes, without the frames of this package."""
    try:
        told = TracebackException.from_exception(error)
        _drop_frames(told)
        text = "".join(told.format())
    except Exception:  # what an error does when it is looked at is up to its class
        return describe_error(error)
    if len(text) <= _MOST_TEXT:
        return text.rstrip()
    return f"{text[: _MOST_TEXT // 2]}\n…\n{text[-_MOST_TEXT // 2 :]}".rstrip()


def _drop_frames(told: TracebackException) -> None:
    left, seen = [told], set[int]()
    while left:
        part = left.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        part.stack = StackSummary.from_list([frame for frame in part.stack if not frame.filename.startswith(_PACKAGE)])
        left += [other for other in (part.__cause__, part.__context__, *(part.exceptions or ())) if other is not None]


def list_state(snapshot: Snapshot) -> str:
    """Return how the state stands, and each change of it."""
    state = snapshot.state
    if state is None:
        return ""
    keys = list(state)
    values = list_values({key: state.get(key) for key in keys[:_MOST_KEYS]}, name="State") if keys else ""
    rest = _tell_rest(len(keys) - _MOST_KEYS)
    if not snapshot.changes:
        return f"{values}{rest}<p>Nothing changed it.</p>"
    count = len(snapshot.changes)
    summary = f"{count:,} change{'s' * (count != 1)}"
    heads = ["Time", "Key", "Before", "Then", "Task"]
    changes = table(heads, _tell_changes(snapshot.changes), name="Changes of the state")
    return values + rest + fold(summary, changes, unfolded=count <= 60)


def _tell_changes(changes: list[Change]) -> Iterator[str]:
    half = _MOST_CHANGES // 2
    left_out = max(len(changes) - _MOST_CHANGES, 0)
    for change in changes[:half] if left_out else changes:
        yield _tell_change(change)
    if left_out:
        yield f'<tr><td colspan="5" class="faint">{left_out:,} more</td></tr>'
        for change in changes[-half:]:
            yield _tell_change(change)


def _tell_change(change: Change) -> str:
    key = change.key if isinstance(change.key, str) else describe(change.key)
    return (
        f'<tr><td class="number">{time_of(change.time)}</td><th scope="row">{escape(key)}</th>'
        f'<td class="text mono">{escape(describe(change.previous))}</td>'
        f'<td class="text mono">{escape(describe(change.value))}</td><td>{escape(change.task or "")}</td></tr>'
    )


def list_statistics(snapshot: Snapshot) -> str:
    """Return what the numbers of each name come to; those of tasks are seconds."""
    tasks = {row.name for row in snapshot.rows}
    rows: list[str] = []
    for name, found in snapshot.statistics.items():
        tell = tell_seconds if name in tasks else _tell_number
        cells = [str(found.count), *map(tell, found[1:])]
        numbers = "".join([f'<td class="number">{cell}</td>' for cell in cells])
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{numbers}</tr>')
    heads = ["Name", "Count", "Mean", "Std", "Min", "Max", "p50", "p95"]
    return table(heads, rows, name="Statistics", numbers=heads[1:])


def _tell_number(value: float) -> str:
    return f"{value:,.6g}"
