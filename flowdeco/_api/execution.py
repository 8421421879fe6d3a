"""Running a workflow: its nodes, then its own function, on an event loop or on the thread that called it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from functools import partial
from typing import Any

import anyio
from anyio import create_task_group

from .._base.context import InContext, copy_outside_loop
from .._base.errors import RunningLoopError
from .._base.event_loop import EventLoop, find_token
from .._base.events import Event, Status
from .._base.tracebacks import strip_traceback
from .._policy.hook import Hooks
from .._policy.policy import Policy
from .._record.event_stream import Feed
from .._record.journal import Journal, NestedRun
from .._record.log import is_asked_for, log_change, log_failure
from .._runner.request import InChild
from .._runner.signals import RunStopped
from .._scheduler.call_engine import CallPlace, find_caller
from .._scheduler.caller import CALLER
from .._scheduler.engine import Engine
from .._scheduler.relay import NO_RELAYS, find_relays
from .._scheduler.run_hooks import Teller, tell_rest
from .._scheduler.run_lifecycle import Body, RunLifecycle, make_run_program
from .._scheduler.run_state import RunState
from .._scheduler.shared_block import SharedBlock
from .._worker.thread import IN_THREAD, count_threads_apart
from .blocking import OnLoop, Steps, go_if, in_worker_thread, run_from_thread, run_on_own_loop
from .run import Run

__all__ = ["Execution", "let_go"]

# How many runs within each other are driven by the same task of the event loop.
_MOST_LEVELS = 8


class Execution:
    """How one workflow is run.

    Args:
        name: its name, for errors.
        is_async: whether a call of it is to be awaited.
        is_coroutine: whether its own function is an `async def`; a `def` around one is called as any `def` is.
        timeout: seconds for a run; `None`: no limit.
        hooks: whom to tell of a run.
        strict: whether a hook that raises fails the run.
        backend: the event loop for blocking calls.
        backend_options: what `anyio.run` passes on to it.
    """

    def __init__(
        self,
        name: str,
        *,
        is_async: bool,
        is_coroutine: bool,
        timeout: float | None,
        hooks: Hooks,
        strict: bool,
        backend: str,
        backend_options: dict[str, Any],
    ) -> None:
        self.name = name
        self.is_async = is_async
        self.is_coroutine = is_coroutine
        self.backend = backend
        self.backend_options = backend_options
        self.has_hooks = bool(hooks)
        self.program = make_run_program(name, Policy(hooks=hooks, timeout=timeout), strict=strict)

    @staticmethod
    def find_caller() -> CallPlace | None:
        """Return where in a run this code runs; `None` outside."""
        return find_caller()

    def run_blocking(self, run: Run[Any], *, logs: bool = True, may_begin: Callable[[], bool] | None = None) -> None:
        """Run it on an event loop of its own, or on the one that owns this thread.

        A `def` is called here, when the loop was left; hooks that are to hear of the end are told on it again.

        Args:
            run: the run.
            logs: whether the error of a run that is to be kept is logged.
            may_begin: called on the event loop before anything else; if it returns false, nothing is run.

        Raises:
            RunningLoopError: this thread's event loop is running.
        """
        self.refuse_running_loop(run)
        context = copy_outside_loop()
        heard = context if self._is_heard(run) else None
        # Drives a coroutine until the event loop has to be left for the workflow's own function.
        on_loop: OnLoop[Body | None] = partial(self._run_loop, run)
        block = run._block
        if in_worker_thread():
            # Whoever made this thread: those that block here may hold every thread that the event loop has to give.
            context.run(IN_THREAD.set, True)
            on_loop = run_from_thread if block is None else _over_to(block)
        elif block is not None:
            on_loop = block.errands.run_from_thread
        steps = Steps(partial(self._go, run, heard, leaves_loop=not self.is_async), context)
        body = on_loop(steps.go if may_begin is None else partial(go_if, may_begin, steps.go))
        if body is not None:
            cancellation = steps.take_answer(body)
            try:
                if heard is not None or steps.has_to_wait:
                    on_loop(steps.go)
                else:
                    steps.finish()
            except RunStopped:
                if cancellation is None:
                    raise
                raise cancellation from None
        if run._keep and logs:
            log_failure(run._journal)

    def start(self, run: Run[Any]) -> Coroutine[Any, Any, Any]:
        """Return the coroutine of `result`, under the workflow's name: Python tells it if it is never awaited."""
        coroutine = self.result(run)
        named: Any = coroutine  # the type checkers know no name of it
        named.__qualname__ = self.name
        return coroutine

    async def result(self, run: Run[Any]) -> Any:
        """Run it; return its result or raise its error. If the run is to be kept, log the error and return the run."""
        await self.execute(run)
        if run._keep:
            log_failure(run._journal)
        error, answer = run._answer()
        if error is None:
            return answer
        del run
        try:
            raise error
        finally:
            del error

    def start_within(
        self,
        run: Run[Any],
        given: Sequence[Any],
        outer: Run[Any],
        journal: Journal,
        index: int,
        block: SharedBlock | None,
    ) -> Awaitable[Any]:
        """Return what runs it as a node of an outer run, or as what is called in it.

        Args:
            run: the run.
            given: how the tasks have ended that it shares with the outer run.
            outer: the outer run.
            journal: that of the outer run, or of the call.
            index: the index of the node.
            block: what is open for the workflow itself; `None`: what is open for the outer run.
        """
        depth = run._go_within(outer, given, block)
        if depth % _MOST_LEVELS:
            return self.result_within(run, journal, index)
        # Each level is called by the one around it; a task of the event loop begins anew.
        return InChild(partial(self.result_within, run, journal, index))

    async def result_within(self, run: Run[Any], journal: Journal, index: int) -> Any:
        """Run it as a node of an outer run, in whose record it stands; return its result or raise its error."""
        journal.nested[index] = run
        try:
            await self.execute(run)
        finally:
            if not journal.keep:
                let_go(journal.nested, index)
        error = run._failure
        if error is None:
            return run.result
        del run, journal
        try:
            raise error
        finally:
            del error

    @asynccontextmanager
    async def live(self, run: Run[Any]) -> AsyncGenerator[Run[Any]]:
        """Run it beside the block, wait for it at the end, and raise what a call would."""
        close, scope = run._go_live()
        closing = [close]
        del close  # it leads to the events, and what is raised leads to this frame
        failures: list[BaseException] = []
        cancelled = anyio.get_cancelled_exc_class()

        async def drive() -> None:
            try:
                with scope:
                    await self.execute(run)
            except cancelled:
                raise
            except BaseException as error:  # an interrupt: the block has to end as well
                failures.append(error)
                group.cancel_scope.cancel()
            finally:
                closing.pop()()

        async with create_task_group() as group:
            group.start_soon(drive)
            try:
                yield run
            except cancelled:
                raise
            except BaseException as error:
                scope.cancel()
                failures.append(error)
        failure = failures[0] if failures else run._failure
        failures.clear()
        run = None  # type: ignore[assignment]  # what is raised leads to this frame
        if failure is not None:
            try:
                raise failure
            finally:
                del failure

    def execute(self, run: Run[Any]) -> Awaitable[None]:
        """Run the nodes and the workflow's own function; what they raise is left in the journal.

        Cancellation, `KeyboardInterrupt` and `SystemExit` are raised. To be awaited at once.
        """
        block = run._block
        if block is None or block.loop.is_here() or not (run._joins_block or run._plan.needs_opened):
            return self._execute_here(run)
        # What is open belongs to its event loop, and so does all that uses it.
        context = copy_outside_loop()
        return block.errands.run_from_loop(lambda: InContext(context, context.run(self._execute_here, run)))

    def _execute_here(self, run: Run[Any]) -> Awaitable[None]:
        if not self._is_heard(run):
            return self._go(run, None, leaves_loop=False)
        context = copy_context()
        return InContext(context, self._go(run, context, leaves_loop=False))

    def _is_heard(self, run: Run[Any]) -> bool:
        """Whether anybody is told of the run itself."""
        return self.has_hooks or run._feed is not None or is_asked_for(tasks=False)

    async def _go(self, run: Run[Any], context: Context | None, *, leaves_loop: bool) -> None:
        """Go all the way with a run.

        Args:
            run: the run.
            context: the context variables of its hooks; `None` where nobody is told of the run.
            leaves_loop: whether the workflow's `def` is called when the event loop has been left.
        """
        count_threads_apart()
        journal, feed, given, block = run._journal, run._feed, run._given, run._block
        known = None if block is None else journal.open_known(block.find_known(run._plan))
        state = RunState(run._plan, run._values, keep=run._keep, given=given, known=known)
        for index, (status, end) in zip(run._plan.given, given, strict=True) if given else ():
            if status is not Status.COMPLETED:
                journal.end(index, status, end)
        engine = _make_engine(run, state, is_heard=context is not None)
        engine.shared = known or engine.shared
        life = RunLifecycle(self.program, engine, is_coroutine=self.is_coroutine, leaves_loop=leaves_loop)
        if block is not None and run._joins_block:
            block.join()
            life.block = block
        try:
            if context is None:
                await life.pass_unheard()
            else:
                engine.teller = _make_teller(engine, feed)
                await life.be_heard(context, run.inputs)
            if engine.relays:
                await engine.hear_around()
        except Exception as error:
            if not journal.knows(error):
                raise
            strip_traceback(error)  # which leads to this frame
        finally:
            engine.is_over = True
            if life.block is not None:
                life.block.leave()
            state.let_go(keep=run._keep)
            if engine.teller is not None and not engine.teller.is_done:
                await tell_rest(engine.teller, journal)
            if journal.error is not None:
                run._end()

    def _run_loop(self, run: Run[Any], execute: Callable[[], Coroutine[Any, Any, Body | None]]) -> Body | None:
        try:
            return run_on_own_loop(execute, self.backend, self.backend_options)
        except RuntimeError as error:
            if run.status is not Status.PENDING:
                raise
            raise self._running_loop_error(run) from error

    def refuse_running_loop(self, run: Run[Any]) -> None:
        """Refuse a blocking call on a thread whose event loop is running."""
        if find_token() is not None:
            raise self._running_loop_error(run)

    def _running_loop_error(self, run: Run[Any]) -> RunningLoopError:
        reason = "this thread's event loop is running, and a blocking call would stop it"
        way = "run_async" if run._keep else "call"
        message = f"Cannot call workflow {self.name!r}: {reason}. Use: await {self.name}.{way}(...)."
        return RunningLoopError(message, workflow=self.name)


