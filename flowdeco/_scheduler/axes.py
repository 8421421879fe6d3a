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
from .demand import Demand
from .flow_plan import Outflow, find_flowing, list_flows, make_outflows
from .locals import Locals
from .node_plan import Draft
from .stream_plan import StreamPlan, Streams
from .together import Groups

__all__ = ["Axes", "Start"]

# A stage without a limit counts as one with this.
_NO_LIMIT = 100

# What gives a source is no parameter of anything.
_SOURCE = Param("", Parameter.POSITIONAL_ONLY)


class Section(NamedTuple):
    """What of an axis goes item by item together, before its places are known.

    Attributes:
        number: which it is: what is of a later number may need the whole of what is of an earlier one. Of one number
            there are several where they are not demanded together.
        stages: the stages.
        readers: the nodes that read the source as a stream, and have its items begin.
    """

    number: int
    stages: tuple[int, ...]
    readers: tuple[int, ...]


class Start(NamedTuple):
    """What begins a segment.

    Attributes:
        place: where in the run's tables it is.
        axis: the axis.
        section: what goes through it.
        needed: the nodes that have to have ended.
        slots: where what the sources give stands.
        spans: how many of those each source takes: more than one where it is a list of several results.
        flows: for each source, the node that may hand its items on one by one; `None` if it has them at hand.
        readers: the nodes that read something of it as a stream.
    """

    place: int
    axis: Axis
    section: Section
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
        self._sections: list[list[Section]] = []

    def find_ties(self) -> dict[int, list[int]]:
        """Return what else is demanded with stages, and with who reads a source: what adds items to the axis."""
        found: dict[int, list[int]] = {}
        for axis in self._graph.axes:
            grown = [stage for stage in axis.stages if self._graph.nodes[stage].more is not None]
            for index in (*axis.stages, *self._list_readers(axis)) if grown else ():
                found.setdefault(index, []).extend(grown)
        return found

    def split(self, demand: Demand | None) -> None:
        """Find out what of each axis goes together: what is of one number, and is demanded on the same occasions."""
        occasions = {} if demand is None else demand.occasions
        for axis in self._graph.axes:
            members = [(index, self._segment_of[index]) for index in axis.stages]
            members += [(index, 0) for index in self._list_readers(axis)]
            found: dict[tuple[int, frozenset[int] | None], list[int]] = {}
            for index, number in members:
                found.setdefault((number, occasions.get(index)), []).append(index)
            sections = [_make_section(axis, number, indices) for (number, _), indices in found.items()]
            self._sections.append(sorted(sections, key=_number_of) or [Section(0, (), ())])

    def _list_readers(self, axis: Axis) -> list[int]:
        """Return the nodes that read the source of an axis as a stream."""
        return [node.index for node in self._graph.nodes if not node.replaced and self._reads_source(node, axis)]

    def place_starts(self, place: Callable[[], int], slot: Callable[[Param, Source], int]) -> None:
        """Give what begins the segments a place each.

        Args:
            place: makes a place.
            slot: gives the place of what a source gives.
        """
        for axis, sections in zip(self._graph.axes, self._sections, strict=True):
            needed = tuple(dict.fromkeys(self.needs.of_axis(axis)))
            parts = [parts_of(source) for source in axis.sources]
            spans = tuple(
                [None if found == (source,) else len(found) for source, found in zip(axis.sources, parts, strict=True)]
            )
            flows = list_flows(self._graph, axis, self.flowing)
            for section in sections:
                slots = tuple([slot(_SOURCE, part) for found in parts for part in found])
                readers = dict.fromkeys([stream.reader for stream in self._list_streams(axis, section)])
                about = needed, slots, spans, flows, tuple(readers)
                self.starts.append(Start(place(), axis, section, *about))

    def _list_streams(self, axis: Axis, section: Section) -> tuple[StreamPlan, ...]:
        return self.streams.of_section(axis, section.stages, section.readers)

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
        found: set[int] = set()
        for axis, sections in zip(self._graph.axes, self._sections, strict=True):
            kept = {*needed, *[index for section in sections for index in self._list_imported(section)]}
            if axis.index in streamed:
                found.update(*[section.stages for section in sections if kept.isdisjoint(section.stages)])
        return frozenset(found)

    def find_collected(self) -> set[int]:
        """Return the stages that a later segment goes on with, or that are received together with others."""
        sections = [section for sections in self._sections for section in sections]
        return self._find_together().union(*[self._list_imported(section) for section in sections])

    def _find_together(self) -> set[int]:
        """Return the stages that somebody receives together with others, or with the source."""
        return {node for group in self.groups.list_groups() for node in group.stages}

    def _list_imported(self, section: Section) -> list[int]:
        """Return the stages that go with others, and are needed here item by item."""
        needed = [index for stage in section.stages for index in self.needs.by_item[stage]]
        return [index for index in needed if index not in section.stages]

    def make_segments(
        self,
        drafts: Sequence[Draft],
        followers: Sequence[Sequence[int]],
        read: Collection[int],
        ends: Collection[int],
    ) -> tuple[SegmentPlan, ...]:
        """Return the segments compiled.

        Args:
            drafts: how each node runs.
            followers: which nodes wait for the whole of each.
            read: the stages whose results somebody needs as a whole.
            ends: the nodes that the workflow's own function comes after.
        """
        found: list[SegmentPlan] = []
        collected = {*read, *self.find_collected()}
        together = self._find_together()
        handed = {index for sections in self._sections for each in sections for index in self._list_imported(each)}
        for start in self.starts:
            own = start.section.stages
            streams = self._list_streams(start.axis, start.section)
            groups = [group for group in self.groups.list_groups() if group.axis is start.axis]
            made = make_segment(
                start.axis,
                own,
                start.section.number,
                start.place,
                self.needs,
                drafts,
                self.stand_ins,
                followers,
                [node for node in own if node in collected],
                ahead=self._find_ahead(start.axis, own),
                keeps_items=any(member.node < 0 for group in groups for member in group.members),
                spans=start.spans,
                streamed={*handed, *[stream.node for stream in streams]},
            )
            grows = any(self._graph.nodes[node].more is not None for node in own)
            needed = any(followers[node] or node in read or node in ends or node in together for node in own)
            heirs = self._find_heirs(start.section)
            found.append(made._replace(heirs=heirs, flows=start.flows, streams=streams, is_needed=needed, grows=grows))
        return tuple(found)

    def _find_heirs(self, section: Section) -> dict[int, tuple[int, ...]]:
        """Return, by stage, the stages of other segments that know the key by which its items go."""
        imported = self._list_imported(section)
        givers = find_key_givers(self._graph) if imported else {}
        found = {
            node: tuple([each for each in imported if givers.get(each) == givers[node]])
            for node in section.stages
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


def _number_of(section: Section) -> int:
    return section.number


def _make_section(axis: Axis, number: int, members: Sequence[int]) -> Section:
    stages = tuple([index for index in members if index in axis.stages])
    return Section(number, stages, tuple([index for index in members if index not in axis.stages]))
