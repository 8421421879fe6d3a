"""A call of a workflow whose run goes its own way, and this says how it stands.

One that blocks its thread finds its way to an event loop, as in any plain call, and calls the workflow's own `def` on
the thread of the caller; one that is followed live goes on beside the block. So it is not the engine of the outer run
that drives them; but those who look on there are told of them, and they stand in the record.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

from .._base.events import Skip, Status
from .._base.sentinel import UNSET
from .._graph.call_graph import CALLED
from .._record.call_log import Call
from .._runner.lifecycle import Lifecycle
from .engine import Engine
from .plan import Plan

__all__ = ["ApartCall"]


class ApartCall(Lifecycle):
    """How the call fares; nothing drives it.

    Args:
        outer: the engine of the caller.
        plan: the plan of the call.
        call: the call.
        values: the values in the places of its plan.
    """

    __slots__ = ("_values",)

    def __init__(self, outer: Engine, plan: Plan, call: Call, values: list[Any]) -> None:
        super().__init__(plan.program_of(CALLED), CALLED, outer, plan.steps[CALLED].take(values), None, copy_context())
        self.journal = call.journal
        self._values = values
        values[plan.run_place] = UNSET  # the record would hold the run, which holds the record
        self.is_on_loop = False

    def begin(self) -> None:
        """Say that it begins."""
        self.attempt = 1
        self.journal.begin_run()
        self.journal.begin(CALLED, 1)
        self._post_status(Status.RUNNING)

    def end(self, status: Status, failure: BaseException | None, result: Any) -> None:
        """Say how its run has ended: with what failure, or else with what result."""
        if status is Status.COMPLETED:
            self.complete(result)
        elif failure is not None:
            self.fail(failure)
        else:
            self.cancel()

    def complete(self, result: Any) -> None:
        """Say that its result is there."""
        self.result = result
        if self.journal.keep:
            self._values[CALLED] = result
        self._complete()
        self.journal.end_run(Status.COMPLETED)

    def fail(self, error: BaseException) -> None:
        """Say what it has ended with instead of a result; cancellation and the like are no error."""
        if not isinstance(error, Exception):
            self.cancel()
            return
        status = Status.SKIPPED if isinstance(error, Skip) else Status.FAILED
        if status is Status.FAILED:
            self._note(error)
        self._end(status, error)
        self._post_status(status, error=error if status is Status.FAILED else None)
        self.journal.end_run(status)

    def cancel(self) -> None:
        """Say that it was cancelled."""
        self._end(Status.CANCELLED)
        self._post_status(Status.CANCELLED)
        self.journal.end_run(Status.CANCELLED)
