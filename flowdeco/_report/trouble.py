"""What became of each thing that went wrong: what failed the run, and what was made good."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple, cast

from .._base.events import Status
from .._record.failure import Failure
from .snapshot import Row, Snapshot

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
        row: the task; `None` for the workflow itself.
        fate: what became of it.
    """

    failure: Failure
    number: int
    row: Row | None
    fate: Fate

    @property
    def word(self) -> str:
        """What became of it."""
        if self.fate is Fate.RETRIED and self.row is not None:
            return f"made good by attempt {self.row.attempts[-1].number}"
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
    rows = {row.name: row for row in snapshot.rows}
    last = {failure.task: number for number, failure in enumerate(snapshot.failures)}
    fatal = _list_fatal(snapshot)
    received = snapshot.journal.graph.find_received() if snapshot.failures else set[int]()
    found: list[Trouble] = []
    for number, failure in enumerate(snapshot.failures):
        row = None if failure.task is None else rows.get(failure.task)
        is_last = last[failure.task] == number
        if id(failure.error) in fatal and (is_last or row is None):
            fate = Fate.FATAL
        elif row is None:
            fate = Fate.FINAL
        else:
            fate = _judge(row, is_last=is_last, is_received=row.number in received)
        found.append(Trouble(failure, number, row, fate))
    return sorted(found, key=lambda trouble: _ORDER.index(trouble.fate))


def _list_fatal(snapshot: Snapshot) -> set[int]:
    """Return what the run failed with, and what is in it if that is the group that `keep_going` makes."""
    error = snapshot.run.error
    found = {id(error)} if error is not None else set[int]()
    if isinstance(error, BaseExceptionGroup) and not any(each.error is error for each in snapshot.failures):
        found.update(map(id, cast("BaseExceptionGroup[BaseException]", error).exceptions))
    return found


def _judge(row: Row, *, is_last: bool, is_received: bool) -> Fate:
    """Return what became of an error of a task that did not fail the run."""
    if row.status is Status.FAILED and is_last:
        return Fate.HANDLED if is_received else Fate.FINAL
    if row.status is Status.COMPLETED:
        return Fate.RECOVERED if row.recovered and is_last else Fate.RETRIED
    return Fate.TRIED


def find_culprits(snapshot: Snapshot) -> Iterator[Culprit]:
    """Yield what failed a run, each where it began: in the innermost of nested runs."""
    for trouble in list_troubles(snapshot):
        if trouble.fate not in (Fate.FATAL, Fate.FINAL):
            continue
        here = [(snapshot, trouble.row)]
        within = None if trouble.row is None else snapshot.nested.get(trouble.row.number)
        deeper = [] if within is None else [*find_culprits(within)]
        for culprit in deeper:
            yield culprit._replace(path=here + culprit.path)
        if not deeper:
            yield Culprit(trouble, here)
