"""What an engine does where no function is to be called: an axis begins, a gate opens, something has ended for an item.

How the items stand is the business of the run's state. Here it is written down what has happened, and errors are
taken in that no task has raised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import get_ident
from typing import Any

from anyio import CancelScope

from .._base.event_loop import EventLoop
from .._base.events import Skip, Status
from .._item.feed import Feed
from .._item.intake import Intake
from .._item.rows import Rows
from .._item.spring import Channel
from .._runner.arguments import Row
from .admission import Admission
from .item_blocks import ItemBlocks
from .item_pumps import ItemPumps
from .segment import Segment
from .taking_apart import open_sources

__all__ = ["ItemTurns"]


class ItemTurns(Admission, ItemPumps):
    """The part of an engine that looks after items; its attributes are explained there.

    Attributes:
        thread: that of the event loop.
        loop: the event loop.
        consumed: what readers have received, a segment and the number of an item, and nobody has seen to.
        is_ringing: whether the event loop was told of that.
        scopes: of the items that can be called off, by where they stand.
    """

    thread: int
    loop: EventLoop
    consumed: deque[tuple[Segment, int]]
    scopes: dict[int, CancelScope]
    is_ringing = False

    def look_after(self, items: ItemBlocks) -> None:
        """Hear of the items of the run."""
        items.journal = self.journal
        items.on_item, items.on_consumed = self.take_item, self.note_consumed
        self.thread, self.loop, self.consumed, self.scopes = get_ident(), EventLoop(), deque(), {}
        self.frontiers = {}

    def take_turn(self, index: int) -> None:
        """Do what there is to be done at an index at which no function is called. On the event loop."""
        turn = self.state.steps[index].origin.turn
        if turn == "pause":
            self.go_on(index)
        elif turn == "axis":
            self._begin_axis(index)
        elif turn == "gate" and self.state.is_unneeded(index):
            self.pass_over(index, Status.SKIPPED, Skip("not needed"))
        else:
            with self.lock:
                self.take_turn_locked(index)

    def take_turn_locked(self, index: int) -> None:
        """Do the same for a gate, an item or an axis that has begun, where the lock is held. On any thread."""
        state, turn = self.state, self.state.steps[index].origin.turn
        if state.stopped:
            return
        assert state.items is not None
        if turn == "gate":
            state.items.open_gate(index)
            return
        ended = state.items.take_turn(index) if turn == "item" else state.items.go_on(state.items.of_start[index])
        if ended:
            self._end_stages(ended)

    def _begin_axis(self, index: int) -> None:
        state = self.state
        assert state.items is not None
        segment = state.items.of_start[index]
        if state.is_unneeded(index):
            with self.lock:
                state.items.drop(segment)
                state.release(state.steps[index].reads)
            return
        if segment.sources is not None:
            self._go_on(segment)
            return
        if index in state.affected:
            judgement = state.judge_axis(index)
            if judgement.status is not None:
                self._pass_over(segment, judgement.status, judgement.cause)
                return
        with self.lock:
            row = state.take(index)
        tee = state.items.tee_of(segment)
        if tee is not None and tee.fault is not None:
            self._pass_over(segment, Status.UPSTREAM_FAILED, tee.fault)
            return
        sources = None
        if tee is None or not tee.is_open:
            sources = self._open_sources(segment, row)
            if sources is None:
                return
        del row
        with self.lock:
            if not state.stopped:
                self._end_stages(state.items.start(segment, sources))

    def _open_sources(self, segment: Segment, row: Row) -> Rows | Intake | None:
        """Return what gives the items of an axis; `None` if it cannot be mapped over that: a stage has failed so."""
        items, given = self.state.items, []
        assert items is not None
        try:
            given = self.start_pumps(segment, self._choose_sources(segment, row))
            sources = open_sources(given)
            grown = items.find_growing(segment)
            return self.note_items(grown, sources) if grown is not None and isinstance(sources, Rows) else sources
        except (Exception, SystemExit) as error:
            for _, source in given:
                if isinstance(source, Channel):
                    source.close()
            self._fail_axis(segment, error)
            return None
        finally:
            del row

    def _choose_sources(self, segment: Segment, row: Row) -> list[tuple[str, Any]]:
        """Return what gives the items: a value, or the channel of what hands them on one by one."""
        items, plan = self.state.items, segment.plan
        assert items is not None
        found = plan.name_sources(row)
        for position, node in enumerate(plan.flows):
            if node is not None and items.flows[node].has_flowed:
                found[position] = found[position][0], items.flows[node].channel_of(plan.start)
        return found

    def _go_on(self, segment: Segment) -> None:
        """Begin what has come since, and take in that there is no more."""
        state = self.state
        assert state.items is not None
        with self.lock:
            if state.stopped:
                return
            ended = state.items.answer(segment)
        if segment.is_abandoned:
            for index in state.items.list_open(segment):
                if index in self.scopes:
                    self.scopes[index].cancel()
        fault, segment.fault = segment.fault, None
        if fault is None:
            self._end_stages(ended)
            self._raise_late(segment)
        elif segment.plan.own and segment.plan.own[0][1] in state.plan.tolerated:
            self._break_off_late(segment, fault)
        else:
            self._break_off(segment, fault)

    def _break_off_late(self, segment: Segment, fault: BaseException) -> None:
        """Take in the same where the run goes on: so do the items under way, and after them the first stage fails."""
        items, first = self.state.items, segment.plan.own[0][1]
        assert items is not None
        self.journal.fail_attempt(self.state.node_of(first).name, self.journal.attempts_of(first), fault, first)
        tee = items.tee_of(segment)
        with self.lock:
            items.collections[first].errors.append(fault)
            if tee is not None:
                tee.fault = fault
            for each in (segment, *items.list_mates(segment)):
                if each.sources is not None:  # the others take what has been given until then
                    items.break_off(each, fault)
                    items.call(each)
                    if each is segment or each.fault is not None:
                        each.fault = None
                        each.sources.close()

    def _break_off(self, segment: Segment, fault: BaseException) -> None:
        """Take in that what gives the items has failed by itself, and by no task: the first stage fails with that."""
        items = self.state.items
        assert items is not None
        mates = self._break_mates(segment, fault)
        items.break_off(segment, fault)
        for each in (segment, *items.list_mates(segment)):
            items.end_streams(each, -1, fault)
        for _, node in segment.plan.own:
            items.collections[node].is_done = True
        if segment.sources is not None:
            segment.sources.close()
        if segment.plan.own and self._fail_stages(segment, fault):
            self._pass_over_stages(mates, fault)

    def _break_mates(self, segment: Segment, fault: BaseException) -> list[int]:
        """Have no more items begin in the other segments of an axis; return the stages that have not ended there."""
        items = self.state.items
        assert items is not None
        found: list[int] = []
        tee = items.tee_of(segment)
        if tee is not None:
            tee.fault = fault
            begun = [each for each in items.list_mates(segment) if each.sources is not None]
            for each in begun:
                each.is_exhausted, each.fault = True, None
                items.branch_of(each).close()
                items.break_off(each, fault)
                found += [node for _, node in each.plan.own if not items.collections[node].is_done]
            for node in found:
                items.collections[node].is_done = True
        return found

    def _pass_over_stages(self, nodes: Iterable[int], cause: BaseException) -> None:
        for node in nodes:
            if not self.pass_over(node, Status.UPSTREAM_FAILED, cause):
                return

    def _fail_stages(self, segment: Segment, error: BaseException) -> bool:
        """Fail the first stage with an error that no task has raised; return whether the run goes on."""
        (_, first), *others = segment.plan.own
        if not self.fail(first, error):
            self.cancel()
            return False
        self._pass_over_stages([node for _, node in others], error)
        return True

    def _raise_late(self, segment: Segment) -> None:
        """End the run with the error of a source that has failed after its first item, when all these have ended."""
        items, journal = self.state.items, self.journal
        assert items is not None
        begun = [each for each in (segment, *items.list_mates(segment)) if each.sources is not None]
        if any(each.active or not each.is_exhausted for each in begun) or not segment.is_broken:
            return
        for node in segment.plan.flows:
            failure = None if node is None else items.flows[node].failure
            if failure is not None and failure[1] is not None and node not in self.state.plan.tolerated:
                if self._is_told_first(segment):
                    return
                journal.take_error(failure[1])
                self.stop()
                self.cancel()

    def _is_told_first(self, segment: Segment) -> bool:
        """Whether there is somebody who needed all of them, and is to hear first that there is no such thing."""
        state = self.state
        assert state.items is not None
        with self.lock:
            is_anybody = not state.affected.isdisjoint(state.ready)
            if is_anybody:
                state.items.call(segment)  # another turn, when they have had theirs
        return is_anybody

    def take_item(self, node: int, item: Any) -> None:
        """Take in an item that a node hands on. On the event loop."""
        items = self.state.items
        assert items is not None
        try:
            passed = self.find_passed(node, item)
        except Exception as error:  # it cannot be told from others
            self._break_takers(node, error)
            return
        with self.lock:
            if not self.state.stopped:
                items.put(node, item, passed)
        self.ring()

    def _break_takers(self, node: int, error: Exception) -> None:
        """Take in that an item cannot be told from others, so that nobody knows whether it was added before."""
        items = self.state.items
        assert items is not None
        for place in items.flows[node].plan.takers:
            segment = items.of_start[place]
            if segment.plan.grows:
                self._break_off(segment, error)
        self.ring()

    def feed_of(self, index: int) -> Feed:
        """Return where a node hands on its items one by one."""
        assert self.state.items is not None
        return self.state.items.flows[index].spring.feed

    def note_consumed(self, segment: Segment, number: int) -> None:
        """Take note that a reader has received an item. On any thread, also where the lock is held."""
        self.consumed.append((segment, number))
        if get_ident() == self.thread:
            self.ring()
        elif not self.is_ringing:
            self.is_ringing = True
            self.loop.call_soon(self._hear)

    def _hear(self) -> None:
        self.is_ringing = False
        self.ring()

    def take_consumed(self) -> None:
        """See to what readers have received. On the event loop."""
        items = self.state.items
        while self.consumed and items is not None:
            with self.lock:
                if not self.state.stopped:
                    items.consume(*self.consumed[0])
            self.consumed.popleft()

    def open_scope(self, index: int) -> CancelScope:
        """Return the scope of what runs at an index, to be entered; it is cancelled when nobody needs that any more."""
        items, block = self.state.items, self.state.steps[index].origin.block
        assert items is not None
        assert block is not None
        scope = self.scopes[index] = CancelScope()
        if items.segments[block.segment].is_abandoned:
            scope.cancel()
        return scope

    def _pass_over(self, segment: Segment, status: Status, cause: BaseException | None) -> None:
        """Take in that an axis does not come about, as something that gives its items gave no result."""
        for _, node in segment.plan.own:
            if not self.pass_over(node, status, cause):
                return
        self._give_up_axis(segment, status, cause)

    def _give_up_axis(self, segment: Segment, status: Status, cause: BaseException | None) -> None:
        items = self.state.items
        assert items is not None
        with self.lock:
            self.state.left -= 1
            items.release_readers(segment, (status, cause))

    def _fail_axis(self, segment: Segment, error: BaseException) -> None:
        """Take in that nothing can be mapped over what gives the items: the first stage fails with that."""
        items = self.state.items
        assert items is not None
        items.faults.update({stream.reader: error for stream in segment.plan.streams if stream.node < 0})
        self._break_mates(segment, error)
        if not segment.plan.own or self._fail_stages(segment, error):
            self._give_up_axis(segment, Status.UPSTREAM_FAILED, error)

    def _end_stages(self, nodes: Iterable[int]) -> None:
        """Take in that stages have ended for all items."""
        state, journal = self.state, self.journal
        assert state.items is not None
        for node in nodes:
            collection = state.items.collections[node]
            if collection.status is Status.COMPLETED:
                journal.finished[node] = now = journal.now()
                journal.started[node] = journal.started[node] or now  # there was nothing to map
            else:
                journal.end(node, collection.status, collection.cause)
            state.items.end_whole(node, collection.status, collection.cause)

    def close_items(self) -> None:
        """Write down, at the end of the run, what has become of the items that had not ended."""
        items, journal = self.state.items, self.journal
        if items is None:
            return
        for place in list(journal.places):
            journal.close_item(place)
        items.flows.clear()
        self.scopes.clear()
        for node, collection in items.collections.items():
            if journal.started[node] and not journal.finished[node]:
                failed = journal.items[node].failed if node in journal.items else []
                error = failed[0].error if failed else None
                journal.end(node, Status.CANCELLED if error is None else Status.FAILED, error)
            collection.let_go()
