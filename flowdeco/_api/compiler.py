"""Keeps a workflow's plan, and compiles it anew when a name refers to another task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from operator import is_
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from .._base.graph_errors import CycleError, GraphError
from .._base.signature import Param
from .._base.trampoline import Steps, run_steps
from .._definition.definition import Definition, WorkflowDefinition
from .._definition.scope import LocalScope, refresh_scopes
from .._graph.binding import Binding
from .._graph.builder import build_graph
from .._graph.graph import Graph
from .._graph.name_check import find_near_names
from .._graph.output import find_required
from .._graph.override import Layer, Override, Target, find_target, follow, instead_of
from .._graph.resolver import Resolver
from .._graph.source import Constant
from .._graph.state_check import find_wrong_states
from .._graph.type_check import find_mismatches
from .problems import find_unused, raise_problems
from .run import Run
from .shown_signature import Shown, look_at
from .stand_in import stand_in

if TYPE_CHECKING:
    from .._record.journal import Journal
    from .._scheduler.plan import Plan
    from .._scheduler.shared_block import SharedBlock
    from .execution import Execution

__all__ = ["Compiler", "RunnableWorkflow", "remake"]

# One graph is built at a time: what one thread finds to stand in for a task must be what the others find.
_building = RLock()
# The workflows whose graphs are being built, each because the one before runs it.
_under_way: dict[int, Definition] = {}


class _Built(NamedTuple):
    """A graph as its own names make it.

    Attributes:
        graph: the graph.
        resolver: what found the names, and what is wrong with them.
        layers: what stands in for what in it.
        nested: what finds the graphs of those of its nodes that are workflows, by their index.
        base: the names of the graphs that its overrides change.
    """

    graph: Graph
    resolver: Resolver
    layers: tuple[Layer, ...]
    nested: Mapping[int, Compiler]
    base: Binding | None


class _Compiled(NamedTuple):
    """A plan, all names that it rests on, and the function bodies that these are in."""

    plan: Plan
    binding: Binding
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
        self._built: _Built | None = None
        self._family: _Family | None = None
        # Those of its graph where it shares nothing with other workflows.
        self.plans: dict[Graph, Plan] = {}
        self._own_names: tuple[tuple[Param, ...], Binding] | None = None
        self._made: dict[int, tuple[Target, Definition | Constant]] = {}
        self._layer: Layer | None = None
        self._within: WeakValueDictionary[tuple[int, ...], Compiler] = WeakValueDictionary()

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
        if compiled is None or not compiled.binding.holds():
            with _building:
                compiled = self._compiled  # another thread may have been faster
                if compiled is None or not compiled.binding.holds():
                    self._compiled = compiled = self._compile()
        return compiled.plan

    def refresh(self) -> None:
        """Note what the body that the workflow was defined in has bound since, if it is still being executed."""
        refresh_scopes(namespace for namespace in self.owner.scope if isinstance(namespace, LocalScope))

    def check(self, *, types: bool) -> None:
        """Raise everything that is wrong with the graph, also what does not keep it from running."""
        self.refresh()
        with _building:
            family = run_steps(self.find_family())
        problems: list[GraphError] = []
        for _, built in family.members.values():
            problems += built.resolver.problems + built.resolver.shadowed
            problems += find_near_names(built.resolver)
            problems += find_mismatches(built.graph) if types else []
            if not built.layers:  # else what a replaced task needed may be unused, and rightly so
                problems += find_unused(built.graph, built.resolver)
        if types:
            problems += find_wrong_states([built.graph for _, built in family.members.values()])
        raise_problems(self.owner.name, problems + family.problems)

    def check_overrides(self) -> None:
        """Find out whether there is something to replace for each override, and something to replace it with.

        Raises:
            GraphError: the graph without the overrides cannot be built.
            UnknownTaskError: it does not have such a task.
            OptionError: a function cannot be used.
            OutputError: a value does not fit a task's `outputs=`.
        """
        with _building:
            run_steps(self.find_layers())

    def _compile(self) -> _Compiled:
        family = run_steps(self.find_family())
        family.raise_problems(self.owner.name)
        binding = family.binding
        scopes = [namespace for namespace in binding.namespaces if isinstance(namespace, LocalScope)]
        return _Compiled(family.make_plan(), binding, tuple(scopes))

    # Graphs, of any number of workflows within each other.

    def find_family(self) -> Steps[_Family]:
        """Find the graph of this workflow, and those of all that run in it.

        Raises:
            CycleError: it is being looked for already, since the workflow runs one that was made of it.
        """
        if self._family is not None and self._family.binding.holds():
            return self._family  # or each of many overrides would look through all those before
        built: _Built = yield self.build()
        family, before = _Family(self, built), len(_under_way)
        open_nodes = [_enter(self, built)]
        try:
            while open_nodes:
                compiler = next(open_nodes[-1], None)
                if compiler is None:
                    open_nodes.pop()
                    _under_way.popitem()
                elif id(compiler.owner) in _under_way:
                    family.problems.append(_cycle_to(compiler.owner))
                elif id(compiler) not in family.members:
                    try:
                        built = yield compiler.build()
                    except GraphError as error:
                        family.problems += error.problems
                    else:
                        family.members[id(compiler)] = compiler, built
                        open_nodes.append(_enter(compiler, built))
        finally:
            while len(_under_way) > before:
                _under_way.popitem()
        self._family = family if family.is_sound else None
        return family

    def build(self) -> Steps[_Built]:
        layers, base = yield self.find_layers()
        built = self._built
        if built is None or not built.resolver.binding.holds() or not _are_same(built.layers, layers):
            resolver = Resolver(self.owner, None if built is None else built.resolver.binding)
            graph = build_graph(resolver, partial(follow, layers=layers))
            graph.layers = layers
            built = _Built(graph, resolver, layers, _find_nested(graph, layers), base)
            if not resolver.problems:
                self._built = built
        return built._replace(base=base)

    def find_layers(self) -> Steps[tuple[tuple[Layer, ...], Binding | None]]:
        """Find what stands in for what: by the overrides that this workflow was made with, and those around it."""
        if self.base is None:
            return self._around, None
        family: _Family = yield self.base.find_family()
        family.raise_problems(self.base.owner.name)
        own = self._find_own_layer([built.graph for _, built in family.members.values()])
        _, built = family.members[id(self.base)]
        return (*built.layers, own, *self._around), family.binding

    def _find_own_layer(self, graphs: Sequence[Graph]) -> Layer:
        required = find_required(graphs)
        layer: dict[tuple[int, str | None], tuple[Target, Definition | Constant]] = {}
        for number, override in enumerate(self.overrides):
            target = find_target(graphs[0].name, override.key, graphs)
            if number not in self._made or self._made[number][0].key != target.key:
                self._made[number] = target, instead_of(target, override, stand_in, required)
            layer[target.key] = self._made[number]
        known = self._layer
        if known is None or known.keys() != layer.keys() or any(known[key] is not layer[key] for key in layer):
            self._layer = known = layer
        return known

    def within(self, layers: tuple[Layer, ...]) -> Compiler:
        """Return the compiler of this workflow where it runs within one in which `layers` replace tasks."""
        if not layers:
            return self
        key = tuple(map(id, layers))
        found = self._within.get(key)
        if found is None:
            self._within[key] = found = Compiler(self.owner, self.base, self.overrides, layers)
        return found


class _Family:
    """A workflow with all that run in it.

    Attributes:
        members: what found the graph of each, and that graph, by the id of the former.
        problems: what keeps some from being found.
    """

    def __init__(self, compiler: Compiler, built: _Built) -> None:
        self.members = {id(compiler): (compiler, built)}
        self.problems: list[GraphError] = []

    def raise_problems(self, name: str | None) -> None:
        """Raise what is wrong with any of the graphs."""
        found = [problem for _, built in self.members.values() for problem in built.resolver.problems]
        if found or self.problems:
            raise_problems(name, found + self.problems)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with any of the graphs."""
        return not self.problems and not any(built.resolver.problems for _, built in self.members.values())

    @cached_property
    def binding(self) -> Binding:
        """The names that all the graphs rest on."""
        binding = Binding(None)
        for _, built in self.members.values():
            binding.update(built.resolver.binding)
            if built.base is not None:
                binding.update(built.base)
        return binding

    def make_plan(self) -> Plan:
        """Return the plan of the workflow, with those of all that run in it."""
        from .planning import make_plan  # who defines workflows and runs none needs no engine

        graphs = {key: built.graph for key, (_, built) in self.members.items()}
        children = {
            id(built.graph): {index: graphs[id(each)] for index, each in built.nested.items()}
            for _, built in self.members.values()
        }
        bindings = {id(built.graph): built.resolver.binding for _, built in self.members.values()}
        plans = {id(built.graph): compiler.plans for compiler, built in self.members.values()}
        return make_plan(next(iter(graphs.values())), children, bindings, plans)


