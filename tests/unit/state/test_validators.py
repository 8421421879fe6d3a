"""Validators: what they get, and what becomes of their answers."""

import functools
from threading import Thread
from typing import Any

import pytest

from flowdeco._base.errors import OptionError, StateValidationError
from flowdeco._state.field import field
from flowdeco._state.state import State
from flowdeco._state.store import Change
from tests.support.state_watch import later, positive, stepwise, with_default


def test_a_rejected_change_leaves_everything_as_it_was() -> None:
    told: list[Change] = []
    state = State(a=1)
    state.check("a", positive)
    state.watch("a", told.append)
    with pytest.raises(
        StateValidationError, match="Cannot set key 'a' of state 'State': validator 'positive' returned"
    ) as info:
        state["a"] = -1
    with pytest.raises(StateValidationError):
        state.update("a", lambda value: -value)
    assert (state["a"], state.changes(), told) == (1, [], [])
    error = info.value
    assert isinstance(error, ValueError)
    assert (error.state, error.key, error.value) == ("State", "a", -1)
    assert error.reason == "validator 'positive' returned False"
    assert error.__cause__ is None


def test_what_a_validator_raises_is_the_cause() -> None:
    raised = ValueError("too much")

    def at_most(value: int) -> None:
        if value > 5:
            raise raised

    state = State(a=1)
    state.check("a", at_most)
    state["a"] = 5
    with pytest.raises(StateValidationError, match="validator 'at_most' raised ValueError: too much") as info:
        state["a"] = 6
    assert info.value.__cause__ is raised
    assert state["a"] == 5


@pytest.mark.parametrize("answer", [None, True, 1, "yes"], ids=repr)
def test_none_and_what_is_true_accepts(answer: object) -> None:
    state = State()
    state.check("a", lambda value: answer)
    state["a"] = 1
    assert state["a"] == 1


@pytest.mark.parametrize("answer", [False, 0, "", ()], ids=repr)
def test_what_is_false_but_none_rejects(answer: object) -> None:
    state = State()
    state.check("a", lambda value: answer)
    with pytest.raises(StateValidationError):
        state["a"] = 1
    assert "a" not in state


def test_an_answer_that_is_neither_true_nor_false_rejects() -> None:
    class Neither:
        def __bool__(self) -> bool:
            raise RuntimeError("ambiguous")

    state = State()
    state.check("a", lambda value: Neither())
    with pytest.raises(StateValidationError, match="RuntimeError: ambiguous"):
        state["a"] = 1


def test_a_validator_that_the_present_value_fails_is_not_added() -> None:
    state = State(a=-1)
    with pytest.raises(StateValidationError, match="Cannot check key 'a'"):
        state.check("a", positive)
    state["a"] = -2
    assert state["a"] == -2


def test_all_validators_of_a_key_are_asked_those_of_the_class_first() -> None:
    asked: list[str] = []

    class Checked(State):
        a: int = field(0, validate=[lambda v: asked.append("first"), lambda v: asked.append("second")])

    state = Checked()
    state.check("a", lambda v: asked.append("third"))
    asked.clear()
    state.a = 1
    assert asked == ["first", "second", "third"]
    Checked().a = 2
    assert asked.count("third") == 1


def test_an_interrupt_in_a_validator_passes_through() -> None:
    class Stop(BaseException):
        pass

    def stop(value: int) -> None:
        raise Stop

    state = State()
    state.check("a", stop)
    with pytest.raises(Stop):
        state["a"] = 1
    thread = Thread(target=lambda: state.__setitem__("b", 1))
    thread.start()
    thread.join()
    assert list(state) == ["b"]


def two(a: object, b: object) -> bool:
    return True


def by_name(*, value: object) -> bool:
    return True


def with_args(*values: object) -> bool:
    return True


NO_VALIDATORS: dict[str, Any] = {
    "nothing": lambda: True,
    "two": two,
    "by name": by_name,
    "async": later,
    "generator": stepwise,
    "number": 3,
}


@pytest.mark.parametrize("validator", NO_VALIDATORS.values(), ids=NO_VALIDATORS)
def test_a_validator_that_cannot_be_called_with_the_value_is_refused(validator: Any) -> None:
    with pytest.raises(OptionError, match="Cannot check key 'a' of state 'State': validator=") as info:
        State().check("a", validator)
    assert info.value.value is validator
    with pytest.raises(OptionError, match="Cannot define field 'x' of state 'Bad': validate="):

        class Bad(State):  # pyright: ignore[reportUnusedClass] - it is never made
            x: int = field(0, validate=validator)


CALLABLES: list[Any] = [bool, len, str.strip, with_default, with_args, functools.partial(max, default=0), "x".endswith]


@pytest.mark.parametrize("validator", CALLABLES)
def test_a_validator_may_be_any_callable(validator: Any) -> None:
    state = State()
    state.check("a", validator)
    state["a"] = "x"
    assert state["a"] == "x"
