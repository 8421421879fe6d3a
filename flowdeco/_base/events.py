"""What happens to a task or a run: its statuses, how it ended, and what a hook is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Literal, NamedTuple, TypeVar

__all__ = ["Event", "EventKind", "Outcome", "Skip", "Status", "make_event"]

T = TypeVar("T")

EventKind = Literal["state", "start", "success", "retry", "error", "recover"]


class Status(StrEnum):
    """Where a task or a run stands. Equal to its value: `run.status == "completed"`."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Skip(Exception):
    """Raised in a task, it skips the task: `raise Skip("no news today")`. It is no error, and is never retried.

    A parameter with a default takes the default instead of a skipped task's result; a task or workflow whose parameter
    has none is skipped, too. A plain call of a workflow that is skipped itself raises the `Skip`, as it has no result;
    `w.run()` returns the run, whose status is `skipped`.

    Attributes:
        reason: why; `""` if nothing was said.
    """

    def __init__(self, reason: str = "", /) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a task ended, as a parameter named in `settled=` receives it.

    Attributes:
        task: the task's name.
        status: `completed`, `failed`, `upstream_failed` or `skipped`.
        value: its result; `None` unless it is completed, and `None` may be the result.
        error: what it failed with, or for `upstream_failed` what the task failed with that it needs; else `None`.
        reason: why it was skipped; `None` if it was not.
        index: of an item of `each=`, its place in the order of the source, from 0; `None` for what is no item.
        item: the item that failed or was skipped, and in `run()` and `start()` also one that completed; `None` of
            such in a plain call, and of what is no item.
        key: what `key=` gives for the item; `None` without one.
    """

    task: str
    status: Status
    value: T | None = None
    error: BaseException | None = None
    reason: str | None = None
    index: int | None = None
    item: Any = None
    key: Any = None

    @property
    def completed(self) -> bool:
        """Whether there is a result."""
        return self.status is Status.COMPLETED

    @property
    def failed(self) -> bool:
        """Whether there is an error: the task's own, or that of one that it needs."""
        return self.error is not None

    @property
    def skipped(self) -> bool:
        """Whether it was skipped."""
        return self.status is Status.SKIPPED

    def unwrap(self) -> T:
        """Return the result, as if the parameter had not been settled.

        Raises:
            BaseException: what the task failed with.
            Skip: it was skipped.
        """
        if self.error is not None:
            raise self.error
        if self.status is Status.SKIPPED:
            raise Skip(self.reason or "")
        return self.value  # type: ignore[return-value]  # completed: the value is there, and may well be None


class Event(NamedTuple):
    """What has happened, as hooks are told of it. `print(event)` gives a line to read.

    A workflow's `on_state` and `on_retry`, and who follows its run, are told of what happens in the runs within it,
    too: in nested workflows and in those that are called. `run` and `workflow` are then those that are looked at, as
    always, and `task` is a path in that run: `run.tasks[event.task]` is the record.

    Attributes:
        kind: `"state"`, `"start"`, `"success"`, `"retry"` or `"error"`; `"recover"` for what `recover=` gets.
        task: the task's name, or its path: `"agent/search#2"` for a call, `"offer/price"` for a task of the nested
            workflow `offer`, `"chapters[2]/lines"` if that is run for each item; `None` where it is about the workflow
            itself.
        workflow: the workflow's name.
        run: the `Run` that is looked at.
        status: how the task or the run stands now.
        previous: how it stood before.
        attempt: the number of the attempt, from 1; 0 before the first; `None` for a workflow.
        error: the error at hand; `None` if there is none.
        errors: every failed attempt so far, of this task or of the whole run, the earliest first.
        result: the result of what is completed; `None` until then.
        delay: seconds until the next attempt; `None` if none is to come.
        inputs: the arguments of the task's own function by name, or the inputs of the workflow.
        metadata: what `metadata=` says.
        time: when, in UTC.
        index: of an item of `each=`, its place in the order of the source, from 0; `None` for what is no item.
        item: the item; `None` for what is no item.
        key: what `key=` gives for the item; `None` without one.
    """

    kind: EventKind
    task: str | None
    workflow: str
    run: Any
    status: Status
    previous: Status
    attempt: int | None
    error: BaseException | None
    errors: Sequence[Any]
    result: Any
    delay: float | None
    inputs: Mapping[str, Any]
    metadata: Mapping[str, Any]
    time: datetime
    index: int | None = None  # type: ignore[assignment]  # of a tuple's own methods nobody needs `index` here
    item: Any = None
    key: Any = None

    @property
    def state(self) -> Any:
        """The state of the run."""
        return self.run.state

    @property
    def event(self) -> Event:
        """The event itself, so that a hook may ask for all of it at once."""
        return self

    def __str__(self) -> str:
        who = self.workflow if self.task is None else f"{self.workflow}.{self.task}"
        who = who if self.index is None else f"{who}[{self.index}]"
        time = self.time  # a quick run logs thousands of these, and strftime would be a third of it
        text = f"{time.hour:02}:{time.minute:02}:{time.second:02} {who}: {self.status}"
        if self.attempt is not None and self.attempt > 1:
            text += f", attempt {self.attempt}"
        if self.delay is not None:
            text += f", again in {self.delay:.3g} s"
        if self.error is None:
            return text
        message = str(self.error)
        return f"{text} after {type(self.error).__name__}" + (f": {message}" if message else "")


def make_event(values: Iterable[Any]) -> Event:
    """Return the event of these values in order, as `_make` does; there are two to a task, and it takes a third."""
    event: Event = getattr(tuple, "__new__")(Event, values)  # noqa: B009 - generic in a way no type checker follows
    return event
