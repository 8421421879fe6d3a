"""The state of one run that its lanes share: what is ready, what waits, and the values so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from threading import Lock
from time import perf_counter
from typing import Any

from ._attempt import discard
from ._errors import FlowdecoError
from ._plan import UNSET, Plan, take_part
from ._run import Run

__all__ = ["Board", "as_failure"]

_PACKAGE = __name__.partition(".")[0]


class Board:
    """What is ready, what waits for how many others, and the values so far.

    Attributes:
        ready: the nodes that a lane of the event loop can take.
        backlog: the nodes that a lane in a thread can take.
        handed: what a `def` in a thread returned to be awaited on the event loop, with its context.
        pending: how many nodes each node still waits for.
        uses: how many readers each place still has; `None` if the values are kept for the record.
        left: how many nodes have not ended well yet; counted where threads take part.
        careful: whether the plan takes more care than the quickest way to run a node.
        stopped: whether nothing new may start.
        lock: held to change any of these where threads take part.
    """

    __slots__ = (
        "backlog",
        "careful",
        "handed",
        "left",
        "lock",
        "pending",
        "plan",
        "ready",
        "run",
        "stopped",
        "uses",
        "values",
    )

    def __init__(self, plan: Plan, run: Run[Any], *, keep: bool) -> None:
        self.plan = plan
        self.run = run
        self.values = run._values
        self.ready = deque(plan.roots)
        self.backlog: deque[int] = deque()
        self.handed: dict[int, tuple[Coroutine[Any, Any, Any], Context]] = {}
        self.pending = plan.counts.copy()
        self.uses = None if keep else plan.uses.copy()
        self.left = plan.size
        self.careful = plan.threaded or bool(plan.parts)
        self.stopped = False
        self.lock = Lock()

    def take(self, index: int) -> tuple[Any, ...]:
        """Return a node's arguments, and let go of what nobody else needs; the lock must be held."""
        _, _, _, slot, take, _, slots = self.plan.calls[index]
        if slot == -1:
            return ()
        args = (self.values[slot],) if take is None else take(self.values)
        self.release(slots)
        return args

    def release(self, slots: tuple[int, ...]) -> None:
        """Let go of the values that have no reader left."""
        uses = self.uses
        if uses is None:
            return
        for slot in slots:
            uses[slot] -= 1
            if not uses[slot]:
                self.values[slot] = UNSET

    def note_parts(self, index: int, result: Any) -> None:
        """Take in the parts of a result that have names of their own, if the node's has.

        Raises:
            OutputError: the result does not fit the task's `outputs=`.
        """
        parts = self.plan.parts.get(index)
        if parts is not None:
            step = self.plan.graph.nodes[index].step
            take_part(step, result, parts.names[0])
            for name, place in parts.places:
                self.values[place] = take_part(step, result, name)

    def settle(self, index: int, result: Any, threads: deque[int]) -> None:
        """Take a result in, and list the nodes for which it was the last to come; the lock must be held.

        Args:
            index: the node.
            result: its result.
            threads: the list for nodes that run in a thread: a thread's lane goes on with the backlog itself.
        """
        calls, pending = self.plan.calls, self.pending
        if self.uses is None or self.uses[index]:
            self.values[index] = result
        self.run._finished[index] = perf_counter()
        self.left -= 1
        for follower in calls[index].followers:
            pending[follower] -= 1
            if not pending[follower]:
                (threads if calls[follower].in_thread else self.ready).append(follower)

    def hand(self, index: int, awaitable: Any, context: Context) -> None:
        """Put what a function in a thread returned on the list of the event loop, to be awaited there."""
        with self.lock:
            if not self.stopped:
                self.handed[index] = awaitable, context
                self.ready.append(index)
                return
        discard(awaitable)
        self.run._note_cancelled(index)

    def stop(self) -> None:
        """Start nothing new: empty the lists, and let no count come down to zero any more."""
        with self.lock:
            for index, (awaitable, _) in self.handed.items():
                discard(awaitable)
                self.run._note_cancelled(index)
            self.handed.clear()
            self.stopped = True
            self.ready.clear()
            self.backlog.clear()
            never = len(self.pending) + 1
            self.pending[:] = [never] * len(self.pending)

    def fail(self, index: int, error: BaseException) -> None:
        """Take a failed node into the record, and start nothing new."""
        error = as_failure(error)
        with self.lock:
            self.run._note_failure(index, error)
        self.stop()


def as_failure(error: BaseException) -> BaseException:
    """Return what a run fails with when a function has raised `error`: mostly that itself, without our frames."""
    if isinstance(error, (StopIteration, StopAsyncIteration)):
        # Python itself does this to a coroutine: outside a generator they would pass for its end.
        converted = RuntimeError(f"task raised {type(error).__name__}")
        converted.__cause__ = error
        return converted
    strip_traceback(error)
    return error


def strip_traceback(error: BaseException) -> None:
    """Drop the leading frames that are flowdeco's own, up to the user's; an error of ours keeps them all."""
    trace = error.__traceback__
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE:
        trace = trace.tb_next
    if trace is not None:
        error.with_traceback(trace)  # an error may refuse to have its attributes set
    elif isinstance(error, FlowdecoError):
        error.__traceback__ = None
