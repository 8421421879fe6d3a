"""The run that has shared resources open: it goes on beside a block, and ends with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from anyio import CancelScope, Event, create_task_group, get_cancelled_exc_class

from .._base.signature import Param
from .._base.text import shorten
from .._definition.decoration import define_workflow
from .._definition.definition import WorkflowDefinition
from .._graph.binding import Binding
from .._graph.node import Node
from .._graph.shared_graph import make_shared_graph
from .._scheduler.plan import Plan
from .._scheduler.shared_block import SharedBlock
from .run import Run
from .runnable_workflow import RunnableWorkflow

__all__ = ["open_shared"]


@asynccontextmanager
async def open_shared(
    name: str,
    first: WorkflowDefinition,
    nodes: Sequence[Node],
    params: Sequence[Param],
    inputs: Mapping[str, Any],
    given: Mapping[str, Any],
) -> AsyncGenerator[SharedBlock]:
    """Have shared resources open for a block.

    Args:
        name: what they are called in errors.
        first: the first workflow that uses them.
        nodes: these resources.
        params: the inputs that they need.
        inputs: the values of these.
        given: the inputs that calls in the block get.
    """
    block = SharedBlock(name, given)
    shared = _SharedRun(block, first, nodes, params, inputs)
    failures: list[BaseException] = []
    cancelled = get_cancelled_exc_class()
    async with create_task_group() as group:
        group.start_soon(shared.drive)
        await shared.opened.wait()
        if block.values is not None:
            with block.errands.serve(group):
                try:
                    yield block
                except cancelled:
                    raise
                except BaseException as error:
                    failures.append(error)
                    shared.cancel(f"its block was left by {shorten(error, 200)}")
                shared.closing.set()
                await shared.ended.wait()
    failure = failures.pop() if failures else shared.failure
    if failure is not None:
        try:
            raise failure
        finally:
            del failure


class _SharedRun:
    """Opens the resources of a block, and closes them at its end.

    Attributes:
        opened: set when they are open, or could not be opened.
        closing: set when they are to be closed.
        ended: set when they are.
        scope: cancelled when the block is left by an error.
        failure: what it has failed with; `None` if it has not.
    """

    def __init__(
        self,
        block: SharedBlock,
        first: WorkflowDefinition,
        nodes: Sequence[Node],
        params: Sequence[Param],
        inputs: Mapping[str, Any],
    ) -> None:
        self.opened, self.closing, self.ended = Event(), Event(), Event()
        self.scope = CancelScope()
        self.failure: BaseException | None = None
        self._block = block
        owner = _make_owner(first, self._hold)
        self._execution = owner.execution
        self._run: Run[Any] = Run(Plan(make_shared_graph(owner, nodes, params), Binding(None)), {**inputs}, keep=True)

    async def drive(self) -> None:
        """Run it."""
        try:
            with self.scope:
                await self._execution.execute(self._run)
        except get_cancelled_exc_class():
            raise
        except BaseException as error:
            self.failure = error
        finally:
            self.failure = self.failure or self._run._failure
            self._block.end(self.failure)
            self.opened.set()
            self.ended.set()

    def cancel(self, why: str) -> None:
        """Have it closed as what is cancelled."""
        self._run._journal.cancelled_for = why
        self.scope.cancel()

    async def _hold(self) -> None:
        """Be the function of the run: wait until the block is over, and all who use what is open have ended."""
        journal, values = self._run._journal, self._run._values
        nodes = self._run._plan.graph.nodes
        self._block.open({id(node.definition.face): (values[node.index], journal.lives[node.index]) for node in nodes})
        self.opened.set()
        try:
            await self.closing.wait()
        except BaseException:
            with CancelScope(shield=True):
                await self._block.stop_users(at_once=True)
            raise
        await self._block.stop_users(at_once=False)


def _make_owner(first: WorkflowDefinition, function: Callable[..., Any]) -> RunnableWorkflow:
    """Return a workflow that is called as another, and has none of its options that say what a run does."""
    kept = ("share", "keep_going", "hook_errors", "metadata", "backend", "backend_options")
    options = {**dict.fromkeys(first.options), **{option: first.options[option] for option in kept}}
    return define_workflow(RunnableWorkflow, None, function, {**options, "name": first.name, "keep_going": False}, ())
