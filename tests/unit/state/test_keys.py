"""Keys besides the fields."""

from typing import Any

import pytest

from flowdeco._base.errors import StateFieldError, StateKeyError
from flowdeco._state.state import State
from tests.support.state import Budget


def test_a_field_is_a_key_too() -> None:
    budget = Budget(tokens=1)
    budget["tokens"] = 2
    assert budget.tokens == 2
    budget.tokens = 3
    assert budget["tokens"] == 3
    assert budget.get("tokens") == 3


def test_any_hashable_is_a_key() -> None:
    budget = Budget()
    for key in (1, None, ("a", 2), frozenset({3}), 2.5, "free"):
        budget[key] = key
        assert budget[key] == key
        assert key in budget
    assert list(budget) == ["tokens", "spent", "messages", 1, None, ("a", 2), frozenset({3}), 2.5, "free"]
    assert len(budget) == 9
    unhashable: Any = []
    with pytest.raises(TypeError, match="unhashable"):
        budget[unhashable] = 1
    assert len(budget) == len(budget.changes()) + 3 == 9


def test_get_gives_the_default_only_for_what_is_not_there() -> None:
    state = State(a=None)
    assert state.get("a", 1) is None
    assert state.get("b", 1) == 1
    assert state.get("b") is None


def test_a_key_that_is_not_there_is_a_key_error() -> None:
    state = State(tokens=1)
    with pytest.raises(
        StateKeyError, match=r"Cannot read key 'tokns' of state 'State'.*Did you mean 'tokens'\?"
    ) as info:
        _ = state["tokns"]
    assert isinstance(info.value, KeyError)
    assert (info.value.state, info.value.key) == ("State", "tokns")
    with pytest.raises(StateKeyError, match="Cannot read key 5"):
        _ = state[5]
    with pytest.raises(StateKeyError, match="Cannot delete key 'b'"):
        del state["b"]


def test_a_free_key_can_be_deleted_and_a_field_cannot() -> None:
    budget: Any = Budget()
    budget["free"] = 1
    del budget["free"]
    assert "free" not in budget
    with pytest.raises(
        StateFieldError, match="Cannot delete field 'tokens' of state 'Budget': a field always has a value"
    ):
        del budget["tokens"]
    with pytest.raises(StateFieldError, match="Cannot delete field 'tokens'") as info:
        del budget.tokens
    assert info.value.fields == ("tokens", "spent", "messages")
    assert budget.tokens == 0


def test_iteration_goes_over_the_keys_as_they_were() -> None:
    state = State(a=1, b=2)
    for key in state:
        state[f"{key}{key}"] = 3
    assert list(state) == ["a", "b", "aa", "bb"]


def test_two_states_are_equal_only_if_they_are_the_same() -> None:
    one, other = Budget(), Budget()
    assert one != other
    assert one == one
    assert len({one, other}) == 2
