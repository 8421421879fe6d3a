"""The record of one run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import RLock
from time import perf_counter, time
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast
from uuid import uuid4

from anyio import CancelScope

from .._base.checks import check_time
from .._base.errors import RunError
from .._base.events import Event, Skip, Status
from .._base.sentinel import UNSET
from .._base.tracebacks import strip_traceback
from .._policy.hook import Hook
from .._record.error_notes import add_notes, find_run
from .._record.event_stream import Feed
from .._record.journal import Failure, HookError, outweighs
from .._record.log import log_change, log_hook_error
from .._record.task_record import Tasks
from .._record.timeline import RunMetrics, Transition, find_critical_path, list_transitions
from .._scheduler.plan import Plan
from .._scheduler.propagation import find_blocking_error, judge_body
from .._state.state import State, make_state
from .display import Displayed

__all__ = ["Run"]

R = TypeVar("R")

# An enum's member takes a tenth of a microsecond to look up in it, and each run has three of them.
_PENDING, _RUNNING, _COMPLETED = Status.PENDING, Status.RUNNING, Status.COMPLETED

# Many runs never look at their state; when several threads of one do at once, they get the same.
_making_state = RLock()


class Run(Displayed, Generic[R]):
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
        "_body_instead",
        "_clock_end",
        "_clock_start",
        "_ended",
        "_feed",
        "_finished",
        "_id",
        "_inputs",
        "_keep",
        "_metrics",
        "_plan",
        "_scope",
        "_skip",
        "_started",
        "_state",
        "_steps",
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
        self._steps: dict[int, list[tuple[float, Status, int]]] = {}
        self._ended: dict[int, tuple[Status, BaseException | None]] = {}
        self._skip: Skip | None = None
        self._body_instead: tuple[tuple[int, Any], ...] = ()
        self._metrics: RunMetrics | None = None
        # Of a run that is followed live.
        self._feed: Feed | None = None
        self._scope: CancelScope | None = None
        self._values = values = plan.template.copy()
        for name, place in plan.input_places:
            values[place] = inputs[name]
        values[plan.run_place] = self
        if plan.asks_for_state:
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
    def metrics(self) -> RunMetrics:
        """Numbers by name: `record` your own; the seconds of each task's attempts are there under its name."""
        if self._metrics is None:
            self._metrics = RunMetrics(self)
        return self._metrics

    def history(
        self, task: Any = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[Transition]:
        """Return every change of status so far, in the order in which they happened.

        Args:
            task: a task or its name, for its changes only; `None`: those of the run and of all tasks.
            since: the earliest time, included, with a time zone; `None`: from the beginning.
            until: the time before which they must be, with a time zone; `None`: to the end.

        Raises:
            UnknownTaskError: there is no such task.
            OptionTypeError: a time is none, or has no time zone.
        """
        check_time(f"history of workflow {self.workflow!r}", "since", since)
        check_time(f"history of workflow {self.workflow!r}", "until", until)
        name = None if task is None else self.tasks[task].name
        return [
            transition
            for transition in list_transitions(self)
            if (name is None or transition.task == name)
            and (since is None or transition.time >= since)
            and (until is None or transition.time < until)
        ]

    def critical_path(self) -> list[str]:
        """Return the names of the tasks that decided how long the run took, the first one first.

        It is the chain that leads to the task that ended last, each time by that which the next one waited for longest.
        """
        return [node.name for node in find_critical_path(self)]

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

    def events(self) -> AsyncIterator[Event]:
        """Follow a run that was started by `w.start()`: `async for event in run.events()`.

        It gives every change of status, from the first one on, as an `Event`, and ends with the run. However slow a
        reader is, it neither holds the run up nor misses one; there may be several. To be read on the run's event loop.

        Raises:
            RunError: the run was not started by `w.start()`.
        """
        if self._feed is None:
            raise self._not_live("follow")
        return self._feed.read()

    def cancel(self) -> None:
        """Stop a run that was started by `w.start()`; it then ends as `cancelled`. One that has ended stays as it is.

        To be called on the run's event loop.

        Raises:
            RunError: the run was not started by `w.start()`.
        """
        if self._scope is None:
            raise self._not_live("cancel")
        self._scope.cancel()

    def _not_live(self, verb: str) -> RunError:
        name = self.workflow
        message = (
            f"Cannot {verb} run of workflow {name!r}: it is not live. Start it with: async with {name}.start(...)."
        )
        return RunError(message, workflow=name)

    def _publish(self, event: Event) -> None:
        """Let those who follow the run have an event, and log it if that is asked for."""
        if self._feed is not None:
            self._feed.add(event)
        log_change(event)

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
        now = perf_counter()
        if attempt > 1:
            self._steps[index].append((now, _RUNNING, attempt))
            return
        if index in self._plan.courses:  # else it has begun in a thread already
            self._started[index] = now
        self._steps[index] = [(self._started[index], _RUNNING, attempt)]

    def _note_veto(self, index: int) -> None:
        """Note that the attempt which was about to begin is not made."""
        clock, status, _ = self._steps[index][-1]
        self._steps[index][-1] = clock, status, 0

    def _note_retrying(self, index: int) -> None:
        clock, _, attempt = self._steps[index][-1]
        self._steps[index].append((max(clock, perf_counter()), Status.RETRYING, attempt))

    def _attempts_of(self, index: int) -> int:
        steps = self._steps.get(index)
        return steps[-1][2] if steps else int(self._start_of(index) > 0)

    def _start_of(self, index: int) -> float:
        """Return when a node's first attempt began, on the clock; 0 if none has, though a lane may have taken it up."""
        return 0.0 if index in self._plan.courses and index not in self._steps else self._started[index]

    def _note_attempt(self, task: str | None, attempt: int, error: BaseException) -> Failure:
        """Take a failed attempt into the record."""
        failure = Failure(task, attempt, error, self._moment(perf_counter()) or datetime.now(UTC))
        self.errors.append(failure)
        return failure

    def _note_end(self, index: int, status: Status, cause: BaseException | None = None) -> None:
        """Take into the record how a node ended, once and for all unless a hook then turns it into a failure."""
        ended, _ = self._ended.get(index, (None, None))
        if ended is None or (ended is Status.SKIPPED and status is Status.FAILED):
            self._finished[index] = perf_counter()
            if status is not _COMPLETED:
                self._ended[index] = status, cause

    def _note_cancelled(self, index: int) -> None:
        if not self._finished[index]:  # else only its hooks were cancelled
            self._note_end(index, Status.CANCELLED)

    def _note_failure(self, index: int | None, error: BaseException) -> None:
        """Take into the record that a node, or the workflow itself, has failed, unless its course has done so."""
        if index is None:
            self._note_attempt(None, 1, error)
            self._take_error(error)
        elif index not in self._ended:
            self._note_attempt(self._plan.graph.nodes[index].name, self._attempts_of(index), error)
            self._note_end(index, Status.FAILED, error)

    def _take_error(self, error: BaseException) -> None:
        """Fail with an error, unless there is one that counts as much: the first is the run's."""
        if self.error is None or outweighs(error, self.error):
            self.error = error

    def _note_hook_error(self, hook: Hook, task: str | None, error: Exception) -> None:
        """Take into the record what a hook has raised, and log it."""
        strip_traceback(error)
        self.hook_errors.append(HookError(hook.option, hook.ask.function, task, error, datetime.now(UTC)))
        log_hook_error(self, hook, task, error)

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
            self._skip = Skip(verdict.cause.reason)  # for the outer run, it is this workflow that was skipped
        elif verdict.cause is not None:
            self.error = find_blocking_error(self)

    @property
    def _raised(self) -> BaseException | None:
        """What a call of the workflow raises; `None` if there is a result."""
        return self._skip if self.error is None else self.error

    def _cancelled(self) -> tuple[str, ...]:
        """Return the names of the tasks that were cancelled while they were under way."""
        nodes = self._plan.graph.nodes
        cancelled = [i for i, (status, _) in self._ended.items() if status is Status.CANCELLED]
        return tuple([nodes[i].name for i in cancelled if self._start_of(i)])
