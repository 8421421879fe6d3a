"""How a lifecycle takes on a status, and who is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from types import MappingProxyType
from typing import Any, Protocol

from anyio import CancelScope, current_time

from .._base.events import EventKind, Skip, Status
from .._base.tracebacks import as_failure, set_context
from .._item.feed import Feed
from .._policy.hook import Hooks
from .._record.failure import Failure
from .._record.item_log import ItemEntry
from .._record.journal import Journal
from .arguments import Row
from .cancellation import Cancellation
from .notice import Notice, tell_in_turn
from .program import Opener, Program
from .signals import HookFailure, PassedOver

__all__ = ["ENDS", "Crew", "Notifier", "allow_grace"]

# Seconds that hooks may take while what they are attached to is being cancelled.
GRACE = 2.0

# An enum's member takes a while to look up in it, and every lifecycle needs these.
_PENDING, _CANCELLED = Status.PENDING, Status.CANCELLED
ENDS = frozenset({Status.COMPLETED, Status.FAILED, Status.UPSTREAM_FAILED, Status.SKIPPED, Status.CANCELLED})


class Crew(Protocol):
    """What a lifecycle needs of the engine.

    Attributes:
        journal: what happened in the run.
        run: what tasks and hooks get as `run`.
        cancellation: whether the run is being cancelled from outside.
        stopped: whether the run has stopped already.
        is_followed: whether every change of status is told.
        overheard: the options of hooks by which those who look on at a run around this one are told of it.
        was_interrupted: whether anything was thrown into what awaits on the event loop.
        keeper: opens the resources of the run; `None` if it has none.
    """

    journal: Journal
    run: Any
    cancellation: Cancellation
    is_followed: bool
    overheard: frozenset[str]
    was_interrupted: bool

    @property
    def stopped(self) -> bool: ...

    def grant(self, index: int) -> Row | PassedOver | None:
        """Take in that the condition of a node is true, and demand what the node needs.

        Returns:
            Its arguments, or how it ends without them; `None` if it has to wait for them.
        """

    @property
    def keeper(self) -> Opener | None: ...

    def feed_of(self, index: int) -> Feed:
        """Return where a node hands on its items one by one."""
        ...

    def add_items(self, index: int, found: Any) -> None:
        """Add items to those that a node is run for."""

    def open_scope(self, index: int) -> CancelScope:
        """Return the scope of what runs at an index, to be entered."""
        ...

    def post(self, notice: Notice) -> None:
        """Have something told, soon and in the order in which it was posted."""

    def tell(self, inside: Context | None = None) -> bool:
        """Tell at once what was posted, as far as nothing has to be awaited for it. On the event loop only.

        Args:
            inside: the context in which this is called, if it is that of what may be told.
        """
        ...

    async def wait_until_told(self) -> None:
        """Wait until what was posted so far was told."""


class Notifier:
    """What hooks and followers are told of a task or a run, in its lifecycle.

    By default hooks only observe: what they are to be told is posted. With `hook_errors="raise"` they belong to what
    they are attached to, and are awaited here.

    Attributes:
        program: what is to be done.
        index: which node it is in the journal; `None` for a task that is in no graph.
        crew: the engine.
        row: the values of its arguments; `None` if it does not run.
        context: the context variables that its hooks see.
        status: how it stands.
        attempt: the number of the attempt, from 1; 0 before the first.
        errors: its failed attempts.
        is_on_loop: whether it is being driven on the event loop.
    """

    __slots__ = (
        *("_first", "_named", "_run_error", "_told", "attempt", "context", "crew", "errors", "index", "is_on_loop"),
        *("journal", "program", "row", "run", "status"),
    )

    program: Program
    index: int | None
    crew: Crew
    journal: Journal
    run: Any
    row: Row | None
    context: Context
    status: Status
    attempt: int
    errors: list[Failure]
    is_on_loop: bool
    _first: float  # when the first attempt began, on the clock of the event loop
    _told: bool
    _named: Mapping[str, Any] | None
    _run_error: Exception | None

    async def _tell_status(self, status: Status, **about: Any) -> BaseException | None:
        """Take on a status and have it told; return the error of a hook that is to fail the task."""
        if not self.program.strict or not self._told:
            self._post_status(status, **about)
            return None
        previous, self.status = self.status, status
        return await self._tell("on_state", "state", previous, **about)

    def _post_status(
        self,
        status: Status,
        *,
        error: BaseException | None = None,
        result: Any = None,
        delay: float | None = None,
    ) -> None:
        previous, self.status = self.status, status
        if self._told:
            self._post(Notice("on_state", "state", self, status, previous, self.number, error, result, delay))

    def _post(self, notice: Notice) -> None:
        self.crew.post(notice)
        if self.is_on_loop and self.status is not _CANCELLED:  # what is cancelled is told at the end of the run
            self.crew.tell(self.context)

    async def _tell(self, option: str, kind: EventKind, previous: Status, **about: Any) -> BaseException | None:
        """Have hooks told; return the error of one that is to fail the task."""
        program = self.program
        notice = Notice(option, kind, self, self.status, previous, self.number, **about)
        is_for_others = option in self.crew.overheard or (option == "on_state" and self.crew.is_followed)
        if not program.strict:
            if is_for_others or option in program.policy.hooks or option in program.watch or option == "on_state":
                self._post(notice)
            return None
        if is_for_others:
            notice.is_for_others = True
            self._post(notice)
        await self.crew.wait_until_told()
        failure = await tell_in_turn(notice, own=True) if option in program.policy.hooks else None
        if option in program.watch:
            of_workflow = await tell_in_turn(notice, own=False)
            if of_workflow is not None:
                self._run_error = of_workflow if self._run_error is None else self._run_error
                if self.status not in ENDS:  # what has ended is first told to everybody
                    raise HookFailure(of_workflow)
        return failure

    def note_place(self) -> None:
        """Note that the attempt begins only now, as it had to wait for a thread or a process."""
        if self.attempt == 1:
            self._first = current_time()
            if self.index is not None:
                self.journal.begin(self.index, 1)

    def post_end(self, status: Status, cause: BaseException | None) -> None:
        """Note that the task does not run, and have that told soon, where hooks only observe."""
        self._end(status, cause)
        self.is_on_loop = False  # as nobody drives it
        self._post_status(status, error=None if status is Status.SKIPPED else cause)

    def _end(self, status: Status, failure: BaseException | None = None) -> None:
        if self.index is not None:
            self.journal.end(self.index, status, failure)

    def _end_cancelled(self) -> None:
        if self.status not in ENDS:
            self._end(Status.CANCELLED)
            self._post_status(Status.CANCELLED)

    def _note(
        self, error: BaseException, before: BaseException | None = None, attempt: int | None = None
    ) -> BaseException:
        """Take an error into the record, unless it is a `Skip`; return it as the task's failure."""
        failure = as_failure(error)
        if before is not None and failure.__context__ is None:
            set_context(failure, before)
        if not isinstance(failure, Skip):
            number = self.attempt if attempt is None else attempt
            self.errors.append(self.journal.fail_attempt(self.task, number, failure, self.index))
        return failure

    @property
    def cancellation(self) -> Cancellation:
        return self.crew.cancellation

    @property
    def task(self) -> str | None:
        return self.program.name if self.index is None else self.journal.path or self.program.name

    @property
    def entry(self) -> ItemEntry | None:
        """Which item of `each=` it is; `None` if it is none."""
        return self.journal.item_at(self.index)

    @property
    def number(self) -> int | None:
        """The number of the attempt, as it is told."""
        return self.attempt

    @property
    def hooks(self) -> Hooks:
        return self.program.policy.hooks

    @property
    def watch(self) -> Hooks:
        return self.program.watch

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The arguments of the task's function by name, its defaults included."""
        if self._named is None:
            program = self.program
            named = {} if self.row is None else program.arguments.name(self.row)
            self._named = MappingProxyType({**program.defaults, **named})
        return self._named

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.program.policy.metadata


def allow_grace() -> CancelScope:
    """Return a scope for what is still to be done while everything around is being cancelled."""
    return CancelScope(shield=True, deadline=current_time() + GRACE)
