"""The streams of a run: items go to their readers as they end, and are unfinished until these have received them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .._base.events import Outcome, Skip, Status
from .._graph.graph import Graph
from .._graph.output import is_absent, take_part
from .._item.item_stream import ItemStream
from .._item.reader import AsyncItems, Items
from .block import Block
from .collection import make_outcome
from .item_flow import ItemFlows
from .segment import ItemJournal, Segment
from .stream_plan import StreamPlan

__all__ = ["ItemStreams"]


class ItemStreams(ItemFlows):
    """The part of the items of a run that is about who reads them as a stream; see `ItemBlocks`.

    Attributes:
        streams: the streams that are open, by the node that reads them.
        faults: of places whose turn is to come, what keeps the item from running there.
        on_consumed: called with a segment and the number of an item when a reader has received it; on any thread, also
            where the lock of the run is held. Calls `consume`, soon.
    """

    streams: dict[int, list[ItemStream]]
    faults: dict[int, BaseException]
    _graph: Graph
    journal: ItemJournal | None
    on_consumed: Callable[[Segment, int], object]

    def open_streams(self, segment: Segment) -> None:
        """Give the readers of a segment that begins their iterators, and let them begin."""
        for plan in segment.plan.streams:
            if plan.reader in self._state.ended:  # it was not needed
                continue
            tell = partial(self.on_consumed, segment) if plan.is_counted else None
            segment.streams.setdefault(plan.node, []).append((plan, self._open_stream(plan, tell)))
        self.release_readers(segment)

    def _open_stream(self, plan: StreamPlan, tell: Callable[[int], object] | None) -> ItemStream:
        stream = ItemStream(plan.name, in_order=plan.in_order, on_consumed=tell)
        self.streams.setdefault(plan.reader, []).append(stream)
        self._state.values[plan.place] = AsyncItems[Any](stream) if plan.on_loop else Items[Any](stream)
        return stream

    def _open_without_items(self, segment: Segment, end: tuple[Status, BaseException | None]) -> None:
        """Give who receives outcomes the one that there is: that of what would have given the items."""
        for plan in segment.plan.streams:
            if plan.is_settled and plan.reader not in self._state.ended:
                status, cause = self._state.ended.get(self._graph.node_of(plan.definition).index, end)
                stream = self._open_stream(plan, None)
                stream.put(0, make_outcome(plan.name, status, cause))
                stream.end()

    def release_readers(self, segment: Segment, without: tuple[Status, BaseException | None] | None = None) -> None:
        """Let the readers of a segment have their turn.

        Args:
            segment: the segment.
            without: how that has ended which was to give the items, if there are none: the readers are to be judged.
        """
        state = self._state
        if without is not None:
            self._open_without_items(segment, without)
        for reader in state.steps[segment.plan.start].followers:
            if without is not None and state.steps[reader].origin.turn is None:  # who pauses is judged in any case
                state.affected.add(reader)
            state.pending[reader] -= 1
            if not state.pending[reader]:
                in_thread = state.steps[reader].in_thread and reader not in state.affected
                (state.ready_in_thread if in_thread else state.ready).append(reader)

    def join_streams(self, segment: Segment, block: Block, item: Any) -> None:
        """Have an item that begins wait for those who read of it, and hand it to those who read the source."""
        end = block.base + segment.plan.end
        for plan, stream in [each for streams in segment.streams.values() for each in streams]:
            if plan.is_counted and not stream.is_closed:
                self._state.pending[end] += 1
                segment.unread.setdefault(block.number, (block, []))[1].append(plan.place)
        for plan, stream in segment.streams.get(-1, ()):
            stream.put(block.number, self._show(plan, block, item))

    def pass_on(self, segment: Segment, block: Block, node: int, result: Any) -> None:
        """Hand on what a stage has given for an item."""
        for plan, stream in segment.streams.get(node, ()):
            if plan.output is not None and is_absent(result, plan.output):
                stream.leave_out(block.number)
            else:
                stream.put(block.number, self._show(plan, block, result))

    def pass_hole(self, segment: Segment, block: Block, node: int, status: Status, cause: BaseException | None) -> None:
        """Say that a stage has given nothing for an item: it is left out, but an error is the reader's, too."""
        for plan, stream in segment.streams.get(node, ()):
            if plan.is_settled:
                key = self.find_key(block.base + block.offsets[node])
                stream.put(block.number, make_outcome(plan.name, status, cause, block.number, block.item, key))
            elif status is Status.SKIPPED or cause is None:
                stream.leave_out(block.number)
            else:
                stream.put_error(block.number, cause)

    def _show(self, plan: StreamPlan, block: Block, value: Any) -> Any:
        if plan.output is not None:
            value = take_part(plan.definition, value, plan.output)
        if not plan.is_settled:
            return value
        key = None if plan.node < 0 else self.find_key(block.base + block.offsets[plan.node])
        return Outcome(plan.name, Status.COMPLETED, value, None, None, block.number, self.find_kept(block), key)

    def find_key(self, index: int) -> Any:
        """Return the key of the item that runs at an index; `None` without one."""
        entry = None if self.journal is None else self.journal.item_at(index)
        return None if entry is None else entry.key

    def find_kept(self, block: Block) -> Any:
        """Return an item that is completed, where the run keeps such; else `None`."""
        return block.item if self.journal is not None and self.journal.keep else None

    def consume(self, segment: Segment, number: int) -> None:
        """Take in that a reader has received an item."""
        state = self._state
        waiting = segment.unread.get(number)
        if waiting is None:
            return
        block, readers = waiting
        readers.pop()
        if not readers:
            del segment.unread[number]
        end = block.base + segment.plan.end
        state.pending[end] -= 1
        if not state.pending[end]:
            state.ready.append(end)

    def end_streams(
        self, segment: Segment, node: int, error: BaseException | None = None, status: Status = Status.FAILED
    ) -> None:
        """Say to those who read what a stage gives, or a source, that there is no more, or what it has failed with."""
        for plan, stream in segment.streams.get(node, ()):
            if error is not None and plan.is_settled:
                stream.put(segment.begun, make_outcome(plan.name, status, error))
                stream.end()
            else:
                stream.end(error)

    def end_node(self, index: int, failure: tuple[Status, BaseException | None] | None = None) -> None:
        """Take in that a node has ended, which may hand on items, or read some; how, if it gave no result."""
        if index in self.flows:
            self.end_flow(index, failure)
        if index in self.streams:
            self.leave(index)

    def leave(self, reader: int) -> None:
        """Take in that a node has ended that reads streams; what nobody needs any more ends, too."""
        streams = self.streams.pop(reader)
        for stream in streams:
            stream.close()
        for segment in self.of_start.values():
            self._look_after(segment)

    def drop(self, segment: Segment) -> None:
        """Take in that a segment does not begin: what it would have needed of others may have had readers only."""
        super().drop(segment)
        for each in self.list_mates(segment):
            self._look_after(each)

    def _look_after(self, segment: Segment) -> None:
        """Have a segment end of which nobody reads anything any more, nor needs it otherwise."""
        read = [stream for each in segment.streams.values() for _, stream in each]
        if read and all(stream.is_closed for stream in read) and not self.is_needed(segment):
            self._abandon(segment)

    def _abandon(self, segment: Segment) -> None:
        """Begin no more items; what has not begun of those that have is skipped, and the engine sees to the rest."""
        segment.is_abandoned = segment.is_exhausted = True
        if segment.sources is not None:
            segment.sources.close()
        for index in self.list_open(segment):
            self.faults[index] = Skip("nobody needs it any more")
            self._state.affected.add(index)
        self.call(segment)

    def list_open(self, segment: Segment) -> list[int]:
        """Return where the items of a segment stand that have not ended."""
        taken = [block for block in segment.blocks if block not in segment.free]
        return [block.base + offset for block in taken for offset, _ in segment.plan.own]
