"""The items of an axis compiled for the engine: what of a run's tables each of them takes up.

An item has a block of consecutive places, behind those of the plan: one for the result of each stage, then its turns,
which are what there is to do when something has ended for the item, then what the sources give for it, and parts and
outcomes that somebody receives. So an item is nothing but a few more nodes, and who runs nodes need not know of it.
The graph's own node of a stage never runs. In its place it has two turns: it is the gate at which a stage of all items
waits for what they need as a whole, and later what all that need the whole of the stage wait for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .._base.sentinel import UNSET
from .._graph.axis import Axis
from .._graph.segments import Needs
from .._graph.source import Part
from .._runner.arguments import Row, taking
from .block import Block
from .locals import LOCAL, Local, Locals
from .node_plan import Draft, NodePlan, Origin, SharedOut, Turn
from .stream_plan import StreamPlan

__all__ = ["Instance", "ItemPlace", "SegmentPlan", "make_segment"]


class Instance(NamedTuple):
    """One of the first places of a block, at which something runs or a turn comes; numbers are those in the block.

    Attributes:
        node: the index of the node in the graph; of a turn, that of the first stage.
        offset: its place.
        draft: how it runs, what it receives of its item being named by `LOCAL` and the place.
        pending: for how many others in the block it waits.
        reads: the places of the block that it reads, each once, which it may be the last to need.
        followers: what waits for it.
        shares: what of its result has places of its own.
        turn: set if it is no stage.
        collects: of a turn, the stages whose results it takes in: their places, and their nodes.
    """

    node: int
    offset: int
    draft: Draft
    pending: int
    reads: tuple[int, ...] = ()
    followers: tuple[int, ...] = ()
    shares: SharedOut | None = None
    turn: Turn | None = None
    collects: tuple[tuple[int, int], ...] = ()

    def place(self, block: Block) -> NodePlan:
        """Return it as it runs at the places of a block."""
        _, _, draft, _, reads, followers, shares, turn, _ = self  # all of it at once: this is what an item costs
        base, asks = block.base, draft.asked
        slots = _move(draft.slots, base)
        quick = draft.is_plain and not (draft.in_thread or shares or draft.picks_up or turn)
        return NodePlan(
            draft.start,
            taking(slots),
            slots[0] if len(slots) == 1 else -2 if slots else -1,
            tuple([base + offset for offset in reads]) if reads else reads,
            tuple([base + offset for offset in followers]) if followers else followers,
            quick,
            draft.can_wait,
            draft.in_thread,
            draft.is_plain,
            None if shares is None else _move_shared(shares, base),
            draft.picks_up,
            Origin(self.node, taking(_move(asks, base) if asks else asks), turn, block),
        )


class ItemPlace(NamedTuple):
    """A place of a block that holds what a source gives.

    Attributes:
        offset: where.
        position: of which source.
        part: which part of it; `None`: all.
        readers: the stages that read it.
        giver: of what the outcome is, if it is received as one: the name of a task.
    """

    offset: int
    position: int
    part: Part | None
    readers: tuple[int, ...]
    giver: str | None


class SegmentPlan(NamedTuple):
    """The stages of an axis that go item by item together.

    Attributes:
        axis: what they are mapped over.
        number: which segment of that it is: it waits for all of what is of earlier numbers.
        start: the index in the run's tables of what begins it.
        width: how many places a block has.
        instances: what runs or has its turn in a block, in the order of the places.
        own: the places of the stages, with their nodes.
        imported: the places of stages of another segment whose results are handed in, with their nodes.
        items: where what the sources give stands.
        offsets: the place of each stage, by node.
        end: the place of the turn at which an item has ended.
        gates: the stages that need others as a whole: their places, and their nodes.
        roots: the stages that wait for nothing else of their item.
        pending: for how many others each place waits.
        uses: how many readers each place has.
        collected: the stages whose results somebody needs as a whole.
        ahead: how many items may be begun and unfinished.
        keeps_items: whether what the sources give is kept until all items have ended.
        spans: how many values each source is made of: `None` for one that is a collection itself.
        flows: for each source, the node that may hand its items on one by one; `None` if it has them at hand.
        streams: who reads what its stages give, or its source, as a stream.
        is_needed: whether anybody else needs something of it, besides other segments of the axis.
        grows: whether the result of a stage may add items.
        heirs: the stages whose items go by a key of another segment: those of that by which it is known.
    """

    axis: Axis
    number: int
    start: int
    width: int
    instances: tuple[Instance, ...]
    own: tuple[tuple[int, int], ...]
    imported: tuple[tuple[int, int], ...]
    items: tuple[ItemPlace, ...]
    offsets: Mapping[int, int]
    end: int
    gates: tuple[tuple[int, int], ...]
    roots: tuple[int, ...]
    pending: list[int]
    uses: list[int]
    collected: frozenset[int]
    ahead: int
    keeps_items: bool
    spans: tuple[int | None, ...]
    flows: tuple[int | None, ...] = ()
    streams: tuple[StreamPlan, ...] = ()
    is_needed: bool = True
    grows: bool = False
    heirs: Mapping[int, tuple[int, ...]] = {}

    @property
    def in_thread(self) -> bool:
        """Whether all that there is to do for its items begins in a thread."""
        return self.instances[-1].draft.in_thread

    def name_sources(self, row: Row) -> list[tuple[str, Any]]:
        """Return what gives the items, each source with what to call it in an error."""
        found: list[tuple[str, Any]] = []
        first = 0
        for label, span in zip(self.axis.labels, self.spans, strict=True):
            there = [value for value in row[first : first + (span or 1)] if value is not UNSET]  # of what ran
            found.append((label, row[first] if span is None else there))
            first += span or 1
        return found


class _Layout:
    """Where what is.

    Args:
        own: the stages.
        imported: those of earlier segments that they need.
        places: the stand-ins that they read.
    """

    def __init__(self, own: Sequence[int], imported: Sequence[int], places: Sequence[tuple[int, Local]]) -> None:
        self.offsets = {node: offset for offset, node in enumerate((*own, *imported))}
        self.width = len(self.offsets)
        self.of_stand_in: dict[int, int] = {}
        self._places = places

    def add(self) -> int:
        self.width += 1
        return self.width - 1

    def place_rest(self) -> None:
        """Give what is read besides results places of its own."""
        for stand_in, local in self._places:
            is_result = local.subject == "result" and local.output is None and local.part is None
            self.of_stand_in[stand_in] = self.offsets[local.number] if is_result else self.add()

    def name(self, slots: Sequence[int]) -> tuple[int, ...]:
        """Return slots with the places of the block in the place of stand-ins."""
        return tuple([LOCAL + self.of_stand_in[slot] if slot >= LOCAL else slot for slot in slots])

    def find_shared(self, node: int) -> SharedOut | None:
        """Return what of a stage's result has places of its own."""
        about = [(self.of_stand_in[s], each) for s, each in self._places if each.number == node and each.axis < 0]
        outcomes = tuple([(each.output, place) for place, each in about if each.subject == "outcome"])
        whole = [(place, each) for place, each in about if each.subject == "result"]
        taken = tuple([(each.output, each.part, place) for place, each in whole if each.part is not None])
        named = tuple([(e.output, place) for place, e in whole if e.output is not None and e.part is None])
        return SharedOut(named, outcomes, None, taken) if named or outcomes or taken else None


