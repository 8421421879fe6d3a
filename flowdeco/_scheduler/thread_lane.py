"""Lanes in threads: one hop to a thread carries a whole chain of plain functions."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from contextvars import Context, copy_context
from time import perf_counter
from typing import Any

from anyio import from_thread, get_cancelled_exc_class

from .._base.errors import StrayCancellationError
from .._base.signature import is_awaitable
from .._worker.thread import IN_THREAD
from .run_state import Board

__all__ = ["SLICE", "ThreadLanes", "unstray"]

# Seconds that a lane goes on before it looks up: for others' turn on the event loop, for cancellation in a thread.
SLICE = 0.001


class ThreadLanes:
    """What the lanes in threads of one run do, and how many there are.

    Attributes:
        count: lanes that run or are about to.
        done: nodes that they have finished.
        conducting: whether somebody on the event loop looks after the backlog.
    """

    def __init__(self, board: Board, most: float, attend: Callable[[], None]) -> None:
        self.board = board
        self.most = most
        self.count = 0
        self.done = 0
        self.conducting = False
        self._attend = attend
        self._cancelled = get_cancelled_exc_class()

    def work(self) -> None:
        """Run nodes of the backlog until there are none. Called in a worker thread."""
        context = copy_context()
        context.run(IN_THREAD.set, True)
        board, look_up = self.board, perf_counter() + SLICE
        job = self._next()
        while job is not None and not board.stopped:
            job = self._run_node(*job, context.copy())
            self.done += 1
            if perf_counter() > look_up:
                self._stop_if_cancelled()
                look_up = perf_counter() + SLICE
            # Without another job, this thread's return is what the event loop takes notice of.
            held_up = board.backlog and not self.conducting and self.count < self.most
            if job is not None and (board.ready or held_up):
                from_thread.run_sync(self._attend)

    def _next(self, ended: int = -1, result: Any = None) -> tuple[int, tuple[Any, ...]] | None:
        """Take the result of the node that ended, if one has; return the next and its arguments."""
        board = self.board
        with board.lock:
            if ended >= 0:
                board.settle(ended, result, board.backlog)
            if board.backlog:
                index = board.backlog.popleft()
                return index, board.take(index)
            self.count -= 1
            return None

    def _run_node(self, index: int, args: tuple[Any, ...], context: Context) -> tuple[int, tuple[Any, ...]] | None:
        """Run one node; return the next and its arguments."""
        board = self.board
        board.run._started[index] = perf_counter()
        try:
            result = context.run(board.plan.calls[index].start, *args)
            del args
            if not is_awaitable(result):
                board.note_parts(index, result)
                return self._next(index, result)
            board.hand(index, result, context)
        except BaseException as error:
            self._fail(index, error)
        return self._next()

    def _fail(self, index: int, error: BaseException) -> None:
        board = self.board
        is_cancellation = isinstance(error, (self._cancelled, concurrent.futures.CancelledError))
        if is_cancellation and self._stop_if_cancelled():
            board.run._note_cancelled(index)
        else:
            board.fail(index, unstray(board, index, error, self._cancelled))

    def _stop_if_cancelled(self) -> bool:
        try:
            from_thread.check_cancelled()
        except self._cancelled:
            self.board.stop()
            return True
        return False


def unstray(board: Board, index: int, error: BaseException, cancellation: type[BaseException]) -> BaseException:
    """Return what a node has failed with: a cancellation that nobody asked for as an error that says so."""
    if not isinstance(error, cancellation):
        return error
    name = board.plan.graph.nodes[index].name
    message = f"Cannot finish task {name!r}: it raised {type(error).__name__}, but nobody cancelled it."
    converted = StrayCancellationError(message, task=name)
    converted.__cause__ = error
    return converted
