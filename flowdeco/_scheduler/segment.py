"""How the items of one segment of an axis fare."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from .._base.events import Status
from .._base.sentinel import UNSET
from .._item.intake import Intake
from .._item.item_stream import ItemStream
from .._item.rows import Rows
from .._item.tee import Branch
from .._record.item_log import ItemEntry
from .axis_plan import SegmentPlan
from .block import Block
from .collection import Collection
from .node_plan import NodePlan
from .propagation import Judgement
from .stream_plan import StreamPlan

__all__ = ["ItemJournal", "Segment", "Tables"]


class Tables(Protocol):
    """The state of a run, as its items see it; what is not told here is told there."""

    values: list[Any]
    uses: list[int] | None
    pending: list[int]
    steps: list[NodePlan]
    ready: deque[int]
    ready_in_thread: deque[int]
    affected: set[int]
    guarded: set[int]
    ended: dict[int, tuple[Status, BaseException | None]]
    filled: dict[int, Judgement]
    lacking: dict[int, frozenset[str]]
    left: int

    def settle(self, index: int, result: Any) -> None: ...
    def affect(self, followers: Iterable[int]) -> None: ...
    def fail(self, index: int, status: Status, cause: BaseException | None) -> None: ...
    def release(self, slots: tuple[int, ...]) -> None: ...
    def decline(self, index: int) -> None: ...
    def is_unneeded(self, index: int) -> bool: ...


class ItemJournal(Protocol):
    """Where it is written which item runs at which place.

    Attributes:
        started: when what runs at each place began.
        finished: when it ended.
        keep: whether everything is kept that there was of the items.
    """

    started: list[float]
    finished: list[float]
    keep: bool

    def open_item(self, place: int, node: int, index: int, item: Any, key: Any = None) -> None: ...
    def close_item(self, place: int, result: Any = UNSET) -> None: ...
    def expect_items(self, node: int, count: int) -> None: ...
    def item_at(self, index: int | None) -> ItemEntry | None: ...


class Segment:
    """How the items of one segment fare.

    Attributes:
        plan: what it is.
        index: its place among those of the plan.
        sources: what gives the items, each as a tuple of what the sources give for it; `None` before it begins.
        blocks: all that there are, also the free ones.
        items: what has been given, where that is kept.
        begun: how many items have begun.
        active: how many of these have not ended.
        is_exhausted: whether no more will come.
        is_abandoned: whether nobody needs it any more.
        is_called: whether it has a turn to come on the event loop.
        is_postponed: whether it begins more items when what is ready has had its turn.
        is_broken: whether what gives the items has failed after some of them had begun.
        cause: what it has failed with then.
        fault: what has gone wrong with what gives the items, before anybody was told.
        closed: the gates that are not open yet, by node, with the places that wait there.
        streams: the streams of what its stages give, by node, and of what the source gives, by -1.
        unread: the items that somebody has still to receive, by number: the block, and the places of the iterators.
        counts: for how many items each stage has ended, by node.
    """

    __slots__ = (
        *(
            "active",
            "begun",
            "blocks",
            "cause",
            "closed",
            "counts",
            "fault",
            "free",
            "index",
            "is_abandoned",
        ),
        *("is_broken", "is_called", "is_exhausted", "is_postponed", "items", "plan", "sources", "streams", "unread"),
    )

    def __init__(self, plan: SegmentPlan, index: int) -> None:
        self.plan = plan
        self.index = index
        self.sources: Rows | Intake | Branch | None = None
        self.streams: dict[int, list[tuple[StreamPlan, ItemStream]]] = {}
        self.unread: dict[int, tuple[Block, list[int]]] = {}
        self.is_called = self.is_broken = self.is_abandoned = False
        self.fault: BaseException | None = None
        self.cause: BaseException | None = None
        self.items: list[Any] = []
        self.free: list[Block] = []
        self.blocks: list[Block] = []
        self.begun = self.active = 0
        self.counts = {node: 0 for _, node in plan.own}
        self.is_exhausted = self.is_postponed = False
        self.closed: dict[int, list[int]] = {node: [] for _, node in plan.gates}

    def find_key(self, node: int, number: int, collections: Mapping[int, Collection]) -> Any:
        """Return the key that an item has from another segment; `None` if it has none.

        Args:
            node: the stage that it is about to begin in.
            number: the item's.
            collections: what has come of each stage.
        """
        keys = [collections[each].key_of(number) for each in self.plan.heirs.get(node, ())]
        return next((key for key in keys if key is not None), None)
