"""A call of a workflow that blocks its thread: it goes its own way to an event loop, and this says how it stands.

The workflow's own `def` is called on the thread of the caller, as in any plain call. So it is not the engine of the
outer run that drives it; but those who look on there are told of it, and it stands in the record.
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

__all__ = ["BlockedCall"]


class BlockedCall(Lifecycle):
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

    def complete(self, result: Any) -> None:
        """Say that its result is there."""
        self.result = result
        if self.journal.keep:
            self._values[CALLED] = result
        self._complete()
        self.journal.end_run(Status.COMPLETED)

    def fail(self, error: BaseException) -> None:
        """Say what it has ended with instead of a result."""
        if isinstance(error, Skip):
            status = Status.SKIPPED
        elif isinstance(error, Exception):
            status = Status.FAILED
            self._note(error)
        else:
            status = Status.CANCELLED
        self._end(status, None if status is Status.CANCELLED else error)
        self._post_status(status, error=error if status is Status.FAILED else None)
        self.journal.end_run(status)
