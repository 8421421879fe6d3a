"""The engine: lanes that run a plan on the event loop and in threads.

A lane takes a ready node and its first step. A node that ends releases those that waited for it, and the lane
goes on with the next. A node that waits while others are ready stays where it is, and new lanes take the ready
list over. So there are as many tasks of the event loop as nodes that wait at the same time, not as there are nodes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from contextvars import Context, copy_context
from math import inf
from time import perf_counter
from typing import Any

from anyio import (
    CapacityLimiter,
    create_task_group,
    current_effective_deadline,
    get_cancelled_exc_class,
    sleep,
    to_thread,
)
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from ._attempt import IN_THREAD, LIMITER
from ._board import Board
from ._plan import Plan
from ._run import Run
from ._thread import SLICE, ThreadLanes, stray

__all__ = ["Engine"]

# How many new lanes are on their way while nodes are ready, at least; and which part of those there are, at most.
_FEW = 8

# Ticks without a backlog after which nobody looks after it any more.
_IDLE_TICKS = 10


class Lane:
    """Runs nodes one after the other in a task of the event loop; awaiting it runs it.

    Args:
        engine: the engine.
        host: whether the task is the caller's own, and no child of the task group.
        alone: whether there is no task group yet: it ends when a node might wait while others are ready.
    """

    __slots__ = ("alone", "engine", "host", "thrown", "trap", "until")

    def __init__(self, engine: Engine, *, host: bool = False, alone: bool = False) -> None:
        self.engine = engine
        self.host = host
        self.alone = alone
        self.thrown = False
        self.trap: Any = None
        self.until = perf_counter() + SLICE

    def __await__(self) -> Generator[Any, Any, None]:
        # All that a node needs is a local variable here: this loop is what a node costs.
        engine, board = self.engine, self.engine.board
        ready, calls, values, uses, pending = board.ready, board.plan.calls, board.values, board.uses, board.pending
        started, finished, shared = board.run._started, board.run._finished, board.shared
        now = perf_counter()
        while ready:
            index = ready.popleft()
            start, in_thread, can_wait, slot, take, followers, slots = calls[index]
            if (in_thread and index not in board.handed) or (self.alone and can_wait and ready):
                if self._pass_on(index):
                    return
                continue
            try:
                if shared:
                    yield from self._run_shared(index)
                else:
                    coroutine = start(*take(values)) if take else start(values[slot]) if slot >= 0 else start()
                    context = engine.context.copy()
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
                if self._fail(index, error):
                    raise
                return
            if now > self.until:
                now = yield from self._let_others_run()

    def _let_others_run(self) -> Generator[Any, Any, float]:
        yield from checkpoint().__await__()
        now = perf_counter()
        self.until = now + SLICE
        return now

    def _run_shared(self, index: int) -> Generator[Any, Any, None]:
        """Run a node of a plan that takes more care: threads take part in it, or results have parts."""
        engine, board = self.engine, self.engine.board
        if index in board.handed:
            awaitable, context = board.handed.pop(index)
            coroutine = _awaited(awaitable)
            del awaitable
        else:
            coroutine, context = board.plan.calls[index].start(*board.take(index)), engine.context.copy()
            board.run._started[index] = perf_counter()
        try:
            self.trap = context.run(coroutine.send, None)
        except StopIteration as stop:
            result = stop.value
        else:
            result = yield from self._wait(coroutine, context)
        board.settle(index, result, in_thread=False)

    def _pass_on(self, index: int) -> bool:
        """Leave a node to a thread, or to the lanes of a task group; return whether this lane ends."""
        if self.alone:
            self.engine.board.ready.appendleft(index)
        else:
            self.engine.push_to_thread(index)
        return self.alone

    def _wait(self, coroutine: Coroutine[Any, Any, Any], context: Context) -> Generator[Any, Any, Any]:
        """Pass on what the event loop and the node say to each other, until the node ends."""
        if self.engine.board.ready:
            self.engine.hand_over()
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
                self.until = perf_counter() + SLICE
                return stop.value
            finally:
                error = None

    def _fail(self, index: int, error: BaseException) -> bool:
        """Take a failure into the record; return whether it is a cancellation and must be passed on."""
        engine, board = self.engine, self.engine.board
        if isinstance(error, GeneratorExit):
            return True
        if isinstance(error, get_cancelled_exc_class()):
            if current_effective_deadline() == -inf or (self.thrown and self.host):
                board.run._note_cancelled(index)
                board.stop()
                return True
            error = stray(board, index, error)
        board.fail(index, error)
        engine.cancel()
        return False


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


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
        self._limiter = to_thread.current_default_thread_limiter()
        if IN_THREAD.get():
            self._limiter = CapacityLimiter(self._limiter.total_tokens)
            self.context.run(LIMITER.set, self._limiter)
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
