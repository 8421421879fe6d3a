"""Small graphs with conditions, in all the orders in which they can run, against a model that asks for one need."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Skip, Status, Workflow, resource, task, workflow
from flowdeco._scheduler.demand_state import DemandState
from flowdeco._scheduler.plan import Plan
from flowdeco._scheduler.run_state import RunState
from tests.support.example import examples

FAILED, SKIPPED = ValueError("failed"), Skip("skipped")

# How each node has ended, with what it gave.
Ends = dict[str, tuple[str, Any]]


class Step(NamedTuple):
    """A node: what it needs and comes after, what its condition needs and says, and how it ends.

    `answer` is `None` without a condition, and "no" and "bad" are no and an error.
    """

    needs: str = ""
    after: str = ""
    asks: str = ""
    answer: str | None = None
    fault: Exception | None = None
    is_lenient: bool = False
    is_eager: bool = False
    is_resource: bool = False


class Net(NamedTuple):
    """Nodes by letters, each of which needs only those before it; and what the workflow's own function receives."""

    steps: dict[str, Step]
    body: str

    def plan(self) -> Plan:
        made: dict[str, Any] = {}
        for name, step in self.steps.items():
            made[name] = make_node(name, step, made)

        def w(parts: Any) -> Any:
            return parts

        needs = {"parts": [made[name] for name in self.body]}
        flow: Workflow[Any, Any] = workflow(w, needs=needs, keep_going=True, settled="parts")
        return flow._definition.compiler.plan()


def make_node(name: str, step: Step, made: dict[str, Any]) -> Any:
    async def strict(parts: list[Any]) -> None: ...
    async def lenient(parts: Any = "instead") -> None: ...
    def ask(asked: list[Any]) -> None: ...

    needs = {"parts": [made[each] for each in step.needs]}
    function: Any = lenient if step.is_lenient else strict
    if step.is_resource:
        return resource(function, name=name, needs=needs)
    asks = {} if step.answer is None else {"asked": [made[each] for each in step.asks]}
    return task(
        function,
        name=name,
        needs={**needs, **asks},
        after=[made[each] for each in step.after],
        when=None if step.answer is None else ask,
        eager=step.is_eager,
    )


# The model.