class RunnableWorkflow(WorkflowDefinition):
    """A workflow's definition, with what finds its graph and what runs it.

    Attributes:
        compiler: finds its graph.
        execution: runs it; made when it is first asked for.
        block: what is open for all its runs, in a block of `opened()`; `None` outside of one.
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

    def plan_within(self, layers: tuple[Layer, ...]) -> Plan:
        return self.compiler.within(layers).plan()

    def run_within(
        self, plan: Plan, inputs: Mapping[str, Any], given: Sequence[Any], outer: Run[Any], journal: Journal, index: int
    ) -> Awaitable[Any]:
        own_state = self.options["state"]
        inputs = {**plan.inputs.defaults, **inputs}
        run: Run[Any] = Run(plan, inputs, outer.state if own_state is None else own_state, keep=journal.keep)
        return self.execution.start_within(run, given, outer, journal, index)


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


def _find_nested(graph: Graph, layers: tuple[Layer, ...]) -> dict[int, Compiler]:
    """Return what finds the graphs of the nodes that are workflows."""
    found: dict[int, Compiler] = {}
    for node in graph:
        definition = node.definition
        if isinstance(definition, RunnableWorkflow) and not node.replaced:
            found[node.index] = definition.compiler.within(layers)
    return found


def _are_same(layers: Sequence[Layer], others: Sequence[Layer]) -> bool:
    return len(layers) == len(others) and all(map(is_, layers, others))


def _enter(compiler: Compiler, built: _Built) -> Iterator[Compiler]:
    """Note that the graphs of those that run in a workflow are being built, and return what finds these."""
    if id(compiler.owner) in _under_way:
        raise _cycle_to(compiler.owner)
    _under_way[id(compiler.owner)] = compiler.owner
    return iter(list(built.nested.values()))


def _cycle_to(workflow: Definition) -> CycleError:
    """Return the error for a workflow that runs itself: its graph is being built already."""
    names = [each.name or "workflow" for each in _under_way.values()]
    path = (*names[list(_under_way).index(id(workflow)) :], workflow.name or "workflow")
    text = "it runs itself" if len(path) == 2 else f"workflows run each other in a circle: {' -> '.join(path)}"
    message = f"Cannot build workflow {path[-1]!r}: {text}. "
    message += "Rename a parameter, or say with needs= what it receives."
    return CycleError(message, workflow=path[-1], path=path)
