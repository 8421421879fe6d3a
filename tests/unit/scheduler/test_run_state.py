"""The state of a run, in all the orders in which a graph can run, without an event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from inspect import iscoroutine
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Skip, Status, Task, Workflow, task, workflow
from flowdeco._base.sentinel import UNSET
from flowdeco._scheduler.demand_state import DemandState
from flowdeco._scheduler.plan import Plan
from flowdeco._scheduler.propagation import judge_body
from flowdeco._scheduler.run_state import RunState
from tests.support.example import examples

FAILED, SKIPPED = ValueError("failed"), Skip("skipped")

# What nodes end with instead of giving a result, by name.
Faults: TypeAlias = Mapping[str, Exception]


class End(NamedTuple):
    """What a run comes to: how each node has ended and with what, and what becomes of the workflow's own function."""

    outcomes: dict[str, tuple[Status, Any]]
    body: Any


class Path:
    """One way that a run can take: at each step something that is ready begins, or something under way ends.

    Args:
        state: the run.
        faults: what nodes end with instead of giving a result.
    """

    def __init__(self, state: RunState, faults: Faults) -> None:
        self.state = state
        self.faults = faults
        self.under_way: dict[int, Any] = {}
        self.outcomes: dict[str, tuple[Status, Any]] = {}

    def fork(self) -> Path:
        made = Path(copy_state(self.state), self.faults)
        made.under_way, made.outcomes = self.under_way.copy(), self.outcomes.copy()
        return made

    def list_choices(self) -> list[int]:
        return [*self.state.ready, *self.state.ready_in_thread, *self.under_way]

    def choose(self, index: int) -> None:
        """Let a node begin; if it is under way, let it end."""
        if index in self.under_way:
            self.finish(index)
            return
        state = self.state
        (state.ready if index in state.ready else state.ready_in_thread).remove(index)
        judgement = state.judge(index) if index in state.affected else None
        if judgement is None:
            self.under_way[index] = state.take(index)
        else:
            assert judgement.status is not None
            self.end(index, judgement.status, judgement.cause)

    def finish(self, index: int) -> None:
        plan, row = self.state.plan, self.under_way.pop(index)
        fault = self.faults.get(plan.graph.nodes[index].name)
        if fault is not None:
            self.end(index, Status.SKIPPED if isinstance(fault, Skip) else Status.FAILED, fault)
            return
        step = plan.steps[index]
        function = step.start if step.is_plain else plan.program_of(index).arguments.call
        result = finish_call(function(*row))
        self.state.settle(index, result)
        self.note(index, Status.COMPLETED, result)

    def end(self, index: int, status: Status, cause: BaseException | None) -> None:
        self.state.fail(index, status, cause)
        self.note(index, status, str(cause))

    def note(self, index: int, status: Status, what: Any) -> None:
        name = self.state.plan.graph.nodes[index].name
        assert name not in self.outcomes  # each node ends once
        self.outcomes[name] = status, what

    def walk(self) -> Iterator[Path]:
        """Go all the ways from here; give the end of each."""
        choices = self.list_choices()
        if not choices:
            yield self
        for index in choices:
            path = self.fork()
            path.choose(index)
            yield from path.walk()

    def read(self) -> End:
        """Return what it has come to; nothing is left to be done."""
        state = self.state
        assert state.left == 0
        judgement = judge_body(state.plan.graph, state.ended, state.lacking)
        if judgement.status is not None:
            return End(self.outcomes, (judgement.status, str(judgement.cause)))
        state.body_defaults = judgement.defaults
        return End(self.outcomes, state.plan.body.call(*state.take_body()))


def copy_state(state: RunState) -> RunState:
    """Return one that goes its own way from here."""
    made = copy(state)
    for name in (*RunState.__slots__, *DemandState.__slots__):
        value = getattr(state, name)
        if isinstance(value, (list, deque, dict, set)):
            setattr(made, name, value.copy())
    return made


def finish_call(answer: Any) -> Any:
    """Return what a function gives, of a coroutine without an event loop: it awaits nothing."""
    if not iscoroutine(answer):
        return answer
    with pytest.raises(StopIteration) as stop:
        answer.send(None)
    return stop.value.value


