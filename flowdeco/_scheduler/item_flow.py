"""The nodes of a run whose items are handed on one by one, and the segments that take these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._base.events import Status
from .._graph.axis import Axis
from .._item.spring import Channel, Spring
from .flow_plan import Outflow
from .item_tees import ItemTees
from .segment import Segment

__all__ = ["ItemFlow", "ItemFlows"]


class ItemFlow:
    """How one source fares.

    Args:
        plan: what it is.
        aheads: for each segment that takes its items, how many of them may be begun and unfinished; of the segments of
            one axis, which take them together, the most counts.
        on_item: called with each item, on the event loop.
        keeps: whether its items are kept in any case.

    Attributes:
        plan: as given.
        spring: hands its items on.
        is_open: whether those who take its items have been told to begin.
        failure: how it has ended if it has failed after its first item; `None` if it has not.
    """

    __slots__ = ("_axes", "failure", "is_open", "plan", "spring")

    def __init__(self, plan: Outflow, aheads: Sequence[int], on_item: Callable[[Any], object], *, keeps: bool) -> None:
        self.plan = plan
        most: dict[Axis, int] = {}
        for axis, ahead in zip(plan.axes, aheads, strict=True):
            most[axis] = max(ahead, most.get(axis, 0))
        self._axes = list(most)
        rooms = most.values() if plan.is_held else [None] * len(most)
        self.spring = Spring([*rooms], on_item, is_gathered=plan.is_gathered, keeps=keeps)
        self.is_open = False
        self.failure: tuple[Status, BaseException | None] | None = None

    @property
    def has_flowed(self) -> bool:
        """Whether it has handed on an item."""
        return self.spring.feed.count > 0

    def channel_of(self, start: int) -> Channel:
        """Return what the segment takes its items from that begins at a place."""
        return self.spring.channels[self._axes.index(self.plan.axes[self.plan.takers.index(start)])]


class ItemFlows(ItemTees):
    """The part of the items of a run that is about where they come from; see `ItemBlocks`.

    Attributes:
        flows: the nodes that hand their items on one by one.
        on_item: called with the node and the item when one has come, on the event loop; calls `put`.
        of_start: the segments by where what begins them stands.
    """

    flows: dict[int, ItemFlow]
    of_start: Mapping[int, Segment]
    on_item: Callable[[int, Any], object]

    def make_flow(self, outflow: Outflow, *, keeps: bool) -> ItemFlow:
        """Return how a source fares that has not begun."""
        aheads = [self.of_start[place].plan.ahead for place in outflow.takers]
        return ItemFlow(outflow, aheads, lambda item: self.on_item(outflow.node, item), keeps=keeps)

    def put(self, node: int, item: Any, passed: Sequence[int] = ()) -> None:
        """Take in an item that a node hands on; those segments do not take it that begin at these places."""
        flow = self.flows[node]
        flow.spring.put(item, [flow.channel_of(place) for place in passed])
        if flow.is_open:
            self._call_takers(flow)
        else:
            self._open(flow)

    def end_flow(self, node: int, failure: tuple[Status, BaseException | None] | None = None) -> None:
        """Take in that a node hands on no more items, as it has ended: how, if it gave no result."""
        flow = self.flows[node]
        flow.spring.end()
        if flow.is_open:
            flow.failure = failure
            for place in flow.plan.takers:
                if failure is not None:
                    self.break_off(self.of_start[place], failure[1])
            self._call_takers(flow)
            return
        if failure is not None:
            self._state.affected.update(self._list_takers(flow))
        self._open(flow)

    def _list_takers(self, flow: ItemFlow) -> list[int]:
        """Return where those begin who take the items of a node, without those that nobody needs: they end so."""
        return [place for place in flow.plan.takers if not self._state.is_unneeded(place)]

    def _open(self, flow: ItemFlow) -> None:
        """Release those who take the items of a node."""
        flow.is_open = True
        for place in self._list_takers(flow):
            self._state.pending[place] -= 1
            if not self._state.pending[place]:
                self._state.ready.append(place)

    def break_off(self, segment: Segment, cause: BaseException | None) -> None:
        """Take in that what gives the items has failed, after items have begun: these go on."""
        segment.is_broken, segment.cause = True, cause
        for _, node in segment.plan.own:
            collection = self.collections[node]
            collection.upstream = collection.upstream or cause

    def _call_takers(self, flow: ItemFlow) -> None:
        for place in flow.plan.takers:
            segment = self.of_start[place]
            if segment.sources is not None:
                self.call(segment)