def make_segment(
    axis: Axis,
    own: Sequence[int],
    number: int,
    start: int,
    needs: Needs,
    drafts: Sequence[Draft],
    stand_ins: Locals,
    followers: Sequence[Sequence[int]],
    collected: Collection[int],
    *,
    ahead: int,
    keeps_items: bool,
    spans: tuple[int | None, ...],
    streamed: Collection[int] = (),
) -> SegmentPlan:
    """Return a segment compiled.

    Args:
        axis: its axis.
        own: its stages.
        number: which segment of the axis it is.
        start: the index of what begins it.
        needs: what each node needs.
        drafts: how each node runs.
        stand_ins: what these read of their own item.
        followers: which nodes wait for the whole of each.
        collected: the stages whose results somebody needs as a whole.
        ahead: how many items may be begun and unfinished.
        keeps_items: whether what the sources give is kept.
        spans: how many values each source is made of.
        streamed: the stages whose results are handed on for each item: to a stream, or to another segment.
    """
    needed = dict.fromkeys([node for stage in own for node in needs.by_item[stage]])
    imported = [node for node in needed if node not in own]
    read = {node: stand_ins.of((*drafts[node].asked, *drafts[node].slots)) for node in own}
    layout = _Layout(own, imported, list(dict.fromkeys([place for node in own for place in read[node]])))
    streamed = {*streamed}.intersection(own)
    turns = _list_turns(own, needs, followers, layout, streamed)
    layout.place_rest()
    if own and all(drafts[node].in_thread for node in own):  # a chain of them never leaves its thread
        turns = [turn._replace(draft=_TURN._replace(in_thread=True)) for turn in turns]
    instances = _list_stages(own, imported, needs, drafts, read, layout, turns) + turns
    uses = _count_uses(instances, {*collected, *streamed}, layout.width)
    return SegmentPlan(
        axis,
        number,
        start,
        layout.width,
        tuple(instances),
        tuple([(layout.offsets[node], node) for node in own]),
        tuple([(layout.offsets[node], node) for node in imported]),
        _list_items(axis, own, read, layout),
        layout.offsets,
        turns[-1].offset,
        tuple([(layout.offsets[node], node) for node in own if needs.gates[node]]),
        tuple([layout.offsets[node] for node in own if not needs.by_item[node]]),
        [instance.pending for instance in instances] + [0] * (layout.width - len(instances)),
        uses,
        frozenset(collected),
        ahead,
        keeps_items,
        spans,
    )


