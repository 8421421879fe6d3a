"""A graph compiled for the engine: flat tables, made once and never changed.

Every value of a run has a place in one list: first the results of the nodes, in their order, then the inputs,
the run and its state, the constants, and the parts of results that have names of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, cast

from .._api.task import Task
from .._base.events import Event, Outcome, Status
from .._base.injection import Ask
from .._base.sentinel import UNSET
from .._base.signature import POSITIONAL, Param
from .._graph.binding import Binding
from .._graph.graph import Graph, Node
from .._graph.input import Inputs
from .._graph.output import check_parts, take_part
from .._graph.source import Constant, Default, FromInput, FromRun, FromStep, Source, parts_of
from .._policy.hook import Hook, Hooks
from .._policy.policy import NO_POLICY, Policy
from .._runner.arguments import adapt, choose_arguments
from .._runner.attempt import Launch, launch, launch_bare
from .._runner.lifecycle import Condition, Setting
from .._runner.program import Surroundings, Work, govern, make_work, needs_course
from .._worker.thread import Start

__all__ = ["Plan"]


class Call(NamedTuple):
    """How the engine runs one node.

    Attributes:
        start: takes the values at `slots`; gives a coroutine, or in a thread the result.
        in_thread: whether a thread's lane runs it.
        can_wait: whether the coroutine may suspend.
        slot: the place of the only argument; -1 for none; -2 if `take` gets several.
        take: gets the tuple of arguments out of the list of values.
        followers: the nodes that need it.
        slots: the places it reads, each once, which it may be the last to need.
    """

    start: Start
    in_thread: bool
    can_wait: bool
    slot: int
    take: Callable[[list[Any]], tuple[Any, ...]] | None
    followers: tuple[int, ...]
    slots: tuple[int, ...]


class Parts(NamedTuple):
    """The parts of a result that have names: all names, and the places of those that are needed."""

    names: tuple[str, ...]
    places: tuple[tuple[str, int], ...]


class Arguments(NamedTuple):
    """Where a function's arguments come from, and how it is called with them by position."""

    slots: tuple[int, ...]
    start: Start