def begin(plan: Plan, faults: Faults, *, keep: bool = True, known: Mapping[str, Any] | None = None) -> Path:
    results = {node.index: known[node.name] for node in plan.graph.nodes if known and node.name in known}
    return Path(RunState(plan, plan.template.copy(), keep=keep, known=results), faults)


def explore(path: Path) -> tuple[set[tuple[str, ...]], End]:
    """Go all the ways; return the orders in which nodes have ended, and the one end that all of them come to."""
    orders: set[tuple[str, ...]] = set()
    first: End | None = None
    for path_to_end in path.walk():
        orders.add(tuple(path_to_end.outcomes))
        end = path_to_end.read()
        first = end if first is None else first
        assert end == first
    assert first is not None
    return orders, first


def make_plan(needs: Mapping[str, str], kinds: Mapping[str, str] | None = None, **options: Any) -> Plan:
    """Return the plan of a workflow of nodes that give their name, with what they have received.

    Args:
        needs: the needs of each node, as the letters that are their names.
        kinds: whether a node is a `def`, and `lenient` or `settled` about what it needs.
    """

    def w(parts: list[Any]) -> Any:
        return parts

    made: Workflow[Any, Any] = workflow(w, needs={"parts": make_tasks(needs, kinds or {})}, **options)
    return made._definition.compiler.plan()


def make_tasks(needs: Mapping[str, str], kinds: Mapping[str, str]) -> list[Task[..., Any]]:
    tasks: dict[str, Task[..., Any]] = {}
    for name, needed in needs.items():
        kind = kinds.get(name, "async")
        tasks[name] = task(
            make_function(name, kind),
            name=name,
            needs={"parts": [tasks[letter] for letter in needed]},
            settled="parts" if "settled" in kind and needed else None,
        )
    return list(tasks.values())


def make_function(name: str, kind: str) -> Callable[..., Any]:
    async def on_loop(parts: list[Any]) -> Any:
        return name, *parts

    def in_thread(parts: list[Any]) -> Any:
        return name, *parts

    async def lenient(parts: Sequence[Any] = ("instead",)) -> Any:
        return name, *parts

    return lenient if "lenient" in kind else in_thread if "def" in kind else on_loop


DIAMOND = {"a": "", "b": "a", "c": "a", "d": "bc"}


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("kinds", [{}, {"b": "def"}, dict.fromkeys("abcd", "def")], ids=["loop", "both", "thread"])
def test_a_diamond_gives_the_same_in_both_its_orders(kinds: Mapping[str, str], keep: bool) -> None:
    orders, end = explore(begin(make_plan(DIAMOND, kinds), {}, keep=keep))
    assert {"".join(order) for order in orders} == {"abcd", "acbd"}
    a, b, c = ("a",), ("b", ("a",)), ("c", ("a",))
    assert end.body == [a, b, c, ("d", b, c)]
    assert {status for status, _ in end.outcomes.values()} == {Status.COMPLETED}


def test_what_is_ready_is_on_the_list_of_where_it_begins() -> None:
    path = begin(make_plan(DIAMOND, {"a": "def", "c": "def"}), {})
    assert (list(path.state.ready), list(path.state.ready_in_thread)) == ([], [0])
    path.choose(0)
    path.choose(0)
    assert (list(path.state.ready), list(path.state.ready_in_thread)) == ([1], [2])


def test_a_failure_and_a_skip_come_down_in_every_order() -> None:
    needs = {"a": "", "b": "", "c": "a", "d": "b", "e": "cd", "f": "a"}
    kinds = {"d": "lenient", "f": "settled"}
    orders, end = explore(begin(make_plan(needs, kinds, keep_going=True), {"a": FAILED, "b": SKIPPED}))
    assert len(orders) > 20
    f = end.outcomes.pop("f")
    assert end.outcomes == {
        "a": (Status.FAILED, "failed"),
        "b": (Status.SKIPPED, "skipped"),
        "c": (Status.UPSTREAM_FAILED, "failed"),
        "d": (Status.COMPLETED, ("d", "instead")),
        "e": (Status.UPSTREAM_FAILED, "failed"),
    }
    assert (f[0], f[1][1].status, f[1][1].error) == (Status.COMPLETED, Status.FAILED, FAILED)
    assert end.body[0] is Status.UPSTREAM_FAILED


