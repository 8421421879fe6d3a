"""The items of a run without an event loop: whatever the order in which they end, it comes to the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Skip, Status, Workflow, task, workflow
from flowdeco._item.rows import Rows
from flowdeco._scheduler.plan import Plan
from flowdeco._scheduler.run_state import RunState
from tests.support.example import examples


@task(each="numbers", ahead=3)
def half(numbers: int) -> int:
    if numbers % 5 == 4:
        raise Skip("five")
    return numbers // 2


@task
def total(half: list[int]) -> int:
    return sum(half)


@task(each={"one": half})
def text(one: int, total: int) -> str:
    return f"{one}/{total}"


@task(each={"one": half, "number": "numbers"})
def both(one: int, number: int) -> tuple[int, int]:
    return one, number


@workflow
def w(numbers: Any, text: list[str], both: Any) -> Any:
    return text, both


class Driver:
    """Drives the state of a run: what comes next is chosen by numbers."""

    def __init__(self, flow: Workflow[Any, Any], numbers: list[int], *, keep: bool = False) -> None:
        self.plan: Plan = flow._definition.compiler.plan()
        values = self.plan.template.copy()
        for name, place in self.plan.input_places:
            assert name == "numbers"
            values[place] = numbers
        self.numbers = numbers
        self.state = RunState(self.plan, values, keep=keep)
        self.under_way: dict[int, tuple[Any, ...]] = {}
        self.most = 0

    def step(self, choice: int) -> None:
        state = self.state
        lists = state.ready, state.ready_in_thread
        choices: list[Any] = [(index, ready) for ready in lists for index in ready]
        choices += [(index, None) for index in self.under_way]
        index, ready = choices[choice % len(choices)]
        if ready is None:
            self._end(index, self.under_way.pop(index))
            return
        ready.remove(index)
        self._begin(index, in_thread=ready is state.ready_in_thread)
        self.most = max(self.most, sum(segment.active for segment in self._items.segments))

    @property
    def _items(self) -> Any:
        return self.state.items

    def _begin(self, index: int, *, in_thread: bool) -> None:
        state, turn = self.state, self.state.steps[index].origin.turn
        if turn == "axis":
            segment = self._items.of_start[index]
            if segment.sources is None:
                state.take(index)
                rows = Rows(zip(self.numbers, strict=True), len(self.numbers))
                self._take_in(self._items.start(segment, rows))
            else:
                self._take_in(self._items.go_on(segment) if in_thread else self._items.answer(segment))
        elif turn == "gate":
            self._items.open_gate(index)
        elif turn == "item":
            self._take_in(self._items.take_turn(index))
        elif index not in state.affected:
            self.under_way[index] = tuple(state.take(index))
        else:
            judgement = state.judge(index)
            if judgement is None:
                self.under_way[index] = tuple(state.take(index))
            else:
                assert judgement.status is not None
                state.fail(index, judgement.status, judgement.cause)

    def _end(self, index: int, row: tuple[Any, ...]) -> None:
        try:
            result = self.state.node_of(index).definition.function(*row)
        except Skip as skip:
            self.state.fail(index, Status.SKIPPED, skip)
        else:
            self.state.settle(index, result)

    def _take_in(self, ended: list[int]) -> None:
        for node in ended:
            collection = self._items.collections[node]
            self._items.end_whole(node, collection.status, collection.cause)

    def run(self, choices: list[int]) -> Any:
        turn = 0
        while self.state.left:
            self.step(choices[turn % len(choices)] + turn // len(choices))
            turn += 1
        return tuple(self.state.take_body())


def expect(numbers: list[int]) -> Any:
    halves = [(number // 2, number) for number in numbers if number % 5 != 4]
    whole = sum(one for one, _ in halves)
    return [f"{one}/{whole}" for one, _ in halves], halves


@pytest.mark.parametrize("keep", [True, False])
@examples(3)
@given(
    numbers=st.lists(st.integers(0, 20), max_size=12),
    choices=st.lists(st.integers(0, 1000), min_size=1, max_size=60),
)
def test_any_order_comes_to_the_same(keep: bool, numbers: list[int], choices: list[int]) -> None:
    driver = Driver(w, numbers, keep=keep)
    _, text, both = driver.run(choices)
    assert (text, both) == expect(numbers)


def test_places_are_given_to_one_item_after_the_other() -> None:
    few, many = Driver(w, list(range(6))), Driver(w, list(range(600)))
    few.run([7])
    many.run([7])
    assert len(many.state.values) == len(few.state.values)
    assert len(many.state.steps) == len(few.state.steps) == len(few.state.pending)
    assert not any([many.state.filled, many.state.affected, many.state.lacking])
    assert many.most <= 6  # three of each segment


def add_one(number: int) -> int:
    return number + 1


@pytest.mark.parametrize("place", ["loop", "thread"])
def test_quick_items_leave_their_places_to_others_before_many_have_begun(place: Any) -> None:
    one = task(add_one, name="one", run_in=place, each={"number": "numbers"}, ahead=500)
    two = task(add_one, name="two", run_in=place, each={"number": one})

    @workflow(needs={"two": two})
    def many(numbers: Any, two: Any) -> int:
        return len(two)

    driver = Driver(many, list(range(1000)))
    while driver.state.left:
        driver.step(-1 if driver.under_way else 0)  # what is ready in its order, and what has begun ends at once
    assert driver.most < 50


def test_a_plan_is_not_changed_by_its_runs() -> None:
    driver = Driver(w, [1, 2, 3])
    before = len(driver.plan.steps), list(driver.plan.counts), list(driver.plan.uses)
    driver.run([3, 1])
    assert before == (len(driver.plan.steps), list(driver.plan.counts), list(driver.plan.uses))
