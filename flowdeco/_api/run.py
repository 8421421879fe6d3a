"""The run of a workflow, as its users see it: a face over the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from os import PathLike
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from .._base.checks import check_time
from .._base.errors import RunError
from .._base.events import Event, Status
from .._record.detachment import attach, detach
from .._record.error_notes import find_run, let_revive
from .._record.failure import Failure, HookError
from .._record.journal import RUN, Journal
from .._record.resource_record import Resources
from .._record.task_record import Calls
from .._record.tasks import Tasks
from .._record.timeline import RunMetrics, Transition, find_critical_path, list_transitions
from .._state.state import State, make_state
from .place_within import PlaceWithin

if TYPE_CHECKING:
    from pathlib import Path

    from anyio import CancelScope

    from .._record.event_stream import Feed
    from .._scheduler.plan import Plan
    from .._scheduler.shared_block import SharedBlock

__all__ = ["Run"]

R = TypeVar("R")

# Many runs never look at their state; when several threads of one do at once, they get the same.
_making_state = RLock()


class Run(Generic[R]):
    """One run of a workflow: how it stands, what it gave, and the same of each of its tasks."""

    # A run is made for each call: what is not needed before somebody asks is made then.
    __slots__ = (
        *("__weakref__", "_feed", "_inputs", "_journal", "_keep", "_metrics", "_plan", "_scope", "_state", "_token"),
        *("_block", "_place", "_values"),
    )

    def __init__(
        self, plan: Plan, inputs: dict[str, Any], state: State | type[State] | None = None, *, keep: bool = False
    ) -> None:
        self._state = state
        self._inputs = inputs
        self._keep = keep
        self._plan = plan
        self._metrics: RunMetrics | None = None
        # Of a run that is followed live.
        self._feed: Feed | None = None
        self._scope: CancelScope | None = None
        # Of a run within another.
        self._place: PlaceWithin | None = None
        # What is open for it and other runs; `None` if nothing is.
        self._block: SharedBlock | None = None
        self._values = values = plan.template.copy()
        for name, place in plan.input_places:
            values[place] = inputs[name]
        values[plan.run_place] = self
        if plan.asks_for_state:
            values[plan.state_place] = self.state
        self._journal = Journal(plan.graph, values, keep=keep)

    @property
    def status(self) -> Status:
        """How the run stands."""
        return self._journal.status

    @property
    def result(self) -> R | None:
        """What the workflow returned; `None` until it has."""
        return cast("R | None", self._journal.result)

    @property
    def error(self) -> BaseException | None:
        """What the run failed with; `None` if it did not."""
        return self._journal.error

    @property
    def reason(self) -> str | None:
        """Why it was skipped; `None` if it was not."""
        skip = self._journal.skip
        return None if skip is None or self._journal.error is not None else skip.reason

    @property
    def errors(self) -> list[Failure]:
        """Every failed attempt, the earliest first, also those of tasks that failed while others were cancelled.

        Those of calls are here, too; those within a nested workflow are in its own run, `run.tasks["offer"].run`.
        """
        return self._journal.errors

    @property
    def hook_errors(self) -> list[HookError]:
        """What hooks have raised, the earliest first."""
        return self._journal.hook_errors

    @property
    def id(self) -> str:
        """A string that no other run has."""
        return self._journal.id

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
        return self._journal.name

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The inputs by name, those with their defaults included."""
        return MappingProxyType(self._inputs)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the workflow's `metadata=` says."""
        return MappingProxyType(self._journal.graph.owner.options["metadata"] or {})

    @property
    def tasks(self) -> Tasks:
        """The record of each task, by its name or by the task itself; the opening of a resource is one, too."""
        return Tasks(self._journal)

    @property
    def resources(self) -> Resources:
        """The record of each resource, by its name or by the resource itself: when it was opened and closed."""
        return Resources(self._journal)

    @property
    def calls(self) -> Calls:
        """What the workflow's own function has called; the calls of a task are in its record."""
        return Calls(self._journal, RUN)

    @property
    def metrics(self) -> RunMetrics:
        """Numbers by name: `record` your own; the seconds of each task's attempts are there under its name."""
        if self._metrics is None:
            self._metrics = RunMetrics(self._journal)
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
            for transition in list_transitions(self._journal)
            if (name is None or transition.task == name)
            and (since is None or transition.time >= since)
            and (until is None or transition.time < until)
        ]

    def critical_path(self) -> list[str]:
        """Return the names of the tasks that decided how long the run took, the first one first.

        It is the chain that leads to the task that ended last, each time by that which the next one waited for longest.
        """
        return [node.name for node in find_critical_path(self._journal)]

    @property
    def started(self) -> datetime | None:
        """When the run started, in UTC; `None` if it has not."""
        return self._journal.moment(self._journal.begun)

    @property
    def finished(self) -> datetime | None:
        """When the run ended, in UTC; `None` if it has not."""
        return self._journal.moment(self._journal.ended)

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; `None` before the end."""
        return self._journal.duration

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
        return self._feed.read(self)

    def cancel(self) -> None:
        """Stop a run that was started by `w.start()`; it then ends as `cancelled`. One that has ended stays as it is.

        From any thread: from another one than the event loop's, it returns when the event loop has heard of it.

        Raises:
            RunError: the run was not started by `w.start()`.
        """
        if self._scope is None:
            raise self._not_live("cancel")
        from anyio import from_thread

        from .._base.event_loop import find_token

        if find_token() == self._token:
            self._scope.cancel()
        elif self._journal.status in (Status.PENDING, Status.RUNNING):
            from_thread.run_sync(self._scope.cancel, token=self._token)

    def _not_live(self, verb: str) -> RunError:
        name = self.workflow
        message = (
            f"Cannot {verb} run of workflow {name!r}: it is not live. Start it with: async with {name}.start(...)."
        )
        return RunError(message, workflow=name)

    @overload
    def to_html(self) -> str: ...

    @overload
    def to_html(self, path: str | PathLike[str]) -> Path: ...

    def to_html(self, path: str | PathLike[str] | None = None) -> str | Path:
        """Return the report of the run so far as a page, or write it to a file.

        One page of HTML that needs no network and no script. It says first what failed, where and what that took down;
        then the graph, the timeline of all attempts, the errors with their tracebacks, nested runs, results and inputs
        in short, the changes of the state, and statistics. A plain call lets go of its results, so there they are not
        told.

        Args:
            path: the file to write, in UTF-8; one that is there is written over. `None`: the text is returned.

        Returns:
            The text, or the path of the file.

        Raises:
            OSError: the file cannot be written.
        """
        from .._report.page import make_report, write_report
        from .._report.snapshot import Snapshot

        shared = self._journal.graph.owner.options["state"]
        state = self._state if isinstance(self._state, State) else None
        snapshot = Snapshot(self, self._journal, state, is_shared=state is not None and state is shared)
        return make_report(snapshot) if path is None else write_report(snapshot, path)

    def to_mermaid(self) -> str:
        """Return the text of a Mermaid flowchart as `graph.to_mermaid()` does, with how each task stands.

        That is told by a colour and by a sign before the name.
        """
        from .._draw.mermaid import to_mermaid
        from .._report.snapshot import diagram_of

        return to_mermaid(diagram_of(self._journal))

    def _repr_svg_(self) -> str | None:
        """Be shown as a picture in a notebook."""
        from .._draw.svg import draw_picture
        from .._report.snapshot import diagram_of

        return draw_picture(diagram_of(self._journal))

    def _repr_html_(self) -> str | None:
        """Be shown as a picture in a notebook that knows HTML: in the colours of its theme, folded if large."""
        from .._draw.svg import frame_picture
        from .._graph.likeness import fold_graph
        from .._report.snapshot import diagram_of

        diagram = diagram_of(self._journal)
        folded = fold_graph(diagram, self._journal.graph.definitions)
        return frame_picture(diagram, folded and folded.diagram)

    # What runs it asks of it.

    def _go_live(self) -> tuple[Callable[[], None], CancelScope]:
        """Make it one that can be followed and cancelled; return what says that no more events will come."""
        from anyio import CancelScope
        from anyio.lowlevel import current_token

        from .._record.event_stream import Feed

        self._feed, self._scope, self._token = Feed(), CancelScope(), current_token()
        return self._feed.close, self._scope

    def _go_within(self, outer: Run[Any], given: Sequence[Any], block: SharedBlock | None, path: str = "") -> int:
        """Make it one that runs in another; return how many are around it.

        Args:
            outer: the run around it.
            given: how the tasks have ended that it shares with that.
            block: what is open for its workflow; `None`: what is open for the outer run.
            path: of a call that is no node's, what the outer run calls it.
        """
        self._block = block or outer._block
        joins = self._block is not outer._block
        self._place = PlaceWithin(1 if outer._place is None else outer._place.depth + 1, given, path, joins)
        return self._place.depth

    @property
    def _joins_block(self) -> bool:
        return self._place is None or self._place.joins_block

    @property
    def _depth(self) -> int:
        return 0 if self._place is None else self._place.depth

    @property
    def _given(self) -> Sequence[Any]:
        return () if self._place is None else self._place.given

    def _end(self) -> None:
        """Have the error that the run has failed with lead to it, but not hold it."""
        error = self._journal.error
        if error is not None:
            journal = detach(self._journal, error)
            let_revive(self, self._journal, partial(Run._revive, self._plan, self._inputs, self._state, journal))

    @staticmethod
    def _revive(
        plan: Plan, inputs: dict[str, Any], state: State | type[State] | None, journal: Journal, error: BaseException
    ) -> Run[Any]:
        return Run[Any].__new__(Run)._begin_ended(plan, inputs, state, attach(journal, error))

    def _with_journal(self, journal: Journal) -> Run[Any]:
        """Return one that has ended, nested in another, with another journal and no more than is to be kept."""
        inputs = self._inputs if self._keep else {}
        return Run[Any].__new__(Run)._begin_ended(self._plan, inputs, self._state, journal)

    def _begin_ended(
        self, plan: Plan, inputs: dict[str, Any], state: State | type[State] | None, journal: Journal
    ) -> Run[Any]:
        """Be what `__init__` makes, but that all is over."""
        self._plan, self._inputs, self._state, self._journal = plan, inputs, state, journal
        self._metrics = self._feed = self._scope = self._place = self._block = None
        self._keep, self._values = True, []
        return self

    def _answer(self) -> tuple[BaseException | None, Any]:
        """Return what is to be raised, or else what the caller gets: the run if it is to be kept, or its result."""
        return (None, self) if self._keep else (self._failure, self.result)

    @property
    def _failure(self) -> BaseException | None:
        """What a call of the workflow raises; `None` if there is a result."""
        return self._journal.skip if self._journal.error is None else self._journal.error
