"""Keeps a workflow's plan, and compiles it anew when a name refers to another task."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from .._base.graph_errors import AmbiguousNameError, CycleError, GraphError, UnusedTaskError
from .._base.signature import Param
from .._definition.definition import Definition, Face, WorkflowDefinition, definition_behind, definition_of
from .._definition.scope import LocalScope, refresh_scopes
from .._graph.binding import Binding
from .._graph.builder import build_graph
from .._graph.graph import Graph, Node
from .._graph.name_check import find_near_names
from .._graph.output import find_required
from .._graph.override import Layer, Override, Target, find_target, follow, graphs_within, instead_of
from .._graph.resolver import Resolver
from .._graph.source import Constant
from .._graph.type_check import find_mismatches
from .run import Run
from .shown_signature import Shown, look_at
from .task import stand_in

if TYPE_CHECKING:
    from .._scheduler.plan import Plan
    from .execution import Execution

__all__ = ["Compiler", "RunnableWorkflow"]

# One graph is built at a time: what one thread finds to stand in for a task must be what the others find.
_building = RLock()
# The workflows whose graphs are being built, each because the one before runs it.
_under_way: list[Definition] = []


class _Compiled(NamedTuple):
    """A plan, the other compilers' plans that it was made from, and the function bodies whose names it rests on."""

    plan: Plan
    rests_on: tuple[tuple[Compiler, Plan], ...]
    local_scopes: tuple[LocalScope, ...]


class Compiler:
    """Finds the graph of one workflow.

    Args:
        owner: the workflow.
        base: the compiler of the workflow that `overrides` change.
        overrides: what stands in for which tasks of the base.
        around: what stands in for tasks since the workflows around this one say so.
    """

    def __init__(
        self,
        owner: WorkflowDefinition,
        base: Compiler | None = None,
        overrides: tuple[Override, ...] = (),
        around: tuple[Layer, ...] = (),
    ) -> None:
        self.owner = owner
        self.base = base
        self.overrides = overrides
        self._around = around
        self._compiled: _Compiled | None = None
        self._own_names: tuple[tuple[Param, ...], Binding] | None = None
        self._made: dict[int, tuple[Target, Definition | Constant]] = {}

    def find_own_names(self) -> tuple[tuple[Param, ...], Binding]:
        """Return the inputs, and the names that make them so."""
        if self._own_names is None or not self._own_names[1].holds():
            resolver = Resolver(self.owner, None)
            resolver.resolve_owner()
            self._own_names = tuple(resolver.inputs.values()), resolver.binding
        return self._own_names

    def plan(self) -> Plan:
        """Return the plan for a call made now; a function's body up the stack may have bound more tasks since.

        Raises:
            GraphError: the graph cannot be built.
            UnknownTaskError: an override has nothing to replace any more.
        """
        compiled = self._compiled
        if compiled is None:
            self.refresh()
        elif compiled.local_scopes:
            refresh_scopes(compiled.local_scopes)
        elif not compiled.rests_on and compiled.plan.binding.holds():
            return compiled.plan  # the shortest way, for most calls
        return self.current_plan()

    def refresh(self) -> None:
        """Note what the body that the workflow was defined in has bound since, if it is still being executed."""
        refresh_scopes(namespace for namespace in self.owner.scope if isinstance(namespace, LocalScope))

    def current_plan(self) -> Plan:
        """Return the plan, compiled anew if a name refers to another task now. Raises: as `plan` does."""
        compiled = self._compiled
        if compiled is None or not _is_current(compiled):
            with _building:
                compiled = self._compiled  # another thread may have been faster
                if compiled is None or not _is_current(compiled):
                    self._compiled = compiled = self._compile()
        return compiled.plan

    def check(self, *, types: bool) -> None:
        """Raise everything that is wrong with the graph, also what does not keep it from running."""
        self.refresh()
        with _building:
            _raise_problems(self.owner.name, self._find_problems(types=types))

    def check_overrides(self) -> None:
        """Find out whether there is something to replace for each override, and something to replace it with.

        Raises:
            GraphError: the graph without the overrides cannot be built.
            UnknownTaskError: it does not have such a task.
            OptionError: a function cannot be used.
            OutputError: a value does not fit a task's `outputs=`.
        """
        with _building:
            self._layers()

    def _compile(self) -> _Compiled:
        from .._scheduler.plan import Plan  # who defines workflows and runs none needs no engine

        layers = self._layers()
        rests_on = [] if self.base is None else [(self.base, self.base.current_plan())]
        with _entered(self.owner):
            graph, resolver = self._build(layers)
            problems = list(resolver.problems)
            for node, compiler in _nested(graph, layers):
                try:
                    node.plan = compiler.current_plan()
                    rests_on.append((compiler, node.plan))
                except GraphError as error:
                    problems += error.problems
        _raise_problems(self.owner.name, problems)
        scopes = _local_scopes(resolver.binding)
        for compiler, _ in rests_on:
            scopes += compiler._compiled.local_scopes if compiler._compiled is not None else ()
        return _Compiled(Plan(graph, resolver.binding), tuple(rests_on), tuple(dict.fromkeys(scopes)))

    def _find_problems(self, *, types: bool) -> list[GraphError]:
        layers = self._layers()
        with _entered(self.owner):
            graph, resolver = self._build(layers)
            problems = resolver.problems + resolver.shadowed
            problems += find_near_names(resolver)
            problems += find_mismatches(graph) if types else []
            if not layers:  # else what a replaced task needed may be unused, and rightly so
                problems += self._find_unused(graph, resolver)
            for _, compiler in _nested(graph, layers):
                try:
                    problems += compiler._find_problems(types=types)
                except CycleError as error:
                    problems.append(error)
        return problems

    def _find_unused(self, graph: Graph, resolver: Resolver) -> list[UnusedTaskError]:
        """Return an error for each entry of `tasks=` that nothing needs; one that may be needed is not among them."""
        ambiguous = [problem for problem in resolver.problems if isinstance(problem, AmbiguousNameError)]
        candidates = {id(face) for problem in ambiguous for face in problem.candidates}
        given, more = self.owner.given, self.owner.more
        found = [_unused(graph.name, n, face) for n, face in given.items() if n not in resolver.used_given]
        for part in more:
            values: list[object] = list(vars(part).values()) if isinstance(part, ModuleType) else [part]
            faces = [resolver.inherit(self.owner, value) for value in values if definition_of(value) is not None]
            if not any(graph.find(face) is not None or id(face) in candidates for face in faces):
                found.append(_unused(graph.name, None, part))
        return found

    def _build(self, layers: tuple[Layer, ...]) -> tuple[Graph, Resolver]:
        before = None if self._compiled is None else self._compiled.plan.binding
        resolver = Resolver(self.owner, before)
        return build_graph(resolver, partial(follow, layers=layers)), resolver

    def _layers(self) -> tuple[Layer, ...]:
        """Return what stands in for what, by the overrides that this workflow was made with, and those around it."""
        if self.base is None:
            return self._around
        return (*self.base._layers(), self._own_layer(self.base), *self._around)

    def _own_layer(self, base: Compiler) -> Layer:
        graphs = graphs_within(base.current_plan().graph)
        required = find_required(graphs)
        layer: dict[tuple[int, str | None], tuple[Target, Definition | Constant]] = {}
        for number, override in enumerate(self.overrides):
            target = find_target(graphs[0].name, override.key, graphs)
            if number not in self._made or self._made[number][0].key != target.key:
                self._made[number] = target, instead_of(target, override, stand_in, required)
            layer[target.key] = self._made[number]
        return layer

    def within(self, layers: tuple[Layer, ...]) -> Compiler:
        """Return the compiler of this workflow where it runs within one in which `layers` replace tasks."""
        if not layers:
            return self
        return Compiler(self.owner, self.base, self.overrides, layers)


