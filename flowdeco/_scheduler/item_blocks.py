"""The items of a run: which have begun, which places they have, and what comes of them for the whole.

As pure as the state of the run, whose tables it extends. A block of places is given to an item when it begins, and to
another one when that has ended; so a run takes up as much as the items that are begun and unfinished at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._base.events import Status
from .._base.sentinel import UNSET
from .._graph.axis import Axis
from .._graph.graph import Graph
from .._graph.output import take_list
from .._item.intake import Intake
from .._item.rows import Rows
from .axis_plan import SegmentPlan
from .block import Block
from .collection import Collection, make_outcome
from .flow_plan import Outflow
from .item_starts import ItemStarts
from .node_plan import SharedOut
from .segment import ItemJournal, Segment, Tables
from .together import Group

__all__ = ["ItemBlocks"]


class ItemBlocks(ItemStarts):
    """The items of one run.

    Args:
        state: the state of the run.
        graph: what runs.
        plans: the segments of its axes.
        groups: the lists that somebody receives together.
        outflows: the nodes that hand their items on one by one.

    Attributes:
        journal: where it is written which item runs where; `None`: nowhere.
        segments: how each fares.
        collections: what has come of each stage, by node.
        faults: of places whose turn is to come, what keeps the item from running there.
    """

    def __init__(
        self,
        state: Tables,
        graph: Graph,
        plans: Sequence[SegmentPlan],
        groups: Sequence[Group] = (),
        outflows: Sequence[Outflow] = (),
    ) -> None:
        self._state = state
        self._graph = graph
        self._groups = groups
        self.journal: ItemJournal | None = None
        self.segments = [Segment(plan, index) for index, plan in enumerate(plans)]
        self.of_node = {node: segment for segment in self.segments for _, node in segment.plan.own}
        self.of_start = {segment.plan.start: segment for segment in self.segments}
        keeps = state.uses is None
        self.collections = {
            node: Collection(graph.nodes[node].name, keeps=keeps or node in self.of_node[node].plan.collected)
            for node in self.of_node
        }
        self.faults: dict[int, BaseException] = {}
        self.streams = {}
        self.make_tees()
        self.flows = {outflow.node: self.make_flow(outflow, keeps=keeps) for outflow in outflows}
        self._broken_gates: set[int] = set()

    # The beginning.

    def start(self, segment: Segment, sources: Rows | Intake | None) -> list[int]:
        """Begin a segment; return the stages that have ended thereby, as there is nothing to map.

        Args:
            segment: the segment.
            sources: what gives the items; `None` if another segment of the axis has begun with that.
        """
        segment.sources = self.join(segment, sources)
        if segment.sources.size is not None:
            self._expect(segment, segment.sources.size)
        self._state.left -= 1
        if segment.plan.streams:
            self.open_streams(segment)
        self.feed(segment)
        return self.find_ended(segment)

    def answer(self, segment: Segment) -> list[int]:
        """Take the turn of a segment on the event loop; return the stages that have ended thereby."""
        segment.is_called = False
        segment.is_postponed = segment.is_postponed and segment.plan.in_thread
        self._state.left -= 1
        if not segment.is_postponed:
            self.feed(segment)
        return self.find_ended(segment)

    def go_on(self, segment: Segment) -> list[int]:
        """Take its turn in a thread; return the stages that have ended thereby."""
        segment.is_postponed = False
        self._state.left -= 1
        self.feed(segment)
        return self.find_ended(segment)

    # Gates.

    def open_gate(self, node: int) -> None:
        """Take in that all has ended which a stage needs as a whole."""
        state, segment = self._state, self.of_node[node]
        if node in state.affected:
            state.affected.discard(node)
            self._broken_gates.add(node)
        for index in segment.closed.pop(node, ()):
            if node in self._broken_gates:
                state.affected.add(index)
            state.pending[index] -= 1
            if not state.pending[index]:
                self._list_ready(index)

    # The end.

    def take_turn(self, index: int) -> list[int]:
        """Take in that something has ended for an item; return the stages that have ended for all of them by that."""
        state = self._state
        step = state.steps[index]
        block = step.origin.block
        assert block is not None
        segment = self.segments[block.segment]
        plan = segment.plan
        state.affected.discard(index)
        state.left -= 1
        turn = plan.instances[index - block.base]
        for offset, node in turn.collects:
            self._collect(segment, block, offset, node)
            if self.awaited:
                self.hand_on(node, block.number)
        if turn.offset != plan.end:
            for follower in step.followers:
                state.pending[follower] -= 1
                if not state.pending[follower]:
                    self._list_ready(follower)
        else:
            self._recycle(segment, block)
            if segment.sources is not None:
                segment.sources.finish()
            if not segment.is_postponed:
                self.feed(segment)
            if segment.is_broken and not segment.active:
                self.call(segment)
        return self.find_ended(segment)

    def _collect(self, segment: Segment, block: Block, offset: int, node: int) -> None:
        index, state, collection = block.base + offset, self._state, self.collections[node]
        segment.counts[node] += 1
        collection.name_item(block.number, self.find_key(index), self.find_kept(block))
        if index in state.ended:
            collection.leave_hole(block.number, *state.ended[index], block.item)
            if segment.streams:
                self.pass_hole(segment, block, node, *state.ended[index])
            if self.journal is not None:
                self.journal.close_item(index)
            return
        result = state.values[index]
        collection.put(block.number, result)
        if segment.streams:
            self.pass_on(segment, block, node, result)
        if self.journal is not None:
            self.journal.close_item(index, result)

    def _recycle(self, segment: Segment, block: Block) -> None:
        """Let go of all that there was of an item, so that its places are free for another."""
        state, plan, base = self._state, segment.plan, block.base
        places = range(base, base + len(plan.instances))
        for known in (state.ended, state.filled, state.lacking, self.faults):
            if known:
                for index in places:
                    known.pop(index, None)
        state.values[base : base + plan.width] = [UNSET] * plan.width
        block.item = None
        segment.active -= 1
        segment.free.append(block)

    def find_ended(self, segment: Segment) -> list[int]:
        """Return the stages that have ended for all items, and of which nobody knows it yet."""
        if not segment.is_exhausted or segment.sources is None or segment.fault is not None:
            return []
        self.end_streams(segment, -1, segment.cause)
        found: list[int] = []
        for node, count in segment.counts.items():
            if count == segment.begun and not self.collections[node].is_done:
                self.collections[node].is_done = True
                found.append(node)
        return found

    # The whole.

    def end_whole(self, node: int, status: Status, cause: BaseException | None) -> None:
        """Take in how a stage has ended as a whole, and list the nodes for which it was the last to come."""
        state, collection = self._state, self.collections[node]
        step = state.steps[node]
        if status is Status.COMPLETED:
            if state.uses is None or state.uses[node]:
                state.values[node] = collection.list_present()
        else:
            state.ended[node] = status, cause
        followers = () if state.is_unneeded(node) else step.followers  # or nobody waits for it
        if status is not Status.COMPLETED:
            state.affect(followers)
        collection.is_told = True
        for group in self._groups:
            if node in group.stages:
                self._fill(group)
        if step.shares is not None:
            self._place_whole(node, step.shares, status, cause)
        state.left -= 1
        for follower in followers:
            state.pending[follower] -= 1
            if not state.pending[follower]:
                self._list_ready(follower)
        state.release(step.reads)
        state.decline(node)
        segment = self.of_node[node]
        self.end_streams(segment, node, segment.cause, status if cause is segment.cause else Status.UPSTREAM_FAILED)
        self._let_go(segment.plan.axis)

    def part(self) -> None:
        """Let go of the run at its end, or it could go with the garbage collector only."""
        self.flows, self.collections, self.segments = {}, {}, []
        self.part_tees()

    def _let_go(self, axis: Axis) -> None:
        """Let go of what was kept of an axis for those who have it by now."""
        segments = [segment for segment in self.segments if segment.plan.axis is axis]
        groups = [group for group in self._groups if group.axis is axis and not self._is_complete(group.stages)]
        needed = {node for group in groups for node in group.stages}
        others = [segment for segment in segments if segment.plan.imported and not self._is_complete(segment.counts)]
        needed.update([node for segment in others for _, node in segment.plan.imported])
        for node in axis.stages:
            if node not in needed and self.collections[node].is_told:
                self.collections[node].let_go()
        if not groups:
            for segment in segments:
                if segment.is_exhausted:
                    segment.items = []

    def _is_complete(self, nodes: Iterable[int]) -> bool:
        """Whether it was taken in that these stages have ended as a whole."""
        return all(self.collections[node].is_told for node in nodes)

    def _fill(self, group: Group) -> None:
        """Take in lists that belong together, if all is there that they are made of."""
        if self._is_complete(group.stages):
            whole = {node: self.collections[node] for node in group.stages if node not in self._state.ended}
            items = self.of_node[min(group.stages)].items
            for place, found in group.fill(whole, items, lambda node: self._graph.nodes[node].definition):
                self._state.values[place] = found

    def _place_whole(self, node: int, shares: SharedOut, status: Status, cause: BaseException | None) -> None:
        """Take in the parts of a stage's results that have names of their own, and the outcomes that are received."""
        state, collection = self._state, self.collections[node]
        definition, values = self._graph.nodes[node].definition, state.values
        for output, place in shares.parts:
            values[place] = take_list(definition, collection.list_present(), output)
        for part, place in shares.outcomes:
            values[place] = collection.list_outcomes(definition, part)
            late = self.of_node[node].cause
            if late is not None:  # not an item has failed, but what gives them
                end = status if cause is late else Status.UPSTREAM_FAILED
                values[place].append(make_outcome(collection.name, end, late))
            elif collection.status is not status:
                values[place].append(make_outcome(collection.name, status, cause))
        if shares.handed is not None:
            values[shares.handed] = status, collection.list_present() if status is Status.COMPLETED else cause
