"""Fields as attributes."""

import copy
from functools import cached_property
from typing import Any

import pytest

from flowdeco._base.errors import OptionError, StateFieldError
from flowdeco._state.field import field
from flowdeco._state.state import State
from tests.support.state import Budget, Needy


def test_the_class_has_the_defaults() -> None:
    assert Budget.tokens == 0
    assert Budget.spent == 0.0
    assert not hasattr(Budget, "messages")
    assert not hasattr(Needy, "url")


def test_a_factory_is_a_function_and_comes_without_a_default() -> None:
    make: Any = field
    with pytest.raises(OptionError, match="a default and a factory"):
        make(1, factory=int)
    with pytest.raises(OptionError, match="of type 'list', which cannot be called"):
        make(factory=[])


def test_an_unknown_attribute_is_an_error_that_names_the_fields() -> None:
    budget: Any = Budget()
    with pytest.raises(
        StateFieldError, match=r"Cannot read attribute 'tokns' .*Did you mean 'tokens'\? .*'messages'"
    ) as info:
        _ = budget.tokns
    assert isinstance(info.value, AttributeError)
    assert (info.value.state, info.value.field) == ("Budget", "tokns")
    assert info.value.fields == ("tokens", "spent", "messages")
    with pytest.raises(StateFieldError, match=r"Cannot set attribute 'tokns' .*Did you mean 'tokens'\?"):
        budget.tokns = 3
    assert "tokns" not in budget
    budget["free"] = 1
    with pytest.raises(StateFieldError, match=r"state\['free'\]"):
        _ = budget.free


def test_a_key_of_a_plain_state_is_no_attribute() -> None:
    state: Any = State(a=1)
    with pytest.raises(StateFieldError) as caught:
        _ = state.a
    assert str(caught.value) == (
        "Cannot read attribute 'a' of state 'State': it has keys and no fields. Write state['a'], or declare the field "
        "in a subclass of State and give that to the workflow: @workflow(state=...)."
    )
    with pytest.raises(StateFieldError, match=r"Write state\['a'\]"):
        state.a = 2
    assert state["a"] == 1


def test_an_error_of_a_property_passes_through() -> None:
    class Derived(Budget):
        @property
        def left(self) -> int:
            return 10 - self.tokens

        @left.setter
        def left(self, value: int) -> None:
            self.tokens = 10 - value

        @property
        def broken(self) -> int:
            raise AttributeError("my own")

        @cached_property
        def once(self) -> int:
            return self.tokens

    state = Derived(tokens=3)
    assert state.left == 7
    state.left = 4
    assert state.tokens == 6
    assert state.once == 6
    with pytest.raises(AttributeError, match=r"^my own$"):
        _ = state.broken
    again = copy.copy(state)
    again.tokens = 1
    assert again.once == 6


def test_a_field_read_before_it_is_set_is_an_attribute_error() -> None:
    class Own(State):
        a: int = 1

        def __init__(self) -> None:
            assert not hasattr(self, "a")
            super().__init__(a=2)

    assert Own().a == 2
