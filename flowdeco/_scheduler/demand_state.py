"""The demand in a run: what was demanded, what may still be, and who waits for the rest of what it needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from .._base.events import Skip, Status
from .._graph.node import Node
from .node_plan import NodePlan
from .plan import Plan
from .propagation import Judgement, judge_node

__all__ = ["DemandState"]


class DemandState:
    """The part of a run's state that is about demand; its other attributes are explained there.

    Attributes:
        demanded: the lazy nodes that were demanded.
        open_for_items: the mapped nodes whose items, where their condition is true, find all there that they need.
        guarded: the mapped nodes whose items are judged when they come up, as what they need is not open.
    """

    __slots__ = (
        *(
            "_asking",
            "_begun",
            "_declined",
            "_granted",
            "_held",
            "_let_in",
            "_members",
            "_readers",
            "_unneeded",
            "demanded",
            "guarded",
        ),
        "open_for_items",
    )

    plan: Plan
    steps: list[NodePlan]
    ready: deque[int]
    ready_in_thread: deque[int]
    pending: list[int]
    affected: set[int]
    ended: dict[int, tuple[Status, BaseException | None]]
    lacking: dict[int, frozenset[str]]
    filled: dict[int, Judgement]

    def node_of(self, index: int) -> Node:
        """Return the node of the graph that an index stands for."""
        raise NotImplementedError

    def fault_of(self, index: int) -> BaseException | None:
        """Return what keeps a node from running although it has all that it needs; `None` if nothing does."""
        raise NotImplementedError

    def _begin_demand(self, plan: Plan) -> None:
        # Of the lazy units, by how many each may still be demanded; and the nodes that nobody will.
        self._readers: dict[int, int] = {} if plan.demand is None else plan.demand.readers.copy()
        self._unneeded: set[int] = set()
        self._asking: set[int] = set()  # the nodes whose condition has its arguments, but which have not theirs
        self.demanded: set[int] = set()
        self._declined: set[int] = set()  # the nodes that demand nothing any more
        self._begun: set[int] = set()  # what begins segments, where that was demanded
        # Of what begins segments and was not demanded, by how many nodes it may still be.
        self._members: dict[int, int] = {} if plan.demand is None else plan.demand.members.copy()
        self._granted: set[int] = set()  # the mapped nodes whose condition was true for an item
        self.open_for_items: set[int] = set()
        # Of mapped nodes that need what is opened: the items that wait for that, and where none has to any more.
        self._held: dict[int, list[int]] = {}
        self._let_in: set[int] = set()
        self.guarded: set[int] = set() if plan.demand is None else set(plan.demand.arrivals)

    def demand(self, indices: Iterable[int]) -> list[int]:
        """Demand nodes, and what these demand; return those that were not demanded before."""
        demand, found = self.plan.demand, [index for index in indices if index not in self.demanded]
        self.demanded.update(found)
        for index in found:  # grows
            assert demand is not None
            fresh = [each for each in demand.at_once.get(index, ()) if each not in self.demanded]
            self.demanded.update(fresh)
            found += fresh
            self._release_row(demand.entries.get(index, index))
            for start in demand.starts.get(index, ()):
                if start not in self._begun:
                    self._begun.add(start)
                    self._release_row(start)
        return found

    def _demand_for(self, node: int, indices: Iterable[int]) -> list[int]:
        """Have a node demand others; return those that were not demanded before."""
        found = self.demand(indices)
        if self.plan.demand is not None and node in self.plan.demand.unit_of:
            self._look_after(self.plan.demand.unit_of[node])
        return found

    def grant(self, index: int) -> tuple[bool, list[int]]:
        """Take in that the condition of a node is true.

        Returns:
            Whether all that it needs is there already, so that it need not wait; and what is demanded only now.
        """
        demand = self.plan.demand
        if self._asks_apart_for_item(index):
            return self._grant_item(self.steps[index].origin.node)
        if demand is None or index not in demand.asking:
            return True, []
        found = self._demand_for(index, demand.when_true.get(index, ()))
        row = demand.asked.get(index)
        if row is None:
            return True, found
        if self.pending[row] == 1 and demand.pauses[row].next is None:
            self.pending[row] = 0
            return True, found
        self._release_row(row)
        return False, found

    def _grant_item(self, node: int) -> tuple[bool, list[int]]:
        assert self.plan.demand is not None
        found: list[int] = []
        if node not in self._granted:
            self._granted.add(node)
            found = self._demand_for(node, self.plan.demand.when_true.get(node, ()))
            row = self.plan.demand.of_items[node]
            if self.pending[row] == 1 and self.plan.demand.pauses[row].next is None:
                self.pending[row] = 0
                self.open_for_items.add(node)
            else:
                self._release_row(row)
        return node in self.open_for_items, found

    def hold(self, index: int) -> tuple[bool, list[int]]:
        """Have an item that has everything else wait for what is opened.

        Returns:
            Whether it has to; and what is demanded only now.
        """
        demand, node = self.plan.demand, self.steps[index].origin.node
        if demand is None or node not in demand.arrivals or node in self._let_in:
            return False, []
        found: list[int] = []
        if node not in self._held:
            self._held[node] = []
            found = self._demand_for(node, demand.on_arrival.get(node, ()))
            self._release_row(demand.arrivals[node])
        self._held[node].append(index)
        return True, found

    def let_in(self, node: int) -> None:
        """Let the items of a mapped node begin that have waited for what is opened, or be judged if that is not."""
        demand = self.plan.demand
        assert demand is not None
        self._let_in.add(node)
        opened = dict(demand.rows[node])[demand.arrivals[node]]
        if not any(each in self.ended for each in opened):
            self.guarded.discard(node)
        held = self._held.pop(node, [])
        self.affected.update(held)
        self.ready.extend(held)

    def pass_by(self, row: int) -> list[int]:
        """Let a node go on from where it has paused; return what is demanded only now."""
        assert self.plan.demand is not None
        pause = self.plan.demand.pauses[row]
        found = self._demand_for(pause.node, pause.demands)
        if pause.next is not None:
            self._release_row(pause.next)
        return found

    def has_all(self, index: int) -> bool:
        """Whether a node needs nothing besides what its condition does, and can run with that."""
        demand = self.plan.demand
        if demand is None or not self._asks_apart(index):
            return True
        if index not in demand.asking:
            return False
        return index not in demand.asked and self.judge_rest(index) is None

    def judge_rest(self, index: int) -> Judgement | None:
        """Return how a node ends that cannot run although its condition, if it has one, is true; `None` if it can."""
        fault = self.fault_of(index)
        if fault is not None:
            return Judgement(Status.SKIPPED if isinstance(fault, Skip) else Status.FAILED, fault)
        if not (self.ended or self.lacking):
            return None
        block, node = self.steps[index].origin.block, self.node_of(index)
        judgement = judge_node(self.plan.graph, node, self.ended, self.lacking, block, is_asked=False)
        if judgement.status is None:
            asked = self.filled[index].asked_defaults if index in self.filled else frozenset[str]()
            self.filled[index] = judgement._replace(asked_defaults=asked)
            return None
        return judgement

    def _asks_apart(self, index: int) -> bool:
        """Whether the condition of a node is asked before all is there that the node needs."""
        if self.plan.demand is None:
            return False
        return index in self.plan.demand.asking or self._asks_apart_for_item(index)

    def _asks_apart_for_item(self, index: int) -> bool:
        origin = self.steps[index].origin
        return self.plan.demand is not None and origin.block is not None and origin.node in self.plan.demand.of_items

    def _release_row(self, row: int) -> None:
        """Have a row wait for one thing less, and list it if there is no other."""
        self.pending[row] -= 1
        if not self.pending[row]:
            in_thread = self.steps[row].in_thread and row not in self.affected
            (self.ready_in_thread if in_thread else self.ready).append(row)

    def affect(self, followers: Iterable[int]) -> None:
        """Have nodes judged when their turn comes, since one that they need gave no result.

        Who pauses is judged in any case.
        """
        steps, unneeded = self.steps, self._unneeded
        self.affected.update([row for row in followers if steps[row].origin.turn != "pause" and row not in unneeded])

    def decline(self, index: int) -> None:
        """Take in that a node demands nothing any more: what nobody else may demand is not needed."""
        demand = self.plan.demand
        if demand is None:
            return
        self._declined.add(index)
        for unit in demand.units.get(index, ()):
            self._readers[unit] -= 1
            self._look_after(unit)
        if index in demand.unit_of:
            self._look_after(demand.unit_of[index])

    def _look_after(self, unit: int) -> None:
        """Find out what of a unit is not needed, if nobody besides its own nodes may demand anything of it."""
        demand = self.plan.demand
        assert demand is not None
        mates = demand.mates.get(unit, (unit,))
        if self._readers.get(unit, 0) or any(self._may_demand(each) for each in mates):
            return
        for each in mates:
            if each not in self.demanded and each not in self._unneeded:
                self._drop(each)
                if self.steps[each].origin.turn is None:
                    self.affected.add(each)
                for start in demand.starts.get(each, ()):
                    self._members[start] -= 1
                    if not self._members[start]:
                        self._drop(start)

    def _drop(self, row: int) -> None:
        """Have a node, or what begins a segment, come up as one that nobody needs."""
        self._unneeded.add(row)
        self.pending[row] = len(self.pending) + 1  # whatever it waits for
        self.ready.append(row)

    def _may_demand(self, index: int) -> bool:
        """Whether a node that was demanded itself may yet demand another."""
        demand = self.plan.demand
        if demand is None or index not in self.demanded or index in self._declined:
            return False
        return any(each not in self.demanded for each in demand.wanted.get(index, ()))

    def is_unneeded(self, index: int) -> bool:
        """Whether nobody needs a node, or what begins a segment, nor will."""
        return index in self._unneeded
