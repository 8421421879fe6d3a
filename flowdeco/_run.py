"""The record of one run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import perf_counter, time
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast
from uuid import uuid4

from ._blame import add_notes, find_blocking_error, find_run, outweighs
from ._events import Skip, Status
from ._failure import strip_traceback
from ._hook import Hook
from ._options import shorten
from ._plan import UNSET, Plan
from ._record import Failure, HookError, Tasks
from ._state import State, make_state
from ._verdict import judge_body

__all__ = ["Run"]

R = TypeVar("R")

logger = logging.getLogger("flowdeco")

# An enum's member takes a tenth of a microsecond to look up in it, and each run has three of them.
_PENDING, _RUNNING, _COMPLETED = Status.PENDING, Status.RUNNING, Status.COMPLETED

# Many runs never look at their state; when several threads of one do at once, they get the same.
_making_state = Lock()


class Run(Generic[R]):
    """One run of a workflow: how it stands, what it gave, and the same of each of its tasks.

    Attributes:
        status: how the run stands.
        result: what the workflow returned; `None` until it has.
        error: what the run failed with; `None` if it did not.
        errors: every failed attempt, the earliest first, also those of tasks that failed while others were being
            cancelled.
        hook_errors: what hooks have raised, the earliest first.
    """

    # A run is made for each call: what is not needed before somebody asks is made then.
    __slots__ = (
        "__weakref__",
        "_attempts",
        "_body_instead",
        "_clock_end",
        "_clock_start",
        "_ended",
        "_finished",
        "_id",
        "_inputs",
        "_keep",
        "_plan",
        "_retrying",
        "_skip",
        "_started",
        "_state",
        "_time_start",
        "_values",
        "error",
        "errors",
        "hook_errors",
        "result",
        "status",
    )

    def __init__(
        self, plan: Plan, inputs: dict[str, Any], state: State | type[State] | None = None, *, keep: bool = False
    ) -> None:
        self.status = _PENDING
        self.result: R | None = None
        self.error: BaseException | None = None
        self.errors: list[Failure] = []
        self.hook_errors: list[HookError] = []
        self._state = state
        self._id: str | None = None
        self._inputs = inputs
        self._keep = keep
        self._plan = plan
        self._clock_start = self._clock_end = self._time_start = 0.0
        count = len(plan.calls)
        self._started = [0.0] * count
        self._finished = [0.0] * count
        # Only of those nodes of which there is more to say than when they started and ended.
        self._attempts: dict[int, int] = {}
        self._retrying: set[int] = set()
        self._ended: dict[int, tuple[Status, BaseException | None]] = {}
        self._skip: Skip | None = None
        self._body_instead: tuple[tuple[int, Any], ...] = ()
        self._values = values = plan.template.copy()
        for name, place in plan.input_places:
            values[place] = inputs[name]
        values[plan.run_place] = self
        if plan.uses[plan.state_place]:
            values[plan.state_place] = self.state

    @property
    def id(self) -> str:
        """A string that no other run has."""
        if self._id is None:
            self._id = uuid4().hex
        return self._id

    @property
    def state(self) -> State:
        """What the tasks of the run share."""
        if not isinstance(self._state, State):
            with _making_state:
                self._state = make_state(self._state)
        return self._state

    @property
    def workflow(self) -> str:
        """The workflow's name."""
        return self._plan.graph.name

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The inputs by name, those with their defaults included."""
        return MappingProxyType(self._inputs)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the workflow's `metadata=` says."""
        return MappingProxyType(self._plan.graph._owner._options["metadata"] or {})

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
        return cast("Run[Any]", find_run(error))

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
        for place, value in self._body_instead:
            args[place] = value
        if not self._keep:
            self._let_go()
        return function, args

    def _complete(self, result: R) -> None:
        self.result = result
        self._end(_COMPLETED)

    # What happens to the nodes, as lanes and courses tell it.

    def _note_begin(self, index: int, attempt: int) -> None:
        self._attempts[index] = attempt
        self._retrying.discard(index)
        if attempt == 1:
            self._started[index] = perf_counter()

    def _note_retrying(self, index: int) -> None:
        self._retrying.add(index)

    def _note_attempt(self, task: str | None, attempt: int, error: BaseException) -> Failure:
        """Take a failed attempt into the record."""
        failure = Failure(task, attempt, error, self._moment(perf_counter()) or datetime.now(UTC))
        self.errors.append(failure)
        return failure

    def _note_end(self, index: int, status: Status, cause: BaseException | None = None) -> None:
        """Take into the record how a node ended, once and for all unless it first was completed."""
        if index not in self._ended:
            self._finished[index] = perf_counter()
            self._retrying.discard(index)
            if status is not _COMPLETED:
                self._ended[index] = status, cause

    def _note_cancelled(self, index: int) -> None:
        self._note_end(index, Status.CANCELLED)

    def _note_failure(self, index: int | None, error: BaseException) -> None:
        """Take into the record that a node, or the workflow itself, has failed, unless its course has done so."""
        if index is None:
            self._note_attempt(None, 1, error)
            self._take_error(error)
        elif index not in self._ended:
            self._note_attempt(self._plan.graph.nodes[index].name, self._attempts.get(index, 1), error)
            self._note_end(index, Status.FAILED, error)

    def _take_error(self, error: BaseException) -> None:
        """Fail with an error, unless there is one that counts as much: the first is the run's."""
        if self.error is None or outweighs(error, self.error):
            self.error = error

    def _note_hook_error(self, hook: Hook, task: str | None, error: Exception) -> None:
        """Take into the record what a hook has raised, and log it."""
        strip_traceback(error)
        self.hook_errors.append(HookError(hook.option, hook.ask.function, task, error, datetime.now(UTC)))
        whose = f"workflow {self.workflow!r}" if task is None else f"task {task!r} of workflow {self.workflow!r}"
        text = "Hook %r (%s) of %s failed: %s"
        logger.error(text, hook.name, hook.option, whose, shorten(error, 200), exc_info=error)

    def _fail(self) -> None:
        """End the run with its error, to which the notes are added."""
        self._end(Status.FAILED)
        self.result = None
        if self.error is not None:
            add_notes(self, self.error)

    def _conclude(self) -> None:
        """Find out, all tasks having ended, some of them without a result, what becomes of the workflow's function."""
        verdict = judge_body(self._plan.graph, self._ended)
        self._body_instead = verdict.instead
        if isinstance(verdict.cause, Skip):
            self._skip = verdict.cause
        elif verdict.cause is not None:
            self.error = find_blocking_error(self)

    @property
    def _raised(self) -> BaseException | None:
        """What a call of the workflow raises; `None` if there is a result."""
        return self._skip if self.error is None else self.error

    def _log_failure(self) -> None:
        if self.error is not None:
            logger.error("Workflow %r failed: %s", self.workflow, shorten(self.error, 200), exc_info=self.error)

    def _cancelled(self) -> tuple[str, ...]:
        """Return the names of the tasks that were cancelled while they were under way."""
        nodes = self._plan.graph.nodes
        cancelled = [i for i, (status, _) in self._ended.items() if status is Status.CANCELLED]
        return tuple([nodes[i].name for i in cancelled if self._started[i]])
