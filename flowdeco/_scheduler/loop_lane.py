"""A lane runs nodes one after the other in a task of the event loop.

It takes a ready node and its first step. A node that ends releases those that waited for it, and the lane goes on
with the next. A node that waits while others are ready stays where it is, and new lanes take the ready list over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from contextvars import Context
from math import inf
from threading import local
from time import perf_counter
from typing import Any, Protocol

from anyio import current_effective_deadline, get_cancelled_exc_class
from anyio.lowlevel import checkpoint

from .run_state import Board
from .thread_lane import SLICE, unstray

__all__ = ["Lane"]


class Crew(Protocol):
    """What a lane needs of the engine that it works for."""

    board: Board
    context: Context

    def hand_over(self) -> None:
        """Let new lanes take the ready list over."""

    def push_to_thread(self, index: int) -> None:
        """Let a thread run a node."""

    def cancel(self) -> None:
        """Cancel what is under way."""


class _Turn(local):
    """When an event loop's thread must let others run, across the runs that follow each other without waiting."""

    until = 0.0


_turn = _Turn()


class Lane:
    """Runs nodes one after the other in a task of the event loop; awaiting it runs it.

    Args:
        crew: the engine that it works for.
        host: whether the task is the caller's own, and no child of the task group.
        alone: whether there is no task group yet: it ends when a node might wait while others are ready.
    """

    __slots__ = ("alone", "crew", "host", "thrown", "trap", "until")

    def __init__(self, crew: Crew, *, host: bool = False, alone: bool = False) -> None:
        self.crew = crew
        self.host = host
        self.alone = alone
        self.thrown = False
        self.trap: Any = None
        # The caller's own time began with an earlier run, if nothing has waited since.
        self.until = _turn.until if host else perf_counter() + SLICE

    def __await__(self) -> Generator[Any, Any, None]:
        """Run nodes. All that a node needs is a local variable here: this loop is what a node costs."""
        crew, board = self.crew, self.crew.board
        ready, calls, values, uses, pending, started, finished, careful, affected = board.tables()
        now = perf_counter()
        while ready:
            start, in_thread, can_wait, slot, take, followers, slots = calls[index := ready.popleft()]
            if affected and index in affected and board.passes_over(index):
                continue
            if (in_thread and index not in board.handed) or (self.alone and can_wait and ready):
                if self._pass_on(index):
                    return
                continue
            try:
                if careful or (affected and index in affected):
                    yield from self._run_with_care(index)
                else:
                    coroutine = start(*take(values)) if take else start(values[slot]) if slot >= 0 else start()
                    context = crew.context.copy()
                    if uses is not None:
                        board.release(slots)
                    started[index] = now
                    try:
                        self.trap = context.run(coroutine.send, None)
                    except StopIteration as stop:
                        result = stop.value
                    else:
                        result = yield from self._wait(coroutine, context)
                    if uses is None or uses[index]:
                        values[index] = result
                    for follower in followers:
                        pending[follower] = left = pending[follower] - 1
                        if not left:
                            ready.append(follower)
                    del result, coroutine, context  # or they would live on while the next node waits
                finished[index] = now = perf_counter()
            except BaseException as error:
                if self._ends_run(index, error):
                    return
                now = perf_counter()
            if now > self.until:
                now = yield from self._let_others_run()

    def _let_others_run(self) -> Generator[Any, Any, float]:
        yield from checkpoint().__await__()
        now = perf_counter()
        self.until = _turn.until = now + SLICE
        return now

    def _run_with_care(self, index: int) -> Generator[Any, Any, None]:
        """Run a node of a plan that takes more care: threads take part in it, or results have parts."""
        crew, board = self.crew, self.crew.board
        if index in board.handed:
            awaitable, context = board.handed.pop(index)
            coroutine = _awaited(awaitable)
            del awaitable
        else:
            if index not in board.passing:
                board.run._started[index] = perf_counter()
            coroutine, context = board.begin(index), crew.context.copy()
        try:
            self.trap = context.run(coroutine.send, None)
        except StopIteration as stop:
            result = stop.value
        else:
            result = yield from self._wait(coroutine, context)
        board.note_parts(index, result)
        with board.lock:
            board.settle(index, result, board.ready)

    def _pass_on(self, index: int) -> bool:
        """Leave a node to a thread, or to the lanes of a task group; return whether this lane ends."""
        if self.alone:
            self.crew.board.ready.appendleft(index)
        else:
            self.crew.push_to_thread(index)
        return self.alone

    def _wait(self, coroutine: Coroutine[Any, Any, Any], context: Context) -> Generator[Any, Any, Any]:
        """Pass on what the event loop and the node say to each other, until the node ends."""
        if self.crew.board.ready:
            self.crew.hand_over()
        while True:
            trap, self.trap = self.trap, None
            value: Any = None
            error: BaseException | None = None
            try:
                value = yield trap
            except BaseException as thrown:
                error = thrown
            del trap  # it may hold on to a result
            self.thrown = error is not None
            try:
                self.trap = context.run(coroutine.send, value) if error is None else context.run(coroutine.throw, error)
            except StopIteration as stop:
                self.until = _turn.until = perf_counter() + SLICE
                self.thrown = False  # what this node has dealt with says nothing of the next
                return stop.value
            finally:
                error = None

    def _ends_run(self, index: int, error: BaseException) -> bool:
        """Take a node that has ended without a result into the record; return whether the run ends with it.

        A cancellation that must be passed on is raised again.
        """
        if self._is_cancelled(index, error):
            raise error
        crew = self.crew
        if not crew.board.fail(index, unstray(crew.board, index, error, get_cancelled_exc_class())):
            crew.cancel()
            return True
        self.thrown = False
        return False

    def _is_cancelled(self, index: int, error: BaseException) -> bool:
        """Whether a node has ended with a cancellation that must be passed on, which is then in the record."""
        if isinstance(error, GeneratorExit) and self.thrown:  # the event loop gives this coroutine up
            return True
        if not isinstance(error, get_cancelled_exc_class()):
            return False
        board = self.crew.board
        if current_effective_deadline() == -inf or (self.thrown and self.host):
            board.run._note_cancelled(index)
            board.stop()
            return True
        return False


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
