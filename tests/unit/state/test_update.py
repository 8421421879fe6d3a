"""Changes of a state: that they are one step, that all of them are kept, and whose they are."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier, Event, Thread
from typing import Any

import anyio
import pytest
from anyio import to_thread
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flowdeco._base.errors import AbandonedError, OptionError, OptionTypeError, StateTypeError, StateValidationError
from flowdeco._state import store
from flowdeco._state.field import field
from flowdeco._state.state import State
from flowdeco._state.store import ABSENT, Change
from flowdeco._state.writer import WRITER, Writer


class Budget(State):
    tokens: int = 0
    messages: list[str] = field(factory=list[str])


def told(changes: list[Change]) -> list[tuple[object, object, object]]:
    return [(change.key, change.value, change.previous) for change in changes]


def run_in_threads(count: int, function: Callable[[int], object]) -> None:
    """Call `function` in that many threads, which begin at the same time."""
    barrier = Barrier(count)

    def begin(number: int) -> None:
        barrier.wait()
        function(number)

    threads = [Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_update_gives_the_new_value() -> None:
    budget = Budget(tokens=3)
    assert budget.update("tokens", lambda n: n + 1) == 4
    assert budget.tokens == 4


def test_update_of_what_is_not_there_gets_the_default() -> None:
    state = State()
    assert state.update("a", lambda value: [value]) == [None]
    assert state.update("b", lambda n: n + 1, 5) == 6
    assert told(state.changes()) == [("a", [None], ABSENT), ("b", 6, ABSENT)]


def test_an_update_that_raises_leaves_everything_as_it_was() -> None:
    state = State(a=1)
    with pytest.raises(ZeroDivisionError):
        state.update("a", lambda value: value / 0)
    with pytest.raises(ZeroDivisionError):
        state.update("b", lambda value: 1 / 0)
    assert (state["a"], list(state), state.changes()) == (1, ["a"], [])
    assert state.update("a", lambda value: value + 1) == 2


def test_an_update_may_update() -> None:
    state = State(a=1, b=1)

    def outer(value: int) -> int:
        state.update("b", lambda b: b + 1)
        state.update("a", lambda a: a + 10)
        return value + 1

    assert state.update("a", outer) == 2
    assert told(state.changes()) == [("b", 2, 1), ("a", 11, 1), ("a", 2, 11)]


def test_an_async_function_cannot_update() -> None:
    async def later(value: int) -> int:
        return value

    state = State(a=1)
    with pytest.raises(OptionTypeError, match="Cannot update key 'a' of state 'State': its function is async"):
        _ = state.update("a", later)
    assert (state["a"], state.changes()) == (1, [])


def test_threads_lose_no_update() -> None:
    state = State(n=0)

    def add(_: int) -> None:
        for _ in range(20):
            state.update("n", lambda n: n + 1)

    run_in_threads(100, add)
    assert state["n"] == 2000
    assert told(state.changes("n")) == [("n", n + 1, n) for n in range(2000)]


def test_threads_lose_no_appended_item() -> None:
    state = State()

    def add(number: int) -> None:
        for count in range(20):
            state.append("items", (number, count))
            if count % 7 == 0:
                assert (number, count) in state["items"]

    run_in_threads(50, add)
    items = state["items"]
    assert sorted(items) == [(number, count) for number in range(50) for count in range(20)]
    changes = state.changes("items")
    assert [change.value for change in changes] == [items[: n + 1] for n in range(1000)]


def test_nobody_writes_while_an_update_is_under_way() -> None:
    state = State(a=1)
    inside, wrote = Event(), Event()

    def write() -> None:
        inside.wait()
        wrote.set()
        state["b"] = 2

    other = Thread(target=write)
    other.start()

    def function(value: int) -> int:
        inside.set()
        wrote.wait()
        assert "b" not in state
        return value + 1

    state.update("a", function)
    other.join()
    assert [change.key for change in state.changes()] == ["a", "b"]


def test_reading_does_not_wait_for_an_update() -> None:
    state = State(a=1)
    seen: list[object] = []

    def function(value: int) -> int:
        reader = Thread(target=lambda: seen.extend([state["a"], state.get("a"), len(state), list(state), "a" in state]))
        reader.start()
        reader.join(10)
        return value + 1

    state.update("a", function)
    assert seen == [1, 1, 1, ["a"], True]


async def test_tasks_and_their_threads_lose_no_update() -> None:
    state = State(n=0)

    async def add() -> None:
        await to_thread.run_sync(lambda: state.update("n", lambda n: n + 1))
        state.update("n", lambda n: n + 1)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(add)
    assert state["n"] == 100
    assert [change.value for change in state.changes()] == list(range(1, 101))


def test_append_makes_the_list_and_adds_to_it() -> None:
    state = State()
    state.append("a", 1)
    state.append("a", 2)
    assert state["a"] == [1, 2]
    assert told(state.changes()) == [("a", [1], ABSENT), ("a", [1, 2], [1])]


def test_what_changes_say_stays_true_after_later_appends() -> None:
    budget = Budget()
    budget.append("messages", "a")
    [first] = budget.changes()
    budget.append("messages", "b")
    budget.messages.append("unrecorded")
    budget.append("messages", "c")
    first.value.append("mine")
    assert (first.value, first.previous) == (["a"], [])
    assert [change.value for change in budget.changes()] == [["a"], ["a", "b"], ["a", "b", "unrecorded", "c"]]
    assert budget.messages == ["a", "b", "unrecorded", "c"]


def test_append_leaves_the_lists_alone_that_others_hold() -> None:
    given = [1]
    state = State()
    state["a"] = given
    state.append("a", 2)
    read = state["a"]
    state.append("a", 3)
    assert (given, read, state["a"]) == ([1], [1, 2], [1, 2, 3])
    assert told(state.changes()) == [("a", [1], ABSENT), ("a", [1, 2], [1]), ("a", [1, 2, 3], [1, 2])]


def test_a_list_altered_in_place_is_what_the_next_append_adds_to() -> None:
    state = State()
    state.append("a", 1)
    state["a"][0] = 5
    state.append("a", 2)
    assert state["a"] == [5, 2]
    assert told(state.changes()) == [("a", [1], ABSENT), ("a", [5, 2], [5])]


def test_append_after_the_value_was_set_or_deleted_begins_with_that() -> None:
    state = State()
    state.append("a", 1)
    kept = state["a"]
    state["a"] = [7]
    state.append("a", 8)
    del state["a"]
    state.append("a", 9)
    state["a"] = kept
    state.append("a", 2)
    assert (state["a"], kept) == ([1, 2], [1])
    assert [(change.value, change.previous) for change in state.changes()] == [
        ([1], ABSENT),
        ([7], [1]),
        ([7, 8], [7]),
        (ABSENT, [7, 8]),
        ([9], ABSENT),
        ([1], [9]),
        ([1, 2], [1]),
    ]


class Counted(list[Any]):
    """A list that counts the items it is asked for."""

    handled = 0

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        Counted.handled += len(part)
        return part


def test_the_work_of_an_append_does_not_grow_with_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counted, "handled", 0)
    state = State()
    state.append("a", 0)
    part = state._value_store._values["a"]
    state._value_store._values["a"] = part._replace(items=Counted(part.items))
    for number in range(1, 10_000):
        state.append("a", number)
    assert Counted.handled == 0
    changes = state.changes()
    assert len({id(change._value.items) for change in changes[1:]}) == 1
    assert changes[5000].value == list(range(5001))
    assert state["a"] == list(range(10_000))
    assert Counted.handled == 5001 + 10_000


def test_reading_between_appends_keeps_one_list_for_all_changes() -> None:
    state = State()
    for number in range(100):
        state.append("a", number)
        assert state["a"][-1] == number
    assert len({id(change._value.items) for change in state.changes()}) == 1


def test_a_list_set_after_a_read_and_an_append_was_the_longer_one() -> None:
    state = State()
    state.append("a", 1)
    assert state["a"] == [1]
    state.append("a", 2)
    state["a"] = 3
    assert told(state.changes())[-1] == ("a", 3, [1, 2])


class Sorted(list[int]):
    """A list of a type of its own."""


def test_append_keeps_the_type_of_a_list_of_its_own() -> None:
    given = Sorted([1])
    state = State(a=given)
    state.append("a", 2)
    assert type(state["a"]) is Sorted
    assert (state["a"], given) == ([1, 2], [1])
    assert told(state.changes()) == [("a", [1, 2], [1])]


@pytest.mark.parametrize("value", [None, 3, (1,), "text"], ids=repr)
def test_append_to_what_is_no_list_is_an_error(value: object) -> None:
    state = State(a=value)
    with pytest.raises(
        StateTypeError, match=r"Cannot append to key 'a' of state 'State': its value is .*no list"
    ) as info:
        state.append("a", 1)
    assert info.value.key == "a"
    assert (state["a"], state.changes()) == (value, [])


def test_an_appended_list_is_validated_whole() -> None:
    state = State()
    state.check("a", lambda items: len(items) <= 2)
    state.append("a", 1)
    state.append("a", 2)
    with pytest.raises(StateValidationError, match="Cannot append to key 'a'") as info:
        state.append("a", 3)
    assert info.value.value == [1, 2, 3]
    assert state["a"] == [1, 2]
    assert [change.value for change in state.changes()] == [[1], [1, 2]]


def test_a_change_says_what_was_there_before_and_what_is_now() -> None:
    state = State(a=1)
    state["a"] = None
    state["b"] = 2
    del state["b"]
    assert told(state.changes()) == [("a", None, 1), ("b", 2, ABSENT), ("b", ABSENT, 2)]
    assert not ABSENT
    assert repr(ABSENT) == "ABSENT"
    assert repr(state.changes()[2]) == "<Change of 'b' from 2 to ABSENT>"


def test_the_first_values_are_no_changes() -> None:
    assert Budget(tokens=3).changes() == []
    assert State(a=1).changes() == []


def test_changes_can_be_asked_for_by_key() -> None:
    state = State()
    for key in ("a", "b", "a", 1):
        state[key] = key
    assert [change.key for change in state.changes()] == ["a", "b", "a", 1]
    assert [change.key for change in state.changes("a")] == ["a", "a"]
    assert [change.key for change in state.changes(1)] == [1]
    assert state.changes("c") == []


def test_changes_can_be_asked_for_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    times = [start + timedelta(seconds=n) for n in range(4)]
    left = iter(times)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride] - a clock of our own
            assert tz is UTC
            return next(left)

    monkeypatch.setattr(store, "datetime", Clock)
    state = State()
    for number in range(4):
        state["a"] = number
    monkeypatch.undo()
    assert [change.time for change in state.changes()] == times
    assert [change.value for change in state.changes(since=times[1])] == [1, 2, 3]
    assert [change.value for change in state.changes(until=times[2])] == [0, 1]
    assert [change.value for change in state.changes("a", times[1], times[3])] == [1, 2]
    assert state.changes("a", times[2], times[2]) == []


def test_the_time_of_a_change_is_now_in_utc() -> None:
    before = datetime.now(UTC)
    state = State()
    state["a"] = 1
    [change] = state.changes()
    assert before <= change.time <= datetime.now(UTC)
    assert change.time.tzinfo is UTC


@pytest.mark.parametrize("time", [datetime(2024, 1, 1), 5], ids=repr)  # noqa: DTZ001 - that is the mistake
def test_a_time_without_a_zone_is_refused(time: Any) -> None:
    state = State()
    with pytest.raises(OptionError, match=r"since=.* is no time with a time zone") as info:
        state.changes(since=time)
    assert info.value.option == "since"
    with pytest.raises(OptionError, match="until="):
        state.changes(until=time)


def test_the_list_of_changes_is_the_caller_s_own() -> None:
    state = State()
    state["a"] = 1
    state.changes().clear()
    assert len(state.changes()) == 1


def test_a_change_names_the_task_that_made_it() -> None:
    state = State()

    def write() -> None:
        WRITER.set(Writer("think"))
        state["a"] = 1
        state.append("b", 1)
        del state["a"]

    copy_context().run(write)
    state["a"] = 2
    assert [change.task for change in state.changes()] == ["think", "think", "think", None]
    assert "by 'think'" in repr(state.changes()[0])


async def test_each_task_writes_in_its_own_name() -> None:
    state = State()
    ready = anyio.Event()

    async def write(name: str) -> None:
        WRITER.set(Writer(name))
        await ready.wait()
        await to_thread.run_sync(lambda: state.__setitem__(name, 1))

    async with anyio.create_task_group() as group:
        for name in ("a", "b", "c"):
            group.start_soon(write, name)
        ready.set()
    assert {change.key: change.task for change in state.changes()} == {"a": "a", "b": "b", "c": "c"}


WRITES: dict[str, Callable[[State], object]] = {
    "set": lambda state: state.__setitem__("a", [2]),
    "new": lambda state: state.__setitem__("b", 2),
    "delete": lambda state: state.__delitem__("a"),
    "update": lambda state: state.update("a", lambda value: [2]),
    "append": lambda state: state.append("a", 2),
    "check": lambda state: state.check("a", bool),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_an_abandoned_attempt_changes_nothing(write: Callable[[State], object]) -> None:
    state = State(a=[1])
    writer = Writer("think")
    writer.abandoned = True

    def attempt() -> None:
        WRITER.set(writer)
        assert state["a"] == [1]
        with pytest.raises(AbandonedError, match="Cannot change state: attempt of task 'think' was abandoned") as info:
            write(state)
        assert info.value.task == "think"
        assert isinstance(info.value, RuntimeError)

    copy_context().run(attempt)
    assert (list(state), state["a"], state.changes()) == (["a"], [1], [])
    state["a"] = [0]


def test_an_attempt_abandoned_during_its_update_changes_nothing() -> None:
    state = State(a=1)
    writer = Writer("think")

    def function(value: int) -> int:
        writer.abandoned = True
        return value + 1

    def attempt() -> None:
        WRITER.set(writer)
        with pytest.raises(AbandonedError):
            state.update("a", function)

    copy_context().run(attempt)
    assert (state["a"], state.changes()) == (1, [])


def test_a_refused_append_does_not_show_later() -> None:
    state = State()
    state.append("a", 1)
    writer = Writer("think")
    calls: list[object] = []

    def abandon(items: list[int]) -> None:
        calls.append(items)
        writer.abandoned = len(calls) > 1

    state.check("a", abandon)

    def attempt() -> None:
        WRITER.set(writer)
        with pytest.raises(AbandonedError):
            state.append("a", 2)

    copy_context().run(attempt)
    state.append("a", 3)
    assert state["a"] == [1, 3]
    assert [change.value for change in state.changes()] == [[1], [1, 3]]


class StateMachine(RuleBasedStateMachine):
    """A state does what a dictionary does, and its changes lead from the first values to the last."""

    keys = st.sampled_from(["a", "b", "tokens", 1, None])

    def __init__(self) -> None:
        super().__init__()
        self.state = State(a=[], tokens=0)
        self.model: dict[Any, Any] = {"a": [], "tokens": 0}
        self.first = dict(self.model)
        self.told: list[Change] = []
        self.expected: list[tuple[object, object, object]] = []
        self.holds: list[tuple[Any, Any]] = []
        for key in ("a", "b", "tokens", 1, None):
            self.state.watch(key, self.told.append)

    def note(self, key: object, value: Any) -> None:
        self.expected.append((key, value, self.model.get(key, ABSENT)))
        if value is ABSENT:
            del self.model[key]
        else:
            self.model[key] = value

    @rule(key=keys, value=st.one_of(st.integers(), st.none(), st.lists(st.integers(), max_size=3)))
    def set_value(self, key: Any, value: Any) -> None:
        self.state[key] = copy(value)
        self.note(key, value)

    @rule(key=keys, item=st.integers())
    def append(self, key: Any, item: int) -> None:
        old = self.model.get(key, [])
        if type(old) is list:
            self.state.append(key, item)
            self.note(key, [*old, item])
        else:
            with pytest.raises(StateTypeError):
                self.state.append(key, item)

    @rule(key=keys)
    def hold(self, key: Any) -> None:
        value = self.state.get(key)
        if value.__class__ is list:
            self.holds.append((value, copy(value)))

    @rule(key=keys)
    def set_what_was_read(self, key: Any) -> None:
        if self.holds:
            value, was = self.holds[-1]
            self.state[key] = value
            self.note(key, was)

    @rule(key=keys, fail=st.booleans())
    def update(self, key: Any, fail: bool) -> None:
        if fail:
            with pytest.raises(ZeroDivisionError):
                self.state.update(key, lambda value: 1 / 0)
        else:
            assert self.state.update(key, lambda value: [7]) == [7]
            self.note(key, [7])

    @rule(key=keys)
    def delete(self, key: Any) -> None:
        if key in self.model:
            del self.state[key]
            self.note(key, ABSENT)
        else:
            with pytest.raises(KeyError):
                del self.state[key]

    # Not after every step: what nobody has read yet is kept in another way.
    @rule()
    def look(self) -> None:
        assert {key: self.state[key] for key in self.state} == self.model
        assert len(self.state) == len(self.model)

    @invariant()
    def the_changes_are_what_happened_and_were_told(self) -> None:
        changes = self.state.changes()
        assert told(changes) == self.expected
        assert self.told == changes

    def teardown(self) -> None:
        self.look()

    @invariant()
    def no_list_that_was_read_is_altered(self) -> None:
        assert all(value == was for value, was in self.holds)


TestStateMachine: Any = StateMachine.TestCase


def test_writes_of_threads_form_one_chain() -> None:
    state = State()

    def write(number: int) -> None:
        for count in range(30):
            match count % 3:
                case 0:
                    state["a"] = (number, count)
                case 1:
                    state.update("a", lambda value: (value, number))
                case _:
                    with threading.Lock():
                        state["a"] = None

    run_in_threads(20, write)
    changes = state.changes("a")
    assert len(changes) == 600
    assert changes[0].previous is ABSENT
    assert all(later.previous is earlier.value for earlier, later in pairwise(changes))
    assert state["a"] is changes[-1].value
