"""A lane drives nodes one after the other in a task of the event loop.

Move the queue, not the coroutine: a lane takes a ready node and its first step. If the node ends, it releases those
that waited for it, and the lane goes on with the next. If it waits for the event loop while others are ready, it
stays where it is, and another lane takes the list over. So there are as many tasks as nodes that wait at the same
time, not as there are nodes. What a node asks of the engine itself, such as a call in a thread, it waits for without
any task: its lifecycle is parked until then, and whichever lane comes by takes it up again.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from contextvars import Context
from threading import local
from time import perf_counter
from typing import Any, Final

from anyio.lowlevel import checkpoint

from .._base.sentinel import UNSET
from .._runner.cancellation import FORGETS, take_back
from .._runner.request import Request
from .._runner.signals import RunStopped
from .._worker.thread import SLICE
from .crew import LaneCrew
from .parking import ParkedNode

__all__ = ["LoopLane"]


class _Turn(local):
    """When an event loop's thread must let others run, across the runs that follow each other without waiting."""

    until = 0.0


_turn = _Turn()

# What a driver gets of a node that was put aside.
PARKED: Final = UNSET


class LoopLane:
    """Drives nodes one after the other in a task of the event loop; awaiting it runs it.

    Args:
        engine: the engine that it works for.
        is_host: whether the task is the caller's own, and no child of the task group.
        is_alone: whether there is no task group yet: it ends when one is needed.
    """

    __slots__ = ("engine", "is_alone", "is_closed", "is_host", "thrown", "until")

    def __init__(self, engine: LaneCrew, *, is_host: bool = False, is_alone: bool = False) -> None:
        self.engine = engine
        self.is_host = is_host
        self.is_alone = is_alone
        self.thrown = self.is_closed = False
        # The caller's own time began with an earlier run, if nothing has waited since.
        self.until = _turn.until if is_host else perf_counter() + SLICE

    def __await__(self) -> Generator[Any, Any, None]:
        """Drive nodes, by local variables: this loop is what a node costs. Threads add to `resumed` at any moment."""
        engine, state, base = self.engine, self.engine.state, self.engine.context
        steps, values, uses, pending, affected, ready, in_thread, resumed, notices, started, finished = engine.tables
        engine.is_stepping, careful, now = True, engine.is_careful, perf_counter()
        while (not notices or engine.tell()) and (not in_thread or engine.push_to_threads()) and (ready or resumed):
            index = parked.index if (parked := resumed.popleft() if resumed else None) else ready.popleft()
            start, take, slot, reads, followers, is_quick, can_wait, _, _, _, _, _ = steps[index]
            if can_wait and self.is_alone and (in_thread or ready) and parked is None:
                ready.appendleft(index)
                break
            try:
                if not is_quick or parked is not None or affected or careful:
                    now = yield from self._drive_with_care(index, parked)
                else:
                    coroutine = start(values[slot]) if slot >= 0 else start() if slot == -1 else start(*take(values))
                    context = engine.make_context(index) if can_wait else base.copy()
                    if reads and uses is not None:
                        state.release(reads)
                    started[index] = now
                    try:
                        trap = context.run(coroutine.send, None)
                    except StopIteration as stop:
                        result = stop.value
                    else:
                        result = yield from self._wait(index, coroutine, context, trap)
                    finished[index] = now = perf_counter()
                    if uses is None or uses[index]:  # from here on as the state's `settle` does
                        values[index] = result
                    del result, coroutine, context  # or they would live on while the next node waits
                    state.left -= 1
                    for follower in followers:
                        pending[follower] = waits = pending[follower] - 1
                        if not waits:
                            ready.append(follower)
            except BaseException as error:
                if (yield from self._end(index, error)):
                    break
                now = perf_counter()
            if now > self.until:
                now = yield from self._let_others_run()
        engine.is_stepping = False

    def _drive_with_care(self, index: int, parked: ParkedNode | None) -> Generator[Any, Any, float]:
        """Drive a node that is more than a coroutine function, or goes on, or in a run in which threads take part."""
        engine = self.engine
        if parked is not None:
            result = yield from self._go_on(parked)
        elif engine.state.steps[index].origin.turn is not None:
            engine.take_turn(index)
            return perf_counter()
        elif index in engine.state.affected and not engine.may_run(index):
            return perf_counter()
        else:
            coroutine, context = engine.begin(index)
            try:
                trap = context.run(coroutine.send, None)
            except StopIteration as stop:
                result = stop.value
            else:
                result = yield from self._wait(index, coroutine, context, trap)
        now = perf_counter()
        if result is not PARKED:
            engine.settle(index, result, now)
        return now

    def _let_others_run(self) -> Generator[Any, Any, float]:
        self.engine.is_stepping = False
        self.engine.cancellation.watch()
        yield from checkpoint().__await__()
        self.engine.is_stepping = True
        now = perf_counter()
        self.until = _turn.until = now + SLICE
        return now

    def _go_on(self, parked: ParkedNode) -> Generator[Any, Any, Any]:
        """Drive a node on that was parked."""
        self.engine.parked.discard(parked)
        try:
            trap = parked.step()
        except StopIteration as stop:
            return stop.value
        return (yield from self._wait(parked.index, parked.coroutine, parked.context, trap))

    def _wait(
        self, index: int, coroutine: Coroutine[Any, Any, Any], context: Context, trap: Any
    ) -> Generator[Any, Any, Any]:
        """Pass on what the event loop and a node say to each other, until the node ends or is parked."""
        engine = self.engine
        if isinstance(trap, Request):
            engine.park(index, coroutine, context, trap)
            return PARKED
        ready, resumed = engine.state.ready, engine.resumed
        if not engine.cancellation.is_thrown:  # what was, cannot be seen from here
            self.thrown = engine.was_interrupted = True
        while True:
            if ready or resumed:
                engine.hand_over()
            value, error = None, None
            engine.is_stepping = False
            try:
                value = yield trap
            except BaseException as thrown:
                error = thrown
                self.thrown = engine.was_interrupted = True
                self.is_closed = isinstance(thrown, GeneratorExit)  # the event loop gives this coroutine up
                if FORGETS:
                    take_back(coroutine)
            engine.is_stepping = True
            del trap  # it may hold on to a result
            try:
                trap = context.run(coroutine.send, value) if error is None else context.run(coroutine.throw, error)
            except StopIteration as stop:
                self.until = _turn.until = perf_counter() + SLICE
                engine.came_back += 1
                if (
                    self.thrown and not engine.state.stopped and engine.cancellation.is_due()
                ):  # whatever the node has done about it
                    yield from engine.cancellation.raise_it().__await__()
                self.thrown = False  # what this node has dealt with says nothing of the next
                return stop.value
            finally:
                error = None
            if isinstance(trap, Request):
                self.until = _turn.until = perf_counter() + SLICE
                engine.park(index, coroutine, context, trap)
                return PARKED

    def _end(self, index: int, error: BaseException) -> Generator[Any, Any, bool]:
        """Take in that a node has ended without a result; return whether the run ends with it.

        A cancellation from outside is raised, whatever the node has made of it.
        """
        try:
            engine = self.engine
            if isinstance(error, GeneratorExit) and self.is_closed:
                raise error
            error = engine.cancellation.take_out(error)
            if isinstance(error, KeyboardInterrupt):
                return engine.interrupt(index, error, is_host=self.is_host)
            if isinstance(error, RunStopped) or self._is_cancelled(error):
                yield from self._stop(index, error)
                return True
            self.thrown = False
            if engine.pick_up(index, error) or engine.fail(index, error):
                return False
            engine.cancel()
            return True
        finally:
            del error  # its traceback leads to this frame

    def _is_cancelled(self, error: BaseException) -> bool:
        """Whether the run is being cancelled from outside; or by its own end, and this is all that the node says."""
        engine, is_cancellation = self.engine, isinstance(error, self.engine.cancellation.kind)
        if engine.state.stopped:
            return is_cancellation
        return (is_cancellation or self.thrown) and engine.cancellation.is_due()

    def _stop(self, index: int, error: BaseException) -> Generator[Any, Any, None]:
        """Stop the run, and raise the cancellation; of a node that made something else of it, take that in."""
        try:
            engine = self.engine
            if isinstance(error, RunStopped):
                engine.note_cancelled(index)
                engine.stop()
                engine.cancel()
            elif isinstance(error, engine.cancellation.kind):
                engine.note_cancelled(index)
                engine.stop()
                raise error
            else:
                engine.note_failure(index, error)
                engine.stop()
                yield from engine.cancellation.raise_it().__await__()
        finally:
            del error  # its traceback leads to this frame
