"""What `append` does to a list, and to what was told of it."""

from typing import Any

import pytest

from flowdeco._base.errors import StateTypeError, StateValidationError
from flowdeco._state.state import State
from flowdeco._state.store import ABSENT
from tests.support.state_changes import Budget, told


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
        StateTypeError, match=r"Cannot append to key 'a' of state 'State': its value is .*not a list"
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
