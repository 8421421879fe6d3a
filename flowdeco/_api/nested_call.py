"""Calls of workflows in a run: nested runs, each recorded as a call of whoever makes it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from .._graph.call_graph import CALLED
from .._record.call_log import Call
from .._record.log import log_failure
from .._runner.signals import HookFailure
from .._scheduler.apart_call import ApartCall
from .._scheduler.call_engine import Answer, CallPlace, add_call_note, begin_call, end_call
from .._scheduler.call_plan import put_values
from .._scheduler.callee import find_callee
from .._scheduler.plan import Plan
from .calling import block_on, call_within, no_run_error, prepare_workflow
from .execution import let_go
from .run import Run
from .runnable_workflow import RunnableWorkflow

__all__ = ["NestedCall"]


class NestedCall:
    """One call of a workflow.

    Args:
        caller: where it is made.
        definition: the workflow.
        inputs: its inputs.
        keep: whether the caller wants the run.
    """

    def __init__(
        self, caller: CallPlace, definition: RunnableWorkflow, inputs: Mapping[str, Any], *, keep: bool
    ) -> None:
        self._outer, self._index = caller
        self._definition = definition
        self._inputs = inputs
        self._keep = keep

    def start(self) -> Coroutine[Any, Any, Any]:
        """Return its coroutine, under the workflow's name: Python tells it if it is never awaited."""
        coroutine = self._result()
        named: Any = coroutine  # the type checkers know no name of it
        named.__qualname__ = self._definition.label
        return coroutine

    async def _result(self) -> Any:
        answer = call_within(self._outer, self._index, self._definition, self._inputs, keep=self._keep)
        error, result = self._log(await answer)
        del self, answer  # what is raised leads to this frame
        if error is None:
            return result
        try:
            raise error
        finally:
            del error

    def block(self) -> Answer:
        """Block until it is done; return what it has come to. Raises: as `Execution.run_blocking` does."""
        called = find_callee(self._outer, self._index, self._definition)
        if isinstance(called, RunnableWorkflow):
            return self._log(self._block_on_run(called))
        if self._keep:
            raise no_run_error(self._definition)
        return None, block_on(self._definition, self._inputs)

    def _block_on_run(self, called: RunnableWorkflow) -> Answer:
        keep = self._keep or self._outer.journal.keep
        plan, values, run = self._make(called, keep=keep)
        called.execution.refuse_running_loop(run)
        call, life = self._begin(called, plan, values, run, keep=keep)
        try:
            called.execution.run_blocking(run, logs=False)
        except HookFailure as failed:  # of a hook of the outer workflow, that is to fail it
            life.fail(failed.error)
            return failed.error, None
        except BaseException as error:
            life.fail(error)
            raise
        finally:
            end_call(self._outer, self._index, call)
        failure = run._failure
        life.end(run.status, failure, run.result)
        if failure is not None:
            add_call_note(call.journal, failure)
        if not keep:
            let_go(call.journal.nested, CALLED)
        return (None, run) if self._keep else (failure, run.result)

    def live(self) -> AbstractAsyncContextManager[Run[Any]]:
        """Return what runs it beside a block, and gives the live run. Raises: as a call does, but what the run does."""
        called = find_callee(self._outer, self._index, self._definition)
        if not isinstance(called, RunnableWorkflow):
            raise no_run_error(self._definition)
        return self._beside(called, *self._make(called, keep=True))

    @asynccontextmanager
    async def _beside(
        self, called: RunnableWorkflow, plan: Plan, values: list[Any], run: Run[Any]
    ) -> AsyncGenerator[Run[Any]]:
        outer, index = self._outer, self._index
        if outer.is_over:  # it was made in that run and is entered after it: there is no caller any more
            async with called.execution.live(run):
                yield run
            return
        call, life = self._begin(called, plan, values, run, keep=True)
        outer.tell()
        try:
            async with called.execution.live(run):
                yield run
        except HookFailure as failed:  # as above
            raise failed.error from None
        finally:
            failure = run._failure
            life.end(run.status, failure, run.result)
            if failure is not None:
                add_call_note(call.journal, failure)
            end_call(outer, index, call)
            outer.tell()
            del failure, run  # what is raised leads to this frame

    def _make(self, called: RunnableWorkflow, *, keep: bool) -> tuple[Plan, list[Any], Run[Any]]:
        """Return the plan of a call whose run goes its own way, the values in its places, and the run."""
        outer = self._outer
        plan, inputs = prepare_workflow(outer, self._definition, called, self._inputs)
        values = put_values(plan, inputs, outer.run)
        state = called.options["state"]
        within = plan.graph.nodes[CALLED].plan
        return plan, values, Run(within, dict(inputs), outer.run.state if state is None else state, keep=keep)

    def _begin(
        self, called: RunnableWorkflow, plan: Plan, values: list[Any], run: Run[Any], *, keep: bool
    ) -> tuple[Call, ApartCall]:
        """Note that such a call begins."""
        outer = self._outer
        call = begin_call(outer, self._index, plan, self._definition.label, values, keep=keep)
        run._go_within(outer.run, (), called.block, call.journal.path)
        call.journal.nested[CALLED] = run
        life = ApartCall(outer, plan, call, values)
        life.begin()
        return call, life

    def _log(self, answer: Answer) -> Answer:
        """Log the error of a run that is returned, and so is not raised."""
        if self._keep and isinstance(answer[1], Run):
            log_failure(answer[1]._journal)
        return answer