class Model:
    """Asks for what the body needs, then for what that needs: one node after the other, each once."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.ended: Ends = {}

    def run(self) -> Ends:
        for name in self.net.body:
            self.ask_for(name)
        return {name: self.ended.get(name, ("skipped", "not needed")) for name in self.net.steps}

    def ask_for(self, name: str) -> tuple[str, Any]:
        if name not in self.ended:
            self.ended[name] = self.find_end(self.net.steps[name], name)
        return self.ended[name]

    def find_end(self, step: Step, name: str) -> tuple[str, Any]:
        if step.answer is not None:
            if step.is_eager:
                self.reach(step.needs)
            blocked = self.find_blocked(step.asks, step.after, is_lenient=False)
            if blocked is not None:
                return blocked
            if step.answer == "no":
                return "skipped", None
            if step.answer == "bad":
                return "failed", None
            self.reach(step.needs)
        late = [each for each in step.needs if self.net.steps[each].is_resource]
        early = [each for each in step.needs if each not in late]
        self.reach(step.needs)
        ends = [self.ask_for(each) for each in (*early, *step.after)]
        if any(end[0] in ("failed", "upstream_failed") for end in ends):
            return "upstream_failed", None
        blocked = self.find_blocked(step.needs, step.after, is_lenient=step.is_lenient) if late or early else None
        if blocked is not None:
            return blocked
        if step.fault is not None:
            return ("skipped" if step.fault is SKIPPED else "failed"), None
        there = [self.ended[each][1] for each in step.needs if self.ended[each][0] == "completed"]
        return "completed", (name, *("instead" if step.needs and not there else there))

    def reach(self, needs: str) -> None:
        """Ask for what is needed, but of what is opened only for what that needs."""
        for each in needs:
            step = self.net.steps[each]
            if step.is_resource:
                self.reach(step.needs)
            else:
                self.ask_for(each)

    def find_blocked(self, needs: str, after: str, *, is_lenient: bool) -> tuple[str, Any] | None:
        ends = [self.ask_for(each)[0] for each in needs]
        ordered = [self.ask_for(each)[0] for each in after]
        if any(status in ("failed", "upstream_failed") for status in (*ends, *ordered)):
            return "upstream_failed", None
        if ends and all(status == "skipped" for status in ends) and not is_lenient:
            return "skipped", None
        return None


# The run.


class Path:
    """One way that a run can take: at each step something that is listed is taken off, or something under way ends."""

    def __init__(self, net: Net, plan: Plan, *, keep: bool) -> None:
        self.net = net
        self.state = RunState(plan, plan.template.copy(), keep=keep)
        self.asking: set[int] = set()
        self.under_way: dict[int, Any] = {}
        self.ended: Ends = {}

    def fork(self) -> Path:
        made = copy(self)
        made.state = copy(self.state)
        for name in (*RunState.__slots__, *DemandState.__slots__):
            value = getattr(self.state, name)
            if isinstance(value, (list, deque, dict, set)):
                setattr(made.state, name, value.copy())
        made.asking, made.under_way, made.ended = self.asking.copy(), self.under_way.copy(), self.ended.copy()
        return made

    def list_choices(self) -> list[int]:
        return [*self.state.ready, *self.state.ready_in_thread, *self.asking, *self.under_way]

    def choose(self, row: int) -> None:
        state = self.state
        if row in self.asking:
            self.answer(row)
        elif row in self.under_way:
            self.finish(row)
        else:
            (state.ready if row in state.ready else state.ready_in_thread).remove(row)
            if state.steps[row].origin.turn == "pause":
                self.go_on(row)
            else:
                self.begin(row)

    def begin(self, index: int) -> None:
        state = self.state
        judgement = state.judge(index) if index in state.affected else None
        if judgement is not None:
            self.end(index, judgement.status, judgement.cause)
        elif state.take_condition(index) is not None:
            self.asking.add(index)
        else:
            self.under_way[index] = state.take(index)

    def go_on(self, row: int) -> None:
        state = self.state
        assert state.plan.demand is not None
        pause = state.plan.demand.pauses[row]
        judgement = state.judge_rest(pause.node) if pause.is_asked else state.judge(pause.node)
        if judgement is not None:
            self.end(pause.node, judgement.status, judgement.cause)
            return
        state.pass_by(row)
        if pause.next is None:
            self.take(pause.node)

    def answer(self, index: int) -> None:
        self.asking.remove(index)
        answer = self.net.steps[self.name_of(index)].answer
        if answer == "no":
            self.end(index, Status.SKIPPED, SKIPPED)
        elif answer == "bad":
            self.end(index, Status.FAILED, FAILED)
        elif self.state.grant(index)[0]:
            self.take(index)

    def take(self, index: int) -> None:
        judgement = self.state.judge_rest(index)
        if judgement is not None:
            self.end(index, judgement.status, judgement.cause)
        else:
            self.under_way[index] = self.state.take(index)

    def finish(self, index: int) -> None:
        row, name = self.under_way.pop(index), self.name_of(index)
        fault = self.net.steps[name].fault
        if fault is not None:
            self.end(index, Status.SKIPPED if fault is SKIPPED else Status.FAILED, fault)
            return
        parts = self.state.program_of(index).arguments.name(row)["parts"]
        result = (name, *parts)
        self.state.settle(index, result)
        self.note(name, "completed", result)

    def end(self, index: int, status: Status | None, cause: BaseException | None) -> None:
        assert status is not None
        self.state.fail(index, status, cause)
        why = "not needed" if str(cause) == "not needed" else None
        self.note(self.name_of(index), status.value, why)

    def note(self, name: str, status: str, what: Any) -> None:
        assert name not in self.ended  # each ends once
        self.ended[name] = status, what

    def name_of(self, index: int) -> str:
        return self.state.plan.graph.nodes[index].name

    def walk(self) -> Iterator[Path]:
        """Go all the ways from here; give the end of each."""
        choices = self.list_choices()
        if not choices:
            yield self
        for row in choices:
            path = self.fork()
            path.choose(row)
            yield from path.walk()


def read(path: Path) -> Ends:
    """Return how all has ended; nothing is left to be done, and nothing to be judged."""
    assert path.state.left == 0
    assert not path.state.affected
    return path.ended


@st.composite
def nets(draw: st.DrawFn, *, most: int, resources: bool = True) -> Net:
    names = "abcdefgh"[: draw(st.integers(2, most))]

    def some(before: str, size: int = 2) -> str:
        return "".join(draw(st.lists(st.sampled_from(before), unique=True, max_size=size))) if before else ""

    steps: dict[str, Step] = {}
    for index, name in enumerate(names):
        before = names[:index]
        plain = "".join(each for each in before if not steps[each].is_resource)
        fault = draw(st.sampled_from([None, None, None, FAILED, SKIPPED]))
        lenient = draw(st.booleans())
        if resources and draw(st.integers(0, 4)) == 0:
            steps[name] = Step(
                some(before), fault=None if fault is SKIPPED else fault, is_lenient=lenient, is_resource=True
            )
            continue
        answer = draw(st.sampled_from([None, "yes", "yes", "no", "bad"]))
        asks, after = ("", "") if answer is None else (some(plain), some(plain, 1))
        steps[name] = Step(some(before), after, asks, answer, fault, lenient, draw(st.integers(0, 4)) == 0)
    readable = [name for name in names if not steps[name].is_resource] or []
    body = "".join(draw(st.lists(st.sampled_from(readable), unique=True, min_size=1, max_size=2))) if readable else ""
    kept = reach(steps, body)
    return Net({name: step for name, step in steps.items() if name in kept}, body)


def reach(steps: dict[str, Step], body: str) -> set[str]:
    found, waiting = set[str](), list(body)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [*steps[name].needs, *steps[name].asks, *steps[name].after]
    return found


@given(net=nets(most=4), keep=st.booleans())
@examples(0.4)
def test_every_order_of_a_small_graph_comes_to_what_the_model_says(net: Net, keep: bool) -> None:
    if not net.body:
        return
    expected = Model(net).run()
    for path in Path(net, net.plan(), keep=keep).walk():
        assert read(path) == expected


@given(net=nets(most=8), data=st.data(), keep=st.booleans())
@examples(0.5)
def test_any_order_of_a_larger_graph_comes_to_what_the_model_says(net: Net, data: st.DataObject, keep: bool) -> None:
    if not net.body:
        return
    path = Path(net, net.plan(), keep=keep)
    while choices := path.list_choices():
        path.choose(data.draw(st.sampled_from(choices)))
    assert read(path) == Model(net).run()
