"""The changes of a state: all of them are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flowdeco._base.errors import OptionError
from flowdeco._state import store
from flowdeco._state.state import State
from flowdeco._state.store import ABSENT
from tests.support.state_changes import Budget, told


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
    with pytest.raises(OptionError, match=r"since=.* is not a datetime with a time zone") as info:
        state.changes(since=time)
    assert info.value.option == "since"
    with pytest.raises(OptionError, match="until="):
        state.changes(until=time)


def test_the_list_of_changes_is_the_caller_s_own() -> None:
    state = State()
    state["a"] = 1
    state.changes().clear()
    assert len(state.changes()) == 1
