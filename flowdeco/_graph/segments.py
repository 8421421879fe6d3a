"""Which stages of an axis go item by item together, and which only when others have ended for all its items.

A stage may need the whole of another one of its own axis: `scaled(size, mean)` where `mean(sizes)`. Items that waited
for it would be begun and unfinished, and only so many may be: with more items than that, nobody would ever go on. So
such a stage is of a later segment. An item has ended a segment without it; the later one has items of its own, fed
from what the earlier one has collected.

The same may come about through others: `a` waits for all of another axis, which is held back until something of it has
got all of `a`'s axis. So what is held back counts as a need, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from .._definition.definition import Definition
from .axis import Axis
from .graph import Graph
from .node import Node
from .source import FromItem, FromItemOf, FromResult, FromStream, definitions_of

__all__ = ["Needs", "find_segments", "reach", "reach_all"]

# Where a parameter receives one of many.
_ONE_BY_ONE = (FromItem, FromItemOf, FromStream)


class Needs:
    """What each node of a graph with axes needs: all of others, or of these what they give for the same item.

    Attributes:
        whole: by node, the nodes that it needs as a whole.
        gates: by node, those of them that a mapped node waits for before anything is done for an item.
        by_item: by node, the stages of its axis that it needs item by item.
        streamed: by node, what gives the items that it reads as a stream.
        readers: by axis, the nodes that read something of it as a stream.
        fed: by node, the axes of which it is a source.
        flowing: the nodes that may hand on their items one by one, and be held back; told later, none before.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.whole = [self._list_whole(node) for node in graph.nodes]
        self.gates = self.whole.copy()
        self.streamed = [self._list_streamed(node) for node in graph.nodes]
        self.by_item = [self._list_by_item(node) for node in graph.nodes]
        self.flowing: Collection[int] = ()
        self.readers: dict[int, list[int]] = {}
        self.fed: dict[int, list[Axis]] = {}
        for node in graph.nodes:
            for source in node.sources:
                if isinstance(source, FromStream):
                    self.readers.setdefault(source.axis, []).append(node.index)
        for axis in graph.axes:
            for index in self.of_axis(axis):
                self.fed.setdefault(index, []).append(axis)

    def of_axis(self, axis: Axis) -> list[int]:
        """Return the nodes that give the sources of an axis."""
        return self._index(definition for source in axis.sources for definition in definitions_of(source))

    def _list_whole(self, node: Node) -> list[int]:
        if node.axis is None and not node.definition.items.streams:
            return [index for index in node.dependencies if not self._graph.nodes[index].replaced]
        sources = [source for source in (*node.sources, *node.asked) if not isinstance(source, _ONE_BY_ONE)]
        found = [definition for source in sources for definition in definitions_of(source)]
        place = [] if node.place is None else [node.place]
        return self._index([*found, *place, *node.after, *node.shared])

    def _list_streamed(self, node: Node) -> list[int]:
        return self._index([source.definition for source in node.sources if isinstance(source, FromStream)])

    def _list_by_item(self, node: Node) -> list[int]:
        if node.axis is None:
            return []
        found = [source.definition for source in (*node.sources, *node.asked) if isinstance(source, FromItemOf)]
        for source in [mapped.source for mapped in node.mapped]:  # its function may lack the parameter
            if isinstance(source, FromResult) and self._graph.node_of(source.definition).axis is node.axis:
                found.append(source.definition)
        return self._index(found)

    def _index(self, definitions: Iterable[Definition]) -> list[int]:
        nodes = dict.fromkeys([self._graph.node_of(definition) for definition in definitions])
        return [node.index for node in nodes if not node.replaced]


def find_segments(graph: Graph, needs: Needs) -> dict[int, int]:
    """Return for each mapped node the number of its segment, from 0."""
    stages = [node for node in graph.nodes if node.axis is not None]
    segments = dict.fromkeys([node.index for node in stages], 0)
    for _ in range(len(stages) * len(stages) + 1):
        before = dict(segments)
        for node in stages:
            _raise(graph, needs, segments, node)
        if segments == before:
            break
    return segments


def _raise(graph: Graph, needs: Needs, segments: dict[int, int], node: Node) -> None:
    """Put a stage behind those of its axis that it needs as a whole."""
    assert node.axis is not None
    least = [segments[index] for index in needs.by_item[node.index]]
    if needs.whole[node.index]:
        reached = reach(graph, needs, segments, needs.whole[node.index])
        own = set(node.axis.stages) - {node.index}
        least += [segments[index] + 1 for index in reached & own]
    segments[node.index] = max([segments[node.index], *least])


def reach_all(
    graph: Graph, needs: Needs, segments: dict[int, int], start: Sequence[int], reader: int | None = None
) -> set[int]:
    """Return all that has to have ended or to go on, if these are to end: also who may hold back what that needs.

    Items are held back by who reads them as a stream, and what yields them by who takes them.

    Args:
        graph: the graph.
        needs: what each node needs.
        segments: the number of the segment of each stage.
        start: the nodes.
        reader: one that is not waited for where it reads; `None`: all are.
    """

    def list_takers(index: int) -> list[int]:
        own = graph.nodes[index].axis
        fed = needs.fed.get(index, []) if index in needs.flowing else []
        axes = fed if own is None else [own, *fed]
        found = [stage for axis in fed for stage in axis.stages]
        return found + [each for axis in axes for each in needs.readers.get(axis.index, ()) if each != reader]

    return reach(graph, needs, segments, start, list_takers)


def reach(
    graph: Graph,
    needs: Needs,
    segments: dict[int, int],
    start: Sequence[int],
    besides: Callable[[int], Iterable[int]] = lambda index: (),
) -> set[int]:
    """Return all that has to have ended, if these are to; `besides` gives what else there is to a node."""
    reached: set[int] = set()
    waiting = list(start)
    while waiting:
        index = waiting.pop()
        if index in reached:
            continue
        reached.add(index)
        waiting += [*needs.whole[index], *needs.streamed[index], *besides(index)]
        axis = graph.nodes[index].axis
        if axis is not None:
            waiting += needs.by_item[index]
            waiting += needs.of_axis(axis)
            for mate in axis.stages:  # what an item has to end before the next ones begin
                if segments[mate] == segments[index]:
                    waiting += needs.whole[mate]
    return reached