class Plan:
    """What the engine and the record need to know of a graph that has no problems.

    Attributes:
        graph: the graph it was compiled from.
        watch: the names it rests on.
        inputs: binds the arguments of a call.
        calls: how each node runs, by index.
        counts: how many nodes each one waits for.
        size: how many nodes run.
        roots: the nodes that wait for none.
        uses: how many readers each place has.
        template: the list of values before a run.
        parts: for a node with `outputs=`, its parts.
        outcomes: for a node that is `settled` for somebody, the places of its outcome, or of those of its parts.
        tolerated: the nodes that may fail without an end to the run.
        settings: what there is to know of each node that takes a course.
        courses: those of them whose course is on the event loop from the beginning.
        observed: whether every change of status is told to the run.
        input_places: the name and the place of each input.
        asks_for_state: whether anything in it receives the state.
        body: the places of the arguments of the workflow's own function, and how to call it.
        threaded: whether any node runs in a thread's lane.
    """

    def __init__(self, graph: Graph, watch: Binding, *, observed: bool = False) -> None:
        self.graph = graph
        self.observed = observed
        self._watched: Plan | None = None
        self.watch = watch
        self.inputs = Inputs(graph)
        self._results = len(graph.nodes)
        self.template: list[Any] = [UNSET] * self._results
        self.input_places = tuple((name, self._place()) for name in graph.inputs)
        self._input_place = dict(self.input_places)
        self.run_place, self.state_place = self._place(), self._place()
        self.asks_for_state = False
        self._part_places: dict[tuple[int, str], int] = {}
        self._part_set: set[int] = set()
        self.calls: list[Call] = []
        self.parts: dict[int, Parts] = {}
        self.outcomes: dict[int, dict[str | None, int]] = {}
        self.settings: dict[int, Setting] = {}
        self.uses: list[int] = []
        self._owner = owner = graph._owner
        self._around = Surroundings(_with_observer(owner.watch_hooks) if observed else owner.watch_hooks, owner.strict)
        self.body = self._arguments(owner._function, owner._signature.params, graph._body, owner.settled)
        self._compile()
        self.tolerated = self._find_tolerated()
        self.courses = frozenset(index for index in self.settings if not self.calls[index].in_thread)

    def _place(self, value: Any = UNSET) -> int:
        self.template.append(value)
        return len(self.template) - 1

    def _compile(self) -> None:
        nodes = self.graph.nodes
        followers: list[list[int]] = [[] for _ in nodes]
        self.counts = [0] * len(nodes)
        for node in nodes:
            needed = [i for i in node.dependencies if not nodes[i].replaced]
            self.counts[node.index] = len(needed)
            for i in needed:
                followers[i].append(node.index)
        launches = [self._launch(node) for node in nodes]  # all of them first: parts of results get their places here
        self.calls = [self._call(slots, how, followers[i]) for i, (slots, how) in enumerate(launches)]
        self.size = sum(not node.replaced for node in nodes)
        self.roots = [n.index for n in nodes if not self.counts[n.index] and not n.replaced]
        self.threaded = any(call.in_thread for call in self.calls)
        self._count_uses()
        self._note_parts()

    def _launch(self, node: Node) -> tuple[tuple[int, ...], Launch]:
        step = node.step
        if node.replaced:
            self.template[node.index] = node._value
            return (), Launch(_never, False, False)
        if isinstance(step, Task):
            return self._launch_task(node, cast("Task[..., Any]", step))
        pairs = zip(node._params, node._sources, strict=True)
        given = [(param, source) for param, source in pairs if not isinstance(source, Default)]
        slots = (self.run_place, *[self._slot(param, source) for param, source in given])
        how = Launch(*step._launch(node._plan, tuple(param.name for param, _ in given)))
        if not self._around.watch:
            return slots, how
        params, sources = tuple([param for param, _ in given]), tuple([source for _, source in given])
        work = Work(node.index, node.name, NO_POLICY, None, how.start, params, sources)
        return self._govern(node, work, (), slots)

    def _launch_task(self, node: Node, task: Task[..., Any]) -> tuple[tuple[int, ...], Launch]:
        policy = self._policy_of(task)
        slots, start = self._arguments(task._function, node._params, node._sources, task.settled)
        plain = policy is NO_POLICY and node._predicate is None and not self._around.watch
        if plain and self.run_place not in slots and self.state_place not in slots:  # so it is with most
            return slots, launch_bare(node.name, task._function, task._signature.kind, start)
        condition, asked = self._condition(node)
        check: Callable[[Any], None] | None = partial(check_parts, task) if task.outputs else None
        work = make_work(node.index, node.name, task, policy, node._params, node._sources, condition, check)
        if needs_course(work, self._around):
            return self._govern(node, work, asked, slots)
        assert work.job is not None
        return slots, launch(work.job)

    def _govern(
        self, node: Node, work: Work, asked: tuple[int, ...], slots: tuple[int, ...]
    ) -> tuple[tuple[int, ...], Launch]:
        how, self.settings[node.index] = govern(work, self._around)
        return (self.run_place, *asked, *slots), how

    def watched(self) -> Plan:
        """Return the plan by which the run is told of every change of status, in each of its nodes."""
        if self._watched is None:
            self._watched = self if self.observed else Plan(self.graph, self.watch, observed=True)
        return self._watched

    def offset_of(self, node: Node) -> int:
        """Return how many values a node gets before those that its parameters receive: each is the run."""
        return int(node.index in self.settings) + int(node.step.compiler is not None)

    def _policy_of(self, task: Task[..., Any]) -> Policy:
        defaults = self._owner._defaults
        return task._policy if defaults is None else defaults.policy_of(task)

    def metadata_of(self, node: Node) -> dict[str, Any]:
        """Return what `metadata=` says of a node."""
        step = node.step
        metadata: dict[str, Any] = step._options["metadata"] or {}
        return {**self._policy_of(cast("Task[..., Any]", step)).metadata} if isinstance(step, Task) else metadata

    def _condition(self, node: Node) -> tuple[Condition | None, tuple[int, ...]]:
        """Return what decides whether a node runs, and the places of what that needs."""
        if node._predicate is None:
            return None, ()
        predicate, sources = node._predicate
        slots, start = self._arguments(predicate._function, predicate._signature.params, sources, ())
        return Condition(len(slots), start, predicate.reason), slots

    def _call(self, slots: tuple[int, ...], how: Launch, followers: list[int]) -> Call:
        slot = slots[0] if len(slots) == 1 else -2 if slots else -1
        take = itemgetter(*slots) if len(slots) > 1 else None
        freed = tuple(dict.fromkeys([s for s in slots if s < self._results or s in self._part_set]))
        return Call(how.start, how.in_thread, how.can_wait, slot, take, tuple(followers), freed)

    def _count_uses(self) -> None:
        self.uses = [0] * len(self.template)
        for place in self.body.slots:
            self.uses[place] += 1
        for call in self.calls:
            for place in call.slots:
                self.uses[place] += 1

    def _note_parts(self) -> None:
        for (index, output), place in self._part_places.items():
            names = self.graph.nodes[index].step.outputs
            before = self.parts.get(index, Parts(names, ()))
            self.parts[index] = Parts(names, (*before.places, (output, place)))
        for node in self.graph.nodes:
            names = node.step.outputs
            if names and not node.replaced:
                self.parts.setdefault(node.index, Parts(names, ()))

    def _arguments(
        self, function: Start, params: Sequence[Param], sources: Sequence[Source], settled: Sequence[str]
    ) -> Arguments:
        """Return how to call a function with its values by position."""
        steps = [source.step for source in sources if type(source) is FromStep and source.output is None]
        if len(steps) == len(sources) and not settled and all(param.kind in POSITIONAL for param in params):
            # So it is with most functions, and this is a good part of what compiling costs.
            nodes = self.graph._by_step
            return Arguments(tuple([nodes[id(step)].index for step in steps]), function)
        given = choose_arguments(params, sources)
        slots = [
            self._outcome_slot(param, part) if param.name in settled else self._slot(param, part)
            for param, source in given
            for part in parts_of(source)
        ]
        return Arguments(tuple(slots), adapt(function, given))

    def _slot(self, param: Param, source: Source) -> int:
        if isinstance(source, FromStep):
            index = self.graph._node_of(source.step).index
            return index if source.output is None else self._part_place(index, source.output)
        if isinstance(source, FromInput):
            return self._input_place[source.name]
        if isinstance(source, FromRun):
            self.asks_for_state |= source.name == "state"
            return self.run_place if source.name == "run" else self.state_place
        if isinstance(source, Constant):
            return self._place(
                source.value if source.output is None else take_part(source.step, source.value, source.output)
            )
        return self._place(param.default)

    def _outcome_slot(self, param: Param, source: Source) -> int:
        if isinstance(source, Constant):
            value = self.template[self._slot(param, source)]
            return self._place(Outcome(self.graph._node_of(source.step).name, Status.COMPLETED, value))
        if not isinstance(source, FromStep):
            return self._slot(param, source)
        places = self.outcomes.setdefault(self.graph._node_of(source.step).index, {})
        if source.output not in places:
            places[source.output] = self._place()
            self._part_set.add(places[source.output])
        return places[source.output]

    def _find_tolerated(self) -> frozenset[int]:
        """Return the nodes whose failure somebody receives as an outcome, at once or of one that cannot run then."""
        nodes = self.graph.nodes
        if self._owner.keep_going:
            return frozenset(range(len(nodes)))
        found = set(self.outcomes)
        if found:
            for node in reversed(nodes):
                if node.index in found:
                    found.update(self.graph._blockers(node))
        return frozenset(found)

    def _part_place(self, index: int, output: str) -> int:
        key = index, output
        if key not in self._part_places:
            self._part_places[key] = self._place()
            self._part_set.add(self._part_places[key])
        return self._part_places[key]


def _publish(event: Event) -> None:
    event.run._publish(event)


_OBSERVER = Hook("on_state", Ask(_publish, (), True))


def _with_observer(hooks: Hooks) -> Hooks:
    """Return a workflow's hooks with one that tells the run, before the others."""
    return {**hooks, "on_state": (_OBSERVER, *hooks.get("on_state", ()))}


def _never(*_: Any) -> Any:
    raise AssertionError("a value stands in for this node")
