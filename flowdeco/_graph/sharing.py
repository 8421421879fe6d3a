"""Which nodes of nested workflows are one, and where that one runs.

Two nodes are one if they run the same function on the same values under the same options. It belongs to the innermost
workflow that contains all that need it; for a workflow further in, it is a dependency.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping

from .._base.signature import MISSING
from .._policy.policy import Policy
from .._state.state import State
from .graph import Graph
from .level import Level, Origin, Unit, find_common
from .node import Node
from .source import (
    Constant,
    FromInput,
    FromItem,
    FromItemOf,
    FromResult,
    FromRun,
    FromStream,
    FromValue,
    Gather,
    OfItem,
    Source,
)
from .tearing import find_torn, list_joined

__all__ = ["Sharing", "share"]


def share(root: Graph, children: Callable[[Graph], Mapping[int, Graph]]) -> Sharing:
    """Find out what is one in a workflow and those within it.

    Args:
        root: the graph of the outermost workflow.
        children: gives the graphs of those nodes of a graph that are workflows, by their index.
    """
    torn: frozenset[tuple[int, int]] = frozenset()
    while True:
        sharing = Sharing(root, children, torn)
        found = find_torn(sharing.levels)
        if not found:
            return sharing
        torn |= found  # each time more; in the end nothing of an axis is shared


class Sharing:
    """Finds the levels of a workflow, and what is one in them.

    Args:
        root: the graph of the outermost workflow.
        children: gives the graphs of those nodes of a graph that are workflows, by their index.
        torn: what no level shares, by the id of a graph and the index in it.

    Attributes:
        levels: all levels, each after those that contain it.
        values: the constants that values are told apart by, so that their ids stay theirs.
    """

    def __init__(
        self,
        root: Graph,
        children: Callable[[Graph], Mapping[int, Graph]],
        torn: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        self._children = children
        self._torn = torn
        self._units: dict[Origin, Unit] = {}
        self._roots: dict[int, Level] = {}
        self._found: list[Level] = []
        self.levels: list[Level] = []
        self.values: dict[Origin, Constant | FromValue] = {}
        self._open_root(root)
        for level in self._found:  # grows
            self._scan(level)
        self._place_levels()
        self._place_units()

    # Levels.

    def _open_root(self, graph: Graph) -> Level:
        """Return the level of a workflow that shares nothing with any around it."""
        level = self._roots.get(id(graph))
        if level is None:
            self._roots[id(graph)] = level = self._open(graph)
            level.state = _own_state(graph)
            level.origins = {name: ("input", level, name) for name in graph.inputs}
        return level

    def _open(self, graph: Graph) -> Level:
        level = Level(graph, self._children(graph))
        self._found.append(level)
        return level

    def _open_within(self, around: Level, node: Node, graph: Graph) -> Level:
        """Return the level of a workflow that is a node."""
        level = self._open(graph)
        level.region = around.region
        home = _find_home(graph, around)
        level.home, level.state = (level, _own_state(graph)) if home is None else (home, around.state)
        level.origins = {name: ("input", level, name) for name in graph.inputs}
        joined = list_joined(around.graph, node.sources)
        for param, source in zip(node.params, node.sources, strict=True):
            passes = isinstance(source, (FromInput, Constant, FromValue))
            # What was skipped leaves the default to an input that has one, and skips what needs it where it is named.
            # And lists of one axis lack here what any of them lacks.
            passes |= isinstance(source, FromResult) and param.default is MISSING
            if passes and not any(source is each for each in joined):
                level.origins[param.name] = self._origin_of(around, source)
        return level

    def _scan(self, level: Level) -> None:
        """Find out what the nodes of a level are in the whole."""
        for node in level.graph.nodes:
            if node.replaced:
                level.units.append(None)
                continue
            graph = level.children.get(node.index)
            is_apart = graph is not None and not (level.graph.owner.shares and graph.owner.shares)
            key: Origin = ("apart", level, node.definition) if is_apart else self._key_of(level, node, graph)
            unit = self._units.get(key)
            if unit is None:
                self._units[key] = unit = Unit(node, level)
                if graph is not None:
                    unit.runs = self._open_root(graph) if is_apart else self._open_within(level, node, graph)
            else:
                unit.levels.append(level)
            if unit.runs is not None:
                unit.runs.count += 1
                if not is_apart:
                    unit.runs.containers.append(level)
            level.units.append(unit)

    def _place_levels(self) -> None:
        """Put the levels in order, and each below the one that contains it."""
        waiting = {id(level): level.count for level in self._found}
        self.levels = [self._found[0]]
        for level in self.levels:  # grows
            for unit in level.units:
                within = None if unit is None else unit.runs
                if within is not None:
                    waiting[id(within)] -= 1
                    if not waiting[id(within)]:
                        if within.containers:
                            within.put_below(find_common(within.containers))
                        self.levels.append(within)

    def _place_units(self) -> None:
        """Find the level that each unit belongs to, and tell those apart that have the same definition."""
        alike: dict[int, list[Unit]] = {}
        for unit in self._units.values():
            unit.owner = find_common(unit.levels)
            unit.owner.own.append(unit)
            alike.setdefault(id(unit.definition), []).append(unit)
        for units in alike.values():
            for unit in units:
                if len(units) > 1 and len(unit.levels) > 1:
                    unit.definition = copy.copy(unit.definition)

    # What is the same.

    def _key_of(self, level: Level, node: Node, graph: Graph | None) -> Origin:
        owner = level.graph.owner
        sources = tuple([self._origin_of(level, source) for source in node.sources])
        after = tuple([level.units[level.graph.node_of(step).index] for step in node.after])
        alone = level if (id(level.graph), node.index) in self._torn else None
        key = node.definition, level.region, owner.keep_going, sources, after, self._items_of(level, node), alone
        if graph is not None:
            return *key, graph, _find_home(graph, level)
        defaults = owner.defaults
        options = () if defaults is None else defaults.list_added(node.definition)
        return *key, options, self._condition_of(level, node), _asked_besides(level, level.graph.policy_of(node))

    def _items_of(self, level: Level, node: Node) -> Origin:
        """Return what a node is mapped over, and what its `more=` and `key=` receive."""
        mapped = [self._origin_of(level, part.source) for part in node.mapped]
        asked = [each[1] for each in (node.more, node.key) if each is not None]
        return *mapped, *[self._origin_of(level, source) for sources in asked for source in sources]

    def _condition_of(self, level: Level, node: Node) -> Origin | None:
        if node.predicate is None:
            return None
        predicate, sources = node.predicate
        asked = [self._origin_of(level, source) for source in sources]
        return id(predicate.function), predicate.asks_task, *asked

    def _origin_of(self, level: Level, source: Source) -> Origin:
        """Return where a value comes from, whatever it is called here."""
        if isinstance(source, Gather):
            return "gather", source.keys, *[self._origin_of(level, part) for part in source.parts]
        if isinstance(source, FromInput):
            return level.origins[source.name]
        if isinstance(source, FromResult):
            node = level.graph.node_of(source.definition)
            return "result", level.units[node.index], source.output
        if isinstance(source, (Constant, FromValue)):
            origin = "constant", id(source.value), source.output if isinstance(source, Constant) else None
            self.values.setdefault(origin, source)
            return origin
        if isinstance(source, FromItem):
            return "item", self._origin_of(level, source.source), source.part
        if isinstance(source, FromItemOf):
            return "item of", level.units[level.graph.node_of(source.definition).index], source.output, source.part
        if isinstance(source, FromStream):
            node = level.graph.node_of(source.definition)
            unit = level.units[node.index]  # a value that stands in for it is there in this level alone
            return "stream", unit or (level, node.index), source.output, source.order
        if isinstance(source, OfItem):
            return "of item", source.name
        if isinstance(source, FromRun):
            return ("run", level) if source.name == "run" else ("state", level.home)
        return ("default",)


def _own_state(graph: Graph) -> State | None:
    """Return the state that a workflow was given; `None` if each run has a fresh one."""
    state = graph.owner.options["state"]
    return state if isinstance(state, State) else None


def _find_home(graph: Graph, around: Level) -> Level | None:
    """Return the home of a workflow that is a node of a level; `None` if that is itself."""
    state = graph.owner.options["state"]
    return around.home if state is None or state is around.state else None


def _asked_besides(level: Level, policy: Policy) -> tuple[Hashable, ...]:
    """Return what a task takes of the run besides its arguments, and the tasks that recover it.

    That is in what recovers it, and the state in its hooks.
    """
    names: set[str] = set()
    policies, tasks = [policy], list[int]()
    for each in policies:  # grows
        names |= {name for hooks in each.hooks.values() for hook in hooks for name in hook.ask.names if name != "run"}
        for way in each.recover:
            if way.hook is not None:
                names |= set(way.hook.ask.names)
            else:
                names |= {param.name for param in way.task.params}
                policies.append(way.task.policy)
                tasks.append(id(way.task.face))
    return (level if "run" in names else None), (level.home if "state" in names else None), *tasks
