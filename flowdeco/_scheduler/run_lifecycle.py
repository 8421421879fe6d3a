"""The lifecycle of a run: that of a task, but that its one attempt is the graph and the workflow's own function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from types import MappingProxyType
from typing import Any

from anyio import CancelScope, create_task_group, get_cancelled_exc_class, move_on_after, to_thread
from anyio.lowlevel import checkpoint_if_cancelled

from .._base.errors import WorkflowTimeoutError
from .._base.events import Skip, Status
from .._base.signature import is_awaitable
from .._base.text import listed
from .._base.tracebacks import as_failure
from .._policy.hook import NO_HOOKS
from .._policy.policy import Policy
from .._record.error_notes import add_notes
from .._record.journal import RUN
from .._record.log import log_closing_errors
from .._runner.arguments import Arguments
from .._runner.cancellation import drive, pick_interrupt
from .._runner.lifecycle import Lifecycle
from .._runner.program import Attempted, Program
from .._runner.request import Request
from .._runner.signals import HookFailure, RunStopped
from .._worker.thread import IN_THREAD, choose_limiter
from .caller import CALLER, Within
from .engine import Engine
from .keeper import Keeper
from .propagation import find_blocking_error, find_unhandled, judge_body
from .shared_block import SharedBlock

__all__ = ["Body", "RunLifecycle", "make_run_program"]

_NOTHING = Arguments(dict, (), ())


class Body(Request):
    """A call of the workflow's own `def`, asked of who drives the run: when the event loop has been left.

    Args:
        arguments: how it is called.
        row: the values of its arguments.
        within: leads to the engine, for what the function calls.
    """

    __slots__ = ("_arguments", "_row", "_within")

    def __init__(self, arguments: Arguments, row: Sequence[Any], within: Within) -> None:
        self._arguments = arguments
        self._row = row
        self._within = within

    def call(self) -> Any:
        """Call it. In a context of the run's own, or in that of a thread."""
        CALLER.set((self._within, RUN))
        row, self._row = self._row, ()  # the function may let go of them
        return self._arguments.call(*row)


def make_run_program(name: str, policy: Policy, *, strict: bool) -> Program:
    """Return what is to be done for a run, as far as it is not the engine's."""
    return Program(name, policy, _NOTHING, {}, _perform_nothing, "async", watch=NO_HOOKS, strict=strict)


def _perform_nothing(_: Attempted) -> Any:
    raise AssertionError("a run performs its graph")


