"""The state of one run that its lanes share: what is ready, what waits, and the values so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from threading import Lock
from time import perf_counter
from typing import Any

from .._api.run import Run
from .._base.events import Outcome, Skip, Status
from .._base.sentinel import UNSET
from .._base.signature import discard
from .._base.tracebacks import as_failure
from .._graph.output import take_part
from .._runner.lifecycle import pass_over
from .._runner.signals import HookFailure, PassedOver
from .plan import Plan
from .propagation import judge_node

__all__ = ["Board"]


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
        affected: the nodes that need one that gave no result; they are judged when their turn comes.
        judged: those of them that have been.
        instead: for nodes that run all the same, places in the row of values, and defaults to put there.
        passing: the nodes that do not run, but whose hooks are to be told, with what they end with.
        stopped: whether nothing new may start.
        lock: held to change any of these where threads take part.
    """

    __slots__ = (
        "affected",
        "backlog",
        "careful",
        "handed",
        "instead",
        "judged",
        "left",
        "lock",
        "passing",
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
        self.careful = plan.threaded or bool(plan.parts) or bool(plan.outcomes)
        self.affected: set[int] = set()
        self.judged: set[int] = set()
        self.instead: dict[int, tuple[tuple[int, Any], ...]] = {}
        self.passing: dict[int, tuple[Status, BaseException]] = {}
        self.stopped = False
        self.lock = Lock()

    def tables(self) -> tuple[Any, ...]:
        """Return what a lane of the event loop keeps in local variables."""
        plan, run = self.plan, self.run
        mutable = self.ready, plan.calls, self.values, self.uses, self.pending, run._started, run._finished
        return *mutable, self.careful, self.affected

    def take(self, index: int) -> tuple[Any, ...]:
        """Return a node's arguments, and let go of what nobody else needs; the lock must be held."""
        _, _, _, slot, take, _, slots = self.plan.calls[index]
        if slot == -1:
            return ()
        args = (self.values[slot],) if take is None else take(self.values)
        if index in self.instead:
            row = list(args)
            for place, value in self.instead.pop(index):
                row[place] = value
            args = tuple(row)
        self.release(slots)
        return args

    def begin(self, index: int) -> Coroutine[Any, Any, Any]:
        """Return the coroutine of a node that runs on the event loop, or of telling its hooks that it does not."""
        if index in self.passing:
            return pass_over(self.plan.settings[index], self.run, *self.passing.pop(index))
        with self.lock:
            args = self.take(index)
        coroutine: Coroutine[Any, Any, Any] = self.plan.calls[index].start(*args)
        return coroutine

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
        """Take in the parts of a result that have names of their own, and the outcomes that somebody receives.

        Raises:
            OutputError: the result does not fit the task's `outputs=`.
        """
        plan = self.plan
        parts = plan.parts.get(index)
        if parts is not None:
            step = self.plan.graph.nodes[index].step
            take_part(step, result, parts.names[0])
            for name, place in parts.places:
                self.values[place] = take_part(step, result, name)
        if index not in plan.outcomes:
            return
        for output, place in plan.outcomes[index].items():
            node = self.plan.graph.nodes[index]
            value = result if output is None else take_part(node.step, result, output)
            self.values[place] = Outcome(node.name, Status.COMPLETED, value)

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
                by_thread = calls[follower].in_thread and follower not in self.affected
                (threads if by_thread else self.ready).append(follower)

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

    def fail(self, index: int, error: BaseException) -> bool:
        """Take a node that ended without a result into the record; return whether the run goes on."""
        if isinstance(error, PassedOver):
            return self._leave_hole(index, error.status, error.cause)
        if isinstance(error, HookFailure):
            if error.cause is not None and not isinstance(error.cause, Skip) and index not in self.plan.tolerated:
                self.run._take_error(error.cause)
            self.run._note_failure(None, as_failure(error.error))
        else:
            error = as_failure(error)
            if isinstance(error, Skip):
                return self._leave_hole(index, Status.SKIPPED, error)
            with self.lock:
                self.run._note_failure(index, error)
            if index in self.plan.tolerated and isinstance(error, Exception):
                return self._leave_hole(index, Status.FAILED, error)
            self.run._take_error(error)
        self.stop()
        return False

    def _leave_hole(self, index: int, status: Status, cause: BaseException | None) -> bool:
        """Go on without a node's result; return whether the run goes on."""
        reason = str(cause) if status is Status.SKIPPED else None
        error = None if status is Status.SKIPPED else cause
        outcome: Outcome[Any] = Outcome(self.plan.graph.nodes[index].name, status, None, error, reason)
        with self.lock:
            self.run._note_end(index, status, cause)
            for place in self.plan.outcomes.get(index, {}).values():
                self.values[place] = outcome
            self.left -= 1
            for follower in self.plan.calls[index].followers:
                self.affected.add(follower)
                self.pending[follower] -= 1
                if not self.pending[follower]:
                    self.ready.append(follower)  # its turn to be judged
            return not self.stopped

    def passes_over(self, index: int) -> bool:
        """Judge a node that needs one which gave no result; return whether there is nothing to run."""
        if index in self.judged:
            return False
        self.judged.add(index)
        setting = self.plan.settings.get(index)
        node = self.plan.graph.nodes[index]
        with self.lock:
            verdict = judge_node(self.plan.graph, node, self.run._ended, self.plan.offset_of(node))
            if verdict.status is None:
                self.instead[index] = verdict.instead
                return False
            self.release(self.plan.calls[index].slots)
        assert verdict.cause is not None
        if setting is not None and setting.is_watched:
            self.passing[index] = verdict.status, verdict.cause
            return False
        self._leave_hole(index, verdict.status, verdict.cause)
        return True
