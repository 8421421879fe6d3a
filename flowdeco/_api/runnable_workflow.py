"""A workflow's definition with what finds its graph and what runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from inspect import Signature
from typing import TYPE_CHECKING, Any

from .._base.signature import Param
from .._definition.definition import WorkflowDefinition
from .._graph.binding import Binding
from .._graph.call_graph import CallOwner
from .._graph.override import Layer
from .compiler import Compiler
from .run import Run
from .shown_signature import Shown, look_at

if TYPE_CHECKING:
    from .._record.journal import Journal
    from .._scheduler.plan import Plan
    from .._scheduler.shared_block import SharedBlock
    from .execution import Execution

__all__ = ["RunnableWorkflow", "remake"]


class RunnableWorkflow(WorkflowDefinition):
    """A workflow's definition, with what finds its graph and what runs it.

    Attributes:
        compiler: finds its graph.
        execution: runs it; made when it is first asked for.
    """

    compiler: Compiler
    block: SharedBlock | None = None
    _shown: Shown | None = None

    @property
    def is_async(self) -> bool:
        """Whether a call of it is to be awaited."""
        return self.signature.is_awaited

    @property
    def shown(self) -> Shown:
        """What is to be seen of it."""
        self._shown = made = look_at(self, self.compiler.plan, self._shown)
        return made

    def sign(self, bound: int) -> Signature:
        """Return its signature, of a method without what is bound: what a call gives, which in a block is the rest."""
        return self.shown.sign(bound, () if self.block is None else self.block.inputs)

    @cached_property
    def execution(self) -> Execution:
        from .execution import Execution  # who defines workflows and runs none, as a worker process, needs no engine

        options = self.options
        return Execution(
            self.name or "workflow",
            is_async=self.is_async,
            is_coroutine=self.signature.kind == "async",
            timeout=options["timeout"],
            hooks=self.hooks,
            strict=self.strict,
            backend=options["backend"],
            backend_options=dict(options["backend_options"] or {}),
        )

    def find_own_names(self) -> tuple[tuple[Param, ...], Binding]:
        return self.compiler.find_own_names()

    def compiler_within(self, layers: tuple[Layer, ...]) -> Compiler:
        return self.compiler.within(layers)

    def run_within(
        self, plan: Plan, inputs: Mapping[str, Any], given: Sequence[Any], outer: Run[Any], journal: Journal, index: int
    ) -> Awaitable[Any]:
        # As a node of the outer graph, it uses what was opened for that; what is called was perhaps opened by itself.
        block = self.block if isinstance(journal.graph.owner, CallOwner) else None
        if plan.needs_opened and (block or outer._block) is None:  # the call has waited, and its block is over
            from .not_opened import not_opened_error

            raise not_opened_error(plan.graph)
        own_state = self.options["state"]
        inputs = {**plan.inputs.defaults, **inputs}
        run: Run[Any] = Run(plan, inputs, outer.state if own_state is None else own_state, keep=journal.keep)
        return self.execution.start_within(run, given, outer, journal, index, block)


def remake(compiler: Compiler, change: Callable[[Any], RunnableWorkflow]) -> RunnableWorkflow:
    """Return what a change makes of a compiler's owner: its names are looked up in what it makes of the base.

    Args:
        compiler: the compiler.
        change: makes another workflow of one.
    """
    compilers = [compiler]
    while compilers[-1].base is not None:
        compilers.append(compilers[-1].base)
    made: RunnableWorkflow | None = None
    for each in reversed(compilers):
        base = None if made is None else made.compiler
        made = change(each.owner)
        made.compiler = Compiler(made, base, each.overrides)
    assert made is not None
    return made
