"""Who reads the items of an axis as a stream, and which of these readers the items wait for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from .._definition.definition import Definition
from .._graph.axis import Axis
from .._graph.graph import Graph
from .._graph.segments import Needs, reach_all
from .._graph.source import FromStream
from .demand import Demand
from .node_plan import Draft

__all__ = ["StreamPlan", "Streams"]


class StreamPlan(NamedTuple):
    """One stream.

    Attributes:
        place: where the reader finds its iterator.
        reader: the index of the node that reads.
        axis: the index of the axis.
        node: the stage whose results are read; -1 for what the source gives.
        definition: what gives the items.
        output: of which output of each; `None`: all of it.
        in_order: whether they come in the order of the source, and not as they end.
        is_settled: whether the reader receives the outcome of each item.
        on_loop: whether the reader runs on the event loop, and not in a thread.
        is_counted: whether an item is unfinished until the reader has received it. Not, if the reader may wait for
            something else that needs the axis to go on: it begins only when all items have ended, or has another stream
            of the axis that it reads first. What it has not read then stays in the memory. Nor, if it may
            never be demanded where the items are.
    """

    place: int
    reader: int
    axis: int
    node: int
    definition: Definition
    output: str | None
    in_order: bool
    is_settled: bool
    on_loop: bool
    is_counted: bool

    @property
    def name(self) -> str:
        """What gives the items, for errors."""
        return str(self.definition.name)


class Streams:
    """The streams of a graph.

    Args:
        graph: the graph.
        needs: what each node needs.
        segments: the number of the segment of each stage.
        place: makes a place whose value is let go of when nobody needs it any more.
    """

    def __init__(self, graph: Graph, needs: Needs, segments: dict[int, int], place: Callable[[], int]) -> None:
        self._graph = graph
        self._needs = needs
        self._segments = segments
        self._place = place
        self._asked: dict[int, tuple[FromStream, bool]] = {}
        self._found: list[StreamPlan] = []

    def ask(self, source: FromStream, *, settled: bool) -> int:
        """Return the place of a new iterator."""
        place = self._place()
        self._asked[place] = source, settled
        return place

    def find_readers(self, drafts: Sequence[Draft], demand: Demand | None) -> None:
        """Find out who reads which, when it is known what each node receives, and what waits to be demanded."""
        for node, draft in zip(self._graph.nodes, drafts, strict=True):
            self._found += [self._make(node.index, place, demand) for place in draft.slots if place in self._asked]

    def of_section(self, axis: Axis, stages: Collection[int], readers: Collection[int]) -> tuple[StreamPlan, ...]:
        """Return the streams of what some stages give, and those of the source that some nodes read."""
        own = [stream for stream in self._found if stream.axis == axis.index]
        return tuple([each for each in own if (each.reader in readers if each.node < 0 else each.node in stages)])

    def _make(self, reader: int, place: int, demand: Demand | None) -> StreamPlan:
        source, settled = self._asked[place]
        given, node = self._graph.node_of(source.definition), self._graph.nodes[reader]
        signature = node.definition.signature
        is_sure = demand is None or given.axis is None or demand.is_sure_to_read(reader, given.index)
        return StreamPlan(
            place,
            reader,
            source.axis,
            -1 if given.axis is None else given.index,
            source.definition,
            source.output if given.axis is not None else None,
            source.order == "source",
            settled,
            signature.kind.startswith("async") or signature.is_awaited,
            is_sure and not self._waits_besides(reader, source),
        )

    def _waits_besides(self, reader: int, source: FromStream) -> bool:
        """Whether a reader may wait for anything else that needs the axis of one of its streams to go on."""
        read, given = self._graph.axes[source.axis], self._graph.node_of(source.definition).index
        streams = [each for each in self._graph.nodes[reader].sources if isinstance(each, FromStream)]
        others = [self._graph.node_of(each.definition).index for each in streams if each is not source]
        if len([each for each in streams if each.axis == source.axis]) > 1:
            return True
        start = [*self._needs.whole[reader], *others]
        reached = reach_all(self._graph, self._needs, self._segments, start, reader)
        return not reached.isdisjoint([given, *read.stages, *self._needs.of_axis(read)])
