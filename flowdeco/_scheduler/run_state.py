"""How a run stands: what is ready, what waits, and which value stands where.

Pure: there is no lock, no clock and no waiting in here, and nothing knows of event loops and threads but by which of
two lists a node is put on. So all orders in which a small graph can run can be listed without an event loop. Those
who drive it from several threads hold a lock of their own around each call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .._base.events import Outcome, Skip, Status
from .._base.item_errors import ItemShapeError
from .._base.sentinel import UNSET
from .._graph.node import Node
from .._graph.output import is_absent, take_list, take_part
from .._runner.arguments import Row
from .._runner.program import Program
from .demand_state import DemandState
from .item_blocks import ItemBlocks
from .node_plan import SharedOut
from .plan import Plan
from .propagation import Judgement, judge_axis, judge_node, outcome_without
from .taking_apart import take_apart

__all__ = ["RunState"]


class RunState(DemandState):
    """What is ready, what waits for how many others, and the values so far.

    Args:
        plan: what runs.
        values: the first values, in the plan's places; they are altered.
        keep: whether every result is kept, and not let go as soon as nobody needs it.
        known: results that are there already, by node; these nodes do not run.
        given: how the nodes have ended that run in a workflow around this one, in the order of the plan's `given`: with
            the result, or with what there is instead.

    Attributes:
        steps: how each node runs, by index.
        ready: the nodes that can begin on the event loop, or must be judged first.
        ready_in_thread: the nodes that can begin in a worker thread.
        pending: how many others each row still waits for.
        uses: how many readers each place still has; `None` if all values are kept.
        left: how many nodes have not ended yet.
        ended: how those have ended that gave no result: with the error, or with the `Skip`.
        affected: the nodes that need one of these; they are judged when their turn comes.
        stopped: whether nothing new may start.
        lacking: the outputs that a task's result does not have, by node.
        body_defaults: the parameters of the workflow's own function that receive their defaults after all.
        filled: the nodes of which some parameters receive their defaults.
        items: the items of its axes; `None` if it has none.
    """

    __slots__ = (
        "affected",
        "body_defaults",
        "ended",
        "filled",
        "items",
        "lacking",
        "left",
        "pending",
        "plan",
        "ready",
        "ready_in_thread",
        "steps",
        "stopped",
        "uses",
        "values",
    )

    def __init__(
        self,
        plan: Plan,
        values: list[Any],
        *,
        keep: bool = True,
        known: Mapping[int, Any] | None = None,
        given: Sequence[tuple[Status, Any]] = (),
    ) -> None:
        self.plan = plan
        self.steps = list(plan.steps) if plan.segments else plan.steps
        self.values = values
        self.ready: deque[int] = deque(plan.roots)
        self.ready_in_thread: deque[int] = deque(plan.roots_in_thread)
        self.pending = plan.counts.copy()
        self.uses = None if keep else plan.uses.copy()
        self.left = plan.size
        self.ended: dict[int, tuple[Status, BaseException | None]] = {}
        self.affected: set[int] = set()
        self.lacking: dict[int, frozenset[str]] = {}
        self.stopped = False
        self.body_defaults: frozenset[str] = frozenset()
        self.filled: dict[int, Judgement] = {}
        self._begin_demand(plan)
        items = plan.segments, plan.groups, plan.outflows
        self.items = ItemBlocks(self, plan.graph, *items) if plan.segments else None
        if known:
            self._settle_known(known)
        if given:
            for index, (status, end) in zip(plan.given, given, strict=True):
                if status is Status.COMPLETED:
                    self.settle(index, end)
                else:
                    self.fail(index, status, end)

    def take(self, index: int) -> Row:
        """Return what a node's function receives, and let go of what nobody else needs."""
        step = self.steps[index]
        row = step.take(self.values)
        if index in self.filled:
            row = self.program_of(index).arguments.fill(row, self.filled[index].defaults)
        self._asking.discard(index)
        if self.uses is not None:
            self.release(step.reads)
        return row

    def take_condition(self, index: int) -> Row | None:
        """Return what the `when=` of a node receives; `None` if it has none."""
        condition = self.program_of(index).condition
        if condition is None:
            return None
        row = self.steps[index].origin.ask(self.values)
        if index in self.filled:
            row = condition.arguments.fill(row, self.filled[index].asked_defaults)
        self._asking.add(index)
        self.release(self.plan.asked_reads.get(index, ()))
        return row

    def node_of(self, index: int) -> Node:
        """Return the node of the graph that an index stands for."""
        return self.plan.graph.nodes[self.steps[index].origin.node]

    def fault_of(self, index: int) -> BaseException | None:
        """Return what keeps a node from running although it has all that it needs; `None` if nothing does."""
        return None if self.items is None else self.items.faults.get(index)

    def program_of(self, index: int) -> Program:
        """Return what is to be done for what an index stands for."""
        return self.plan.program_of(self.steps[index].origin.node)

    def settle(self, index: int, result: Any) -> None:
        """Take a result in, and list the nodes for which it was the last to come.

        Raises:
            OutputError: the result does not fit the task's `outputs=`; nothing has been taken in.
        """
        step = self.steps[index]
        if step.shares is not None:
            self._place_parts(index, step.shares, result)
        if self.uses is None or self.uses[index]:
            self.values[index] = result
        self.left -= 1
        pending = self.pending
        for follower in step.followers:
            pending[follower] = waits = pending[follower] - 1
            if not waits:
                in_thread = self.steps[follower].in_thread and follower not in self.affected
                (self.ready_in_thread if in_thread else self.ready).append(follower)
        if self.items is not None:
            self.items.end_node(index)

    def fail(self, index: int, status: Status, cause: BaseException | None) -> None:
        """Go on without a node's result: what needs it is judged when its turn comes."""
        if self.items is not None:
            self.items.end_node(index, (status, cause))
        step = self.steps[index]
        if step.origin.turn == "gate":
            assert self.items is not None
            self.items.end_whole(index, status, cause)
            return
        self.ended[index] = status, cause
        if step.shares is not None:
            self._place_end(index, step.shares, status, cause)
        if index in self._asking:  # it will not ask for its arguments any more
            self._asking.discard(index)
            self.release(step.reads)
        self.left -= 1
        if index not in self._unneeded:  # or nobody waits for it
            self.affect(step.followers)
            for follower in step.followers:
                self._release_row(follower)
        self.decline(index)

    def judge(self, index: int) -> Judgement | None:
        """Return how a node ends that cannot run, since one that it needs gave no result; `None` if it runs.

        Of one with a condition, what that needs is looked at; the rest is demanded only when it is true.
        """
        self.affected.discard(index)
        if index in self._unneeded:
            judgement = Judgement(Status.SKIPPED, Skip("not needed"))
        elif (fault := self.fault_of(index)) is not None:
            judgement = Judgement(Status.SKIPPED if isinstance(fault, Skip) else Status.FAILED, fault)
        else:
            block = self.steps[index].origin.block
            given = not self._asks_apart(index)
            node = self.node_of(index)
            judgement = judge_node(self.plan.graph, node, self.ended, self.lacking, block, is_given=given)
        if judgement.status is None:
            self.filled[index] = judgement
            return None
        self.release(self.steps[index].reads)
        self.release(self.plan.asked_reads.get(index, ()))
        return judgement

    def begins_in_thread(self, index: int) -> bool:
        """Whether a node's first step is made in a worker thread."""
        return self.steps[index].in_thread

    @property
    def errors_of_items(self) -> Mapping[int, Sequence[BaseException]]:
        """What the items of mapped nodes have failed with, by node; of very many, those that were kept."""
        return {} if self.items is None else {node: each.errors for node, each in self.items.collections.items()}

    def stop(self) -> None:
        """Start nothing new: empty the lists, and let no count come down to zero any more."""
        self.stopped = True
        self.ready.clear()
        self.ready_in_thread.clear()
        never = len(self.pending) + 1
        self.pending[:] = [never] * len(self.pending)

    def take_body(self) -> Row:
        """Return what the workflow's own function receives; all other values are let go unless they are kept."""
        body = self.plan.body
        row = body.take(self.values)
        if self.body_defaults:
            row = body.fill(row, self.body_defaults)
        if self.uses is not None:
            self.values[:] = self.plan.template
        return row

    def let_go(self, *, keep: bool) -> None:
        """Let the values go at the end. In place, as whatever has run the nodes may take a while to go itself.

        Args:
            keep: whether the results are kept; the run is not, as it would keep itself alive.
        """
        if self.items is not None:
            self.items.part()
            self.items = None
        if keep:
            self.values[self.plan.run_place] = UNSET
        else:
            self.values[:] = self.plan.template

    def release(self, slots: tuple[int, ...]) -> None:
        """Let go of the values that have no reader left."""
        uses, values = self.uses, self.values
        if uses is not None:
            for slot in slots:
                uses[slot] -= 1
                if not uses[slot]:
                    values[slot] = UNSET

    def judge_axis(self, index: int) -> Judgement:
        """Return what becomes of the stages of an axis, since something that gives its items gave no result."""
        self.affected.discard(index)
        assert self.items is not None
        return judge_axis(self.plan.graph, self.items.of_start[index].plan.axis, self.ended, self.lacking)

    def _place_parts(self, index: int, shares: SharedOut, result: Any) -> None:
        """Take in the parts of a result that have names of their own, and the outcomes that somebody receives."""
        node = self.node_of(index)
        if shares.handed is not None:
            self.values[shares.handed] = Status.COMPLETED, result
        if node.is_given and node.definition.graph_each:  # all results of a mapped task
            for output, place in shares.parts:
                self.values[place] = take_list(node.definition, result, output)
            return
        lacking = frozenset([output for output in node.definition.outputs if is_absent(result, output)])
        if lacking:
            self.lacking[index] = lacking
            self.affect(self.steps[index].followers)
        for output, place in shares.parts:
            if output not in lacking:
                self.values[place] = take_part(node.definition, result, output)
        if shares.apart:
            self._take_apart(index, shares, result, lacking)
        for part, place in shares.outcomes:
            if part in lacking:
                self.values[place] = outcome_without(node.name, part)
            else:
                value = result if part is None else take_part(node.definition, result, part)
                self.values[place] = Outcome(node.name, Status.COMPLETED, value, None, None, *self._find_item(index))

    def _take_apart(self, index: int, shares: SharedOut, result: Any, lacking: Collection[str]) -> None:
        """Take in the parts of an item's result that others of the same item receive."""
        definition = self.node_of(index).definition
        for output, part, place in shares.apart:
            if output in lacking:
                continue
            value = result if output is None else take_part(definition, result, output)
            try:
                self.values[place] = take_apart(value, part)
            except ItemShapeError as error:
                assert self.items is not None
                for follower in self.steps[index].followers:
                    if place in self.steps[follower].reads:
                        self.items.faults[follower] = error
                        self.affected.add(follower)

    def _place_end(self, index: int, shares: SharedOut, status: Status, cause: BaseException | None) -> None:
        """Take in how a node has ended that gave no result, where somebody receives that."""
        if shares.handed is not None:
            self.values[shares.handed] = status, cause
        for _, place in shares.outcomes:
            skipped = status is Status.SKIPPED
            reason = str(cause) if skipped else None
            error = None if skipped else cause
            about = self._find_item(index, is_hole=True)
            self.values[place] = Outcome(self.node_of(index).name, status, None, error, reason, *about)

    def _find_item(self, index: int, *, is_hole: bool = False) -> tuple[int | None, Any, Any]:
        """Return of an item its number, itself where it is kept, and its key; `None` of what is none."""
        block = self.steps[index].origin.block
        if block is None or self.items is None:
            return None, None, None
        return block.number, block.item if is_hole else self.items.find_kept(block), self.items.find_key(index)

    def _settle_known(self, known: Mapping[int, Any]) -> None:
        for index in known:
            rows = () if self.plan.demand is None else self.plan.demand.rows.get(index, ())
            for row in (index, *[row for row, _ in rows]):
                self.pending[row] = len(self.pending) + 1  # it is done, whatever it waits for
        self.demanded.update(known)
        for index, result in known.items():
            self.settle(index, result)
            self.decline(index)
        for ready in (self.ready, self.ready_in_thread):
            rest = [index for index in ready if index not in known]
            ready.clear()
            ready.extend(rest)
