"""A lane in a thread: it takes plain functions off the list one after the other, and settles what they gave.

A chain of plain functions never leaves its thread. What has to be done on the event loop is left for it: the thread
that comes back does it there, or the watcher of the threads finds it; where nobody would look, the thread rings.
"""

from __future__ import annotations

import concurrent.futures
from collections import deque
from collections.abc import Callable
from contextvars import Context
from time import perf_counter
from typing import Any

from anyio import CapacityLimiter, from_thread, to_thread
from anyio.abc import TaskGroup

from .._base.context import leave_loop, leave_loop_here
from .._base.signature import discard, is_awaitable
from .._base.tracebacks import skip_frames
from .._runner.arguments import Row
from .._runner.request import InThread
from .._worker.thread import COUNTED, IN_THREAD, SLICE, ThreadService, choose_limiter
from .._worker.worker import Call
from .caller import CALLER
from .crew import LaneCrew
from .parking import await_it, raise_it

__all__ = ["ThreadLane", "Threads"]


class ThreadLane:
    """What the threads of one run do: calls that lifecycles have asked for, and nodes that begin in a thread.

    Args:
        engine: the engine.
        nodes: the nodes to take.
        counted_by: what counts its threads, if these are not those for all.
    """

    service: ThreadService

    def __init__(self, engine: LaneCrew, nodes: deque[int], counted_by: CapacityLimiter | None = None) -> None:
        self.engine = engine
        self.nodes = nodes
        self.counted_by = counted_by
        self.calls: deque[Call] = deque()

    def backlog(self) -> int:
        return len(self.calls) + len(self.nodes)

    async def attend(self) -> None:
        await self.engine.run_lane_after_thread()

    def look_up(self) -> None:
        self.engine.look_up()

    def work(self) -> None:
        """Do what there is to do, until there is nothing. Called in a worker thread."""
        COUNTED.by = self.counted_by
        try:
            self._work()
        finally:
            COUNTED.by = None

    def _work(self) -> None:
        service = self.service
        base = self.engine.context.copy()
        leave_loop(base)
        base.run(IN_THREAD.set, True)
        look_up = perf_counter() + SLICE
        job = self._next()
        while job is not None:
            if isinstance(job, Call):
                _make(job)
                job = None
                job = self._next()
            else:
                job = self._run_node(*job, base)
            service.done += 1
            if perf_counter() > look_up:
                self._stop_if_cancelled()
                look_up = perf_counter() + SLICE
            if job is not None and not service.watching:
                self._ring_if_needed(self.backlog())

    def _ring_if_needed(self, backlog: int = 0) -> None:
        """Before a call that may take long: see that somebody on the event loop knows what there is to do."""
        if backlog or self.engine.has_work:
            from_thread.run_sync(self._ring)

    def _ring(self) -> None:
        if self.engine.is_open and not self.service.watching:
            self.service.watch()
        self.engine.look_up()

    def _next(self, ended: int = -1, result: Any = None) -> Call | tuple[int, Any] | None:
        """Take the result of the node that ended, if one has; return what is next: a call, or a node and its row."""
        engine, calls = self.engine, self.calls
        state = engine.state
        with engine.lock:
            if ended >= 0:
                state.settle(ended, result)
            while not state.stopped:
                if calls:
                    return calls.popleft()
                if not self.nodes:
                    break
                index = self.nodes.popleft()
                if state.steps[index].origin.turn is not None:
                    engine.take_turn_locked(index)
                else:
                    is_plain = state.steps[index].is_plain and not engine.is_followed
                    return index, state.take(index) if is_plain else None
            self.service.count -= 1
            return None

    # Of the frames below, those of an error that a function raised lead to each other: nothing in them may lead to
    # the run when they end, or it could go with the garbage collector only.

    def _run_node(self, index: int, row: Any, base: Context) -> Call | tuple[int, Any] | None:
        """Run one node; return what is next."""
        if row is None:
            return self._step_node(index)
        journal = self.engine.journal
        context = base.copy()
        context.run(CALLER.set, (self.engine.within, index))
        journal.started[index] = perf_counter()
        try:
            result = context.run(self.engine.state.steps[index].start, *row)
            if not is_awaitable(result):
                journal.finished[index] = perf_counter()
                return self._next(index, result)
            self._keep(index, row)
            self._hand(index, result, context)
        except BaseException as error:
            self._keep(index, row)
            self._fail(index, error, context)
        finally:
            del journal, row
            result = None
        return self._next()

    def _step_node(self, index: int) -> Call | tuple[int, Any] | None:
        """Make the steps of a lifecycle until it ends or has to come to the event loop; return what is next."""
        coroutine, context = self.engine.begin(index)
        result: Any = None
        error: BaseException | None = None
        try:
            while True:
                request = coroutine.send(result) if error is None else coroutine.throw(error)
                result = error = None
                if not isinstance(request, InThread):
                    self.engine.put_aside(index, coroutine, context).come_back()
                    break
                if not self.service.watching:
                    self._ring_if_needed()
                request.context = context.copy()
                try:
                    result = request.context.run(_enter, request.function, request.args)
                except BaseException as caught:
                    error = skip_frames(caught, 2)
                if error is not None and _is_cancellation(error, self.engine) and self._stop_if_cancelled():
                    self.engine.put_aside(index, coroutine, context)
                    break
        except StopIteration as stop:
            return self._next(index, stop.value)
        except BaseException as failure:
            self._fail(index, failure, context)
        finally:
            del coroutine, context
            result = error = None
        return self._next()

    def _hand(self, index: int, awaitable: Any, context: Context) -> None:
        """Leave what a function returned to be awaited on the event loop."""
        if self.engine.state.stopped:
            discard(awaitable)
            self.engine.note_cancelled(index)
        else:
            self.engine.put_aside(index, await_it(awaitable), context, awaitable).come_back()

    def _keep(self, index: int, row: Row) -> None:
        if self.engine.state.steps[index].picks_up:
            self.engine.kept[index] = row, None

    def _fail(self, index: int, error: BaseException, context: Context) -> None:
        if _is_cancellation(error, self.engine) and self._stop_if_cancelled():
            self.engine.note_cancelled(index)
        elif isinstance(error, KeyboardInterrupt):  # which ends the run at once, and the event loop has to see to that
            self.engine.put_aside(index, raise_it(error), context).come_back()
        elif not self.engine.pick_up(index, error):
            self.engine.fail(index, error)

    def _stop_if_cancelled(self) -> bool:
        try:
            from_thread.check_cancelled()
        except self.engine.cancellation.kind:
            self.engine.stop()
            return True
        return False