def _list_items(
    axis: Axis, own: Sequence[int], read: Mapping[int, Sequence[tuple[int, Local]]], layout: _Layout
) -> tuple[ItemPlace, ...]:
    """Return where what the sources give stands in a block."""
    found: list[ItemPlace] = []
    for stand_in, local in dict.fromkeys([place for node in own for place in read[node]]):
        if local.subject == "item":
            readers = tuple([layout.offsets[node] for node in own if (stand_in, local) in read[node]])
            giver = axis.names[local.number] if local.settled else None
            found.append(ItemPlace(layout.of_stand_in[stand_in], local.number, local.part, readers, giver))
    return tuple(found)


def _count_uses(instances: Sequence[Instance], kept: Collection[int], width: int) -> list[int]:
    """Return how many readers each place has; of the stages that are kept, who takes their results in is one."""
    uses = [0] * width
    for instance in instances:
        for place in (*instance.reads, *[offset for offset, node in instance.collects if node in kept]):
            uses[place] += 1
    return uses


def _list_turns(
    own: Sequence[int],
    needs: Needs,
    followers: Sequence[Sequence[int]],
    layout: _Layout,
    streamed: Collection[int],
) -> list[Instance]:
    """Return the turns of an item: where others wait for a stage, its own; last, that of all the rest."""
    needed = {node for stage in own for node in needs.by_item[stage]}
    sinks = [node for node in own if node not in needed]
    early = [node for node in own if node in streamed or (followers[node] and sinks != [node])]
    first = [(layout.add(), node) for node in early]
    end = layout.add()
    turns = [
        Instance(node, offset, _TURN, 1, followers=(end,), turn="item", collects=((layout.offsets[node], node),))
        for offset, node in first
    ]
    rest = tuple([(layout.offsets[node], node) for node in own if node not in early])
    waits_for = len(early) + sum(node not in early for node in sinks)
    return [*turns, Instance(own[0] if own else -1, end, _TURN, waits_for, turn="item", collects=rest)]


def _list_stages(
    own: Sequence[int],
    imported: Sequence[int],
    needs: Needs,
    drafts: Sequence[Draft],
    read: Mapping[int, Sequence[tuple[int, Local]]],
    layout: _Layout,
    turns: Sequence[Instance],
) -> list[Instance]:
    """Return the stages as they run in a block: those of the segment, and those that are handed in."""
    end = turns[-1]
    early = {turn.collects[0][1]: turn.offset for turn in turns[:-1]}
    needed = {node for stage in own for node in needs.by_item[stage]}
    found: list[Instance] = []
    for node in (*own, *imported):
        followers = [layout.offsets[stage] for stage in own if node in needs.by_item[stage]]
        if node in early:
            followers.append(early[node])
        elif node in own and node not in needed:
            followers.append(end.offset)
        draft = drafts[node]
        moved = draft._replace(slots=layout.name(draft.slots), asked=layout.name(draft.asked)) if node in own else _TURN
        reads = tuple([layout.of_stand_in[s] for s, local in read.get(node, ()) if local.subject != "item"])
        pending = len(needs.by_item[node]) if node in own else 1
        shares = layout.find_shared(node)
        found.append(Instance(node, layout.offsets[node], moved, pending, reads, tuple(followers), shares))
    return found


def _move(slots: Sequence[int], base: int) -> tuple[int, ...]:
    by = base - LOCAL
    return tuple([slot if slot < LOCAL else slot + by for slot in slots])


def _move_shared(shares: SharedOut, base: int) -> SharedOut:
    parts = tuple([(output, base + place) for output, place in shares.parts])
    outcomes = tuple([(output, base + place) for output, place in shares.outcomes])
    return SharedOut(parts, outcomes, None, tuple([(o, part, base + place) for o, part, place in shares.apart]))


def _never(*_: object) -> object:
    raise AssertionError("no function is called here")


_TURN = Draft(_never, (), is_plain=False)
