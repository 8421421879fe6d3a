"""How nodes end, and what comes of it for the run: the part of the engine that takes results and errors in."""

from __future__ import annotations

import concurrent.futures
from contextvars import Context
from threading import Lock
from typing import Any

from anyio.abc import TaskGroup

from .._base.events import Skip, Status
from .._base.tracebacks import as_failure
from .._record.journal import Journal
from .._runner.arguments import Row
from .._runner.cancellation import Cancellation, stray
from .._runner.signals import HookFailure, PassedOver
from .run_state import RunState

__all__ = ["Settlement"]


class Settlement:
    """What the engine does with what nodes end with; its attributes are explained there."""

    state: RunState
    journal: Journal
    cancellation: Cancellation
    lock: Lock
    kept: dict[int, tuple[Row, Context | None]]
    _group: TaskGroup | None
    _telling: TaskGroup | None
    _interrupt: BaseException | None

    def settle(self, index: int, result: Any, now: float) -> None:
        """Take in a node's result."""
        if not self.journal.finished[index]:
            self.journal.finished[index] = now
        if self.kept:
            self.kept.pop(index, None)
        with self.lock:
            self.state.settle(index, result)

    def fail(self, index: int, error: BaseException) -> bool:
        """Take in a node that ended without a result; return whether the run goes on."""
        if isinstance(error, PassedOver):
            return self.leave_hole(index, error.status, error.cause)
        is_tolerated = self.state.steps[index].origin.node in self.state.plan.tolerated
        if isinstance(error, HookFailure):
            if error.cause is not None and not isinstance(error.cause, Skip) and not is_tolerated:
                self.journal.take_error(error.cause)
            failure = as_failure(error.error)
            self.journal.fail_attempt(None, 1, failure)
            self.journal.take_error(failure)
        else:
            error = as_failure(error)
            if isinstance(error, (self.cancellation.kind, concurrent.futures.CancelledError)):
                error = stray(self.state.node_of(index).name, error)
            if isinstance(error, Skip):
                self.journal.end(index, Status.SKIPPED, error)
                return self.leave_hole(index, Status.SKIPPED, error)
            self.note_failure(index, error)
            if isinstance(error, Exception) and (is_tolerated or self._is_late(index)):
                return self.leave_hole(index, Status.FAILED, error)
            if not self.state.stopped or self.journal.error is not None:
                self.journal.take_error(error)
        self.stop()
        return False

    def _is_late(self, index: int) -> bool:
        """Whether a source has failed after its first item: the items under way go on, and the run fails after them."""
        items = self.state.items
        return items is not None and not self.state.stopped and index in items.flows and items.flows[index].has_flowed

    def note_failure(self, index: int, error: BaseException) -> None:
        """Take a node's error into the journal, unless its lifecycle has done so."""
        if not self.journal.finished[index]:
            name = self.journal.path or self.state.node_of(index).name
            self.journal.fail_attempt(name, self.journal.attempts_of(index), error, index)
            self.journal.end(index, Status.FAILED, error)

    def pass_over(self, index: int, status: Status, cause: BaseException | None) -> bool:
        """Take in that a node does not run; return whether the run goes on."""
        raise NotImplementedError

    def note_cancelled(self, index: int) -> None:
        """Take into the journal that a node was cancelled; if it has ended, only its hooks were."""
        if self.state.steps[index].origin.turn is None:
            self.journal.end(index, Status.CANCELLED)

    def interrupt(self, index: int, error: KeyboardInterrupt, *, is_host: bool) -> bool:
        """End the run with a Ctrl-C that has hit a node. In a task of its own, it would tear the event loop down."""
        self.note_cancelled(index)
        if is_host:
            self.stop()
            raise error
        self.give_up(error)
        return True

    def give_up(self, error: BaseException) -> None:
        """End the run with what would tear the event loop down if it came out of a child task."""
        self._interrupt = error
        self.stop()
        self.cancel()
        if self._telling is not None:
            self._telling.cancel_scope.cancel()

    def stop(self) -> None:
        """Start nothing new. On any thread."""
        with self.lock:
            self.state.stop()

    def cancel(self) -> None:
        """Cancel what is under way. On the event loop only."""
        if self._group is not None:
            self._group.cancel_scope.cancel()

    def leave_hole(self, index: int, status: Status, cause: BaseException | None) -> bool:
        """Go on without a node's result; return whether the run goes on."""
        self.journal.end(index, status, cause)
        with self.lock:
            if not self.state.stopped:
                self.state.fail(index, status, cause)
            return not self.state.stopped
