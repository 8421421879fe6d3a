"""The record of one run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter, time
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar, cast
from uuid import uuid4

from ._errors import StrayCancellationError, UnknownTaskError, nearest
from ._events import Status
from ._graph import Node
from ._options import shorten
from ._plan import UNSET, Plan

__all__ = ["Failure", "Run", "TaskRecord"]

R = TypeVar("R")

logger = logging.getLogger("flowdeco")

# An enum's member takes a tenth of a microsecond to look up in it, and each run has three of them.
_PENDING, _RUNNING, _COMPLETED = Status.PENDING, Status.RUNNING, Status.COMPLETED

_LINK = "__flowdeco_run__"
_MOST_NOTES = 10


class Failure(NamedTuple):
    """One failed attempt.

    Attributes:
        task: the task's name; `None` for the workflow's own function and its timeout.
        attempt: which attempt it was, from 1.
        error: what it raised.
        time: when, in UTC.
    """

    task: str | None
    attempt: int
    error: BaseException
    time: datetime


class _Link:
    """Leads from an error to its run, and is left behind where the error is copied or sent elsewhere."""

    __slots__ = ("notes", "run")

    def __init__(self, run: Run[Any] | None = None, notes: tuple[str, ...] = ()) -> None:
        self.run = run
        self.notes = notes

    def __reduce__(self) -> tuple[type[_Link], tuple[()]]:
        return _Link, ()


class Run(Generic[R]):
    """One run of a workflow: how it stands, what it gave, and the same of each of its tasks.

    Attributes:
        status: how the run stands.
        result: what the workflow returned; `None` until it has.
        error: what the run failed with; `None` if it did not.
        errors: every failed attempt, the earliest first, also those of tasks that failed while others were being
            cancelled.
        state: values that the tasks of the run share.
    """

    # A run is made for each call: what is not needed before somebody asks is made then.
    __slots__ = (
        "__weakref__",
        "_clock_end",
        "_clock_start",
        "_ended",
        "_finished",
        "_id",
        "_inputs",
        "_keep",
        "_plan",
        "_started",
        "_time_start",
        "_values",
        "error",
        "errors",
        "result",
        "state",
        "status",
    )

    def __init__(
        self, plan: Plan, inputs: dict[str, Any], *, keep: bool = False, state: dict[Any, Any] | None = None
    ) -> None:
        self.status = _PENDING
        self.result: R | None = None
        self.error: BaseException | None = None
        self.errors: list[Failure] = []
        self.state: dict[Any, Any] = {} if state is None else state
        self._id: str | None = None
        self._inputs = inputs
        self._keep = keep
        self._plan = plan
        self._clock_start = self._clock_end = self._time_start = 0.0
        count = len(plan.calls)
        self._started = [0.0] * count
        self._finished = [0.0] * count
        self._ended: dict[int, tuple[Status, BaseException | None]] = {}
        self._values = values = plan.template.copy()
        for name, place in plan.input_places:
            values[place] = inputs[name]
        values[plan.run_place] = self
        values[plan.state_place] = self.state

    @property
    def id(self) -> str:
        """A string that no other run has."""
        if self._id is None:
            self._id = uuid4().hex
        return self._id

    @property
    def workflow(self) -> str:
        """The workflow's name."""
        return self._plan.graph.name

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The inputs by name, those with their defaults included."""
        return MappingProxyType(self._inputs)

    @property
    def tasks(self) -> Tasks:
        """The record of each task, by its name or by the task itself."""
        return Tasks(self)

    @property
    def started(self) -> datetime | None:
        """When the run started, in UTC; `None` if it has not."""
        return self._moment(self._clock_start)

    @property
    def finished(self) -> datetime | None:
        """When the run ended, in UTC; `None` if it has not."""
        return self._moment(self._clock_end)

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; `None` before the end."""
        return self._clock_end - self._clock_start if self._clock_end else None

    @staticmethod
    def of(error: BaseException) -> Run[Any]:
        """Return the run that an error came out of: of nested ones, the outermost.

        Raises:
            LookupError: it came out of none, or was sent here from another process.
        """
        link = error.__dict__.get(_LINK)
        if isinstance(link, _Link) and link.run is not None:
            return link.run
        raise LookupError(f"Cannot find the run of {shorten(error)}: it came out of none in this process.")

    def __repr__(self) -> str:
        return f"<run of workflow {self.workflow!r}: {self.status}>"

    def _start(self) -> None:
        self.status = _RUNNING
        self._time_start = time()
        self._clock_start = perf_counter()

    def _moment(self, clock: float) -> datetime | None:
        if not clock:
            return None
        start = datetime.fromtimestamp(self._time_start, UTC)
        return start + timedelta(seconds=clock - self._clock_start)

    def _end(self, status: Status) -> None:
        self.status = status
        self._clock_end = perf_counter()
        if self._keep:
            self._values[self._plan.run_place] = UNSET  # it would keep itself alive
        else:
            self._let_go()

    def _let_go(self) -> None:
        """Let all values go. In place, as whatever has run the nodes may take a while to go itself."""
        self._values[:] = self._plan.template

    def _take_body(self) -> tuple[Callable[..., Any], list[Any]]:
        """Return the workflow's own function and its arguments, of which the run lets go if it is not to be kept."""
        slots, function = self._plan.body
        args = [self._values[slot] for slot in slots]
        if not self._keep:
            self._let_go()
        return function, args

    def _complete(self, result: R) -> None:
        self.result = result
        self._end(_COMPLETED)

    def _note_failure(self, index: int | None, error: BaseException) -> None:
        """Take a failed attempt into the record; the first error is the run's."""
        now = perf_counter()
        name = None if index is None else self._plan.graph.nodes[index].name
        self.errors.append(Failure(name, 1, error, self._moment(now) or datetime.now(UTC)))
        if index is not None:
            self._finished[index] = now
            self._ended[index] = Status.FAILED, error
        if self.error is None or _weight(error) > _weight(self.error):
            self.error = error

    def _note_cancelled(self, index: int) -> None:
        self._finished[index] = perf_counter()
        self._ended[index] = Status.CANCELLED, None

    def _fail(self) -> None:
        """End the run with its error, to which the notes are added."""
        self._end(Status.FAILED)
        self.result = None
        error = self.error
        if error is None:
            return
        former = error.__dict__.get(_LINK)
        before = former.notes if isinstance(former, _Link) else ()
        if isinstance(former, _Link) and former.run is not None and former.run._clock_end <= self._clock_start:
            _take_notes_off(error, before)  # of a run that is over: the same object is raised again
            before = ()
        notes = self._notes(error)
        _add_notes(error, notes)
        error.__dict__[_LINK] = _Link(self, (*before, *notes))

    def _notes(self, error: BaseException) -> list[str]:
        """Return what the error is to say of the run: where it was raised, and what failed besides."""
        failed = next(f for f in self.errors if f.error is error)
        place = f"workflow {self.workflow!r}"
        notes = [f"Raised by task {failed.task!r} of {place}." if failed.task else f"Raised by {place}."]
        others = [f for f in self.errors if f.error is not error]
        for other in others[:_MOST_NOTES]:
            who = f"task {other.task!r}" if other.task else place
            notes.append(f"Also failed: {who} with {shorten(other.error, 200)}.")
        if len(others) > _MOST_NOTES:
            notes.append(f"Also failed: {len(others) - _MOST_NOTES} more; see Run.of(error).errors.")
        return notes

    def _log_failure(self) -> None:
        if self.error is not None:
            logger.error("Workflow %r failed: %s", self.workflow, shorten(self.error, 200), exc_info=self.error)

    def _cancelled(self) -> tuple[str, ...]:
        """Return the names of the tasks that were cancelled while they were under way."""
        nodes = self._plan.graph.nodes
        return tuple(nodes[i].name for i, (status, _) in self._ended.items() if status is Status.CANCELLED)


