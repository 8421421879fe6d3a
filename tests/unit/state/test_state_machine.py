"""Any sequence of changes leaves a state as a plain model says."""

import threading
from copy import copy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flowdeco._base.errors import StateTypeError
from flowdeco._state.state import State
from flowdeco._state.store import ABSENT, Change
from tests.support.example import examples
from tests.support.state_changes import run_in_threads, told


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
TestStateMachine.settings = examples(1, suppress_health_check=list(HealthCheck))


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
