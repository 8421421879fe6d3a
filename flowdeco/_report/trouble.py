"""What became of each thing that went wrong: what failed the run, and what was made good."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import chain
from typing import NamedTuple, cast

from .._base.events import Status
from .._record.failure import Failure
from .._record.item_record import name_item
from .row import Row
from .snapshot import Snapshot

__all__ = ["Culprit", "Fate", "Trouble", "find_culprits", "list_troubles"]


class Fate(Enum):
    """What became of an error, the worst first: as a word, the sign before it, and the status it looks like."""

    FATAL = "failed the run", "✗", Status.FAILED
    FINAL = "failed", "✗", Status.FAILED
    HANDLED = "handled", "↷", Status.SKIPPED
    TRIED = "tried again", "↻", Status.RETRYING
    RECOVERED = "recovered", "✓", Status.COMPLETED
    RETRIED = "made good", "✓", Status.COMPLETED


_ORDER = list(Fate)


class Trouble(NamedTuple):
    """One failed attempt, and what became of it.

    Attributes:
        failure: what the record says of it.
        number: its place among the errors of its run.
        row: the task, or the call; `None` for the workflow itself.
        fate: what became of it.
        attempts: how many attempts there were of that task, item or call; 0 if that is not known.
    """

    failure: Failure
    number: int
    row: Row | None
    fate: Fate
    attempts: int = 0

    @property
    def name(self) -> str | None:
        """What failed, as `text[17]`; `None` for the workflow itself."""
        failure = self.failure
        return failure.task if failure.task is None or failure.index is None else name_item(failure.task, failure.index)

    @property
    def word(self) -> str:
        """What became of it."""
        if self.fate is Fate.RETRIED and self.attempts:
            return f"made good by attempt {self.attempts}"
        return self.fate.value[0]


class Culprit(NamedTuple):
    """What failed a run.

    Attributes:
        trouble: what went wrong, in the innermost run that it went wrong in.
        path: that run and those around it, the innermost last, each with the task there; `None` for a workflow itself.
    """

    trouble: Trouble
    path: list[tuple[Snapshot, Row | None]]


def list_troubles(snapshot: Snapshot) -> list[Trouble]:
    """Return every failed attempt with what became of it: the worst first, and as they happened."""
    rows = {row.name: row for row in (*chain.from_iterable(snapshot.calls.values()), *snapshot.rows)}
    last = {(failure.task, failure.index): failure for failure in snapshot.failures}
    fatal = _list_fatal(snapshot)
    received = snapshot.journal.graph.find_received() if snapshot.failures else set[int]()
    found: list[Trouble] = []
    for number, failure in enumerate(snapshot.failures):
        row = None if failure.task is None else rows.get(failure.task)
        final = last[failure.task, failure.index]
        is_last = final is failure
        if id(failure.error) in fatal and (is_last or row is None):
            fate = Fate.FATAL
        elif row is None:
            fate = Fate.FINAL
        else:
            end = _find_end(snapshot, row, final)
            fate = _judge(end, is_last=is_last, is_received=bool(row.depth) or row.number in received)
        attempts = 0 if row is None else _find_end(snapshot, row, final).attempts
        found.append(Trouble(failure, number, row, fate, attempts))
    return sorted(found, key=lambda trouble: _ORDER.index(trouble.fate))


def _list_fatal(snapshot: Snapshot) -> set[int]:
    """Return what the run failed with, and what is in it if that is the group that `keep_going` makes."""
    error = snapshot.run.error
    found = {id(error)} if error is not None else set[int]()
    if isinstance(error, BaseExceptionGroup) and not any(each.error is error for each in snapshot.failures):
        found.update(map(id, cast("BaseExceptionGroup[BaseException]", error).exceptions))
    return found


class _End(NamedTuple):
    """How a task, a call or an item has ended; `attempts` is 0 if that is not known."""

    status: Status
    recovered: bool
    attempts: int


def _find_end(snapshot: Snapshot, row: Row, failure: Failure) -> _End:
    """Return how that has ended which a failure, the last there, is of."""
    if failure.index is None:
        return _End(row.status, row.recovered, row.attempts[-1].number if row.attempts else 0)
    log = snapshot.journal.items.get(row.number)
    entry = None if log is None else log.find(failure.index)
    if entry is None:  # not kept: it is none of those that failed
        return _End(Status.COMPLETED, recovered=False, attempts=0)
    status = entry.status or Status.RUNNING
    return _End(status, status is Status.COMPLETED and entry.attempts == failure.attempt, entry.attempts)


def _judge(end: _End, *, is_last: bool, is_received: bool) -> Fate:
    """Return what became of an error of a task that did not fail the run."""
    if end.status is Status.FAILED and is_last:
        return Fate.HANDLED if is_received else Fate.FINAL
    if end.status is Status.COMPLETED:
        if end.recovered:  # no attempt has made good those before the last one
            return Fate.RECOVERED if is_last else Fate.TRIED
        return Fate.RETRIED
    return Fate.TRIED


def _list_final(snapshot: Snapshot) -> list[Trouble]:
    """Return what failed for good; an error that a task had from a call is that of the task."""
    found = [trouble for trouble in list_troubles(snapshot) if trouble.fate in (Fate.FATAL, Fate.FINAL)]
    own = {id(trouble.failure.error) for trouble in found if trouble.row is None or not trouble.row.depth}
    calls = [t for t in found if t.row is not None and t.row.depth and id(t.failure.error) in own]
    return [trouble for trouble in found if trouble not in calls] if calls else found


def find_culprits(snapshot: Snapshot) -> Iterator[Culprit]:
    """Yield what failed a run, each where it began: in the innermost of nested runs."""
    for trouble in _list_final(snapshot):
        here = [(snapshot, None if trouble.row is None else trouble.row._replace(name=str(trouble.name)))]
        within = None if trouble.row is None else snapshot.nested.get((trouble.row.number, trouble.failure.index))
        deeper = [] if within is None else [*find_culprits(within)]
        for culprit in deeper:
            yield culprit._replace(path=here + culprit.path)
        if not deeper:
            yield Culprit(trouble, here)
