"""How a state is shown, pickled and copied; and states as an option."""

import copy
import gc
import inspect
import pickle
import weakref
from collections.abc import Callable

import pytest

from flowdeco._base.errors import OptionError, OptionTypeError, StateValidationError
from flowdeco._state.state import METHODS, State, check_state, make_state
from tests.support.state import Budget, Needy


class Awkward:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_repr_shows_fields_and_keys() -> None:
    budget = Budget(tokens=3)
    budget[1] = "x"
    assert repr(budget) == "Budget(tokens=3, spent=0.0, messages=[], 1: 'x')"
    assert repr(State()) == "State()"


def test_repr_never_fails_and_stays_short() -> None:
    state = State({"a": Awkward(), "long": "x" * 10_000})
    state["self"] = state
    for number in range(1000):
        state[number] = "y" * 1000
    text = repr(state)
    assert "'self': ..." in text
    assert "'a': <Awkward>" in text
    assert len(text) < 2000
    assert "983 more" in text
    assert repr(Needy.__new__(Needy)).startswith("Needy(url=")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_state_has_its_values_and_validators_of_its_class(protocol: int) -> None:
    budget = Budget(tokens=3)
    budget.append("messages", "a")
    budget["free"] = {"b": 1}
    again = pickle.loads(pickle.dumps(budget, protocol))
    assert type(again) is Budget
    assert {key: again[key] for key in again} == {key: budget[key] for key in budget}
    assert again.changes() == []
    again.append("messages", "b")
    assert budget.messages == ["a"]
    with pytest.raises(StateValidationError):
        again.spent = -1.0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_independent_and_leaves_out_what_was_added(copied: Callable[[Budget], Budget]) -> None:
    told: list[object] = []
    budget = Budget()
    budget.append("messages", "a")
    budget.watch("tokens", told.append)
    budget.check("tokens", lambda value: value < 5)
    again = copied(budget)
    again.tokens = 9
    again.append("messages", "b")
    budget.append("messages", "c")
    assert (budget.tokens, budget.messages) == (0, ["a", "c"])
    assert (again.tokens, again.messages) == (9, ["a", "b"])
    assert told == []


def test_a_deep_copy_shares_no_value() -> None:
    state = State(a=[1])
    assert copy.copy(state)["a"] is state["a"]
    assert copy.deepcopy(state)["a"] is not state["a"]


def test_a_state_that_nobody_holds_is_let_go_at_once() -> None:
    gc.disable()
    try:
        state = Budget()
        state.watch("tokens", print)
        state.append("messages", "a")
        gone = weakref.ref(state)
        del state
        assert gone() is None
    finally:
        gc.enable()


def test_a_state_is_made_of_a_class_or_nothing_and_an_instance_is_itself() -> None:
    shared = Budget()
    assert make_state(shared) is shared
    assert type(make_state(Budget)) is Budget
    assert make_state(Budget) is not make_state(Budget)
    assert type(make_state(None)) is State
    empty = State()
    assert make_state(empty) is empty


@pytest.mark.parametrize("value", [None, State, Budget, State(), Needy(url="x")], ids=repr)
def test_the_option_takes_states_and_their_classes(value: object) -> None:
    check_state("workflow 'w'", value)


def test_the_option_refuses_what_is_no_state() -> None:
    with pytest.raises(
        OptionTypeError, match=r"Cannot define workflow 'w': state=.* is not a state. Give State\(\{...\}\)"
    ):
        check_state("workflow 'w'", {"a": 1})
    for value in (3, int, "Budget"):
        with pytest.raises(OptionTypeError, match=r"is not a state\. Give a subclass of State, or an instance") as info:
            check_state("workflow 'w'", value)
        assert info.value.option == "state"


def test_the_option_refuses_a_class_that_needs_arguments() -> None:
    class Filled(Needy):
        def __init__(self) -> None:
            super().__init__(url="x")

    with pytest.raises(OptionError, match="cannot be made for each run: there is no default for 'url'"):
        check_state("workflow 'w'", Needy)
    check_state("workflow 'w'", Filled)
    assert make_state(Filled)["url"] == "x"


def test_every_public_method_says_what_it_does() -> None:
    for name in METHODS:
        assert inspect.getdoc(getattr(State, name))
