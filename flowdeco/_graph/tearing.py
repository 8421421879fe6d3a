"""What sharing between workflows would tear apart: nodes that go item by item, and lists that belong together.

To a workflow further in, what is shared is there as a value: a mapped node as the list of its results. Who reads that
item by item reads the list; that is the same as long as nobody asks which items were skipped, and nothing else goes in
step with it. Where it would not be the same, the node is not shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from .._base.signature import MISSING, Param
from .axis import Axis
from .graph import Graph
from .level import Level
from .node import Node
from .source import FromResult, FromStream, Source, origin_of, parts_of

__all__ = ["find_torn", "list_joined"]

# The index of a node, and an output of it.
Root: TypeAlias = "tuple[int, str | None] | None"


def find_torn(levels: Iterable[Level]) -> set[tuple[int, int]]:
    """Return the nodes that must not be shared as they are, by the id of a graph and their index in it."""
    mapped = [level for level in levels if level.graph.axes]
    return {(id(level.graph), index) for level in mapped for index in _Tearing(level).find()}


def list_joined(graph: Graph, sources: Iterable[Source]) -> list[Source]:
    """Return those of the sources of one function that are lists of one axis: these lack what any of them lacks."""
    if not graph.axes:
        return []
    parts = [part for source in sources for part in parts_of(source)]
    found: list[Source] = []
    for axis in graph.axes:
        stages = [part for part in parts if isinstance(part, FromResult) and _axis_of(graph, part) is axis]
        origins = set(map(origin_of, axis.sources if stages else ()))
        joined = stages + [part for part in parts if origin_of(part) in origins]
        found += joined if len(set(map(origin_of, joined))) > 1 else []
    return found


class _Tearing:
    """Finds what would be torn apart in one level.

    Each stage has a root: the mapped node that it has its items from, in the end, if that runs further out, and is
    there as a list, by its index and which output of it; `None` where it has them from the sources of its axis. What
    goes together has to have one root.
    """

    def __init__(self, level: Level) -> None:
        self._level = level
        self._graph = level.graph
        self._roots: dict[int, Root] = {}
        self._torn: set[int] = set()

    def find(self) -> set[int]:
        graph = self._graph
        for node in graph.nodes:
            at = self._owner_of(node)
            if at is not None:
                self._look_at_stage(node, at)
                self._look_at_lists(at, node.params, node.sources, node.definition.graph_settled)
        self._look_at_lists(self._level, graph.owner.own_params, graph.body, graph.owner.settled)
        for axis in graph.axes:
            self._look_at_added([graph.nodes[index] for index in axis.stages])
        return self._torn

    def _look_at_stage(self, node: Node, at: Level) -> None:
        """Find the root of a stage, and whether it may read the results of that as a list."""
        if node.axis is None:
            return
        roots: set[Root] = set()
        for part in node.mapped:
            is_stage = isinstance(part.source, FromResult) and _axis_of(self._graph, part.source) is node.axis
            roots.add(self._root_of(part.source, at) if is_stage else None)
        self._roots[node.index] = next(iter(roots)) if len(roots) == 1 else None
        if len(roots) > 1 or node.more is not None or _counts_skipped(node):
            self._tear(roots)

    def _look_at_lists(
        self, at: Level, params: Sequence[Param], sources: Sequence[Source], settled: Sequence[str]
    ) -> None:
        """Look at the lists that a function receives: whether one is to have every item, and whether all fit."""
        for param, source in zip(params, sources, strict=True):
            if param.name in settled:
                self._tear([self._root_of(part, at) for part in parts_of(source)])
        roots = {self._root_of(source, at) for source in list_joined(self._graph, sources)}
        if len(roots) > 1:
            self._tear(roots)

    def _look_at_added(self, stages: Sequence[Node]) -> None:
        """Keep the stages of an axis together where one of them adds items: these are there for all."""
        owners = {self._owner_of(stage) for stage in stages}
        if len(owners) > 1 and any(stage.more is not None for stage in stages):
            self._tear([(stage.index, None) for stage in stages if self._owner_of(stage) is not self._level])

    def _root_of(self, source: Source, at: Level) -> Root:
        """Return the root of what a source gives where something runs."""
        if not isinstance(source, (FromResult, FromStream)):
            return None
        node = self._graph.node_of(source.definition)
        if node.axis is None:
            return None
        return self._roots[node.index] if self._owner_of(node) is at else (node.index, source.output)

    def _tear(self, roots: Iterable[Root]) -> None:
        self._torn.update([root[0] for root in roots if root is not None])

    def _owner_of(self, node: Node) -> Level | None:
        unit = self._level.units[node.index]
        return None if unit is None else unit.owner


def _axis_of(graph: Graph, source: FromResult) -> Axis | None:
    return graph.node_of(source.definition).axis


def _counts_skipped(node: Node) -> bool:
    """Whether a stage makes something of an item that was skipped before it: an outcome, or a default."""
    received = {name for part in node.mapped for name in part.params}
    settled = node.definition.graph_settled
    return any(p.name in settled or p.default is not MISSING for p in node.params if p.name in received)
