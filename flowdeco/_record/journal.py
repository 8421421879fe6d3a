"""The one truth of what happened in a run: written by the engine, read by everybody else.

Of most nodes there is no more to say than when they started and when they ended: two floats. What else happens is
an entry, and entries are only ever added. The record of a task, the timeline, metrics and the page are readers; so
are hooks, the log, followers and progress, which hear of each change as a notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter, time
from typing import Any, Final, Protocol

from .._base.errors import StrayCancellationError
from .._base.events import Skip, Status
from .._base.sentinel import UNSET
from .._base.tracebacks import strip_traceback
from .._graph.graph import Graph
from .._graph.node import Node
from .._policy.hook import Hook
from .entry import Entry
from .failure import Failure, HookError
from .item_log import ItemEntry, ItemLog
from .resource_life import ResourceLife

__all__ = ["RUN", "CallsMade", "Journal", "NestedRun", "outweighs"]

# The number of the run itself, where others have the index of a node.
RUN: Final = -1

# An enum's member takes a while to look up in it, and every run needs these.
_PENDING, _RUNNING, _COMPLETED = Status.PENDING, Status.RUNNING, Status.COMPLETED


class NestedRun(Protocol):
    """The run of a workflow that is a node, as the journal of the run around it sees it."""

    _journal: Journal

    def _with_journal(self, journal: Journal) -> NestedRun:
        """Return it with another journal."""
        ...


class CallsMade(Protocol):
    """The calls that a node has made, as the journal of the run sees them: each has a journal of its own."""

    def copy(self) -> CallsMade:
        """Return one with the same calls."""
        ...

    def replace(self, make: Callable[[Journal], Journal | None]) -> list[Journal]:
        """Put other journals in the place of some; return the new ones.

        Args:
            make: returns what is to stand in the place of a journal; `None` if it stays.
        """
        ...


class Journal:
    """What happened in one run.

    Attributes:
        graph: what runs.
        status: how the run stands.
        error: what it failed with; `None` if it did not.
        skip: what it was skipped with; `None` if it was not.
        cancelled_for: why it is being cancelled, in words; "" where that is not known.
        result: what the workflow returned; `None` until it has.
        errors: every failed attempt, the earliest first.
        hook_errors: what hooks have raised, the earliest first.
        started: when the first attempt of each node began, on the clock; 0 if it has not.
        finished: when each node ended, on the clock; 0 if it has not.
        entries: what else happened, in the order in which it did.
        latest: the last entry of each node that has one.
        begun: when the run began, on the clock; 0 before.
        ended: when it ended, on the clock; 0 before.
        values: the results by node, `UNSET` where there is none or it was let go.
        demanded: of the nodes that wait until they are demanded, when they were, on the clock, and for which node.
        lives: of the nodes that are resources, when they were opened and closed.
        nested: the runs of nodes that are workflows, by node, once they have begun; as results, they are kept only
            where the run was asked for, or if they have not completed.
        keep: whether the run was asked for, so that what is known of every item is kept.
        items: what is known of the items of each mapped node, by node.
        places: the item that runs at an index behind those of the graph's nodes, and the log that it goes to.
        calls: what each node has called while it ran, by node; under `RUN`, what the workflow's own function has.
        path: of a call in a run, what it is called there: `agent/search#2`; `""` for a run.
    """

    __slots__ = (
        *("_id", "_time", "begun", "calls", "cancelled_for", "demanded", "detached", "ended"),
        *("entries", "error", "errors", "finished", "graph", "hook_errors", "items", "keep"),
        *("latest", "lives", "nested", "path", "places", "result", "skip", "started"),
        *("status", "told", "values"),
    )

    def __init__(self, graph: Graph, values: Sequence[Any], *, keep: bool = False) -> None:
        count = len(graph.nodes)
        self.graph = graph
        self.values = values
        self.status = _PENDING
        self.error: BaseException | None = None
        self.skip: Skip | None = None
        self.result: Any = None
        self.errors: list[Failure] = []
        self.hook_errors: list[HookError] = []
        self.started = [0.0] * count
        self.finished = [0.0] * count
        self.entries: list[Entry] = []
        self.latest: dict[int, Entry] = {}
        self.demanded: dict[int, tuple[float, int]] = {}
        self.lives: dict[int, ResourceLife] = {}
        self.nested: dict[int, NestedRun] = {}
        self.keep = keep
        self.items: dict[int, ItemLog] = {}
        self.places: dict[int, tuple[ItemLog, ItemEntry]] = {}
        self.calls: dict[int, CallsMade] = {}
        self.path = self.cancelled_for = ""
        # Of a call, where its failed attempts stand besides: among those of the run.
        self.told: list[Failure] | None = None
        self.begun = self.ended = self._time = 0.0
        self._id: str | None = None
        # What `detach` has made of it.
        self.detached: Journal | None = None

    # What the engine writes.

    def begin_run(self) -> None:
        """Note that the run begins."""
        self.status = _RUNNING
        self._time = time()
        self.begun = perf_counter()

    def end_run(self, status: Status) -> None:
        """Note how the run has ended; a hook may then turn it into a failure."""
        self.status = status
        self.ended = perf_counter()
        for place in [*self.places]:
            self.close_item(place)

    @staticmethod
    def now() -> float:
        """Return the time on the clock of the run, in seconds."""
        return perf_counter()

    def open_known(self, opened: Mapping[int, tuple[Any, ResourceLife]]) -> dict[int, Any]:
        """Note which resources are open already; return what they give."""
        for index, (_, life) in opened.items():
            self.lives[index] = life
            self.started[index] = self.finished[index] = perf_counter()
        return {index: value for index, (value, _) in opened.items()}

    def begin(self, index: int, attempt: int) -> None:
        """Note that an attempt of a node begins."""
        if index == RUN:
            self.begin_run()
        elif attempt == 1:
            self.started[index] = perf_counter()
        else:
            self.note(index, _RUNNING, attempt)

    def veto(self, index: int) -> None:
        """Note that the attempt which was about to begin is not made."""
        if index == RUN:
            return
        self.latest[index] = Entry(self.started[index], index, _RUNNING, 0, None)

    def demand(self, index: int, by: int) -> None:
        """Note that a node is demanded by another: until now, nothing said that it would run."""
        self.demanded[index] = perf_counter(), by

    def note(self, index: int, status: Status, attempt: int, error: BaseException | None = None) -> None:
        """Note a change of a node's status that its two times do not tell."""
        entry = Entry(perf_counter(), index, status, attempt, error)
        (self.places[index][1].changes if index in self.places else self.entries).append(entry)
        self.latest[index] = entry

    def end(self, index: int, status: Status, error: BaseException | None = None) -> None:
        """Note how a node has ended, once and for all unless a hook then turns it into a failure."""
        if status is _COMPLETED:
            if not self.finished[index]:
                self.finished[index] = perf_counter()
            return
        ended = self.outcome_of(index)
        if ended is None or (status is Status.FAILED and ended in (_COMPLETED, Status.SKIPPED)):
            self.note(index, status, self.attempts_of(index), error)
            self.finished[index] = perf_counter()
            if index in self.places and status is Status.FAILED:
                log, entry = self.places[index]
                if entry.failure is not None and not log.is_handled:  # it may well be the run's
                    self._note_failure(entry.failure)

    def fail_attempt(self, task: str | None, attempt: int, error: BaseException, index: int | None = None) -> Failure:
        """Note what an attempt has failed with.

        Args:
            task: the name of the task; `None` for the workflow itself.
            attempt: its number, from 1.
            error: what it has failed with.
            index: that of the node, or of the place where an item runs; `None` for what is in no graph.
        """
        failure = Failure(task, attempt, error, self.moment(perf_counter()) or datetime.now(UTC))
        there = None if index is None else self.places.get(index)
        if there is not None:
            log, entry = there
            failure = failure._replace(index=entry.index, item=entry.item, key=entry.key)
            if not log.has_room_for_failure():
                entry.failure = failure
                return failure
        self._note_failure(failure)
        return failure

    def _note_failure(self, failure: Failure) -> None:
        self.errors.append(failure)
        if self.told is not None:
            self.told.append(failure)

    def fail_hook(self, hook: Hook, task: str | None, error: Exception, index: int | None = None) -> None:
        """Note what a hook has raised; `index` is that of the item it was told of."""
        strip_traceback(error)
        self.hook_errors.append(HookError(hook.option, hook.ask.function, task, error, datetime.now(UTC), index))

    def open_item(self, place: int, node: int, index: int, item: Any, key: Any = None) -> None:
        """Note that from now on an item of a mapped node runs at a place, an index behind those of the graph's nodes.

        What the journal is told of that index is told of the item.

        Args:
            place: the index.
            node: that of the mapped node.
            index: the item's place in the order of the source, from 0.
            item: the item itself.
            key: what `key=` gives for it; `None` without one.
        """
        log = self._log_of(node)
        self.places[place] = log, log.open(index, key, item, place)

    def expect_items(self, node: int, count: int) -> None:
        """Note how many items of a mapped node there are going to be."""
        self._log_of(node).expected = count

    def _log_of(self, node: int) -> ItemLog:
        log = self.items.get(node)
        if log is None:
            is_handled = node in self.graph.find_received()
            log = self.items.setdefault(node, ItemLog(node, keep=self.keep, is_handled=is_handled))
        return log

    def close_item(self, place: int, result: Any = UNSET) -> None:
        """Note that the item which ran at a place has ended as the journal was told, and that the place is free.

        Args:
            place: the index.
            result: what the item gave; left out, if it gave nothing.
        """
        log, entry = self.places.pop(place)
        status = self.outcome_of(place) or Status.CANCELLED
        latest, started = self.latest.pop(place, None), self.started[place]
        attempts = int(started > 0) if latest is None else latest.attempt
        entry.run, entry.calls = self.nested.pop(place, None), self.calls.pop(place, None)
        if started and not 0 < self.started[log.node] < started:
            self.started[log.node] = started
        error = latest.error if latest is not None and status is not _COMPLETED else None
        ended = self.finished[place] or perf_counter()
        self.started[place] = self.finished[place] = 0.0
        log.close(entry, status, started, ended, attempts, error, result)

    def item_at(self, index: int | None) -> ItemEntry | None:
        """Return which item runs at an index; `None` if none does, as at that of a node."""
        there = None if index is None else self.places.get(index)
        return None if there is None else there[1]

    def take_error(self, error: BaseException) -> None:
        """Fail with an error, unless there is one that counts as much: the first is the run's."""
        if self.error is None or outweighs(error, self.error):
            self.error = error

    # What readers ask.

    @property
    def name(self) -> str:
        """The workflow's name."""
        return self.graph.name

    @property
    def id(self) -> str:
        """A string that no other run has."""
        if self._id is None:
            from uuid import uuid4  # most runs are never asked

            self._id = uuid4().hex
        return self._id

    def label_of(self, index: int) -> str:
        """Return what a node is called in what is told of the run."""
        if self.path:
            return self.path
        if index not in self.places:
            return self.graph.nodes[index].name
        log, entry = self.places[index]
        return f"{self.graph.nodes[log.node].name}[{entry.index}]"

    def moment(self, clock: float) -> datetime | None:
        """Return a time on the clock of the run as one in UTC; `None` for 0."""
        return datetime.fromtimestamp(self._time + clock - self.begun, UTC) if clock else None

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; `None` before the end."""
        return self.ended - self.begun if self.ended else None

    def attempts_of(self, index: int) -> int:
        """Return how many attempts of a node were begun."""
        latest = self.latest.get(index)
        return latest.attempt if latest is not None else int(self.started[index] > 0)

    def outcome_of(self, index: int) -> Status | None:
        """Return how a node has ended; `None` if it has not."""
        if not self.finished[index]:
            return None
        latest = self.latest.get(index)
        return _COMPLETED if latest is None or latest.status in _UNDER_WAY else latest.status

    def status_of(self, node: Node) -> Status:
        """Return how a node stands; one that a value stands in for counts as completed."""
        if self.outcome_of(node.index) is None and (node.replaced or node.is_given):
            return _COMPLETED
        return self.status_at(node.index)

    def status_at(self, index: int) -> Status:
        """Return how that stands which runs at an index: a node, or an item."""
        outcome = self.outcome_of(index)
        if outcome is not None:
            return outcome
        if self.status not in (_PENDING, _RUNNING):
            return Status.CANCELLED
        latest = self.latest.get(index)
        if latest is not None:
            return latest.status
        return _RUNNING if self.started[index] or index in self.items else _PENDING

    def error_of(self, index: int) -> BaseException | None:
        """Return what a node ended with instead of a result: an error, or a `Skip`; `None` if neither."""
        latest = self.latest.get(index)
        if latest is None or latest.status in _UNDER_WAY or not self.finished[index]:
            return None
        return latest.error

    def list_cancelled(self) -> tuple[str, ...]:
        """Return the names of the tasks that were cancelled while they were under way."""
        cancelled = [i for i, entry in self.latest.items() if entry.status is Status.CANCELLED and self.started[i]]
        return tuple([self.graph.nodes[i].name for i in sorted(cancelled)])

    def knows(self, error: BaseException) -> bool:
        """Whether an error, or a `Skip`, stands in here."""
        return error is self.error or error is self.skip or any(failure.error is error for failure in self.errors)

    def failures_of(self, task: str) -> Mapping[int, BaseException]:
        """Return the errors of a task by the number of the attempt."""
        return {each.attempt: each.error for each in self.errors if each.task == task and each.index is None}


_UNDER_WAY = (_RUNNING, Status.RETRYING)


def outweighs(error: BaseException, other: BaseException) -> bool:
    """Whether an error counts for more than another that was there before."""
    return _weigh(error) > _weigh(other)


def _weigh(error: BaseException) -> int:
    """Return 2 for what must pass bare, 1 for a real error, 0 for one that may be another's consequence."""
    if not isinstance(error, Exception):
        return 2
    return 0 if isinstance(error, StrayCancellationError) else 1
