"""What the report of a run tells, read from the run once, as that may go on meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, NamedTuple, Protocol

from .._base.events import Status
from .._base.sentinel import UNSET
from .._draw.diagram import Diagram
from .._draw.html import describe, describe_error, tell_seconds
from .._graph.graph import Node
from .._record.journal import Failure, HookError, Journal
from .._record.metrics import Statistics, summarize
from .._record.task_record import TaskRecord
from .._record.timeline import Attempt, RunMetrics, find_critical_path, ready_time
from .._state.state import State
from .._state.store import Change

__all__ = ["NOT_KEPT", "Reported", "Row", "Snapshot", "diagram_of"]

NOT_KEPT = "not kept"

# So much the times of changes and of the run may differ: by rounding, and as its end is read from another clock.
_BEFORE, _AFTER = timedelta(microseconds=1), timedelta(milliseconds=1)


class Reported(Protocol):
    """What a report asks of a run."""

    @property
    def id(self) -> str: ...
    @property
    def workflow(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def started(self) -> datetime | None: ...
    @property
    def finished(self) -> datetime | None: ...
    @property
    def duration(self) -> float | None: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...
    @property
    def metadata(self) -> Mapping[str, Any]: ...
    @property
    def result(self) -> Any: ...
    @property
    def error(self) -> BaseException | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def errors(self) -> Sequence[Failure]: ...
    @property
    def hook_errors(self) -> Sequence[HookError]: ...
    @property
    def metrics(self) -> RunMetrics: ...


class Row(NamedTuple):
    """What is told of one task.

    Attributes:
        number: its place in the graph.
        name: its name.
        status: how it stands.
        attempts: its attempts.
        ready: when it could have begun, in seconds from the start of the run; `None` if it has not begun.
        duration: seconds from its start to its end; `None` before.
        waited: seconds from when it could have started to when it did; `None` before.
        outcome: its result, its error or why it was skipped, in short.
        metadata: its metadata.
        abandoned: how many attempts were given up while they still ran.
        recovered: whether the result is that of `recover=`.
        critical: whether it is on the critical path.
        replaced: whether a value stands in for it.
    """

    number: int
    name: str
    status: Status
    attempts: list[Attempt]
    ready: float | None
    duration: float | None
    waited: float | None
    outcome: str
    metadata: Mapping[str, Any]
    abandoned: int
    recovered: bool
    critical: bool
    replaced: bool

    @property
    def start(self) -> float | None:
        """When its first attempt began; `None` if none has."""
        return self.attempts[0].start if self.attempts else None


class Snapshot:
    """How a run stands.

    Attributes:
        run: the run.
        journal: what happened in it.
        status: how it stands.
        duration: seconds it has taken so far.
        rows: what is told of each task.
        critical: the numbers of the tasks on the critical path.
        failures: every failed attempt.
        hook_errors: what hooks have raised.
        state: the state, if anybody has used it.
        changes: its changes during the run.
        statistics: what the numbers of each name come to.
    """

    def __init__(self, run: Reported, journal: Journal, state: State | None, *, is_shared: bool) -> None:
        self.run = run
        self.journal = journal
        self.status: Status = run.status
        self.failures: list[Failure] = list(run.errors)
        self.hook_errors: list[HookError] = list(run.hook_errors)
        now = perf_counter() - journal.begun if journal.begun else 0.0
        self.duration: float = now if run.duration is None else run.duration
        self.critical = [node.index for node in find_critical_path(journal)]
        critical = frozenset(self.critical)
        self.rows = [_read_row(journal, node, node.index in critical) for node in journal.graph.nodes]
        self.state = state
        self.changes = self._read_changes(is_shared=is_shared)
        known = run.metrics.all_values()
        self.statistics: dict[str, Statistics] = {name: summarize(values) for name, values in known.items()}

    @property
    def span(self) -> float:
        """How many seconds the timeline shows; never 0."""
        ends = [attempt.end or attempt.start for row in self.rows for attempt in row.attempts]
        return max([self.duration, *ends]) or 1e-9

    def _read_changes(self, *, is_shared: bool) -> list[Change]:
        """Return the changes of the state; of one that is shared, those that were made during the run."""
        run = self.run
        if self.state is None or run.started is None:
            return []
        if not is_shared:
            return self.state.changes()
        until: datetime | None = run.finished and run.finished + _AFTER
        return self.state.changes(since=run.started - _BEFORE, until=until)


def diagram_of(journal: Journal) -> Diagram:
    """Return the diagram of a run's graph, with how everything stands."""
    graph = journal.graph
    records: list[tuple[Status, str]] = []
    for node in graph.nodes:
        record = TaskRecord(journal, node)
        records.append((record.status, f"{node.name}: {record.status}{_tell_effort(record)}"))
    return graph.to_diagram([*records, (journal.status, f"workflow {graph.name}: {journal.status}")])


def _tell_effort(record: TaskRecord) -> str:
    attempts, duration = record.attempts, record.duration
    return (f", attempt {attempts}" if attempts > 1 else "") + (f", {tell_seconds(duration)}" if duration else "")


def _read_row(journal: Journal, node: Node, critical: bool) -> Row:
    record = TaskRecord(journal, node)
    status, attempts = record.status, record.timeline
    ready = ready_time(journal, node) - journal.begun if attempts else None
    recovered = status is Status.COMPLETED and bool(attempts) and attempts[-1].error is not None
    outcome = _tell_outcome(journal, node, record, status)
    return Row(
        node.index,
        node.name,
        status,
        attempts,
        ready,
        record.duration,
        record.waited,
        outcome,
        record.metadata,
        record.abandoned,
        recovered,
        critical,
        node.replaced,
    )


def _tell_outcome(journal: Journal, node: Node, record: TaskRecord, status: Status) -> str:
    if record.error is not None:
        return describe_error(record.error)
    if status is not Status.COMPLETED:
        return record.reason or ""
    value = journal.values[node.index]
    return NOT_KEPT if value is UNSET else describe(value)
