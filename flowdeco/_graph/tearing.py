"""What sharing between workflows would tear apart: nodes that go item by item, and lists that belong together.

To a workflow further in, what is shared is there as a value: a mapped node as the list of its results, which says
nothing of its items any more. So one that is read item by item is shared only where its readers are, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .axis import Axis
from .graph import Graph
from .level import Level
from .node import Node
from .source import FromResult, FromStream, Source, definitions_of, origin_of, parts_of

__all__ = ["find_torn", "list_joined"]


def find_torn(levels: Iterable[Level]) -> set[tuple[int, int]]:
    """Return the nodes that must not be shared as they are, by the id of a graph and their index in it."""
    return {
        (id(level.graph), node.index)
        for level in levels
        if level.graph.axes
        for at, nodes in _list_bonds(level)
        for node in nodes
        if _owner_of(level, node) is not at
    }


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


def _list_bonds(level: Level) -> Iterator[tuple[Level, list[Node]]]:
    """Yield nodes that have to be in one place, and that place."""
    graph = level.graph
    for node in graph.nodes:
        at = _owner_of(level, node)
        if at is not None:
            yield at, [*_list_streamed(graph, node), *_list_joined_nodes(graph, node.sources)]
    yield level, _list_joined_nodes(graph, graph.body)
    for axis in graph.axes:
        stages = [graph.nodes[index] for index in axis.stages]
        owners = {_owner_of(level, stage) for stage in stages}
        if len(owners) > 1 and any(stage.more is not None for stage in stages):
            yield level, stages  # what one of them adds is there for all


def _list_joined_nodes(graph: Graph, sources: Iterable[Source]) -> list[Node]:
    steps = [step for source in list_joined(graph, sources) for step in definitions_of(source)]
    return [node for node in map(graph.node_of, steps) if node.axis is not None]


def _axis_of(graph: Graph, source: FromResult) -> Axis | None:
    return graph.node_of(source.definition).axis


def _list_streamed(graph: Graph, node: Node) -> list[Node]:
    """Return the mapped nodes whose results a node receives one by one."""
    mapped = [graph.node_of(step) for part in node.mapped for step in definitions_of(part.source)]
    streamed = [graph.node_of(source.definition) for source in node.sources if isinstance(source, FromStream)]
    return [
        *[each for each in mapped if each.axis is not None and each.axis is node.axis],
        *[each for each in streamed if each.axis is not None],
    ]


def _owner_of(level: Level, node: Node) -> Level | None:
    unit = level.units[node.index]
    return None if unit is None else unit.owner
