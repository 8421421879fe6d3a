"""Which nodes hand their items on one by one: the sources of axes, if what they give turns out to be an iterator."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, Protocol

from .._graph.axis import Axis
from .._graph.graph import Graph
from .._graph.node import Node
from .._graph.segments import Needs, reach, reach_all
from .._graph.source import FromResult
from .._runner.feeding import can_feed

__all__ = ["Outflow", "find_flowing", "list_flows", "make_outflows"]


class TakerPlace(Protocol):
    """What begins a segment.

    Attributes:
        place: where it stands.
        axis: the axis.
        flows: for each source, the node that hands its items on.
    """

    @property
    def place(self) -> int: ...
    @property
    def axis(self) -> Axis: ...
    @property
    def flows(self) -> tuple[int | None, ...]: ...


class Outflow(NamedTuple):
    """A node whose items are handed on one by one, if it gives an iterator.

    Attributes:
        node: its index.
        takers: where what begins the segments stands that take its items.
        axes: the axis of each of these. The segments of one take them together.
        is_held: whether it is held back while too many of its items are begun and unfinished.
        is_gathered: whether somebody needs all of its items together.
    """

    node: int
    takers: tuple[int, ...]
    axes: tuple[Axis, ...]
    is_held: bool
    is_gathered: bool


def list_flows(graph: Graph, axis: Axis, flowing: Collection[int]) -> tuple[int | None, ...]:
    """Return for each source of an axis the node that hands its items on; `None` for one that has them at hand."""
    found = [_index_of(graph, source) for source in axis.sources]
    return tuple([index if index in flowing else None for index in found])


def find_flowing(graph: Graph, needs: Needs) -> frozenset[int]:
    """Return the nodes that may hand on their items one by one."""
    direct = {_index_of(graph, source) for axis in graph.axes for source in axis.sources}
    others = {
        index
        for axis in graph.axes
        for index in needs.of_axis(axis)
        if index not in {_index_of(graph, source) for source in axis.sources}
    }
    nodes = [graph.nodes[index] for index in direct - others if index is not None]
    return frozenset([node.index for node in nodes if _can_flow(graph, node)])


def make_outflows(
    graph: Graph, needs: Needs, segments: dict[int, int], starts: Iterable[TakerPlace], read: Collection[int]
) -> tuple[Outflow, ...]:
    """Return the nodes that hand their items on.

    Args:
        graph: the graph.
        needs: what each node needs.
        segments: the number of the segment of each stage.
        starts: what begins the segments.
        read: the nodes whose end somebody waits for, or whose whole result is needed.
    """
    takers: dict[int, list[tuple[int, Axis]]] = {}
    for start in starts:
        for index in dict.fromkeys(start.flows):
            if index is not None:
                takers.setdefault(index, []).append((start.place, start.axis))
    found: list[Outflow] = []
    for node, about in takers.items():
        is_held = _can_be_held(graph, needs, segments, node) and node not in read
        places, axes = zip(*about, strict=True)
        found.append(Outflow(node, places, axes, is_held, node in read))
    return tuple(found)


def _can_be_held(graph: Graph, needs: Needs, segments: dict[int, int], index: int) -> bool:
    """Whether a source may be held back: nothing that its items wait for needs more of it than is handed on then."""
    axes = [axis for axis in graph.axes if index in needs.of_axis(axis)]
    waited = [needs.whole[stage] for axis in axes for stage in axis.stages if segments[stage] == 0]
    beside = [other for axis in axes for other in needs.of_axis(axis) if other != index]
    waited.append([other for other in beside if other not in needs.flowing])
    if any(index in reach_all(graph, needs, segments, whole) for whole in waited if whole):
        return False
    flows = [other for other in beside if other in needs.flowing]  # they go in step with it, and may be made of it
    return index not in reach(graph, needs, segments, flows)


def _index_of(graph: Graph, source: object) -> int | None:
    """Return the node of a source that is all that this node gives."""
    if isinstance(source, FromResult) and source.output is None:
        return graph.node_of(source.definition).index
    return None


def _can_flow(graph: Graph, node: Node) -> bool:
    step = node.definition
    if node.replaced or node.is_given or node.axis is not None or step.is_workflow or step.is_resource:
        return False
    if node.place is not None:  # it runs in a resource
        return False
    return not step.items.collects and can_feed(graph.policy_of(node).run_in)
