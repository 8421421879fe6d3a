"""The course of one task from pending to its end: its attempts, what is between them, and who is told.

Only a task that asks for more than one attempt with a timeout has one; the others cost nothing of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from anyio import CancelScope, current_time, get_cancelled_exc_class, sleep

from .._base.errors import LimitError
from .._base.events import Event, EventKind, Skip, Status
from .._base.tracebacks import as_failure
from .._policy.hook import Hook, Hooks, tell_all
from .._policy.policy import Policy
from .._state.writer import signed
from .capacity import Place
from .signals import HookFailure, PassedOver

__all__ = ["GRACE", "Condition", "Course", "Recover", "Setting", "pass_over"]

# Seconds that hooks may take while what they are attached to is being cancelled.
GRACE = 2.0

# An enum's member takes a while to look up in it, and every course needs these.
_PENDING, _RUNNING, _COMPLETED = Status.PENDING, Status.RUNNING, Status.COMPLETED

_ENDS = frozenset({Status.COMPLETED, Status.FAILED, Status.UPSTREAM_FAILED, Status.SKIPPED, Status.CANCELLED})


class Condition(NamedTuple):
    """The predicate of `when=`.

    Attributes:
        size: how many values it takes.
        start: calls it with them.
        reason: what to say if its answer is false.
    """

    size: int
    start: Callable[..., Any]
    reason: str


class Recover(NamedTuple):
    """How to recover from a type of error: `call` takes the event and gives the value, in the run."""

    kind: type[BaseException]
    call: Callable[[Any, Event], Coroutine[Any, Any, Any]]


class Setting(NamedTuple):
    """What there is to know of a task before it runs.

    Attributes:
        node: its index in the graph; `None` for a task that is in no graph, as it recovers another.
        task: its name.
        policy: what its options say.
        start: makes one attempt on the event loop with the arguments by position; with `leaves_behind`, the first
            argument is told if a call is left behind.
        leaves_behind: whether an attempt may be given up while it still runs somewhere.
        condition: its `when=`.
        recover: its `recover=`.
        name_arguments: the arguments by name.
        check: raises if a result is not what the options promise.
        watch: the workflow's own hooks that are told of its tasks.
        strict: whether a hook that raises fails what it is attached to.
    """

    node: int | None
    task: str
    policy: Policy
    start: Callable[..., Awaitable[Any]]
    leaves_behind: bool
    condition: Condition | None
    recover: tuple[Recover, ...]
    name_arguments: Callable[[tuple[Any, ...]], Mapping[str, Any]]
    check: Callable[[Any], None] | None
    watch: Hooks
    strict: bool

    @property
    def is_watched(self) -> bool:
        """Whether anybody is told how it ends, also if it does not run."""
        return "on_state" in self.policy.hooks or "on_state" in self.watch


class Journal(Protocol):
    """What a course needs of the record of a run."""

    @property
    def workflow(self) -> str: ...

    def _note_begin(self, index: int, attempt: int) -> None:
        """Note that an attempt begins."""

    def _note_veto(self, index: int) -> None:
        """Note that the attempt which was about to begin is not made."""

    def _note_retrying(self, index: int) -> None:
        """Note that another attempt is to follow."""

    def _note_attempt(self, task: str | None, attempt: int, error: BaseException) -> Any:
        """Note a failed attempt, and return its record."""

    def _note_end(self, index: int, status: Status, cause: BaseException | None = None) -> None:
        """Note how a task has ended."""

    def _note_hook_error(self, hook: Hook, task: str | None, error: Exception) -> None:
        """Note that a hook has raised, and log it."""


class Course:
    """How one task of a run fares.

    Args:
        setting: what there is to know of it.
        run: the record.
        values: those of the condition, and then the arguments by position.
    """

    __slots__ = (
        *("_hook_error", "_inputs", "_run_error"),
        *("args", "attempt", "errors", "result", "run", "setting", "status", "values"),
    )

    def __init__(self, setting: Setting, run: Any, values: tuple[Any, ...]) -> None:
        count = setting.condition.size if setting.condition is not None else 0
        self.setting = setting
        self.run: Journal = run
        self.values, self.args = (values[:count], values[count:]) if count else ((), values)
        self.status = _PENDING
        self.attempt = 0
        self.errors: list[Any] = []
        self.result: Any = None
        self._inputs: Mapping[str, Any] | None = None
        self._hook_error: Exception | None = None
        self._run_error: Exception | None = None

    async def go(self, failure: Exception | None = None) -> Any:
        """Go all the way; return the result, or raise what the task ends with.

        Args:
            failure: what the first attempt came to, if it was made elsewhere; see `take_over`.
        """
        try:
            failure = await self._pursue(failure)
            if failure is None:
                failure = await self._complete()
            if failure is not None:
                failure = await self._fall(failure)
            if self._run_error is not None:
                raise HookFailure(self._run_error, failure)
            if failure is not None:
                raise failure
            return self.result
        except (get_cancelled_exc_class(), HookFailure):
            await self._note_cancelled()
            raise
        finally:
            failure = None  # its traceback leads here

    async def _pursue(self, failure: Exception | None) -> Exception | None:
        """Make attempts until one gives a result, or return the final error."""
        retries = self.setting.policy.retries
        within = retries is not None and retries.within is not None
        begin = current_time() if within else 0.0
        final = False
        if failure is not None:
            final = isinstance(failure, Skip)
        elif self.setting.condition is not None:
            failure, final = await self._ask_condition(self.setting.condition), True
        if failure is None:
            failure, final = await self._attempt()
        while failure is not None and not final and retries is not None:
            try:
                delay = retries.next_delay(failure, self.attempt, current_time() - begin if within else 0.0)
            except Exception as error:  # of a predicate or a delay of the user's
                failure = self._note(error, failure)
                break
            if delay is None or await self._announce_retry(failure, delay):
                break
            await sleep(delay)
            failure, final = await self._attempt()
        return failure if failure is None else await self._recover(failure)

    def take_over(self, error: Exception) -> Exception:
        """Take into the record that a first attempt was made, and what it has raised; return that as the failure."""
        self.attempt = 1
        self.status = Status.RUNNING
        if self.setting.node is not None:
            self.run._note_begin(self.setting.node, 1)
        return self._note(error)

    async def _ask_condition(self, condition: Condition) -> Exception | None:
        try:
            answer = condition.start(*self.values)
            answer = await answer if hasattr(answer, "__await__") else answer
            return None if answer else Skip(condition.reason)
        except Exception as error:
            return self._note(error)

    async def _attempt(self) -> tuple[Exception | None, bool]:
        """Make one attempt; return what it raised, and whether that is final."""
        limit = self.setting.policy.limit
        if limit is None:
            return await self._attempt_in(Place(None))
        try:
            hold = await limit.acquire()
        except LimitError as error:
            return self._note(error), True
        place = Place(hold)
        try:
            return await self._attempt_in(place)
        finally:
            if not place.left_behind:
                hold.release()

    async def _attempt_in(self, place: Place) -> tuple[Exception | None, bool]:
        failure = await self._begin()
        if failure is not None:
            return failure, True
        take_back = place.lend()
        failure = await self._call(place)
        if take_back is not None:
            take_back()  # what is left behind still has its places
        return failure, isinstance(failure, Skip)

    async def _begin(self) -> Exception | None:
        """Say that an attempt begins; return what keeps it from beginning."""
        setting = self.setting
        self.attempt += 1
        if setting.node is not None:
            self.run._note_begin(setting.node, self.attempt)
        failure = await self._change(_RUNNING)
        if failure is not None:
            return self._note_hook(failure)
        if self.attempt > 1 or "on_start" not in setting.policy.hooks:
            return None
        event = self._event("start", Status.PENDING)
        try:
            with signed(setting.task):
                for hook in setting.policy.hooks["on_start"]:
                    await hook.tell(event)
        except Exception as error:
            self.attempt = 0
            if setting.node is not None:
                self.run._note_veto(setting.node)
            return self._note(error)
        return None

    async def _call(self, place: Place) -> Exception | None:
        setting = self.setting
        args = (place, *self.args) if setting.leaves_behind else self.args
        try:
            self.result = await setting.start(*args)
            if setting.check is not None:
                setting.check(self.result)
        except Exception as error:
            return self._note(error)
        return None

    async def _announce_retry(self, failure: Exception, delay: float) -> bool:
        """Say that another attempt follows; return whether a hook has put an end to it."""
        if self.setting.node is not None:
            self.run._note_retrying(self.setting.node)
        if await self._change(Status.RETRYING, error=failure, delay=delay) is not None:
            return True
        return await self._tell("on_retry", "retry", Status.RUNNING, error=failure, delay=delay) is not None

    async def _recover(self, failure: Exception) -> Exception | None:
        """Turn the final error into a value, if `recover=` can."""
        if isinstance(failure, Skip) or failure is self._hook_error:
            return failure
        way = next((way for way in self.setting.recover if isinstance(failure, way.kind)), None)
        if way is None:
            return failure
        try:
            self.result = await way.call(self.run, self._event("recover", self.status, error=failure))
            if self.setting.check is not None:
                self.setting.check(self.result)
        except Exception as error:
            return failure if error is failure else self._note(error, failure)
        return None

    async def _complete(self) -> Exception | None:
        """Say that the result is there; return the error of a hook that fails the task."""
        if self.setting.node is not None:
            self.run._note_end(self.setting.node, _COMPLETED)
        previous = self.status
        failure = await self._change(_COMPLETED, result=self.result)
        if "on_success" in self.setting.policy.hooks:
            told = await self._tell("on_success", "success", previous, result=self.result)
            failure = failure or told
        return failure if failure is None else self._note_hook(failure)

    async def _fall(self, failure: Exception) -> Exception:
        """Say that there is no result; return what the task ends with."""
        skipped, previous = isinstance(failure, Skip), self.status
        status = Status.SKIPPED if skipped else Status.FAILED
        if self.setting.node is not None:
            self.run._note_end(self.setting.node, status, failure)
        told = await self._change(status, error=None if skipped else failure)
        if skipped:
            return failure if told is None else await self._fall(self._note_hook(told))
        await self._tell("on_error", "error", previous, error=failure)
        return failure

    async def _note_cancelled(self) -> None:
        if self.status in _ENDS:
            return
        if self.setting.node is not None:
            self.run._note_end(self.setting.node, Status.CANCELLED)
        with CancelScope(shield=True, deadline=current_time() + GRACE):
            await self._change(Status.CANCELLED)

    def _note_hook(self, error: Exception) -> Exception:
        """Take into the record what a hook has failed the task with; return that."""
        self._hook_error = failure = self._note(error, attempt=0)
        return failure

    def _note(self, error: Exception, before: Exception | None = None, attempt: int | None = None) -> Exception:
        """Take an error into the record, unless it is a `Skip`; return it as the task's failure."""
        failure = as_failure(error)
        if before is not None and failure.__context__ is None:
            failure.__context__ = before
        if not isinstance(failure, Skip):
            number = self.attempt if attempt is None else attempt
            self.errors.append(self.run._note_attempt(self.setting.task, number, failure))
        return failure

    # Who is told.

    async def _change(self, status: Status, **about: Any) -> Exception | None:
        """Take on a status, and tell the hooks."""
        previous, self.status = self.status, status
        if not self.setting.is_watched:
            return None
        return await self._tell("on_state", "state", previous, **about)

    async def _tell(self, option: str, kind: EventKind, previous: Status, **about: Any) -> Exception | None:
        """Call the task's hooks, then the workflow's; return the error of one that is to fail the task."""
        setting = self.setting
        own, watch = setting.policy.hooks.get(option, ()), setting.watch.get(option, ())
        if not own and not watch:
            return None
        event = self._event(kind, previous, **about)
        failure: Exception | None = None
        if own:
            with signed(setting.task):
                failure = await tell_all(own, event)
        if watch:
            run: Any = self.run
            of_workflow = await tell_all(watch, event, run.inputs)
            if of_workflow is not None and setting.strict:
                self._run_error = self._run_error or of_workflow
                if self.status not in _ENDS:  # what has ended is first told to everybody
                    raise HookFailure(of_workflow)
        return failure if setting.strict else None

    def _event(
        self,
        kind: EventKind,
        previous: Status,
        *,
        error: BaseException | None = None,
        result: Any = None,
        delay: float | None = None,
    ) -> Event:
        setting, run = self.setting, self.run
        if self._inputs is None:
            self._inputs = setting.name_arguments(self.args)
        now, errors = datetime.now(UTC), tuple(self.errors)
        who = (kind, setting.task, run.workflow, run, self.status, previous, self.attempt)
        return Event._make((*who, error, errors, result, delay, self._inputs, setting.policy.metadata, now))


async def pass_over(setting: Setting, run: Any, status: Status, cause: BaseException | None) -> None:
    """Tell the hooks of a task that does not run how it ends. Raises `PassedOver`."""
    course = Course(setting, run, ())
    course._inputs = {}
    if setting.node is not None:
        run._note_end(setting.node, status, cause)
    failure = await course._change(status, error=None if status is Status.SKIPPED else cause)
    if course._run_error is not None:
        raise HookFailure(course._run_error)
    if failure is not None and status is Status.SKIPPED:
        raise await course._fall(course._note_hook(failure))
    raise PassedOver(status, cause)