class RunnableWorkflow(WorkflowDefinition):
    """A workflow's definition, with what finds its graph and what runs it.

    Attributes:
        compiler: finds its graph.
        execution: runs it; made when it is first asked for.
    """

    compiler: Compiler
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

    def run_within(self, plan: Plan, given: Mapping[str, Any], outer: Run[Any], index: int) -> Coroutine[Any, Any, Any]:
        own_state = self.options["state"]
        inputs = {**plan.inputs.defaults, **given}
        run: Run[Any] = Run(plan, inputs, outer.state if own_state is None else own_state, keep=outer._keep)
        return self.execution.result_within(run, outer, index)


def _local_scopes(binding: Binding) -> list[LocalScope]:
    return [namespace for namespace in binding.namespaces if isinstance(namespace, LocalScope)]


def _is_current(compiled: _Compiled) -> bool:
    if not compiled.plan.binding.holds():
        return False
    return not compiled.rests_on or all(compiler.current_plan() is plan for compiler, plan in compiled.rests_on)


def _nested(graph: Graph, layers: tuple[Layer, ...]) -> Iterator[tuple[Node, Compiler]]:
    """Yield the nodes that are workflows, and what finds their graphs."""
    for node in graph:
        definition = node.definition
        if isinstance(definition, RunnableWorkflow) and not node.replaced:
            yield node, definition.compiler.within(layers)


@contextmanager
def _entered(workflow: Definition) -> Generator[None]:
    """Note that a workflow's graph is being built.

    Raises:
        CycleError: it is being built already, since the workflow runs itself.
    """
    if workflow in _under_way:
        path = tuple(each.name or "workflow" for each in (*_under_way[_under_way.index(workflow) :], workflow))
        text = "it runs itself" if len(path) == 2 else f"workflows run each other in a circle: {' -> '.join(path)}"
        message = f"Cannot build workflow {path[-1]!r}: {text}. "
        message += "Rename a parameter, or say with needs= what it receives."
        raise CycleError(message, workflow=path[-1], path=path)
    _under_way.append(workflow)
    try:
        yield
    finally:
        _under_way.pop()


def _raise_problems(name: str | None, problems: list[GraphError]) -> None:
    """Raise a single problem as it is, and several as one error; the same problem counts once."""
    name = name or "workflow"
    distinct = list({str(problem): problem for problem in problems}.values())
    if len(distinct) == 1:
        raise distinct[0]
    if distinct:
        text = "\n".join(f"  - {problem}" for problem in distinct)
        error = GraphError(f"Cannot build workflow {name!r}: {len(distinct)} problems.\n{text}", workflow=name)
        error._problems = tuple(distinct)
        raise error


def _unused(workflow: str, name: str | None, part: Face | ModuleType) -> UnusedTaskError:
    if isinstance(part, ModuleType):
        what = f"module {part.__name__!r}"
    else:
        definition = definition_behind(part)
        what = f"{definition.kind} {(name or definition.label)!r}"
    message = f"Cannot accept workflow {workflow!r}: tasks= names {what}, which nothing needs. Remove it."
    return UnusedTaskError(message, workflow=workflow, task=part)
