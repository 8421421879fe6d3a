"""The engine: lanes that run a plan on the event loop and in threads.

There are as many tasks of the event loop as nodes that wait at the same time, not as there are nodes, and none but
the caller's own if there are no two; and as many threads as nodes that hold one up at the same time.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

from anyio import create_task_group, sleep, to_thread
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from .._api.run import Run
from .._worker.thread import LIMITER
from .loop_lane import Lane
from .plan import Plan
from .run_state import Board
from .thread_lane import SLICE, ThreadLanes

__all__ = ["Engine"]

# How many new lanes are on their way while nodes are ready, at least; and which part of those there are, at most.
_FEW = 8

# Ticks without a backlog after which nobody looks after it any more.
_IDLE_TICKS = 10


class Engine:
    """Runs one plan once.

    Args:
        plan: what to run.
        run: the record to keep; it holds the values, too.
        keep: whether every result is kept, and not let go as soon as nobody needs it.
    """

    def __init__(self, plan: Plan, run: Run[Any], *, keep: bool) -> None:
        self.board = Board(plan, run, keep=keep)
        self.context = copy_context()
        self.group: TaskGroup | None = None
        self._fresh = 0
        self._active = 0

    async def execute(self) -> None:
        """Run all nodes; return when nothing of them is alive.

        What a task raises is left in the record. Cancellation, `KeyboardInterrupt` and `SystemExit` are raised.
        """
        await Lane(self, alone=True, host=True)
        if self.board.ready:
            await self._execute_together()

    async def _execute_together(self) -> None:
        self._prepare_threads()
        try:
            async with create_task_group() as self.group:
                self._active = 1
                await self._run_lane(host=True)
        except BaseExceptionGroup as group:
            raise _bare(group) from None
        finally:
            self.group = None
            self.__dict__.pop("threads", None)  # it refers back, and the run is not to wait for the garbage collector
        # With all nodes done, it was only told to come back at once.
        if self.board.stopped and self.board.left and self.board.run.error is None:
            await checkpoint()  # a thread has heard of a cancellation: here it is raised
            raise AssertionError("the run was stopped by nobody")

    async def _run_lane(self, *, host: bool = False) -> None:
        if not host:
            self._fresh -= 1
        try:
            await Lane(self, host=host)
        except BaseException:
            self.board.stop()
            raise
        finally:
            self._leave()

    def hand_over(self) -> None:
        """Let new lanes take the ready list over.

        A few at a time, more the more there are: nodes that wait for long all start within few turns of the event
        loop, while nodes that wait for a moment are taken by the lanes that are back by then.
        """
        group = self.group
        if group is None:
            return
        wanted = min(len(self.board.ready), max(_FEW, self._active // _FEW))
        for _ in range(wanted - self._fresh):
            self._fresh += 1
            self._active += 1
            group.start_soon(self._run_lane)

    def cancel(self) -> None:
        """Cancel what is under way."""
        if self.group is not None:
            self.group.cancel_scope.cancel()

    def _leave(self) -> None:
        self._active -= 1
        if self._active and self.board.plan.threaded and not self.board.left:
            self.cancel()  # all is done, but for lanes that still wait for a thread, and for who looks after them

    # What follows is for plans with plain functions only.

    def _prepare_threads(self) -> None:
        if not self.board.plan.threaded:
            return
        self._limiter = LIMITER.get() or to_thread.current_default_thread_limiter()
        self.threads = ThreadLanes(self.board, self._limiter.total_tokens, self._attend)

    def push_to_thread(self, index: int) -> None:
        """Put a node on the threads' list, and see that there is a lane for it."""
        with self.board.lock:
            self.board.backlog.append(index)
            first = not self.threads.count
        if first:
            self._start_thread_lanes(1)
        else:
            self._watch_backlog()

    def _start_thread_lanes(self, number: int) -> None:
        with self.board.lock:
            self.threads.count += number
        self._active += number
        for _ in range(number):
            self._group.start_soon(self._run_thread_lane)

    async def _run_thread_lane(self) -> None:
        try:
            await to_thread.run_sync(self.threads.work, limiter=self._limiter)
            if self.board.stopped:
                self.cancel()
            await Lane(self)
        finally:
            self._leave()

    def _attend(self) -> None:
        """Called from a thread: there is work for others."""
        if self.group is None or self.board.stopped:
            return
        if self.board.ready:
            self.hand_over()
        self._watch_backlog()

    def _watch_backlog(self) -> None:
        if not self.threads.conducting and self.board.backlog:
            self.threads.conducting = True
            self._active += 1
            self._group.start_soon(self._conduct)

    @property
    def _group(self) -> TaskGroup:
        assert self.group is not None
        return self.group

    async def _conduct(self) -> None:
        """Double the lanes whenever those there are took longer than a tick a node and left some in the backlog."""
        threads, board = self.threads, self.board
        idle, done = 0, threads.done
        while board.left and idle < _IDLE_TICKS and threads.count < threads.most:
            await sleep(SLICE)
            idle = 0 if board.backlog else idle + 1
            if board.backlog and threads.done - done < threads.count:
                self._start_thread_lanes(int(min(len(board.backlog), threads.count, threads.most - threads.count)))
            done = threads.done
        threads.conducting = False
        self._leave()


def _bare(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the `KeyboardInterrupt` or `SystemExit` that a task group wrapped, or the group."""
    for kind in (KeyboardInterrupt, SystemExit):
        found: BaseException | None = group.subgroup(kind)
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        if found is not None:
            return found
    return group
