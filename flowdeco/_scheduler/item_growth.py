"""An axis that grows: `more=` adds items to the end of it, each of them once."""

from __future__ import annotations

from typing import Any

from .._base.item_errors import ItemSourceError
from .._item.frontier import Frontier
from .._item.rows import Rows
from .growing import make_frontier
from .segment import Segment
from .settlement import Settlement

__all__ = ["ItemGrowth"]


class ItemGrowth(Settlement):
    """The part of an engine that is about what `more=` adds; its attributes are explained there.

    Attributes:
        frontiers: what was there already, by the place of what begins the segment.
    """

    run: Any
    frontiers: dict[int, Frontier]

    def ring(self) -> None:
        """Have whoever waits for the end of the run look what there is to do. On the event loop."""
        raise NotImplementedError

    def frontier_of(self, segment: Segment) -> Frontier:
        """Return what knows the items of a segment that grows."""
        start = segment.plan.start
        if start not in self.frontiers:
            nodes = [self.state.plan.graph.nodes[node] for _, node in segment.plan.own]
            first = next(node for node in nodes if node.more is not None)
            self.frontiers[start] = make_frontier(first, self.run.inputs)
        return self.frontiers[start]

    def note_items(self, segment: Segment, sources: Rows) -> Rows:
        """Take note of the items of a source that has them at hand; return those to be visited."""
        frontier = self.frontier_of(segment)
        rows = [row for row in iter(sources.take, None) if frontier.note(row[0])]
        return Rows(rows, len(rows))

    def find_passed(self, node: int, item: Any) -> list[int]:
        """Return where the segments begin that are not to take an item a node hands on: it was added before."""
        items = self.state.items
        assert items is not None
        segments = [items.of_start[place] for place in items.flows[node].plan.takers]
        grown = [segment for segment in segments if segment.plan.grows]
        return [segment.plan.start for segment in grown if not self.frontier_of(segment).note(item)]

    def add_items(self, index: int, found: Any) -> None:
        """Add what the result at an index tells of, as far as it is new. On the event loop.

        Raises:
            ItemSourceError: what was found has no items, or comes when the axis has ended.
            DigestError: an item cannot be told from others.
        """
        items, block = self.state.items, self.state.steps[index].origin.block
        assert items is not None
        assert block is not None
        segment, name = items.segments[block.segment], self.state.node_of(index).name
        new = self.frontier_of(segment).find_new(name, found)
        if new and segment.plan.number:
            message = f"Cannot add items to {name!r}: it needs the whole of what runs for the items, which have all "
            message += "begun by now. Receive only what belongs to the item, or put more= on an earlier task."
            raise ItemSourceError(message, source="more", value=found)
        with self.lock:
            if new and segment.sources is not None and not self.state.stopped:
                segment.sources.add(new)
                items.call_all(segment)
