"""What the segments of one axis have to do with each other: the same items, and each other's results.

An axis has several where a stage needs the whole of another, and where stages are demanded by themselves. Each of them
begins when it may, at the first item. A result that one needs of another one for the same item is handed in as soon as
it is there, be it before or after the item has begun.
"""

from __future__ import annotations

from .._base.events import Status
from .._graph.axis import Axis
from .._item.intake import Intake
from .._item.rows import Rows
from .._item.tee import Branch, Tee
from .block import Block
from .collection import Collection
from .segment import ItemJournal, Segment, Tables

__all__ = ["ItemTees"]


class ItemTees:
    """The part of the items of a run that is about axes of several segments; see `ItemBlocks`.

    Attributes:
        segments: how each fares.
        collections: what has come of each stage, by node.
        journal: where it is written which item runs where; `None`: nowhere.
        awaited: by node and number of an item, the places where that result is waited for in other segments.
    """

    segments: list[Segment]
    collections: dict[int, Collection]
    awaited: dict[tuple[int, int], list[int]]
    journal: ItemJournal | None
    _state: Tables
    _of_axis: dict[Axis, list[Segment]]
    _tees: dict[Axis, Tee]

    def make_tees(self) -> None:
        """Find out which segments take the same items."""
        self.awaited, self._of_axis, self._tees = {}, {}, {}
        for segment in self.segments:
            self._of_axis.setdefault(segment.plan.axis, []).append(segment)
        for axis, found in self._of_axis.items():
            if len(found) > 1:
                plans = [segment.plan for segment in found]
                self._tees[axis] = Tee([(not plan.number, plan.grows and not plan.number) for plan in plans])

    def part_tees(self) -> None:
        """Let go of it all at the end of the run."""
        for tee in self._tees.values():
            tee.part()
        self._of_axis, self._tees = {}, {}
        self.awaited.clear()

    def list_mates(self, segment: Segment) -> list[Segment]:
        """Return the other segments of the same axis."""
        return [each for each in self._of_axis[segment.plan.axis] if each is not segment]

    def tee_of(self, segment: Segment) -> Tee | None:
        """Return what hands the items to the segments of an axis; `None` if there is only one."""
        return self._tees.get(segment.plan.axis)

    def branch_of(self, segment: Segment) -> Branch:
        """Return what a segment takes its items from that is not the only one."""
        return self._tees[segment.plan.axis].branches[self._of_axis[segment.plan.axis].index(segment)]

    def find_growing(self, segment: Segment) -> Segment | None:
        """Return the segment that may add items to an axis from which a segment takes its own."""
        found = [each for each in self._of_axis[segment.plan.axis] if each.plan.grows and not each.plan.number]
        return found[0] if found else None

    def find_room(self, segment: Segment) -> int:
        """Return how many items what gives them may be ahead of the slowest segment of an axis."""
        return max(each.plan.ahead for each in self._of_axis[segment.plan.axis] if not each.plan.number)

    def join(self, segment: Segment, sources: Rows | Intake | None) -> Rows | Intake | Branch:
        """Return what a segment takes its items from that begins.

        Args:
            segment: the segment.
            sources: what gives the items of the axis; `None` if that is known already.
        """
        tee = self.tee_of(segment)
        if tee is not None:
            if sources is not None and not tee.is_open:
                tee.open(sources)
            branch = self.branch_of(segment)
            branch.is_begun = True
            return branch
        assert sources is not None
        return sources

    def call(self, segment: Segment) -> None:
        """Have a segment get a turn, on the event loop, to begin what has come and to see whether it is at its end."""
        if not segment.is_called:
            segment.is_called = True
            self._state.left += 1
            self._state.ready.append(segment.plan.start)

    def call_all(self, segment: Segment) -> None:
        """Have all segments of an axis that have begun, and are not at their end, get a turn."""
        for each in self._of_axis[segment.plan.axis]:
            if each.sources is not None and not each.is_exhausted:
                self.call(each)

    def end_growth(self, segment: Segment) -> None:
        """Take in that a segment adds no more items: so the others can be at their end."""
        if segment.plan.axis in self._tees:
            self.branch_of(segment).end_growth()
            self.call_all(segment)

    def drop(self, segment: Segment) -> None:
        """Take in that a segment does not begin, as nobody needs anything of it."""
        self._state.left -= 1
        self._state.affected.discard(segment.plan.start)
        if segment.plan.axis in self._tees:
            self.branch_of(segment).close()

    def is_needed(self, segment: Segment) -> bool:
        """Whether anybody needs something of a segment, or may, besides those who read it as a stream."""
        takers = [each for each in self.list_mates(segment) if not self.branch_of(each).is_closed]
        return segment.plan.is_needed or any(
            node in segment.counts for each in takers for _, node in each.plan.imported
        )

    def hand_in(self, block: Block, node: int, index: int) -> None:
        """Take in how a stage of another segment has ended for an item, as soon as it has."""
        if self.collections[node].has_ended_for(block.number):
            self._hand(index, *self.collections[node].end_of(block.number))
        else:
            self.awaited.setdefault((node, block.number), []).append(index)

    def hand_on(self, node: int, number: int) -> None:
        """Tell the other segments that wait for it how a stage has ended for an item."""
        for index in self.awaited.pop((node, number), ()):
            block = self._state.steps[index].origin.block
            assert block is not None
            self._name(self.segments[block.segment], block)
            self._hand(index, *self.collections[node].end_of(number))

    def _name(self, segment: Segment, block: Block) -> None:
        """Have an item go by the key that it has in another segment, if that was not known when it began here."""
        for node in segment.plan.heirs:
            entry = None if self.journal is None else self.journal.item_at(block.base + block.offsets[node])
            if entry is not None and entry.key is None:
                entry.key = segment.find_key(node, block.number, self.collections)

    def _hand(self, index: int, status: Status, end: object) -> None:
        if status is Status.COMPLETED:
            self._state.settle(index, end)
        else:
            assert end is None or isinstance(end, BaseException)
            self._state.fail(index, status, end)
