"""Which nodes run: those that come up are judged, or go on from where they have paused.

A node whose condition is true, and which needs more than that did, is parked until all of it is there. The pause that
it waits at comes up in the list of what is ready as a node does, and whoever takes it off lets the node go on.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._base.events import Status
from .._runner.arguments import Row
from .._runner.request import Parked
from .._runner.signals import PassedOver
from .demand import Pause
from .propagation import Judgement
from .settlement import Settlement

__all__ = ["Admission"]


class Admission(Settlement):
    """The part of an engine that lets nodes run; its attributes are explained there.

    Attributes:
        waiting: the parked nodes whose condition is true, by the index of the node.
        passed: the nodes that all is there for, before they were parked.
    """

    waiting: dict[int, Parked]
    passed: set[int]

    def may_run(self, index: int) -> bool:
        """Judge a node that needs one which gave no result; return whether this lane is to begin it.

        So is an item that comes up before all is open that it needs: it is the first one that has all else.
        """
        state = self.state
        with self.lock:
            judgement = state.judge(index)
            if judgement is None:
                is_held, demanded = state.hold(index)
                self._note_demanded(demanded, index)
                if is_held:
                    return False
                if not state.begins_in_thread(index):
                    return True
                state.ready_in_thread.append(index)
                return False
        self._end(index, judgement)
        return False

    def grant(self, index: int) -> Row | PassedOver | None:
        """Take in that the condition of a node is true, and demand what the node needs. On any thread.

        Returns:
            Its arguments, or how it ends without them; `None` if it has to wait for them.
        """
        with self.lock:
            is_there, demanded = self.state.grant(index)
            self._note_demanded(demanded, index)
            return self._take(index) if is_there else None

    def wait_at_pause(self, parked: Parked) -> None:
        """Resume a node with its arguments when all that it needs is there, or with how it ends without."""
        with self.lock:
            is_open = self.state.steps[parked.index].origin.node in self.state.open_for_items
        if is_open:
            self._let_go_on(parked)
        elif parked.index in self.passed:
            self.passed.discard(parked.index)
            self._let_go_on(parked)
        else:
            self.waiting[parked.index] = parked

    def go_on(self, row: int) -> None:
        """Let a node go on from where it has paused, unless it is not going to run. On the event loop."""
        state = self.state
        assert state.plan.demand is not None
        pause = state.plan.demand.pauses[row]
        if state.steps[pause.node].origin.turn == "gate":
            self._let_items_go_on(row, pause)
            return
        with self.lock:
            judgement = state.judge_rest(pause.node) if pause.is_asked else state.judge(pause.node)
            if judgement is None:
                self._note_demanded(state.pass_by(row), pause.node)
        if judgement is not None and not pause.is_asked:
            self._end(pause.node, judgement)
        elif judgement is not None or pause.next is None:
            parked = self.waiting.pop(pause.node, None)
            if parked is None:  # it is on its way from a thread
                self.passed.add(pause.node)
            else:
                self._let_go_on(parked)

    def _let_items_go_on(self, row: int, pause: Pause) -> None:
        """Let the items of a mapped node begin, or go on whose condition is true."""
        state, node = self.state, pause.node
        assert state.plan.demand is not None
        with self.lock:
            if row == state.plan.demand.arrivals.get(node):
                state.let_in(node)
                return
            self._note_demanded(state.pass_by(row), node)
            if pause.next is not None:
                return
            state.open_for_items.add(node)
        for index in [index for index in self.waiting if state.steps[index].origin.node == node]:
            self._let_go_on(self.waiting.pop(index))

    def _let_go_on(self, parked: Parked) -> None:
        with self.lock:
            given = self._take(parked.index)
        parked.resume(given)

    def _take(self, index: int) -> Row | PassedOver:
        """Return the arguments of a node whose condition is true, or how it ends without them."""
        judgement = self.state.judge_rest(index)
        if judgement is None:
            return self.state.take(index)
        assert judgement.status is not None
        return PassedOver(judgement.status, judgement.cause)

    def _note_demanded(self, demanded: Sequence[int], by: int) -> None:
        for index in demanded:
            self.journal.demand(index, self.state.steps[by].origin.node)  # the place of an item is soon another one's

    def _end(self, index: int, judgement: Judgement) -> None:
        """End a node that does not run."""
        status, cause = judgement.status, judgement.cause
        assert status is not None
        if status is not Status.FAILED:
            self.pass_over(index, status, cause)
            return
        assert cause is not None  # an item cannot be taken apart
        if not self.fail(index, cause):
            self.cancel()
