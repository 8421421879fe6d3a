"""What the report of a run tells of the calls that tasks have made in it: rows below that of who made them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._graph.call_graph import CALLED
from .._record.call_log import Call, CallLog, calls_of
from .._record.journal import RUN, Journal, NestedRun
from .._record.timeline import Attempt, list_attempts
from .row import Row, read_row

__all__ = ["CallRows", "read_calls"]

# So many calls of one caller are shown, and so many levels of calls within calls.
_MOST_CALLS = 50
# Of a mapped task, those of so many items under way and so many that failed, and of the slowest.
_MOST_ITEMS = 20
_MOST_LEVELS = 5


class CallRows(NamedTuple):
    """What is told of the calls that somebody has made.

    Attributes:
        rows: a row for each, followed by those of what it has called itself.
        runs: of those that are calls of workflows, the end of the row's anchor, its name and the run.
        left_out: how many more there are that are not shown.
    """

    rows: list[Row]
    runs: list[tuple[str, str, NestedRun]]
    left_out: int


def read_calls(journal: Journal, index: int, anchor: str, begun: float) -> CallRows:
    """Return what is told of the calls of a task, of the items of one, or of a workflow's own function.

    Args:
        journal: that of the run, or of the call, in which the caller is.
        index: which node of it calls; `RUN` for a workflow's own function.
        anchor: the end of the caller's anchor.
        begun: when the run of the page began, on its clock.
    """
    found = CallRows([], [], _count_left_out(journal, index))
    callers = [(anchor, calls_of(journal, index)), *_list_items(journal, index, anchor)]
    left = [row for place, calls in callers for row in _begin_rows(calls, place, 1)][::-1]
    while left:  # calls may be deeper than functions may
        call, name, depth = left.pop()
        found.rows.append(_read_call(call, name, depth, begun))
        run = call.journal.nested.get(CALLED)
        if run is not None:
            found.runs.append((name, call.journal.path, run))
        if depth < _MOST_LEVELS:
            left += [*_begin_rows(calls_of(call.journal, CALLED), name, depth + 1)][::-1]
    return found


def _list_items(journal: Journal, index: int, anchor: str) -> Iterator[tuple[str, Sequence[Call]]]:
    """Yield the calls of the items of a task that are shown: some of those under way, that failed, and the slowest."""
    log = journal.items.get(index)
    if log is None:
        return
    open_items = [entry for entry in dict(log.entries).values() if entry.place is not None]
    chosen = [*open_items[:_MOST_ITEMS], *log.failed[:_MOST_ITEMS], *log.slowest]
    for entry in sorted({entry.index: entry for entry in chosen}.values(), key=lambda entry: entry.index):
        calls = entry.calls if entry.place is None else journal.calls.get(entry.place)
        if isinstance(calls, CallLog):
            yield f"{anchor}i{entry.index}", calls.calls


def _count_left_out(journal: Journal, index: int) -> int:
    """Return how many calls of one caller are not shown; of items, as far as they are kept."""
    log = journal.items.get(index)
    if log is None:
        return max(len(calls_of(journal, index)) - _MOST_CALLS, 0)
    made = sum(len(entry.calls.calls) for entry in log.list_kept() if isinstance(entry.calls, CallLog))
    return max(made - sum(min(len(calls), _MOST_CALLS) for _, calls in _list_items(journal, index, "")), 0)


def _begin_rows(calls: Sequence[Call], anchor: str, depth: int) -> Iterator[tuple[Call, str, int]]:
    for number, call in enumerate(calls[:_MOST_CALLS]):
        yield call, f"{anchor}c{number}", depth


def _read_call(call: Call, anchor: str, depth: int, begun: float) -> Row:
    journal, node = call.journal, call.journal.graph.nodes[0]
    late = journal.begun - begun
    attempts = [_move(attempt, late) for attempt in list_attempts(journal, node)]
    row = read_row(journal, node, attempts, 0, critical=False)
    ready = None if row.ready is None else row.ready + late
    return row._replace(number=RUN, name=journal.path, ready=ready, anchor=anchor, depth=depth, metadata={})


def _move(attempt: Attempt, late: float) -> Attempt:
    end = None if attempt.end is None else attempt.end + late
    return attempt._replace(start=attempt.start + late, end=end)
