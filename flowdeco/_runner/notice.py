"""What those who look on are told: a change in the journal, with what hooks may ask of it.

The engine writes a notice and goes on. Whoever tells it builds of it only what is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from copy import copy
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Protocol

from .._base.events import Event, EventKind, Status, make_event
from .._base.signature import is_awaitable
from .._policy.hook import Hook, Hooks
from .._record.failure import Failure
from .._record.item_log import ItemEntry
from .._record.journal import Journal
from .._record.log import log_hook_error
from .cancellation import Cancellation, stray

__all__ = ["Notice", "Subject", "take_hook_error", "tell_in_turn"]


class Subject(Protocol):
    """What a notice is about: a task in a run, or the run itself.

    Attributes:
        journal: what happened in the run.
        run: what hooks get as `run`.
        context: the context variables that its hooks see.
        cancellation: whether the run is being cancelled from outside.
        hooks: its own hooks.
        watch: the workflow's hooks that are told of its tasks.
        entry: which item it is; `None` if it is none.
        errors: its failed attempts.
        is_strict: whether a hook that raises fails it.
    """

    journal: Journal
    run: Any
    context: Context

    @property
    def cancellation(self) -> Cancellation: ...
    @property
    def task(self) -> str | None: ...
    @property
    def hooks(self) -> Hooks: ...
    @property
    def watch(self) -> Hooks: ...
    @property
    def entry(self) -> ItemEntry | None: ...
    @property
    def errors(self) -> list[Failure]: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...
    @property
    def metadata(self) -> Mapping[str, Any]: ...


class Notice:
    """One thing to be told. It has what every hook can ask for, under the names of an `Event`'s attributes."""

    __slots__ = (
        *("_entry", "_event", "clock", "count", "delay", "error", "kind", "option"),
        *("attempt", "is_for_others", "previous", "result", "status", "subject"),
    )

    def __init__(
        self,
        option: str,
        kind: EventKind,
        subject: Subject,
        status: Status,
        previous: Status,
        attempt: int | None,
        error: BaseException | None = None,
        result: Any = None,
        delay: float | None = None,
    ) -> None:
        self.option = option
        self.kind: EventKind = kind
        self.subject = subject
        self.status = status
        self.previous = previous
        self.attempt = attempt
        self.error = error
        self.result = result
        self.delay = delay
        # Whether hooks of the subject itself and of its workflow have been told already, or are told in another way.
        self.is_for_others = False
        self.count = len(subject.errors)
        self.clock = perf_counter()
        self._event: Event | None = None
        self._entry = subject.entry  # when this is told, another item may run in its place

    def for_subject(self, subject: Subject) -> Notice:
        """Return the same about what stands for the subject elsewhere."""
        made = copy(self)
        made.subject, made.is_for_others, made._event = subject, False, None
        return made

    @property
    def task(self) -> str | None:
        return self.subject.task

    @property
    def workflow(self) -> str:
        return self.subject.journal.name

    @property
    def run(self) -> Any:
        return self.subject.run

    @property
    def state(self) -> Any:
        return self.subject.run.state

    @property
    def errors(self) -> tuple[Failure, ...]:
        return tuple(self.subject.errors[: self.count]) if self.count else ()

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self.subject.inputs

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.subject.metadata

    @property
    def index(self) -> int | None:
        return None if self._entry is None else self._entry.index

    @property
    def item(self) -> Any:
        return None if self._entry is None else self._entry.item

    @property
    def event(self) -> Event:
        """All of it, as hooks get it that ask for no names."""
        if self._event is None:
            subject = self.subject
            time = subject.journal.moment(self.clock) or datetime.now(UTC)
            who = (self.kind, subject.task, self.workflow, subject.run, self.status, self.previous, self.attempt)
            what = (self.error, self.errors, self.result, self.delay, subject.inputs, subject.metadata, time)
            entry = self._entry
            which = (None, None, None) if entry is None else (entry.index, entry.item, entry.key)
            self._event = make_event((*who, *what, *which))
        return self._event


async def tell_in_turn(notice: Notice, *, own: bool) -> Exception | None:
    """Call the hooks of the subject itself, or those of the workflow; note what they raise, and return the first of it.

    So where hooks belong to what they are attached to, with `hook_errors="raise"`.
    """
    subject = notice.subject
    hooks = (subject.hooks if own else subject.watch).get(notice.option, ())
    first: Exception | None = None
    for hook in hooks:
        if hook.wants(notice.error):
            try:
                answer = hook.call(notice, None if own else subject.run.inputs)
                if is_awaitable(answer):
                    await answer
            except BaseException as error:
                failure = take_hook_error(notice, hook, error)
                first = failure if first is None else first
            if hook.alone:
                break
    return first


def take_hook_error(notice: Notice, hook: Hook, error: BaseException) -> Exception:
    """Take into the journal what a hook has raised, and log it; return it.

    Raises:
        BaseException: what is no error of the hook's own: an interrupt, or a cancellation from outside.
    """
    journal, cancellation = notice.subject.journal, notice.subject.cancellation
    if isinstance(error, Exception):
        failure = error
    elif isinstance(error, cancellation.kind) and not cancellation.is_due():
        failure = stray(hook.name, error, kind=f"hook {hook.option}")
    else:
        raise error
    journal.fail_hook(hook, notice.task, failure, notice.index)
    log_hook_error(journal, hook, notice.task, failure, notice.index)
    return failure
