"""What a plan knows of the axes of its graph: their segments, what begins each, and how many items may be under way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from inspect import Parameter
from sys import maxsize
from typing import NamedTuple

from .._base.signature import Param
from .._graph.axis import Axis
from .._graph.graph import Graph
from .._graph.key_givers import find_key_givers
from .._graph.node import Node
from .._graph.segments import Needs, find_segments, reach
from .._graph.source import FromStream, Source, parts_of
from .._policy.limit import Limit
from .axis_plan import SegmentPlan, make_segment
from .flow_plan import Outflow, find_flowing, list_flows, make_outflows
from .locals import Locals
from .node_plan import Draft
from .stream_plan import Streams
from .together import Groups

__all__ = ["Axes", "Start"]

# A stage without a limit counts as one with this.
_NO_LIMIT = 100

# What gives a source is no parameter of anything.
_SOURCE = Param("", Parameter.POSITIONAL_ONLY)


class Start(NamedTuple):
    """What begins a segment.

    Attributes:
        place: where in the run's tables it is.
        axis: the axis.
        number: the number of the segment.
        needed: the nodes that have to have ended.
        slots: where what the sources give stands.
        spans: how many of those each source takes: more than one where it is a list of several results.
        flows: for each source, the node that may hand its items on one by one; `None` if it has them at hand.
        readers: the nodes that read something of it as a stream.
    """

    place: int
    axis: Axis
    number: int
    needed: tuple[int, ...]
    slots: tuple[int, ...]
    spans: tuple[int | None, ...]
    flows: tuple[int | None, ...]
    readers: tuple[int, ...]


class Axes:
    """The axes of one graph, as its plan knows them.

    Args:
        graph: the graph.
        place: makes a place for a list that is let go of when nobody needs it any more.

    Attributes:
        needs: what each node needs.
        stand_ins: what nodes read of their own item.
        mapped: the nodes that are mapped.
        starts: what begins the segments.
        groups: the lists that somebody receives together.
        streams: who reads items as a stream.
        flowing: the nodes that may hand on their items one by one.
    """

    def __init__(self, graph: Graph, place: Callable[[], int]) -> None:
        self._graph = graph
        self.needs = Needs(graph)
        self._segment_of = find_segments(graph, self.needs)
        self.stand_ins = Locals(lambda source: graph.node_of(source.definition).index)
        self.mapped = frozenset(self._segment_of)
        self.starts: list[Start] = []
        self.groups = Groups(graph, place)
        self.needs.flowing = self.flowing = find_flowing(graph, self.needs)
        self.streams = Streams(graph, self.needs, self._segment_of, place)

    def place_starts(self, place: Callable[[], int], slot: Callable[[Param, Source], int]) -> None:
        """Give what begins the segments a place each.

        Args:
            place: makes a place.
            slot: gives the place of what a source gives.
        """
        for axis in self._graph.axes:
            for number in self._list_numbers(axis) or [0]:
                needed = self.needs.of_axis(axis)
                slots: list[int] = []
                spans: list[int | None] = []
                if number:
                    needed += self._list_imported(axis, number) or self._find_before(axis, number)
                else:
                    for source in axis.sources:
                        parts = parts_of(source)
                        slots += [slot(_SOURCE, part) for part in parts]
                        spans.append(None if parts == (source,) else len(parts))
                needed = list(dict.fromkeys(needed))
                flows = list_flows(self._graph, axis, self.flowing)
                readers = dict.fromkeys([stream.reader for stream in self.streams.of_segment(axis, number)])
                found = Start(place(), axis, number, tuple(needed), tuple(slots), tuple(spans), flows, tuple(readers))
                self.starts.append(found)

    def _find_before(self, axis: Axis, number: int) -> list[int]:
        """Return a stage of an earlier segment that one of this waits for: when it has ended, all items are known."""
        for stage in axis.stages:
            if self._segment_of[stage] == number:
                reached = reach(self._graph, self.needs, self._segment_of, self.needs.whole[stage])
                before = [node for node in axis.stages if node in reached and self._segment_of[node] < number]
                if before:
                    return before[:1]
        raise AssertionError("a segment follows another one for no reason")

    def make_outflows(self, read: Collection[int]) -> tuple[Outflow, ...]:
        """Return the nodes that hand their items on.

        Args:
            read: those whose end somebody waits for, or whose whole result is needed.
        """
        return make_outflows(self._graph, self.needs, self._segment_of, self.starts, read)

    def find_dispensable(self, needed: Collection[int]) -> frozenset[int]:
        """Return the stages whose items nobody needs any more when those have ended that read them as a stream.

        Args:
            needed: the stages that somebody else needs, as a whole or to have ended.
        """
        streamed = {source.axis for node in self._graph for source in node.sources if isinstance(source, FromStream)}
        axes = [axis for axis in self._graph.axes if axis.index in streamed]
        return frozenset([stage for axis in axes if not set(axis.stages) & set(needed) for stage in axis.stages])

    def find_collected(self) -> set[int]:
        """Return the stages that a later segment goes on with, or that are received together with others."""
        together = {node for group in self.groups.list_groups() for node in group.stages}
        for axis in self._graph.axes:
            for number in self._list_numbers(axis):
                together.update(self._list_imported(axis, number))
        return together

    def _list_numbers(self, axis: Axis) -> list[int]:
        return sorted({self._segment_of[node] for node in axis.stages})

    def _list_imported(self, axis: Axis, number: int) -> list[int]:
        """Return the stages of earlier segments that one needs item by item."""
        own = [node for node in axis.stages if self._segment_of[node] == number]
        return [node for stage in own for node in self.needs.by_item[stage] if self._segment_of[node] < number]

    def make_segments(
        self,
        drafts: Sequence[Draft],
        followers: Sequence[Sequence[int]],
        collected: Collection[int],
        ends: Collection[int],
    ) -> tuple[SegmentPlan, ...]:
        """Return the segments compiled.

        Args:
            drafts: how each node runs.
            followers: which nodes wait for the whole of each.
            collected: the stages whose results somebody needs as a whole.
            ends: the nodes that the workflow's own function comes after.
        """
        found: list[SegmentPlan] = []
        for start in self.starts:
            own = [node for node in start.axis.stages if self._segment_of[node] == start.number]
            streams = self.streams.of_segment(start.axis, start.number)
            is_split = len(self._list_numbers(start.axis)) > 1
            groups = [group for group in self.groups.list_groups() if group.axis is start.axis]
            has_source = any(member.node < 0 for group in groups for member in group.members)
            made = make_segment(
                start.axis,
                start.number,
                start.place,
                self.needs,
                self._segment_of,
                drafts,
                self.stand_ins,
                followers,
                [node for node in own if node in collected],
                ahead=self._find_ahead(start.axis, own),
                keeps_items=(is_split or has_source) and not start.number,
                spans=start.spans,
                streamed={stream.node for stream in streams},
            )
            grows = any(self._graph.nodes[node].more is not None for node in own)
            needed = any(followers[node] or node in collected or node in ends for node in own)
            heirs = self._find_heirs(start, own)
            found.append(made._replace(heirs=heirs, flows=start.flows, streams=streams, is_needed=needed, grows=grows))
        return tuple(found)

    def _find_heirs(self, start: Start, own: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Return, by stage, the stages of earlier segments that know the key by which its items go."""
        givers = find_key_givers(self._graph) if start.number else {}
        imported = self._list_imported(start.axis, start.number) if givers else []
        found = {
            node: tuple([each for each in imported if givers.get(each) == givers[node]])
            for node in own
            if node in givers
        }
        return {node: known for node, known in found.items() if known and self._graph.nodes[node].key is None}

    def _find_ahead(self, axis: Axis, own: Sequence[int]) -> int:
        """Return how many items may be begun and unfinished.

        Any number, where a stage waits for what reads all that the source gives as a stream: no item would end before
        that has read the last one.
        """
        whole = [index for node in own for index in self.needs.whole[node]]
        reached = reach(self._graph, self.needs, self._segment_of, whole)
        if any(self._reads_source(self._graph.nodes[index], axis) for index in reached):
            return maxsize
        return axis.ahead or self._count_ahead(own)

    def _reads_source(self, node: Node, axis: Axis) -> bool:
        read = [source for source in node.sources if isinstance(source, FromStream) and source.axis == axis.index]
        return any(self._graph.node_of(source.definition).axis is None for source in read)

    def _count_ahead(self, stages: Sequence[int]) -> int:
        """Return how many items may be begun and unfinished where nobody has said it: twice what can be at work."""
        limits: dict[Limit, int] = {}
        count = 0
        for index in stages:
            node = self._graph.nodes[index]
            limit = None if node.definition.is_workflow else self._graph.policy_of(node).limit
            if limit is None:
                count += _NO_LIMIT
            else:
                least, places = min(limit.pairs, key=lambda pair: pair[0].capacity // pair[1])
                limits[least] = max(limits.get(least, 0), least.capacity // places)
        return 2 * (count + sum(limits.values()) or _NO_LIMIT)
