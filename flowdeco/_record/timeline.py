"""When what happened in a run: changes of status, attempts, and the chain of tasks that decided its length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from .._base.events import Status
from .._graph.node import Node
from .._graph.source import FromItemOf
from .entry import Entry
from .item_log import ItemEntry, ItemLog
from .journal import Journal
from .metrics import Metrics, Statistics

__all__ = [
    "Attempt",
    "RunMetrics",
    "Transition",
    "find_critical_path",
    "list_all_attempts",
    "list_attempts",
    "list_item_attempts",
    "list_transitions",
    "ready_time",
]


class Transition(NamedTuple):
    """A change of status.

    Attributes:
        time: when, in UTC.
        task: the task's name; `None` for the workflow itself.
        previous: how it stood before.
        status: how it stood then.
        attempt: the number of the attempt, from 1; 0 before the first, and for the workflow itself.
        error: what the attempt, the task or the run has failed with; `None` if it has not.
        index: of an item of `each=`, its place in the order of the source, from 0; `None` for what is no item.
        key: what `key=` gives for the item; `None` without one.
    """

    time: datetime
    task: str | None
    previous: Status
    status: Status
    attempt: int
    error: BaseException | None
    index: int | None = None  # type: ignore[assignment]  # of a tuple's own methods nobody needs `index` here
    key: Any = None


class Attempt(NamedTuple):
    """One attempt of a task.

    Attributes:
        number: from 1.
        start: seconds from the start of the run.
        end: the same; `None` while it runs.
        error: what it failed with; `None` if it did not.
    """

    number: int
    start: float
    end: float | None
    error: BaseException | None


_RUNS = (Status.RUNNING, Status.RETRYING)


def _group_entries(journal: Journal) -> dict[int, list[Entry]]:
    """Return the entries of each node that has some, in their order."""
    found: dict[int, list[Entry]] = {}
    for entry in list(journal.entries):
        found.setdefault(entry.node, []).append(entry)
    return found


def _changes_of(journal: Journal, index: int, entries: list[Entry]) -> list[Entry]:
    """Return the changes of a node in their order, those among them that its two times tell."""
    latest = journal.latest.get(index)
    vetoed = latest is not None and latest.attempt == 0
    return _fill_in(entries, index, journal.started[index], journal.finished[index], 0 if vetoed else 1)


def _fill_in(entries: list[Entry], index: int, start: float, end: float, first: int) -> list[Entry]:
    """Return changes with those that two times tell."""
    changes = list(entries)
    if start:
        changes.insert(0, Entry(start, index, Status.RUNNING, first, None))
    if end and (not changes or changes[-1].status in _RUNS):
        attempt = changes[-1].attempt if changes else 0
        changes.append(Entry(end, index, Status.COMPLETED, attempt, None))
    return changes


def _changes_of_item(journal: Journal, entry: ItemEntry) -> list[Entry]:
    """Return the changes of an item in their order."""
    if entry.place is not None:
        return _changes_of(journal, entry.place, entry.changes)
    changes = _fill_in(entry.changes, 0, entry.started, entry.finished, min(entry.attempts, 1))
    if entry.status is not None and changes and changes[-1].status in (*_RUNS, Status.COMPLETED):
        changes[-1] = changes[-1]._replace(status=entry.status)  # it was cut off by the end of the run
    return changes


def list_transitions(journal: Journal) -> list[Transition]:
    """Return every change of status of a run and its tasks, in the order in which they happened."""
    found: list[tuple[float, int, int, Transition]] = []
    start, end = journal.moment(journal.begun), journal.moment(journal.ended)
    if start is not None:
        first = Transition(start, None, Status.PENDING, Status.RUNNING, 0, None)
        found.append((journal.begun, 0, -1, first))
    entries = _group_entries(journal)
    for node in journal.graph.nodes:
        found += _transitions_of(journal, node, entries.get(node.index, []))
        log = journal.items.get(node.index)
        for entry in () if log is None else log.list_kept():
            found += _list_changes(journal, node, _changes_of_item(journal, entry), entry)
    if end is not None:
        last = Transition(end, None, Status.RUNNING, journal.status, 0, journal.error)
        found.append((journal.ended, 2, -1, last))
    found.sort(key=lambda entry: entry[:3])
    return [transition for *_, transition in found]


def _transitions_of(journal: Journal, node: Node, entries: list[Entry]) -> Iterator[tuple[float, int, int, Transition]]:
    return _list_changes(journal, node, _changes_of(journal, node.index, entries), None)


def _list_changes(
    journal: Journal, node: Node, changes: list[Entry], item: ItemEntry | None
) -> Iterator[tuple[float, int, int, Transition]]:
    previous = Status.PENDING
    index, key = (None, None) if item is None else (item.index, item.key)
    for change in changes:
        error = None if change.status is Status.SKIPPED else change.error
        time = journal.moment(change.time)
        assert time is not None
        transition = Transition(time, node.name, previous, change.status, change.attempt, error, index, key)
        # At the same moment, what has ended comes before what begins since it has.
        yield change.time, int(change.status in _RUNS), node.index, transition
        previous = change.status


def list_attempts(journal: Journal, node: Node) -> list[Attempt]:
    """Return the attempts of a node, the first one first."""
    entries = [entry for entry in list(journal.entries) if entry.node == node.index]
    return _make_attempts(
        journal, node, entries, journal.failures_of(journal.label_of(node.index)) if journal.errors else {}
    )


def _make_attempts(
    journal: Journal, node: Node, entries: list[Entry], errors: Mapping[int, BaseException]
) -> list[Attempt]:
    return _attempts_in(journal, _changes_of(journal, node.index, entries), errors)


def list_item_attempts(journal: Journal, entry: ItemEntry) -> list[Attempt]:
    """Return the attempts of an item, the first one first."""
    changes = _changes_of_item(journal, entry)
    errors = {change.attempt: change.error for change in changes if change.error is not None}
    return _attempts_in(journal, changes, errors)


def _attempts_in(journal: Journal, changes: list[Entry], errors: Mapping[int, BaseException | None]) -> list[Attempt]:
    found: list[Attempt] = []
    for number, change in enumerate(changes):
        if change.status is Status.RUNNING and change.attempt:
            end = changes[number + 1].time - journal.begun if number + 1 < len(changes) else None
            found.append(Attempt(change.attempt, change.time - journal.begun, end, errors.get(change.attempt)))
    return found


def list_all_attempts(journal: Journal) -> Iterator[tuple[Node, list[Attempt]]]:
    """Yield each node with its attempts; takes no longer for many entries and errors than for as many nodes."""
    entries = _group_entries(journal)
    errors: dict[str | None, dict[int, BaseException]] = {}
    for failure in list(journal.errors):
        if failure.index is None:
            errors.setdefault(failure.task, {})[failure.attempt] = failure.error
    for node in journal.graph.nodes:
        yield (
            node,
            _make_attempts(journal, node, entries.get(node.index, []), errors.get(journal.label_of(node.index), {})),
        )


def ready_time(journal: Journal, node: Node) -> float:
    """Return when the last of what a node needs had ended, and somebody needed the node, on the clock of the run.

    A task that takes items as they come begins before that: it is ready when it begins.
    """
    demanded, _ = journal.demanded.get(node.index, (journal.begun, 0))
    ends: list[float] = [demanded, *(journal.finished[index] for index in node.dependencies)]
    started = journal.started[node.index]
    return min(max(ends), started) if started else max(ends)


def find_critical_path(journal: Journal) -> list[Node]:
    """Return the chain of nodes that decided how long a run took, the first one first.

    From the last that ended, each time to the one of those it needs that ended last. All items of a task count as one.
    Who waited until somebody needed it needs what that one had to have first.
    """
    nodes, started, finished = journal.graph.nodes, journal.started, journal.finished
    ended = [node.index for node in nodes if finished[node.index] and started[node.index]]
    path: list[Node] = []
    while ended:
        last = max(ended, key=lambda index: finished[index])
        path.append(nodes[last])
        before = [*nodes[last].dependencies, *_list_before(journal, last)]
        ended = [index for index in before if finished[index] and started[index]]
    return path[::-1]


def _list_before(journal: Journal, index: int) -> list[int]:
    """Return what had ended of the needs of those that demanded a node, before it began."""
    found: list[int] = []
    by = journal.demanded.get(index)
    while by is not None:
        found += journal.graph.nodes[by[1]].dependencies
        by = journal.demanded.get(by[1])
    return [each for each in found if journal.finished[each] <= journal.started[index]]


def _waits_between(attempts: list[Attempt]) -> float:
    return sum(later.start - (earlier.end or later.start) for earlier, later in pairwise(attempts))


def _waits_of_items(journal: Journal, node: Node, log: ItemLog) -> float:
    """Return how many seconds the items of a mapped node, all of which are kept, could have run and did not."""
    asked = node.predicate[1] if node.predicate is not None else ()
    before = {journal.graph.node_of(s.definition).index for s in (*node.sources, *asked) if isinstance(s, FromItemOf)}
    logs = [journal.items[index] for index in before if index in journal.items]
    whole = [journal.finished[index] for index in node.dependencies if index not in before]
    waits = 0.0
    for entry in log.list_kept():
        attempts = list_item_attempts(journal, entry)
        if not attempts:
            continue
        start = attempts[0].start + journal.begun
        found = [each.entries.get(entry.index) for each in logs]
        ends = [entry.opened, *whole, *[each.finished for each in found if each is not None]]
        waits += start - max(end for end in (0.0, *ends) if end <= start) if entry.opened else 0.0
        waits += _waits_between(attempts)
    return waits


class RunMetrics(Metrics):
    """The numbers of one run: those that were recorded, and under the name of each task the seconds of its attempts.

    Of a task with `each=`, they are the seconds of its items, from the start of an item's first attempt to its end. A
    plain call does not keep them one by one: there are their `statistics`, but no `values`.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(f"run of workflow {journal.name!r}", self._seconds, self._sketches)
        self._journal = journal

    @property
    def running(self) -> float:
        """Seconds that attempts, and items, took in total."""
        of_items = sum(log.durations.total for log in self._journal.items.values())
        return of_items + sum(sum(seconds) for seconds in self._seconds_of_attempts().values())

    @property
    def waiting(self) -> float:
        """Seconds that tasks could have run and did not, all told: for a thread, a place, their next attempt.

        Each item counts by itself, from when it was taken in, or what it needs had ended. A plain call, which does not
        keep items one by one, does not know how long these have waited.
        """
        waits = 0.0
        for node, attempts in list_all_attempts(self._journal):
            log = self._journal.items.get(node.index)
            if log is not None:
                waits += _waits_of_items(self._journal, node, log) if log.keep else 0.0
                continue
            start = self._journal.started[node.index]
            waits += start - ready_time(self._journal, node) if start else 0.0
            waits += _waits_between(attempts)
        return waits

    @property
    def gain(self) -> float | None:
        """How many times as long the attempts would have taken one after the other; `None` before the end."""
        duration = self._journal.duration
        return self.running / duration if duration else None

    def _seconds(self) -> dict[str, list[float]]:
        found = self._seconds_of_attempts()
        for name, log in self._logs():
            if log.keep:
                ended = [entry.duration for entry in log.list_kept()]
                found[name] = [seconds for seconds in ended if seconds is not None]
        return found

    def _sketches(self) -> dict[str, Statistics]:
        """Return what the seconds of the items of a plain call come to, by task."""
        known = {name: log.durations.statistics for name, log in self._logs() if not log.keep}
        return {name: statistics for name, statistics in known.items() if statistics is not None}

    def _logs(self) -> Iterator[tuple[str, ItemLog]]:
        """Yield with the name of each task what is known of its items, if any have taken some time."""
        for index, log in self._journal.items.items():
            if log.durations.count:
                yield self._journal.graph.nodes[index].name, log

    def _seconds_of_attempts(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for node, attempts in list_all_attempts(self._journal):
            if node.index in self._journal.items:
                continue
            seconds = [attempt.end - attempt.start for attempt in attempts if attempt.end is not None]
            if seconds:
                found[node.name] = seconds
        return found
