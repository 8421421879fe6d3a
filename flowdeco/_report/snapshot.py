"""What the report of a run tells, read from the run once, as that may go on meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from time import perf_counter
from typing import Any, Protocol, TypeAlias, cast

from .._base.errors import TaskTimeoutError
from .._base.events import Status
from .._draw.diagram import Diagram, tell_status
from .._draw.html import tell_seconds
from .._record.failure import Failure, HookError
from .._record.journal import RUN, Journal, NestedRun
from .._record.metrics import Statistics
from .._record.task_record import TaskRecord
from .._record.timeline import RunMetrics, find_critical_path, list_all_attempts
from .._state.state import State
from .._state.store import Change
from .call_rows import read_calls
from .row import read_row

__all__ = ["Place", "Reported", "Snapshot", "diagram_of", "name_place"]

# A node, and of a mapped one which item.
Place: TypeAlias = tuple[int, int | None]

# So much the times of changes and of the run may differ: by rounding, and as its end is read from another clock.
_BEFORE, _AFTER = timedelta(microseconds=1), timedelta(milliseconds=1)

# What is shown of nested runs: so many levels, and so many tasks on all of them.
_MOST_LEVELS = 10
_MOST_ROWS = 1000
# So many runs of items of one task are shown: of those that failed, and of the slowest.
_MOST_ITEM_RUNS = 20


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
        calls: what is told of the calls that each node, or under `RUN` the workflow's own function, has made.
        called: the runs of those that are calls of workflows, by the anchor of the call, with its name.
        calls_left_out: how many more calls there are that are not shown.
        nested: the runs of its nodes that are workflows, by node and item.
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
            read_row(journal, node, attempts, abandoned.get(node.name, 0), node.index in critical)
            for node, attempts in list_all_attempts(journal)
        ]
        callers = [(RUN, "w"), *[(row.number, row.anchor) for row in self.rows]]
        made = [each for each in callers if each[0] in journal.calls or each[0] in journal.items]
        read = {index: read_calls(journal, index, anchor, journal.begun) for index, anchor in made}
        self.calls = {index: found.rows for index, found in read.items() if found.rows}
        self.calls_left_out = sum(found.left_out for found in read.values())
        self.state = state
        self.changes = self._read_changes(is_shared=is_shared)
        self.statistics: dict[str, Statistics] = run.metrics.all_statistics() if not level else {}
        room = [_MOST_ROWS] if room is None else room
        self.nested, self.left_out = self._read_nested(room)
        self.called = self._read_called([each for found in read.values() for each in found.runs], room)

    @property
    def span(self) -> float:
        """How many seconds the timeline shows; never 0."""
        rows = [*self.rows, *chain.from_iterable(self.calls.values())]
        ends = [attempt.end or attempt.start for row in rows for attempt in row.attempts]
        return max([self.duration, *ends]) or 1e-9

    @cached_property
    def followers(self) -> Mapping[int, list[int]]:
        """For each node those that need it."""
        found: dict[int, list[int]] = {}
        for node in self.journal.graph.nodes:
            for index in node.dependencies:
                found.setdefault(index, []).append(node.index)
        return found

    def _read_nested(self, room: list[int]) -> tuple[dict[Place, Snapshot], int]:
        """Return the nested runs, those that failed first if there is not room for all, and how many are left out.

        Args:
            room: how many more tasks there is room for, in a list that all levels share.
        """
        found = dict[Place, Snapshot]()
        nested, left_out = self._find_nested()
        nested.sort(key=lambda each: each[1]._journal.status is not Status.FAILED)
        for place, run in nested:
            within = self._read_one(run, name_place(place), room)
            if within is not None:
                found[place] = within
        ordered = sorted(found.items(), key=lambda each: (each[0][0], each[0][1] or 0))
        return dict(ordered), left_out + len(nested) - len(found)

    def _read_called(
        self, runs: Sequence[tuple[str, str, NestedRun]], room: list[int]
    ) -> dict[str, tuple[str, Snapshot]]:
        """Return the runs of called workflows by the anchors of the calls; count those that are left out."""
        found = dict[str, tuple[str, Snapshot]]()
        for anchor, name, run in sorted(runs, key=lambda each: each[2]._journal.status is not Status.FAILED):
            within = self._read_one(run, anchor, room)
            if within is not None:
                found[anchor] = name, within
        self.left_out += len(runs) - len(found)
        return {anchor: found[anchor] for anchor, _, _ in runs if anchor in found}

    def _read_one(self, run: NestedRun, anchor: str, room: list[int]) -> Snapshot | None:
        """Return how a run within stands; `None` if there is no room for it."""
        size = len(run._journal.graph.nodes) + 3
        if self.level == _MOST_LEVELS or size > room[0]:
            return None
        room[0] -= size
        key, level = f"{self.key}{anchor}-", self.level + 1
        return Snapshot(cast("Reported", run), run._journal, None, is_shared=False, key=key, level=level, room=room)

    def _find_nested(self) -> tuple[list[tuple[Place, NestedRun]], int]:
        """Return the nested runs that may be shown, and how many more there are."""
        journal, left_out = self.journal, 0
        found: list[tuple[Place, NestedRun]] = []
        for index, run in dict(journal.nested).items():
            place = journal.item_at(index)
            if place is None:
                found.append(((index, None), run))
        for index, log in journal.items.items():
            chosen = {entry.index: entry.run for entry in [*log.failed[:_MOST_ITEM_RUNS], *log.slowest] if entry.run}
            found += [((index, number), run) for number, run in [*chosen.items()][:_MOST_ITEM_RUNS]]
            if chosen:
                left_out += log.total - min(len(chosen), _MOST_ITEM_RUNS)
        return found, left_out

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


def name_place(place: Place) -> str:
    """Return what the anchor of a nested run ends in."""
    node, index = place
    return str(node) if index is None else f"{node}i{index}"


def _tell_effort(record: TaskRecord) -> str:
    attempts, duration = record.attempts, record.duration
    items = ", ".join([f"{count:,} {tell_status(status)}" for status, count in record.items.counts.items()])
    told = f" ({items})" if items else f", attempt {attempts}" if attempts > 1 else ""
    return told + (f", {tell_seconds(duration)}" if duration else "")


def _count_abandoned(failures: Sequence[Failure]) -> Mapping[str | None, int]:
    """Return how many attempts of each task were given up while they still ran."""
    return Counter(
        [each.task for each in failures if isinstance(each.error, TaskTimeoutError) and each.error.abandoned]
    )
