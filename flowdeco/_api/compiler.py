"""Keeps a workflow's plan, and compiles it anew when a name refers to another task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from operator import is_
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple
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
from .stand_in import stand_in

if TYPE_CHECKING:
    from .._scheduler.plan import Plan

__all__ = ["Compiler"]

# One graph is built at a time: what one thread finds to stand in for a task must be what the others find.
_building = RLock()
# What finds the graphs of workflows whose calls are being looked into, each because the one before calls it.
_looked_into: set[int] = set()
# The workflows whose graphs are being built, each because the one before runs it.
_under_way: dict[int, Definition] = {}


class _Built(NamedTuple):
    """A graph as its own names make it.

    Attributes:
        graph: the graph.
        resolver: what found the names, and what is wrong with them.
        layers: what stands in for what in it.
        nested: what finds the graphs of those of its nodes that are workflows, by their index.
        called: what finds those of the workflows that are called in its runs.
        base: the names of the graphs that its overrides change.
    """

    graph: Graph
    resolver: Resolver
    layers: tuple[Layer, ...]
    nested: Mapping[int, Compiler]
    called: tuple[Compiler, ...]
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
        yield self._look_into_called(family)
        self._family = family if family.is_sound else None
        return family

    def _look_into_called(self, family: _Family) -> Steps[None]:
        """Take in what is called in the runs of a family; what is looked into already may call this one again."""
        is_first = id(self) not in _looked_into
        _looked_into.add(id(self))
        try:
            for compiler in [each for _, built in family.members.values() for each in built.called]:
                if id(compiler) in _looked_into:
                    family.is_whole = False
                    continue
                try:
                    other: _Family = yield compiler.find_family()
                except GraphError as error:
                    family.problems += error.problems
                else:
                    family.take_in(other)
        finally:
            if is_first:
                _looked_into.discard(id(self))

    def build(self) -> Steps[_Built]:
        layers, base = yield self.find_layers()
        built = self._built
        if built is None or not built.resolver.binding.holds() or not _are_same(built.layers, layers):
            resolver = Resolver(self.owner, None if built is None else built.resolver.binding)
            graph = build_graph(resolver, partial(follow, layers=layers))
            graph.layers = layers
            nested, called = _find_nested(graph, layers), _find_called(graph, layers)
            built = _Built(graph, resolver, layers, nested, called, base)
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
        is_whole: whether all that is called is among the members.
    """

    def __init__(self, compiler: Compiler, built: _Built) -> None:
        self.members = {id(compiler): (compiler, built)}
        self.problems: list[GraphError] = []
        self.is_whole = True

    def take_in(self, other: _Family) -> None:
        """Take in another workflow, which is called in the runs of this one, with all that runs in it."""
        self.members = {**self.members, **other.members}
        self.problems += other.problems
        self.is_whole = self.is_whole and other.is_whole

    def raise_problems(self, name: str | None) -> None:
        """Raise what is wrong with any of the graphs."""
        found = [problem for _, built in self.members.values() for problem in built.resolver.problems]
        if found or self.problems:
            raise_problems(name, found + self.problems)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with any of the graphs, and none is missing."""
        return (
            self.is_whole
            and not self.problems
            and not any(built.resolver.problems for _, built in self.members.values())
        )

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


def _find_nested(graph: Graph, layers: tuple[Layer, ...]) -> dict[int, Compiler]:
    """Return what finds the graphs of the nodes that are workflows."""
    found: dict[int, Compiler] = {}
    for node in graph:
        definition = node.definition
        if definition.is_workflow and not node.replaced:
            found[node.index] = definition.compiler_within(layers)
    return found


def _find_called(graph: Graph, layers: tuple[Layer, ...]) -> tuple[Compiler, ...]:
    """Return what finds the graphs of the workflows that are called in the runs of a graph."""
    called = [node.definition for node in graph.calls.nodes if not node.replaced]
    return tuple([each.compiler_within(layers) for each in called if each.is_workflow])


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