class RunLifecycle(Lifecycle):
    """How one run fares.

    Args:
        program: its hooks and its timeout.
        engine: the engine.
        is_coroutine: whether the workflow's own function is an `async def`.
        leaves_loop: whether it is called when the event loop has been left.

    Attributes:
        block: what is open for it and for other runs; `None` if nothing is.
    """

    __slots__ = ("_inputs", "_is_coroutine", "_leaves_loop", "_time", "block", "engine")
    _inputs: Mapping[str, Any]

    def __init__(self, program: Program, engine: Engine, *, is_coroutine: bool, leaves_loop: bool) -> None:
        # Only what a run needs of which nobody is told; each call makes one of these.
        self.program = program
        self.crew = self.engine = engine
        self.journal, self.run = engine.journal, engine.run
        self.is_on_loop = True
        self.block: SharedBlock | None = None
        self._is_coroutine = is_coroutine
        self._leaves_loop = leaves_loop
        self._time: CancelScope | None = None  # which its timeout cancels

    async def be_heard(self, context: Context, inputs: Mapping[str, Any]) -> None:
        """Go all the way, and tell of it.

        Args:
            context: the context variables that the hooks see.
            inputs: the inputs of the run by name.
        """
        super().__init__(self.program, RUN, self.engine, (), None, context)
        self.errors = self.journal.errors
        self._inputs = inputs
        self._told = True
        await self.live()

    async def pass_unheard(self) -> None:
        """Go all the way where there is nobody to be told."""
        self.journal.begin_run()
        try:
            failure = await self._make()
        except BaseException:
            self._end(Status.CANCELLED)
            raise
        if failure is None:
            self.journal.end_run(Status.COMPLETED)
            return
        self._end(Status.SKIPPED if isinstance(failure, Skip) else Status.FAILED, failure)
        if not isinstance(failure, Exception):
            raise failure

    async def _make(self) -> BaseException | None:
        """Run the graph and the workflow's function; return what that has failed with, noted in the journal."""
        try:
            timeout = self.program.policy.timeout
            failure = await (self._perform() if timeout is None else self._perform_in_time(timeout))
            if failure is None and self._leaves_loop:
                if self.engine.notices or self.engine.teller is not None:
                    await self.engine.wait_until_told()  # what has to be awaited, can be only here
                self.journal.result = await self._await(await self._take_body())
            self.result = self.journal.result
            return failure
        except (RunStopped, HookFailure, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            return self._note(await self._judge(error))

    async def _perform_in_time(self, timeout: float) -> BaseException | None:
        failure = None
        with move_on_after(timeout) as scope:
            self._time = scope
            failure = await self._perform()
        if not scope.cancelled_caught:
            return failure
        if self.journal.error is None:
            raise self._too_long(timeout)
        return self.journal.error

    async def _perform(self) -> BaseException | None:
        """Do what is done on the event loop."""
        block = self.block
        return await (self._perform_here() if block is None else block.watch(self._perform_here))

    async def _perform_here(self) -> BaseException | None:
        engine, journal = self.engine, self.journal
        if engine.state.plan.has_resources:
            engine.keeper = Keeper(journal, self._tell_why)
            failure = await engine.keeper.keep(self._perform_in_task)
        else:
            failure = await self._perform_in_task()
        if failure is not None or self._leaves_loop or self._is_coroutine:
            return failure
        journal.result = await self._await(await _call_in_thread(self._take_body(), self._note))
        await checkpoint_if_cancelled()  # a thread cannot be cancelled, but its time may be over
        if engine.cancellation.is_native():
            await engine.cancellation.raise_it()
        return None

    def _tell_why(self) -> str:
        """Return what those are told who have to close what is open, as the run goes no further."""
        why, timeout = self.journal.cancelled_for, self.program.policy.timeout
        if self._time is not None and self._time.cancel_called:
            why = f"it took longer than its timeout of {timeout:g} s"
        return f"workflow {self.journal.name!r} was cancelled{why and f': {why}'}"

    async def _perform_in_task(self) -> BaseException | None:
        """Run the graph, and the workflow's function if that is an `async def`."""
        engine, state, journal = self.engine, self.engine.state, self.journal
        await engine.execute()
        if journal.error is not None:
            return journal.error
        if state.ended or state.lacking:
            failure = self._judge_body()
            if failure is not None:
                return failure
        if self._is_coroutine and not self._leaves_loop:
            before = CALLER.get()
            CALLER.set((engine.within, RUN))
            try:
                coroutine = state.plan.body.call(*state.take_body())  # no name here holds on to the values
                journal.result = await drive(coroutine)
            finally:
                CALLER.set(before)  # by a token it could not be done in another context, as when it is given up
            if engine.cancellation.is_native():
                await engine.cancellation.raise_it()
        return None

    async def _await(self, answer: Any) -> Any:
        """Return what the function of a `def` workflow answered; a coroutine, as of a `def` around one, is awaited."""
        if not is_awaitable(answer):
            return answer
        before = CALLER.get()
        CALLER.set((self.engine.within, RUN))
        try:
            return await drive(answer)
        finally:
            CALLER.set(before)

    def _judge_body(self) -> BaseException | None:
        """Find out, some tasks having ended without a result, what becomes of the workflow's function."""
        engine = self.engine
        graph, ended = engine.state.plan.graph, engine.state.ended
        judgement = judge_body(graph, ended, engine.state.lacking)
        is_unhandled = bool(find_unhandled(graph, ended))
        if isinstance(judgement.cause, Skip) and not is_unhandled:
            return Skip(judgement.cause.reason)  # for the outer run, it is this workflow that was skipped
        if judgement.cause is not None or is_unhandled:
            return find_blocking_error(self.journal, engine.state.ended, engine.state.errors_of_items)
        engine.state.body_defaults = judgement.defaults
        return None

    def _take_body(self) -> Body:
        state = self.engine.state
        return Body(state.plan.body, state.take_body(), self.engine.within)

    def _too_long(self, timeout: float) -> WorkflowTimeoutError:
        running = self.journal.list_cancelled()
        message = f"Cannot finish workflow {self.program.name!r}: it took longer than its timeout of {timeout:g} s."
        if running:
            message += f" Under way: {listed(running)}."
        return WorkflowTimeoutError(message, workflow=self.program.name, timeout=timeout, running=running)

    async def _fall(self, failure: BaseException) -> BaseException:
        fallen = await super()._fall(failure)
        journal = self.journal
        if self.program.strict and journal.hook_errors and journal.error is not None:
            add_notes(self.run, journal, journal.error)  # again: of hooks that have failed since
        return fallen

    def _end(self, status: Status, failure: BaseException | None = None) -> None:
        journal = self.journal
        if isinstance(failure, Skip):
            journal.skip = failure
        elif failure is not None:
            journal.skip = journal.result = None
            journal.take_error(failure)
        if status is not Status.COMPLETED:
            self._end_never_begun()
        if status is Status.FAILED:
            self.engine.tell_at_once()  # what hooks raise at that is in the notes
        if status is Status.CANCELLED:
            journal.error = None
            log_closing_errors(journal)
        journal.end_run(status)
        if status is Status.FAILED and journal.error is not None:
            add_notes(self.run, journal, journal.error)

    def _end_never_begun(self) -> None:
        """Say of the tasks that never began that they never will, where anybody is to be told."""
        engine, plan, journal = self.engine, self.engine.state.plan, self.journal
        if not (engine.is_followed or plan.is_watched):
            return
        for node in plan.graph.nodes:
            index = node.index
            if node.replaced or node.is_given or journal.started[index] or journal.finished[index]:
                continue
            program = plan.program_of(index)
            if engine.is_followed or program.is_watched:
                Lifecycle(program, index, engine, None, None, engine.context.copy()).post_end(Status.CANCELLED, None)

    def _note(
        self, error: BaseException, before: BaseException | None = None, attempt: int | None = None
    ) -> BaseException:
        failure = as_failure(error)
        if not isinstance(failure, Skip):
            self.journal.fail_attempt(None, 1, failure)
        return failure

    @property
    def task(self) -> str | None:
        return None

    @property
    def number(self) -> int | None:
        return None

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self._inputs

    @property
    def metadata(self) -> Mapping[str, Any]:
        return MappingProxyType(self.journal.graph.owner.options["metadata"] or {})


async def _call_in_thread(body: Body, note: Callable[[Exception], object]) -> Any:
    """Call the function in a thread, in a child task: the caller's own, asyncio might cancel without waiting for it.

    What it raises when it was cancelled, asyncio drops for the cancellation: it goes to `note`.
    """
    results: list[Any] = []
    errors: list[BaseException] = []

    def call() -> None:
        IN_THREAD.set(True)
        try:
            results.append(body.call())
        except BaseException as error:
            errors.append(error)

    async def hop() -> None:
        await to_thread.run_sync(call, limiter=choose_limiter())

    try:
        async with create_task_group() as group:
            group.start_soon(hop)
    except BaseExceptionGroup as error:
        raise pick_interrupt(error) from None
    except get_cancelled_exc_class():
        for late in errors:
            if isinstance(late, Exception):
                note(late)
        raise
    if errors:
        raise errors.pop()
    return results.pop()