def _weight(error: BaseException) -> int:
    """Return 2 for what must pass bare, 1 for a real error, 0 for one that may be another's consequence."""
    if not isinstance(error, Exception):
        return 2
    return 0 if isinstance(error, StrayCancellationError) else 1


def _add_notes(error: BaseException, notes: list[str]) -> None:
    """Add each note once, as the same error may come out of several runs; also if it takes no attributes."""
    there = error.__dict__.setdefault("__notes__", [])
    if isinstance(there, list):
        known = cast("list[str]", there)
        known += [note for note in notes if note not in known]


def _take_notes_off(error: BaseException, notes: tuple[str, ...]) -> None:
    there = error.__dict__.get("__notes__")
    if isinstance(there, list):
        there[:] = [note for note in cast("list[str]", there) if note not in notes]


class TaskRecord:
    """How one task of a run stands. It is a view: it changes while the run goes on."""

    __slots__ = ("_node", "_run")

    def __init__(self, run: Run[Any], node: Node) -> None:
        self._run = run
        self._node = node

    @property
    def name(self) -> str:
        """The task's name in the record."""
        return self._node.name

    @property
    def status(self) -> Status:
        """How the task stands; one that a value stood in for counts as completed."""
        run, index = self._run, self._node.index
        if index in run._ended:
            return run._ended[index][0]
        if run._finished[index] or self._node.replaced:
            return Status.COMPLETED
        if run.status in (Status.PENDING, Status.RUNNING):
            return Status.RUNNING if run._started[index] else Status.PENDING
        return Status.CANCELLED

    @property
    def started(self) -> datetime | None:
        """When it started, in UTC; `None` if it has not."""
        return self._run._moment(self._run._started[self._node.index])

    @property
    def finished(self) -> datetime | None:
        """When it ended, in UTC; `None` if it has not."""
        return self._run._moment(self._run._finished[self._node.index])

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; `None` before the end."""
        index = self._node.index
        end = self._run._finished[index]
        return end - self._run._started[index] if end else None

    @property
    def result(self) -> Any:
        """What the task returned; `None` until it has, and where nobody asked for the run to be kept."""
        value = self._run._values[self._node.index]
        return None if value is UNSET else value

    @property
    def error(self) -> BaseException | None:
        """What the task failed with; `None` if it did not."""
        return self._run._ended.get(self._node.index, (None, None))[1]

    def __repr__(self) -> str:
        return f"<record of task {self.name!r}: {self.status}>"


class Tasks(Mapping[Any, TaskRecord]):
    """The records of a run's tasks, in an order of execution; keys are names, and tasks are taken as keys too."""

    def __init__(self, run: Run[Any]) -> None:
        self._run = run

    def __getitem__(self, key: Any) -> TaskRecord:
        graph = self._run._plan.graph
        node = graph.find(key)
        if node is None:
            hint = nearest(str(key), [n.name for n in graph.nodes])
            message = f"Cannot find task {shorten(key)} in the run of workflow {self._run.workflow!r}.{hint}"
            raise UnknownTaskError(message, workflow=self._run.workflow, task=key)
        return TaskRecord(self._run, node)

    def __iter__(self) -> Iterator[str]:
        return (node.name for node in self._run._plan.graph.nodes)

    def __len__(self) -> int:
        return len(self._run._plan.graph.nodes)
