"""Tells a workflow's hooks of a run: how it begins, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from anyio import CancelScope, current_time

from .._api.run import Run
from .._base.events import Event, EventKind, Skip, Status
from .._base.tracebacks import as_failure
from .._policy.hook import Hooks, tell_all
from .._record.error_notes import add_notes
from .._record.log import is_asked_for
from .._runner.lifecycle import GRACE, pass_over
from .._runner.signals import HookFailure

__all__ = ["Herald"]


class Herald:
    """Tells the hooks of one workflow.

    Args:
        hooks: the hooks.
        strict: whether one that raises fails the run.
    """

    def __init__(self, hooks: Hooks, *, strict: bool) -> None:
        self.hooks = hooks
        self.strict = strict

    async def tell_start(self, run: Run[Any]) -> None:
        """Say that a run begins; what keeps it from going on is in the run then."""
        failure = await self._tell("on_state", "state", run, Status.PENDING)
        event = _event("start", run, Status.PENDING)
        try:
            if failure is not None:
                raise failure
            for hook in self.hooks.get("on_start", ()):
                await hook.tell(event)
        except Skip as skip:
            run._skip = skip
        except Exception as error:
            run._note_failure(None, as_failure(error))

    async def tell_end(self, run: Run[Any]) -> None:
        """Say how a run has ended, first of its tasks that never began; a hook may turn it into a failure."""
        previous = Status.RUNNING
        if run.status is Status.COMPLETED:
            await self._tell_completed(run)
            previous = Status.COMPLETED
        if run.status is Status.CANCELLED:
            with CancelScope(shield=True, deadline=current_time() + GRACE):
                await self._tell_stopped(run, previous)
        elif run.status is not Status.COMPLETED:
            await self._tell_stopped(run, previous)

    async def _tell_completed(self, run: Run[Any]) -> None:
        failure = await self._tell("on_state", "state", run, Status.RUNNING)
        told = await self._tell("on_success", "success", run, Status.RUNNING)
        failure = failure or told
        if failure is not None:
            run._note_failure(None, failure)
            run._fail()

    async def _tell_stopped(self, run: Run[Any], previous: Status) -> None:
        await _tell_tasks(run)
        failure = await self._tell("on_state", "state", run, previous)
        if run.status is Status.SKIPPED and failure is not None:
            run._skip = None
            run._note_failure(None, failure)
            run._fail()
            previous = Status.SKIPPED
            await self._tell("on_state", "state", run, previous)
        if run.status is Status.FAILED:
            await self._tell("on_error", "error", run, previous)
            if self.strict and run.hook_errors and run.error is not None:
                add_notes(run, run.error)  # again: of hooks that have failed since

    def hears_of(self, run: Run[Any]) -> bool:
        """Whether there is anybody to tell."""
        return bool(self.hooks) or run._plan.observed or is_asked_for(tasks=False)

    async def _tell(self, option: str, kind: EventKind, run: Run[Any], previous: Status) -> Exception | None:
        hooks = self.hooks.get(option, ())
        if not hooks and kind != "state":
            return None
        event = _event(kind, run, previous)
        if kind == "state":
            run._publish(event)
        failure = await tell_all(hooks, event)
        return failure if self.strict else None


async def _tell_tasks(run: Run[Any]) -> None:
    """Say of the tasks that never began that they never will."""
    for index, setting in run._plan.settings.items():
        if setting.is_watched and not run._started[index] and index not in run._ended:
            try:
                await pass_over(setting, run, Status.CANCELLED, None)
            except (Exception, HookFailure):
                pass  # it is told, and a run that has ended stays as it is


def _event(kind: EventKind, run: Run[Any], previous: Status) -> Event:
    error, errors, now = run.error, tuple(run.errors), datetime.now(UTC)
    about = (previous, None, error, errors, run.result, None, run.inputs, run.metadata, now)
    return Event(kind, None, run.workflow, run, run.status, *about)
