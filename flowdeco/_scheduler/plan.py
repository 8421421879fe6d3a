"""A graph compiled for the engine: flat tables, made once and never changed.

Every value of a run has a place in one list: first the results of the nodes, in their order, then the inputs,
the run and its state, the constants, and the parts of results that have names of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .._base.sentinel import UNSET
from .._base.signature import Kind, can_wait, is_awaited, is_coroutine_function
from .._definition.resource import ResourceDefinition
from .._graph.binding import Binding
from .._graph.graph import Graph
from .._graph.input import Inputs
from .._graph.node import Node
from .._graph.output import find_required
from .._graph.source import (
    FromRun,
    definitions_of,
)
from .._policy.hook import Hooks
from .._policy.policy import NO_POLICY
from .._policy.run_in import starts_processes
from .._runner.arguments import Arguments, taking
from .._runner.gathering import gathering, refusing
from .._runner.program import Program
from .axes import Axes, Start
from .axis_plan import SegmentPlan
from .demand import Demand, make_demand
from .flow_plan import Outflow
from .node_plan import Draft, NodePlan, Origin, SharedOut, Turn
from .places import Places
from .together import Group
from .tolerance import find_tolerated

__all__ = ["Plan"]


class Plan(Places):
    """What the engine and the record need to know of a graph that has no problems.

    Attributes:
        graph: the graph it was compiled from.
        segments: the segments of its axes, where nodes are run for each item of something.
        groups: the lists of an axis that somebody receives together.
        outflows: the nodes that hand their items on one by one.
        flowing: the indices of these.
        dispensable: the nodes whose items are called off when nobody reads them as a stream any more.
        binding: the names it rests on.
        inputs: binds the arguments of a call.
        steps: how each node runs, by index.
        demand: what waits to be demanded; `None` if nothing does.
        counts: how many others each row waits for.
        size: how many nodes run.
        roots: the nodes that wait for none and begin on the event loop.
        roots_in_thread: those that begin in a thread.
        uses: how many readers each place has.
        asked_reads: for a node with a condition, the places that only this reads.
        template: the list of values before a run.
        parts: for a node with `outputs=`, the names of those parts that are needed, and their places.
        outcomes: for a node that is `settled` for somebody, the places of its outcome, or of those of its parts.
        handed: for a node that a nested workflow shares, the place of how it has ended.
        given: the nodes that run in a workflow around this one.
        tolerated: the nodes that may fail without an end to the run.
        input_places: the name and the place of each input.
        asks_for_state: whether anything in it receives the state.
        body: what the workflow's own function receives.
        uses_threads: whether any node begins in a thread.
        is_watched: whether a hook is told of the status of any node.
        has_awaiting_hooks: whether a hook is an `async def`, or wraps one.
        has_resources: whether any is opened here.
        shared: those that are shared by many runs, with the id of what users hold of them.
        needs_opened: whether there are any of these, also in a workflow within.
        calls: the plans of what is called in its runs; made with the first call.
        starts_processes: whether any task, also of a workflow within, runs in a process.
    """

    calls: object = None
    segments: tuple[SegmentPlan, ...] = ()
    outflows: tuple[Outflow, ...] = ()
    dispensable = frozenset[int]()
    groups: Sequence[Group] = ()

    def __init__(self, graph: Graph, binding: Binding) -> None:
        self.graph = graph
        self.binding = binding
        self.inputs = Inputs(graph)
        self._results = len(graph.nodes)
        self._axes = Axes(graph, self._place_freed) if graph.axes else None
        self.demand: Demand | None = make_demand(graph, dict if self._axes is None else self._axes.find_ties)
        if self._axes is not None:
            self._axes.split(self.demand)
        self.template: list[Any] = [UNSET] * self._count_rows()  # of pauses, too: no place has the number of a row
        self.input_places = tuple((name, self._place()) for name in graph.inputs)
        self._input_place = dict(self.input_places)
        self.run_place, self.state_place = self._place(), self._place()
        self.asks_for_state = False
        self.asked_reads: dict[int, tuple[int, ...]] = {}
        self.parts: dict[int, tuple[tuple[str, int], ...]] = {}
        self.outcomes: dict[int, dict[str | None, int]] = {}
        self.handed: dict[int, int] = {}
        self.given = tuple([node.index for node in graph.nodes if node.is_given])
        self._part_places: dict[tuple[int, str], int] = {}
        self._part_set: set[int] = set()
        self.flowing = frozenset[int]() if self._axes is None else self._axes.flowing
        self.required = self._find_required()
        self._programs: dict[int, Program] = {}
        self._arguments_of: dict[int, Arguments] = {}
        owner = graph.owner
        body = refusing(graph.name, owner.function, owner.signature)
        self.body = self._arguments(body, owner.own_params, graph.body, owner.settled)
        self._compile()
        self._note_resources()
        self.tolerated = find_tolerated(graph)
        may_wait = owner.signature.kind != "async" or can_wait(owner.function) or bool(owner.hooks)
        self.waits = may_wait or any(draft.can_wait for draft in self._drafts)
        del self._drafts
        programs = self._programs.values()
        self.is_watched = any(program.is_watched for program in programs)
        self.starts_processes = any(map(_starts_processes, programs)) or any(
            node.plan.starts_processes for node in graph.nodes if node.plan is not None
        )
        hooks = [owner.hooks, *[program.policy.hooks for program in programs if program.policy.hooks]]
        self.has_awaiting_hooks = any(map(_has_awaited, hooks))

    def _note_resources(self) -> None:
        graph = self.graph
        opened = [(node.index, node.definition) for node in graph if not (node.replaced or node.is_given)]
        resources = [(i, step) for i, step in opened if isinstance(step, ResourceDefinition)]
        self.has_resources = any(step.lifetime != "process" for _, step in resources)
        self.shared = {i: id(step.face) for i, step in resources if step.lifetime == "shared"}
        nested = [node.plan for node in graph if node.plan is not None]
        self.needs_opened = bool(self.shared) or any(plan.needs_opened for plan in nested)

    def _find_required(self) -> dict[int, set[str]]:
        """Return which outputs have to be there, also for what runs here and is read in a workflow within."""
        if not any(node.definition.outputs for node in self.graph):
            return {}
        found = find_required([self.graph])
        for node in self.graph:
            for step in node.shared:
                if step.outputs:
                    found.setdefault(id(step), set()).update(node.plan.required.get(id(step), ()))
        return found

    def _compile(self) -> None:
        nodes = self.graph.nodes
        axes = self._axes
        followers = self._link()
        if axes is not None:
            self.dispensable = axes.find_dispensable([i for i in axes.mapped if followers[i] or self._is_read(i)])
        self._drafts = drafts = [self._draft(node) for node in nodes]  # all of them first: parts get their places here
        if axes is not None:
            axes.streams.find_readers(drafts, self.demand)
            axes.place_starts(self._place, self._slot)
            flowing = [index for index in axes.flowing if followers[index] or self._is_read(index)]
            self.outflows = axes.make_outflows(flowing)
            for start in axes.starts:
                for row in self._list_readings(start.readers):
                    self.counts[row] += 1
                for i in start.needed:
                    if i not in axes.flowing:
                        followers[i].append(start.place)
        for (index, output), place in self._part_places.items():
            self.parts[index] = (*self.parts.get(index, ()), (output, place))
        self.steps = [self._finish(i, draft, followers[i]) for i, draft in enumerate(drafts)]
        if self.demand is not None:
            self.steps += [self._turn(pause.node, "pause", (), ()) for pause in self.demand.pauses.values()]
        self.size = sum(not node.replaced for node in nodes)
        mapped = frozenset[int]() if axes is None else axes.mapped
        roots = [n.index for n in nodes if not (self.counts[n.index] or n.replaced or n.is_given or n.index in mapped)]
        self.roots = [index for index in roots if not self.steps[index].in_thread]
        self.roots_in_thread = [index for index in roots if self.steps[index].in_thread]
        self.uses_threads = any(draft.in_thread for draft in drafts)
        if axes is not None:
            self._place_starts(axes)
        self._count_uses()
        if axes is not None:
            read = {i for i in axes.mapped if self.uses[i] or i in self.outcomes or i in self.parts or i in self.handed}
            self.groups = axes.groups.list_groups()
            ends = {self.graph.node_of(step).index for step in self.graph.ends}
            self.segments = axes.make_segments(drafts, followers, read, ends)

    def _link(self) -> list[list[int]]:
        """Count for how many others each node waits; return which wait for the whole of each."""
        nodes = self.graph.nodes
        followers: list[list[int]] = [[] for _ in nodes]
        self.counts = [0] * len(nodes)
        parted = {} if self.demand is None else self.demand.rows
        for node in nodes:
            if node.index in parted:
                continue
            if self._axes is None:
                needed = [i for i in node.dependencies if not nodes[i].replaced]
            else:
                needed = self._axes.needs.whole[node.index]
            self.counts[node.index] = len(needed)
            for i in needed:
                followers[i].append(node.index)
        if self.demand is not None:
            self._link_pauses(self.demand, followers)
            for index, rows in self.demand.rows.items():
                if self._axes is not None and index in self._axes.mapped:
                    self._axes.needs.gates[index] = rows[0][1]
        return followers

    def _count_rows(self) -> int:
        return len(self.graph.nodes) + (0 if self.demand is None else len(self.demand.pauses))

    def _link_pauses(self, demand: Demand, followers: Sequence[list[int]]) -> None:
        """Have each row of the nodes that wait at more than one wait for its part."""
        self.counts += [0] * len(demand.pauses)
        for rows in demand.rows.values():
            for row, needed in rows:
                self.counts[row] = len(needed)
                for i in needed:
                    followers[i].append(row)
        for row in demand.held:
            self.counts[row] += 1

    def _list_readings(self, nodes: Iterable[int]) -> list[int]:
        """Return where nodes wait for items to read as a stream: first of all, or when their condition is true."""
        rows = {} if self.demand is None else {**self.demand.entries, **self.demand.readings}
        return [rows.get(index, index) for index in nodes]

    def _is_read(self, index: int) -> bool:
        """Whether the workflow's own function receives something of a node, or comes after it."""
        read = [step for source in self.graph.body for step in definitions_of(source)]
        return any(self.graph.node_of(step).index == index for step in (*read, *self.graph.ends))

    def _place_starts(self, axes: Axes) -> None:
        """Put what begins the segments in the tables, which reach as far as the places do for that."""
        more = len(self.template) - len(self.steps)
        self.steps += [self._turn(-1, "axis", (), ())] * more
        self.counts += [0] * more
        for start in axes.starts:
            about = (*start.section.stages, *start.readers, *start.axis.stages)[0]
            readings = self._list_readings(start.readers)
            self.steps[start.place] = self._turn(about, "axis", start.slots, readings)
            self.counts[start.place] = len(start.needed) + self._hold_start(start)
            if not self.counts[start.place]:
                self.roots.append(start.place)
        self.size += len(axes.starts)

    def _hold_start(self, start: Start) -> bool:
        """Have what begins a segment wait until that is demanded; return whether it has to."""
        members, demand = (*start.section.stages, *start.section.readers), self.demand
        if demand is None or not members or not demand.lazy.issuperset(members):
            return False
        demand.members[start.place] = len(members)
        demand.starts.update({index: (*demand.starts.get(index, ()), start.place) for index in members})
        return True

    def _turn(self, node: int, turn: Turn, slots: tuple[int, ...], followers: Sequence[int]) -> NodePlan:
        """Return what runs no function, but has something to be done when its turn comes."""
        reads = self._find_reads(slots)
        flags = False, False, False, False, self._find_shared_out(node), False
        return NodePlan(_never, taking(slots), -2, reads, tuple(followers), *flags, Origin(node, taking(()), turn))

    def _draft(self, node: Node) -> Draft:
        if node.replaced:
            self.template[node.index] = node.value
        if node.replaced or node.is_given:
            return Draft(_never, ())
        draft = self._draft_plain(node) if self._may_be_plain(node) else None
        if draft is not None and self.graph.policy_of(node) is NO_POLICY:
            return draft
        program = self._programs[node.index] = self._make_program(node)
        if draft is not None and draft.in_thread == program.begins_in_thread:
            return draft._replace(can_wait=True, picks_up=True)
        asked = () if program.condition is None else program.condition.arguments.slots
        return Draft(_never, program.arguments.slots, asked, False, True, program.begins_in_thread)

    def _may_be_plain(self, node: Node) -> bool:
        """Whether nothing but its function is asked for of a node, as long as that does not fail."""
        step = node.definition
        if (
            step.is_workflow
            or step.is_resource
            or node.predicate is not None
            or step.outputs
            or self.graph.owner.watch_hooks
        ):
            return False
        is_special = node.index in self.flowing or node.index in self.dispensable
        if is_special or step.items.streams or node.key is not None or node.more is not None:
            return False
        policy = self.graph.policy_of(node)
        return policy is NO_POLICY or policy.waits_for_failure

    def _draft_plain(self, node: Node) -> Draft | None:
        """Return the draft of a task whose function is all there is to it; `None` if it asks for the run."""
        step = node.definition
        kind: Kind = step.signature.gives
        function = gathering(step.function, step.signature)
        if kind == "sync":
            in_thread, waits = True, True
        elif kind == "async" and is_coroutine_function(function):
            in_thread, waits = False, can_wait(function)
        else:
            return None
        slots = self._quick_slots(node.params, node.sources, step.settled)
        if slots is not None:
            return Draft(function, slots, (), True, waits, in_thread)
        if any(isinstance(source, FromRun) for source in node.sources):
            return None
        arguments = self._arguments(function, node.params, node.sources, step.settled)
        self._arguments_of[node.index] = arguments
        return Draft(arguments.call, arguments.slots, (), True, waits, in_thread)

    def _finish(self, index: int, draft: Draft, followers: list[int]) -> NodePlan:
        slots = draft.slots
        if self._axes is not None and index in self._axes.mapped:
            return self._turn(index, "gate", (*draft.asked, *slots), followers)
        reads = self._find_reads(slots)
        asked = tuple([place for place in self._find_reads(draft.asked) if place not in reads])
        if asked:
            self.asked_reads[index] = asked
        shares = self._find_shared_out(index)
        quick = draft.is_plain and not (draft.in_thread or shares or draft.picks_up)
        flags = quick, draft.can_wait, draft.in_thread, draft.is_plain, shares, draft.picks_up
        slot = slots[0] if len(slots) == 1 else -2 if slots else -1
        origin = Origin(index, taking(draft.asked))
        return NodePlan(draft.start, taking(slots), slot, reads, tuple(followers), *flags, origin)

    def _find_reads(self, slots: Sequence[int]) -> tuple[int, ...]:
        """Return the places among these that are let go of when nobody needs them any more, each once."""
        freed = [s for s in slots if s < self._results or s in self._part_set]
        return tuple(dict.fromkeys(freed)) if len(freed) > 1 else tuple(freed)

    def _find_shared_out(self, index: int) -> SharedOut | None:
        if not (index in self.outcomes or index in self.parts or index in self.handed):
            return None
        outcomes = tuple(self.outcomes.get(index, {}).items())
        return SharedOut(self.parts.get(index, ()), outcomes, self.handed.get(index))

    def _count_uses(self) -> None:
        self.uses = [0] * len(self.template)
        for place in self.body.slots:
            self.uses[place] += 1
        for reads in (*[step.reads for step in self.steps], *self.asked_reads.values()):
            for place in reads:
                self.uses[place] += 1


def _has_awaited(hooks: Hooks) -> bool:
    return any(is_awaited(hook.ask.function) for each in hooks.values() for hook in each)


def _starts_processes(program: Program) -> bool:
    ways: list[Any] = [way.task.policy for way in program.policy.recover if way.task is not None]
    return any(starts_processes(policy.run_in) for policy in (program.policy, *ways))


def _never(*_: Any) -> Any:
    raise AssertionError("a value stands in for this node, or it has a lifecycle")
