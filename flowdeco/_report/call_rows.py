"""What the report of a run tells of the calls that tasks have made in it: rows below that of who made them."""

from __future__ import annotations

from collections.abc import Iterator

from .._record.call_log import Call, calls_of
from .._record.journal import RUN, Journal
from .._record.timeline import Attempt, list_attempts
from .row import Row, read_row

__all__ = ["count_calls", "list_calls"]

# So many calls of one caller are shown, and so many levels of calls within calls.
_MOST_CALLS = 50
_MOST_LEVELS = 5


def list_calls(journal: Journal, index: int, anchor: str, begun: float) -> list[Row]:
    """Return the rows of what a caller has called, each followed by those of what it has called itself.

    Args:
        journal: that of the run, or of the call, in which the caller is.
        index: which node of it calls; `RUN` for a workflow's own function.
        anchor: the end of the caller's anchor.
        begun: when the run of the page began, on its clock.
    """
    found: list[Row] = []
    left = [*_begin_rows(journal, index, anchor, 1)][::-1]
    while left:  # calls may be deeper than functions may
        call, name, depth = left.pop()
        found.append(_read_call(call, name, depth, begun))
        if depth < _MOST_LEVELS:
            left += [*_begin_rows(call.journal, 0, name, depth + 1)][::-1]
    return found


def count_calls(journal: Journal, index: int) -> int:
    """Return how many calls of one caller are not shown."""
    return max(len(calls_of(journal, index)) - _MOST_CALLS, 0)


def _begin_rows(journal: Journal, index: int, anchor: str, depth: int) -> Iterator[tuple[Call, str, int]]:
    for number, call in enumerate(calls_of(journal, index)[:_MOST_CALLS]):
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
