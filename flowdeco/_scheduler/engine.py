"""The engine: it drives a run by lanes on the event loop and in threads, and is the one place where they meet.

There are as many tasks of the event loop as nodes that wait for it at the same time, and none but the caller's own if
there are no two; and as many threads as nodes that hold one up at the same time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, copy_context
from threading import Lock, get_ident
from typing import Any
from weakref import ref

from anyio import Event, create_task_group
from anyio.abc import TaskGroup

from .._base.events import Skip, Status
from .._record.journal import RUN, Journal
from .._runner.arguments import Row
from .._runner.cancellation import Cancellation, pick_interrupt
from .._runner.lifecycle import Lifecycle
from .._runner.notice import Notice
from .._runner.notifier import allow_grace
from .._runner.request import Parked, Request
from .._runner.signals import PassedOver
from .._state.writer import WRITER, Writer
from .._worker.worker import Call
from .caller import CALLER, Within
from .item_turns import ItemTurns
from .keeper import Keeper
from .lanes import Lanes
from .loop_lane import LoopLane
from .parking import Child, ParkedNode, Rest
from .run_state import RunState
from .thread_lane import Threads

__all__ = ["Engine"]


class Engine(Lanes, ItemTurns):
    """Runs one plan once.

    Args:
        state: what is ready, and the values.
        journal: where it writes what happens.
        run: what tasks and hooks get as `run`.
        is_followed: whether every change of status is told.
        notices: where what is to be told is put; `None`: it has a list of its own.

    Attributes:
        teller: tells those who look on; `None` before there is anything to tell.
        within: leads to the engine, for code that runs in it.
        context: the context variables of the caller, of which each node gets a copy.
        cancellation: whether the run is being cancelled from outside.
        tables: what a lane of the event loop keeps in local variables.
        is_careful: whether no node is run by its function alone: each tells of itself, or threads take part.
        lock: held to change the state where threads take part.
        resumed: the parked nodes that go on.
        parked: all parked nodes.
        kept: of plain nodes for which there is more to do if they fail, the row, and the context that they ran in.
        notices: what is to be told.
        came_back: how many nodes have waited in a lane, and let it go on then.
        is_stepping: whether a lane is driving nodes at this moment, and will look at the lists afterwards.
        was_interrupted: whether anything was thrown into what awaits on the event loop.
        keeper: opens the resources of the run; `None` if it has none.
    """

    # What most runs do not come to; each call of a workflow makes one of these.
    keeper: Keeper | None = None
    is_stepping = was_interrupted = is_over = False
    depth = 0
    _group: TaskGroup | None = None
    _telling: TaskGroup | None = None
    _interrupt: BaseException | None = None
    _threads: Threads | None = None

    def __init__(
        self,
        state: RunState,
        journal: Journal,
        run: Any,
        *,
        is_followed: bool,
        notices: deque[Notice] | None = None,
    ) -> None:
        self.state = state
        self.journal = journal
        self.run = run
        self.is_followed = is_followed
        self.is_careful = is_followed or state.plan.uses_threads
        self.notices = deque() if notices is None else notices
        self.resumed: deque[ParkedNode] = deque()
        self.parked: set[ParkedNode] = set()
        self.within: Within = ref(self)
        self.context = copy_context()
        self.context.run(CALLER.set, (self.within, RUN))
        self.cancellation = Cancellation(at_once=state.plan.waits or is_followed)
        self.lock = Lock()
        self.thread = get_ident()
        self.kept: dict[int, tuple[Row, Context | None]] = {}
        self.waiting: dict[int, Parked] = {}
        self.passed: set[int] = set()
        self._postponed: list[tuple[Request, ParkedNode]] = []
        lists = state.ready, state.ready_in_thread, self.resumed, self.notices
        standing = state.values, state.uses, state.pending, state.affected
        if state.items is not None:
            self.look_after(state.items)
        self.tables = state.steps, *standing, *lists, journal.started, journal.finished

    async def execute(self) -> None:
        """Run all nodes; return when nothing of them is alive.

        What a task raises is left in the journal. Cancellation and `KeyboardInterrupt` are raised.
        """
        try:
            if not (self.awaits_hooks or self.state.plan.segments):  # these take tasks of their own
                await LoopLane(self, is_host=True, is_alone=True)
            if self.state.left and not self.state.stopped:
                await self._execute_together()
        finally:
            if self.parked or self.resumed or self._postponed:
                await self._close_parked()
            self.close_items()
            self.kept.clear()
            if self._threads is not None:
                self._threads.part()
                self._threads = None
        if self._interrupt is not None:
            raise self._interrupt
        if self.state.stopped and self.state.left and self.journal.error is None:
            await self.cancellation.raise_it()

    async def _execute_together(self) -> None:
        try:
            if self.awaits_hooks:
                # A failure cancels the rest of the run, but not those who are being told of it.
                async with create_task_group() as self._telling:
                    await self._execute_in_group()
            else:
                await self._execute_in_group()
        except BaseExceptionGroup as group:
            raise pick_interrupt(group) from None
        finally:
            self._group = self._telling = None

    async def _execute_in_group(self) -> None:
        async with create_task_group() as self._group:
            self._threads = Threads(self, self._group)
            for request, parked in self._postponed:
                request.begin(self, parked)
            self._postponed.clear()
            try:
                await self._host()
            except BaseException:
                self.stop()
                raise

    async def _host(self) -> None:
        """Wait in the caller's own task while lanes in tasks of the group drive the nodes.

        The caller's own may be cancelled by asyncio itself, which no task of the group hears of: so it must not be
        held up by a node that takes its time to clean up, while the others go on.
        """
        state = self.state
        self.push_to_threads()
        self.hand_over()
        while state.left and not state.stopped:
            self._bell = bell = Event()
            await bell.wait()
            if state.items is not None:
                self.take_consumed()
            self.hand_over()
        if state.stopped:
            self.cancel()
            return
        if self.teller is not None and self.teller.is_busy:
            await self.teller.wait()  # or it would be cancelled with those who wait for a thread
        if self._threads is not None and self._threads.is_alive:
            self.cancel()  # lanes that still wait for a thread, and who looks after them

    def make_lane(self) -> Awaitable[None]:
        """Return what drives nodes until there are none, when it is awaited."""
        return LoopLane(self)

    # Nodes.

    def begin(self, index: int) -> tuple[Coroutine[Any, Any, Any], Context]:
        """Return what drives a node, and its context."""
        state = self.state
        context = self.make_context(index)
        step = state.steps[index]
        if step.is_plain and not self.is_followed:
            with self.lock:
                row = state.take(index)
            if step.picks_up:
                self.kept[index] = row, context
            self.journal.started[index] = self.journal.now()
            coroutine: Coroutine[Any, Any, Any] = step.start(*row)
            return coroutine, context
        program = state.program_of(index)
        with self.lock:
            asked = state.take_condition(index)
            given = state.take(index) if asked is None or state.has_all(index) else None
        if program.writes:
            context.run(WRITER.set, Writer(self.journal.path or program.name))
        return Lifecycle(program, index, self, given, asked, context).live(), context

    def make_context(self, index: int) -> Context:
        """Return the context of a node: that of the run, but that it says who calls."""
        context = self.context.copy()
        context.run(CALLER.set, (self.within, index))
        return context

    def pick_up(self, index: int, error: BaseException) -> bool:
        """Go on with a plain node whose first attempt has failed; return false if there is no more to do for it.

        Retries, recovery and the hooks that hear of errors cost nothing as long as there is none: only now the node
        gets a lifecycle, which takes over where its function has left off.
        """
        row, context = self.kept.pop(index, (None, None))
        if row is None:
            return False
        program, fresh = self.state.program_of(index), self.make_context(index)
        context = context or fresh.copy()
        if program.writes:
            for each in (context, fresh):
                each.run(WRITER.set, Writer(self.journal.path or program.name))
        life = Lifecycle(program, index, self, row, None, context)
        self.put_aside(index, life.pick_up(error, fresh), context).come_back()
        return True

    def pass_over(self, index: int, status: Status, cause: BaseException | None) -> bool:
        """Take in that a node does not run; return whether the run goes on."""
        program = self.state.program_of(index)
        if program.is_watched or self.is_followed:
            life = Lifecycle(program, index, self, None, None, self.make_context(index))
            if program.strict:
                self.put_aside(index, life.pass_over(status, cause), life.context).resume()
                return True
            life.post_end(status, cause)
        return self.leave_hole(index, status, cause)

    def put_aside(
        self, index: int, coroutine: Coroutine[Any, Any, Any], context: Context, awaitable: Any = None
    ) -> ParkedNode:
        """Return a node's coroutine as one that is parked."""
        parked = ParkedNode(self, index, coroutine, context, awaitable)
        self.parked.add(parked)
        return parked

    def park(self, index: int, coroutine: Coroutine[Any, Any, Any], context: Context, request: Request) -> None:
        """Put a node aside until what it asks for is there."""
        parked = self.put_aside(index, coroutine, context)
        if self._group is None and request.needs_group:
            self._postponed.append((request, parked))
        else:
            request.begin(self, parked)

    def resume(self, parked: ParkedNode) -> None:
        """Let a parked node go on. From the event loop's thread, or one of the run's own.

        On the event loop it may be called by that itself, and not by a task: it cannot start one then.
        """
        self.resumed.append(parked)
        if get_ident() == self.thread and not self.is_stepping:
            self.ring()

    def call_in_thread(self, call: Call, *, apart: bool) -> None:
        """Make a call in a thread."""
        assert self._threads is not None
        self._threads.call(call, apart=apart)

    def run_in_child(self, start: Callable[[], Awaitable[Any]], parked: Parked) -> None:
        """Await something in a child task of the run, and resume with what it gives."""
        assert self._group is not None
        group, child = self._group, Child(self, start, parked)

        def begin() -> None:
            group.start_soon(child)

        parked.context.run(begin)

    def push_to_threads(self) -> bool:
        """See that the nodes which begin in threads are taken; return whether that can be."""
        if self.state.ready_in_thread:
            if self._threads is None:
                return False
            self._threads.take_nodes()
        return True

    async def _close_parked(self) -> None:
        """End the nodes that nothing will wake any more, with what has come for them meanwhile."""
        self._postponed.clear()
        with allow_grace():
            while self.parked:
                parked = self.parked.pop()
                try:
                    self.settle(parked.index, await Rest(parked), self.journal.now())
                except BaseException as error:
                    if isinstance(error, Exception) and not isinstance(error, (Skip, PassedOver)):
                        self.fail(parked.index, error)
                    else:
                        self.note_cancelled(parked.index)
                parked.discard()
        self.resumed.clear()

    @property
    def stopped(self) -> bool:
        """Whether nothing new may start."""
        return self.state.stopped
