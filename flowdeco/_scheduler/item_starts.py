"""How items begin: each gets a block of places in the tables of the run, and what of it can run is listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._base.events import Outcome, Status
from .._base.sentinel import UNSET
from .block import Block
from .collection import Collection
from .item_streams import ItemStreams
from .segment import ItemJournal, Segment
from .taking_apart import take_apart

__all__ = ["ItemStarts"]

# So many items begin before what is ready gets a turn: items that are quick end by then, and leave their places to
# those that begin next.
_AT_ONCE = 8


class ItemStarts(ItemStreams):
    """The part of the items of a run that has them begin; see `ItemBlocks`."""

    journal: ItemJournal | None
    collections: dict[int, Collection]
    _broken_gates: set[int]

    def feed(self, segment: Segment) -> None:
        """Begin as many items as there are and may be; where these are many, the rest when others had their turn."""
        plan = segment.plan
        most = segment.begun + _AT_ONCE
        try:
            while segment.active < plan.ahead and not segment.is_exhausted and self._begin_next(segment):
                if segment.begun == most:
                    self._postpone(segment)
                    break
        except Exception as error:  # of what gives the items
            segment.is_exhausted = True
            if all(each.cause is None for each in (segment, *self.list_mates(segment))):
                segment.fault = segment.fault or error
            elif segment.sources is not None:  # one of these has failed, and no wonder that others have more
                segment.sources.close()
            self.call(segment)

    def _postpone(self, segment: Segment) -> None:
        """Begin more when what is ready has had its turn, where it has that."""
        segment.is_postponed = True
        if segment.plan.in_thread:
            self._state.left += 1
            self._state.ready_in_thread.append(segment.plan.start)
        else:
            self.call(segment)

    def _begin_next(self, segment: Segment) -> bool:
        assert segment.sources is not None
        given = segment.sources.take()
        if given is None:
            segment.is_exhausted = segment.sources.has_ended and not (segment.plan.grows and segment.active)
            if segment.is_exhausted:
                self._expect(segment, segment.begun)
                if segment.plan.grows:
                    self.end_growth(segment)
            return False
        if segment.plan.keeps_items:
            segment.items.append(given)
        self._begin(segment, segment.free.pop() if segment.free else self._make_block(segment), given)
        return True

    def _expect(self, segment: Segment, count: int) -> None:
        """Write down how many items there are going to be, unless more are added."""
        if self.journal is not None:
            for _, node in segment.plan.own:
                self.journal.expect_items(node, count)

    def _make_block(self, segment: Segment) -> Block:
        """Extend the tables by the places of one more item."""
        state, plan, journal = self._state, segment.plan, self.journal
        base, width = len(state.values), plan.width
        block = Block(segment.index, base, plan.offsets)
        segment.blocks.append(block)
        state.values.extend([UNSET] * width)
        state.pending.extend([0] * width)
        if state.uses is not None:
            state.uses.extend(plan.uses)
        state.steps.extend([instance.place(block) for instance in plan.instances])
        state.steps.extend([state.steps[-1]] * (width - len(plan.instances)))
        if journal is not None:
            for clock in (journal.started, journal.finished):
                clock.extend([0.0] * (base + width - len(clock)))
        return block

    def _begin(self, segment: Segment, block: Block, given: tuple[Any, ...]) -> None:
        state, plan, base = self._state, segment.plan, block.base
        item = given[0] if len(given) == 1 else given
        block.number, block.item = segment.begun, item
        segment.begun += 1
        segment.active += 1
        state.left += len(plan.instances)
        state.pending[base : base + plan.width] = plan.pending
        if state.uses is not None:
            state.uses[base : base + plan.width] = plan.uses
        if (journal := self.journal) is not None:
            for offset, node in plan.own:
                key = segment.find_key(node, block.number, self.collections) if plan.heirs else None
                journal.open_item(base + offset, node, block.number, item, key)
        for place in plan.items:
            value = given[place.position]
            if place.part is not None:
                value = self._take_apart(block, place.part, place.readers, value)
            if place.giver is not None:
                value = Outcome(place.giver, Status.COMPLETED, value, index=block.number, item=self.find_kept(block))
            state.values[base + place.offset] = value
        for node, waiting in segment.closed.items():
            index = base + plan.offsets[node]
            state.pending[index] += 1
            waiting.append(index)
        for node in (*self._broken_gates, *state.guarded):
            if node in segment.counts:
                state.affected.add(base + plan.offsets[node])
        for offset in plan.roots:
            if not state.pending[base + offset]:
                self._list_ready(base + offset)
        for offset, node in plan.imported:
            self.hand_in(block, node, base + offset)
        if segment.streams:
            self.join_streams(segment, block, item)
        if not (plan.own or state.pending[base + plan.end]):
            self._list_ready(base + plan.end)

    def _take_apart(self, block: Block, part: Any, readers: Sequence[int], value: Any) -> Any:
        try:
            return take_apart(value, part)
        except Exception as error:
            for offset in readers:
                self.faults[block.base + offset] = error
                self._state.affected.add(block.base + offset)
            return UNSET

    def _list_ready(self, index: int) -> None:
        state = self._state
        in_thread = state.steps[index].in_thread and index not in state.affected
        (state.ready_in_thread if in_thread else state.ready).append(index)