def _over_to(block: SharedBlock) -> OnLoop[Body | None]:
    """Return what goes to the event loop of a block by way of the one that owns this thread, and may cancel it."""

    def run(execute: Callable[[], Coroutine[Any, Any, Body | None]]) -> Body | None:
        return run_from_thread(partial(block.errands.run_from_loop, execute))

    return run


def let_go(nested: dict[int, NestedRun], index: int) -> None:
    """Let a nested run go as a plain call does its results; of one that did not complete, its inputs."""
    run = nested.pop(index)
    journal = run._journal
    if journal.status is not Status.COMPLETED:
        nested[index] = run._with_journal(journal)


def _make_engine(run: Run[Any], state: RunState, *, is_heard: bool) -> Engine:
    """Return what drives a run; `is_heard` says whether anybody is told of the run itself."""
    around, relays = CALLER.get(), NO_RELAYS
    if around is not None and run._place is not None:
        relays = find_relays(around, run._place.path, run._plan.graph.owner.watch_hooks)
    # The tasks of a run within another are logged as that one's.
    is_published = run._feed is not None or (is_heard and not relays and is_asked_for(tasks=True))
    is_followed = is_published or any("on_state" in relay.options for relay in relays)
    engine = Engine(state, run._journal, run, is_followed=is_followed)
    engine.depth, engine.around, engine.is_published = run._depth, around, is_published
    if relays or is_published or run._plan.graph.owner.watch_hooks:
        engine.told_on = EventLoop()
    if relays:
        engine.be_overheard(relays)
    return engine


def _make_teller(engine: Engine, feed: Feed | None) -> Teller:
    is_within = bool(engine.relays)  # what is made here must not hold the engine, which holds it

    def publish(event: Event) -> None:
        if feed is not None:
            feed.take(event)
        if event.task is None or not is_within:
            log_change(event)

    return Teller(engine.notices, publish if feed is not None or is_asked_for(tasks=False) else None)
