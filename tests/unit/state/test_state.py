"""How a state is made, and what its fields are before they are set."""

from collections.abc import Callable
from typing import Any

import pytest

from flowdeco._base.errors import StateTypeError, StateValidationError
from flowdeco._state.field import field
from flowdeco._state.state import State
from tests.house.typing_cases import state as typing_cases
from tests.support.state import Budget, Needy


@pytest.mark.parametrize(
    "case", [pytest.param(f, id=name) for name, f in vars(typing_cases).items() if name.startswith("check_")]
)
def test_what_the_type_checkers_are_told_of_states_runs(case: Callable[[], None]) -> None:
    case()


def test_a_field_has_its_default_until_it_is_set() -> None:
    budget = Budget()
    assert (budget.tokens, budget.spent, budget.messages) == (0, 0.0, [])
    budget.tokens = 3
    budget.tokens += 1
    assert budget.tokens == 4
    assert Budget().tokens == 0


def test_a_factory_is_called_for_each_state() -> None:
    one, other = Budget(), Budget()
    one.messages.append("a")
    assert other.messages == []
    calls: list[int] = []

    class Counted(State):
        number: int = field(factory=lambda: calls.append(1) or len(calls))  # type: ignore[func-returns-value]

    assert (Counted().number, Counted(number=9).number, Counted().number) == (1, 9, 2)


def test_the_constructor_takes_fields_by_name() -> None:
    budget = Budget(tokens=3, messages=["a"])
    assert (budget.tokens, budget.spent, budget.messages) == (3, 0.0, ["a"])


def test_the_constructor_needs_what_has_no_default() -> None:
    with pytest.raises(
        StateTypeError, match=r"Cannot make state 'Needy': no value is given for 'url'.*Needy\(url="
    ) as info:
        Needy()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - that is the mistake
    assert (info.value.state, info.value.key) == ("Needy", "url")
    assert isinstance(info.value, TypeError)
    assert Needy(url="x").url == "x"


def test_a_required_field_may_have_validators() -> None:
    class Checked(State):
        number: int = field(validate=lambda v: v > 0)

    with pytest.raises(StateTypeError, match="no value is given for 'number'"):
        Checked()
    with pytest.raises(StateValidationError):
        Checked(number=0)
    assert Checked(number=1).number == 1


def test_the_constructor_refuses_what_is_no_field_and_names_the_nearest() -> None:
    wrong: dict[str, Any] = {"tokns": 3}
    with pytest.raises(
        StateTypeError, match=r"no field 'tokns'. Did you mean 'tokens'\? It has the fields 'tokens'"
    ) as info:
        Budget(**wrong)
    assert info.value.key == "tokns"
    make: Any = Budget
    with pytest.raises(StateTypeError, match="fields are given by name"):
        make({"tokens": 3})


def test_a_plain_state_is_made_of_a_mapping_and_keywords() -> None:
    state = State({1: "a", "b": 2}, b=3, values=4, self=5)
    assert {key: state[key] for key in state} == {1: "a", "b": 3, "values": 4, "self": 5}
    assert list(State()) == []


def test_defaults_and_constructor_values_are_validated() -> None:
    class Wrong(State):
        spent: float = field(-1.0, validate=lambda v: v >= 0)

    with pytest.raises(StateValidationError):
        Wrong()
    assert Wrong(spent=1.0).spent == 1.0
    with pytest.raises(StateValidationError, match="Cannot set field 'spent' of state 'Budget'"):
        Budget(spent=-1.0)