def _is_cancellation(error: BaseException, engine: LaneCrew) -> bool:
    return isinstance(error, (engine.cancellation.kind, concurrent.futures.CancelledError))


def _make(call: Call) -> None:
    """Make a call in this thread."""
    try:
        call.result = call.context.run(_enter, call.function, call.args)
    except BaseException as error:
        call.error = skip_frames(error, 2)
    call.end(call)


def _enter(function: Callable[..., Any], args: Any) -> Any:
    """Call a function in a context that comes from the event loop, where there is none."""
    IN_THREAD.set(True)
    leave_loop_here()
    try:
        return function(*args)
    finally:
        del function, args  # an error's traceback leads to this frame


class Threads:
    """The threads of one run: those for all, and those for what holds places of a limit.

    Who waits for such a place may hold every thread that there is, so the one that holds it has others.

    Args:
        engine: the engine.
        group: where the hops to the threads are made.
    """

    def __init__(self, engine: LaneCrew, group: TaskGroup) -> None:
        self._engine = engine
        self._group = group
        self._lane: ThreadLane | None = None
        self._apart: ThreadLane | None = None

    def call(self, call: Call, *, apart: bool) -> None:
        """Make a call in a thread."""
        lane = self._get_apart() if apart else self._get_lane()
        lane.calls.append(call)
        lane.service.ensure()

    def take_nodes(self) -> None:
        """See that the nodes which begin in a thread are taken."""
        self._get_lane().service.ensure()

    @property
    def is_alive(self) -> bool:
        """Whether a task waits for a thread, or looks after the backlog."""
        return any(lane.service.alive for lane in (self._lane, self._apart) if lane is not None)

    def part(self) -> None:
        """Let go of the run: the frames of an error that a function raised in a thread lead to its lane."""
        for lane in (self._lane, self._apart):
            if lane is not None:
                del lane.engine, lane.service

    def _get_lane(self) -> ThreadLane:
        if self._lane is None:
            lane = ThreadLane(self._engine, self._engine.state.ready_in_thread)
            self._lane = self._open(lane, choose_limiter())
        return self._lane

    def _get_apart(self) -> ThreadLane:
        if self._apart is None:
            limiter = CapacityLimiter(to_thread.current_default_thread_limiter().total_tokens)
            self._apart = self._open(ThreadLane(self._engine, deque(), limiter), limiter)
        return self._apart

    def _open(self, lane: ThreadLane, limiter: CapacityLimiter) -> ThreadLane:
        lane.service = ThreadService(self._group, limiter, lane, self._engine.lock)
        return lane