def test_nothing_is_ready_once_it_was_stopped_whatever_ends_then() -> None:
    path = begin(make_plan({"a": "", "b": "", "c": "a", "d": "b"}, {"b": "def", "c": "def"}), {})
    for index in (0, 1):
        path.choose(index)
    path.state.stop()
    for index in (0, 1):
        path.choose(index)
        assert path.list_choices() == [i for i in (1,) if i > index]


# Graphs of all shapes


class Graph(NamedTuple):
    """Nodes named by letters: what each needs, of which kind it is, and what some end with instead of a result."""

    needs: dict[str, str]
    kinds: dict[str, str]
    faults: dict[str, Exception]

    def plan(self) -> Plan:
        return make_plan(self.needs, self.kinds, keep_going=True)


@st.composite
def graphs(draw: st.DrawFn, *, most: int) -> Graph:
    names = "abcdefgh"[: draw(st.integers(1, most))]
    needs = {name: "".join(draw(st.sets(st.sampled_from(names[:i]))) if i else "") for i, name in enumerate(names)}
    kinds = {name: draw(st.sampled_from(["async", "def", "lenient", "settled", "settled def"])) for name in names}
    faults = {name: draw(st.sampled_from([None, None, FAILED, SKIPPED])) for name in names}
    return Graph(needs, kinds, {name: fault for name, fault in faults.items() if fault is not None})


@given(graph=graphs(most=4), keep=st.booleans())
@examples(0.4)
def test_every_order_of_a_small_graph_comes_to_the_same(graph: Graph, keep: bool) -> None:
    orders, end = explore(begin(graph.plan(), graph.faults, keep=keep))
    assert set(end.outcomes) == set(graph.needs)
    for order in orders:
        assert all(order.index(needed) < order.index(name) for name, needs in graph.needs.items() for needed in needs)


def run_at_random(path: Path, data: st.DataObject) -> End:
    while choices := path.list_choices():
        path.choose(data.draw(st.sampled_from(choices)))
    return path.read()


@given(graph=graphs(most=8), data=st.data())
def test_any_two_orders_of_a_larger_graph_come_to_the_same_whether_or_not_values_are_kept(
    graph: Graph, data: st.DataObject
) -> None:
    plan = graph.plan()
    assert run_at_random(begin(plan, graph.faults), data) == run_at_random(begin(plan, graph.faults, keep=False), data)


@given(graph=graphs(most=8), data=st.data())
def test_a_value_goes_with_the_last_that_needs_it(graph: Graph, data: st.DataObject) -> None:
    made: Workflow[Any, Any] = workflow(
        lambda: None, name="w", after=make_tasks(graph.needs, graph.kinds), keep_going=True
    )
    path = begin(made._definition.compiler.plan(), graph.faults, keep=False)
    while choices := path.list_choices():
        path.choose(data.draw(st.sampled_from(choices)))
        begun = {*path.outcomes, *(path.state.plan.graph.nodes[index].name for index in path.under_way)}
        for node in path.state.plan.graph.nodes:
            needed = [name for name, needs in graph.needs.items() if node.name in needs and name not in begun]
            assert needed or path.state.values[node.index] is UNSET


@given(graph=graphs(most=8), data=st.data())
def test_a_run_that_starts_half_way_comes_to_the_same_without_running_what_is_known(
    graph: Graph, data: st.DataObject
) -> None:
    plan = graph.plan()
    whole = run_at_random(begin(plan, graph.faults), data)
    results = {name: what for name, (status, what) in whole.outcomes.items() if status is Status.COMPLETED}
    names = data.draw(st.sets(st.sampled_from(sorted(results)))) if results else set[str]()
    rest = run_at_random(begin(plan, graph.faults, known={name: results[name] for name in names}), data)
    assert set(rest.outcomes) == set(whole.outcomes) - names
    assert rest.outcomes.items() <= whole.outcomes.items()
    assert rest.body == whole.body


@given(graph=graphs(most=4), data=st.data())
@examples(0.2)
def test_from_half_way_on_every_order_comes_to_the_same(graph: Graph, data: st.DataObject) -> None:
    plan = graph.plan()
    whole = run_at_random(begin(plan, graph.faults), data)
    results = {name: what for name, (status, what) in whole.outcomes.items() if status is Status.COMPLETED}
    names = data.draw(st.sets(st.sampled_from(sorted(results)))) if results else set[str]()
    _, end = explore(begin(plan, graph.faults, known={name: results[name] for name in names}))
    assert end.body == whole.body
