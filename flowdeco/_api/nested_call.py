"""Calls of workflows in a run: nested runs, each recorded as a call of whoever makes it."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from .._graph.call_graph import CALLED
from .._record.log import log_failure
from .._runner.signals import HookFailure
from .._scheduler.blocked_call import BlockedCall
from .._scheduler.call_engine import Answer, CallPlace, add_call_note, begin_call, end_call
from .._scheduler.call_plan import put_values
from .._scheduler.callee import find_callee
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
        execution, outer, index = called.execution, self._outer, self._index
        plan, inputs = prepare_workflow(outer, self._definition, called, self._inputs)
        values = put_values(plan, inputs, outer.run)
        state, keep = called.options["state"], self._keep or outer.journal.keep
        within = plan.graph.nodes[CALLED].plan
        run: Run[Any] = Run(within, dict(inputs), outer.run.state if state is None else state, keep=keep)
        execution.refuse_running_loop(run)
        call = begin_call(outer, index, plan, self._definition.label, values, keep=keep)
        run._go_within(outer.run, (), call.journal.path)
        call.journal.nested[CALLED] = run
        life = BlockedCall(outer, plan, call, values)
        life.begin()
        try:
            execution.run_blocking(run, logs=False)
        except HookFailure as failed:  # of a hook of the outer workflow, that is to fail it
            life.fail(failed.error)
            return failed.error, None
        except BaseException as error:
            life.fail(error)
            raise
        finally:
            end_call(outer, index, call)
        failure = run._failure
        if failure is None:
            life.complete(run.result)
        else:
            life.fail(failure)
            add_call_note(call.journal, failure)
        if not keep:
            let_go(call.journal.nested, CALLED)
        return (None, run) if self._keep else (failure, run.result)

    def _log(self, answer: Answer) -> Answer:
        """Log the error of a run that is returned, and so is not raised."""
        if self._keep and isinstance(answer[1], Run):
            log_failure(answer[1]._journal)
        return answer
