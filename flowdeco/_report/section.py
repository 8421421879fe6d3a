"""The parts of the report of a run: tasks, errors, state, numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._base.events import Status
from .._draw.diagram import MARKS, tell_status
from .._draw.html import describe, escape, fold, table, tell_seconds
from .._record.journal import RUN
from .._state.store import Change
from .phrase import count_things, time_of
from .row import NOT_KEPT, Row
from .snapshot import Snapshot

__all__ = [
    "MANY",
    "badge",
    "list_state",
    "list_statistics",
    "list_tasks",
    "list_values",
    "tell_rest",
]

_MOST_CHANGES = 1000
# With so many tasks, a section is folded at first, and what others say is not said again.
MANY = 60
_MOST_KEYS = 200


def badge(status: Status, count: int | None = None) -> str:
    """Return how something stands, as a word with its sign; with a count, how many stand so."""
    counted = "" if count is None else f"{count:,} "
    mark = f'<span aria-hidden="true">{MARKS[status]} </span>'
    return f'<span class="badge {status}">{mark}{counted}{tell_status(status)}</span>'


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
    rows: list[str] = []
    for row in snapshot.rows:
        rows.append(_tell_task(row, snapshot.key, (row.number, None) in snapshot.nested))
        rows += _tell_calls(snapshot, row.number)
    rows += _tell_calls(snapshot, RUN)
    told = table(heads, rows, name=f"Tasks of {snapshot.run.workflow}", numbers=heads[2:6])
    return told + tell_rest(snapshot.calls_left_out)


def _tell_calls(snapshot: Snapshot, caller: int) -> list[str]:
    return [_tell_task(call, snapshot.key, call.anchor in snapshot.called) for call in snapshot.calls.get(caller, ())]


def _tell_task(row: Row, key: str, has_run: bool) -> str:
    name = escape(row.name)
    name = f'<a href="#run-{key}{row.anchor}">{name}</a>' if has_run else name
    name = f'<a href="#items-{key}{row.anchor}">{name}</a>' if row.items is not None else name
    notes = ["recovered"] * row.recovered + ["replaced by a value"] * row.replaced
    notes += ["shared"] * row.shared
    notes += [f"{row.abandoned} abandoned"] * bool(row.abandoned) + ["on the critical path"] * row.critical
    metadata = f'<div class="faint">{escape(describe(dict(row.metadata)))}</div>' if row.metadata else ""
    note = f'<div class="faint">{", ".join(notes)}</div>' if notes else ""
    kind = "text faint" if row.outcome == NOT_KEPT else "text mono"
    return (
        f'<tr id="task-{key}{row.anchor}"><th scope="row"{_indent(row)}>{name}{metadata}</th>'
        f"<td>{badge(row.status)}{note}</td>"
        f'<td class="number">{_count_attempts(row)}</td><td class="number">{tell_seconds(row.start)}</td>'
        f'<td class="number">{tell_seconds(row.duration)}</td><td class="number">{tell_seconds(row.waited)}</td>'
        f'<td class="{kind}">{escape(row.outcome)}</td></tr>'
    )


def _count_attempts(row: Row) -> str:
    """Return how many attempts there were; of a mapped task, how many items."""
    return str(len(row.attempts)) if row.items is None else count_things(row.items.total, "item")


def _indent(row: Row) -> str:
    return f' style="padding-left:{1.2 * row.depth:g}rem"' if row.depth else ""


def tell_rest(count: int) -> str:
    """Return how many more there are that are not shown; nothing for none."""
    return f'<p class="faint">{count:,} more {"is" if count == 1 else "are"} not shown.</p>' if count > 0 else ""


def list_state(snapshot: Snapshot) -> str:
    """Return how the state stands, and each change of it."""
    state = snapshot.state
    if state is None:
        return ""
    keys = list(state)
    if not keys and not snapshot.changes:
        return ""
    values = list_values({key: state.get(key) for key in keys[:_MOST_KEYS]}, name="State") if keys else ""
    rest = tell_rest(len(keys) - _MOST_KEYS)
    if not snapshot.changes:
        return f"{values}{rest}<p>Nothing changed it.</p>"
    count = len(snapshot.changes)
    summary = count_things(count, "change")
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


def list_statistics(snapshot: Snapshot, *, unfolded: bool) -> str:
    """Return what the numbers of each name come to; those of tasks are seconds."""
    tasks = {row.name for row in snapshot.rows}
    rows: list[str] = []
    for name, found in snapshot.statistics.items():
        if name in tasks and found.count == 1 and len(tasks) > MANY:
            continue  # the table of tasks has it
        tell = tell_seconds if name in tasks else _tell_number
        cells = [str(found.count), *map(tell, found[1:])]
        numbers = "".join([f'<td class="number">{cell}</td>' for cell in cells])
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{numbers}</tr>')
    heads = ["Name", "Count", "Mean", "Std", "Min", "Max", "p50", "p95"]
    if not rows:
        return ""
    told = table(heads, rows, name="Statistics", numbers=heads[1:])
    return fold(count_things(len(rows), "row"), told, unfolded=unfolded)


def _tell_number(value: float) -> str:
    return f"{value:,.6g}"
