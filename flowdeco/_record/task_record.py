"""What the record says of one task, and of each thing that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, overload

from .._base.errors import TaskTimeoutError
from .._base.events import Status
from .._base.sentinel import UNSET
from .call_log import Call, CallLog, calls_of
from .item_log import ItemEntry
from .item_record import Items
from .journal import RUN, Journal
from .node_record import NodeRecord
from .timeline import Attempt, list_attempts, ready_time

__all__ = ["MOST_SHOWN", "CallRecord", "Calls", "TaskRecord"]

# Past so many tasks, the text of all records says no more than how many there are.
MOST_SHOWN = 20


class TaskRecord(NodeRecord):
    """How one task of a run stands. It is a view: it changes while the run goes on."""

    __slots__ = ()

    @property
    def path(self) -> str:
        """What events of its run, the log and `run.errors` call it: of a call, with who made it; else the name."""
        return self._journal.label_of(self._node.index)

    @property
    def status(self) -> Status:
        """How the task stands; one that a value stood in for counts as completed."""
        return self._journal.status_of(self._node)

    @property
    def started(self) -> datetime | None:
        """When it started, in UTC; `None` if it has not."""
        return self._journal.moment(self._journal.started[self._node.index])

    @property
    def finished(self) -> datetime | None:
        """When it ended, in UTC; `None` if it has not."""
        return self._journal.moment(self._journal.finished[self._node.index])

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; `None` before the end."""
        start, end = self._journal.started[self._node.index], self._journal.finished[self._node.index]
        return end - start if start and end else None

    @property
    def waited(self) -> float | None:
        """Seconds from when it could have started, all that it needs having ended, to when it did; `None` before."""
        start = self._journal.started[self._node.index]
        return start - ready_time(self._journal, self._node) if start else None

    @property
    def timeline(self) -> list[Attempt]:
        """Its attempts, with when each began and ended."""
        return list_attempts(self._journal, self._node)

    @property
    def run(self) -> Any:
        """The `Run` of a workflow that is a task here; `None` for any other, and before it begins.

        A plain call keeps it only if it does not complete, and without its inputs.
        """
        return self._journal.nested.get(self._node.index)

    @property
    def items(self) -> Items:
        """The items of a task with `each=`, in the order of the source; none of any other."""
        return Items(self._journal, self._node, self._calls_of_item)

    def _calls_of_item(self, entry: ItemEntry) -> Calls:
        place = RUN if entry.place is None else entry.place
        return Calls(self._journal, place, CallLog() if entry.place is None and not entry.calls else entry.calls)

    @property
    def calls(self) -> Calls:
        """What it has called while it ran, in the order in which the calls began."""
        return Calls(self._journal, self._node.index)

    @property
    def abandoned(self) -> int:
        """How many attempts were given up at their timeout while they still ran; what they gave later was refused."""
        errors = [failure.error for failure in self._journal.errors if failure.task == self.path]
        return sum(isinstance(error, TaskTimeoutError) and error.abandoned for error in errors)

    @property
    def reason(self) -> str | None:
        """Why it was skipped; `None` if it was not."""
        return str(self._journal.error_of(self._node.index)) if self.status is Status.SKIPPED else None

    @property
    def result(self) -> Any:
        """What the task returned; `None` until it has, and where nobody asked for the run to be kept."""
        value: Any = self._journal.values[self._node.index]
        return None if value is UNSET else value

    @property
    def error(self) -> BaseException | None:
        """What the task failed with, or what a task failed with that it needs; `None` otherwise."""
        return None if self.status is Status.SKIPPED else self._journal.error_of(self._node.index)

    def __repr__(self) -> str:
        return f"<record of task {self.name!r}: {self.status}>"


class CallRecord(TaskRecord):
    """How one call of a task or a workflow stands that a task, or the workflow's own function, has made."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        super().__init__(call.journal, call.journal.graph.nodes[0])
        self._call = call

    @property
    def name(self) -> str:
        """What the record calls it: the name of what was called, and which call of that it is: `search#2`."""
        return self._call.name

    @property
    def task(self) -> str:
        """The name of the task or workflow that was called."""
        return self._call.task

    @property
    def number(self) -> int:
        """Which call of that task it is in the caller's attempt, from 1."""
        return self._call.number

    @property
    def caller(self) -> str:
        """The path of what has made the call; `""` for the workflow's own function."""
        return self._call.journal.path.rpartition("/")[0]

    @property
    def caller_attempt(self) -> int:
        """Which attempt of the caller has made it, from 1; each begins with no calls."""
        return self._call.attempt

    @property
    def waited(self) -> float | None:
        """Seconds from when it was made to when it started, as for a place of its `limit=`; `None` before."""
        return super().waited

    def __repr__(self) -> str:
        return f"<record of call {self.path!r}: {self.status}>"


class Calls(Sequence[CallRecord]):
    """The records of calls, in the order in which they began. It is a view, as a record is.

    In a plain call, where nobody asked for the run, it has a thousand of one caller at most, besides those that did not
    go well.
    """

    def __init__(self, journal: Journal, index: int, log: CallLog | None = None) -> None:
        self._journal = journal
        self._index = index
        self._log = log  # of an item that has ended

    @property
    def _calls(self) -> Sequence[Call]:
        return calls_of(self._journal, self._index) if self._log is None else self._log.calls

    @overload
    def __getitem__(self, key: int) -> CallRecord: ...
    @overload
    def __getitem__(self, key: slice) -> list[CallRecord]: ...
    def __getitem__(self, key: int | slice) -> CallRecord | list[CallRecord]:
        found = self._calls[key]
        return CallRecord(found) if isinstance(found, Call) else [CallRecord(call) for call in found]

    def __len__(self) -> int:
        return len(self._calls)

    def __repr__(self) -> str:
        calls = self._calls
        shown = [f"{call.name!r} {call.status}" for call in calls[:MOST_SHOWN]]
        if len(calls) > MOST_SHOWN:
            shown.append(f"{len(calls) - MOST_SHOWN} more")
        return f"<records of calls: {', '.join(shown) or 'none'}>"
