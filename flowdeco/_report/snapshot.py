"""What the report of a run tells, read from the run once, as that may go on meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from time import perf_counter
from typing import Any, NamedTuple, Protocol, cast

from .._base.errors import TaskTimeoutError
from .._base.events import Status
from .._base.sentinel import UNSET
from .._draw.diagram import Diagram, tell_status
from .._draw.html import describe, describe_error, tell_seconds
from .._graph.node import Node
from .._record.failure import Failure, HookError
from .._record.journal import Journal
from .._record.metrics import Statistics
from .._record.task_record import TaskRecord
from .._record.timeline import Attempt, RunMetrics, find_critical_path, list_all_attempts, ready_time
from .._state.state import State
from .._state.store import Change

__all__ = ["NOT_KEPT", "Reported", "Row", "Snapshot", "diagram_of"]

NOT_KEPT = "not kept"

# So much the times of changes and of the run may differ: by rounding, and as its end is read from another clock.
_BEFORE, _AFTER = timedelta(microseconds=1), timedelta(milliseconds=1)

# What is shown of nested runs: so many levels, and so many tasks on all of them.
_MOST_LEVELS = 10
_MOST_ROWS = 1000


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
        shared: whether it runs in a workflow around this one, which shares it.
        error: what it failed with, or what a task failed with that it needs; `None` otherwise.
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
    shared: bool = False
    error: BaseException | None = None

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
        key: what its anchors have that those of no other run on the page have; `""` for the outermost.
        level: how many runs it is nested in.
        nested: the runs of its nodes that are workflows, by node.
        left_out: how many of these are not shown, as there are too many.
    """

    def __init__(
        self,
        run: Reported,
        journal: Journal,
        state: State | None,
        *,
        is_shared: bool,
        key: str = "",
        level: int = 0,
        room: list[int] | None = None,
    ) -> None:
        self.key = key
        self.level = level
        self.run = run
        self.journal = journal
        self.status: Status = run.status
        self.failures: list[Failure] = list(run.errors)
        self.hook_errors: list[HookError] = list(run.hook_errors)
        now = perf_counter() - journal.begun if journal.begun else 0.0
        self.duration: float = now if run.duration is None else run.duration
        self.critical = [node.index for node in find_critical_path(journal)]
        critical = frozenset(self.critical)
        abandoned = _count_abandoned(self.failures)
        self.rows = [
            _read_row(journal, node, attempts, abandoned.get(node.name, 0), node.index in critical)
            for node, attempts in list_all_attempts(journal)
        ]
        self.state = state
        self.changes = self._read_changes(is_shared=is_shared)
        self.statistics: dict[str, Statistics] = run.metrics.all_statistics() if not level else {}
        self.nested, self.left_out = self._read_nested([_MOST_ROWS] if room is None else room)

    @property
    def span(self) -> float:
        """How many seconds the timeline shows; never 0."""
        ends = [attempt.end or attempt.start for row in self.rows for attempt in row.attempts]
        return max([self.duration, *ends]) or 1e-9

    @cached_property
    def followers(self) -> Mapping[int, list[int]]:
        """For each node those that need it."""
        found: dict[int, list[int]] = {}
        for node in self.journal.graph.nodes:
            for index in node.dependencies:
                found.setdefault(index, []).append(node.index)
        return found

    def _read_nested(self, room: list[int]) -> tuple[dict[int, Snapshot], int]:
        """Return the nested runs, those that failed first if there is not room for all, and how many are left out.

        Args:
            room: how many more tasks there is room for, in a list that all levels share.
        """
        journal, found = self.journal, dict[int, Snapshot]()
        nested = sorted(dict(journal.nested).items(), key=lambda each: self.rows[each[0]].status is not Status.FAILED)
        for index, run in nested:
            size = len(run._journal.graph.nodes) + 3
            if self.level == _MOST_LEVELS or size > room[0]:
                continue
            room[0] -= size
            key = f"{self.key}{index}-"
            reported, level = cast("Reported", run), self.level + 1
            found[index] = Snapshot(reported, run._journal, None, is_shared=False, key=key, level=level, room=room)
        return dict(sorted(found.items())), len(nested) - len(found)

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
        records.append((record.status, f"{node.name}: {tell_status(record.status)}{_tell_effort(record)}"))
    return graph.to_diagram([*records, (journal.status, f"workflow {graph.name}: {tell_status(journal.status)}")])


def _tell_effort(record: TaskRecord) -> str:
    attempts, duration = record.attempts, record.duration
    return (f", attempt {attempts}" if attempts > 1 else "") + (f", {tell_seconds(duration)}" if duration else "")


def _count_abandoned(failures: Sequence[Failure]) -> Mapping[str | None, int]:
    """Return how many attempts of each task were given up while they still ran."""
    return Counter(
        [each.task for each in failures if isinstance(each.error, TaskTimeoutError) and each.error.abandoned]
    )


def _read_row(journal: Journal, node: Node, attempts: list[Attempt], abandoned: int, critical: bool) -> Row:
    record = TaskRecord(journal, node)
    status = record.status
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
        abandoned,
        recovered,
        critical,
        node.replaced,
        node.is_given,
        record.error if status is not Status.COMPLETED else None,
    )


def _tell_outcome(journal: Journal, node: Node, record: TaskRecord, status: Status) -> str:
    if record.error is not None:
        return describe_error(record.error)
    if status is not Status.COMPLETED:
        return record.reason or ""
    value = journal.values[node.index]
    return NOT_KEPT if value is UNSET else describe(value)
