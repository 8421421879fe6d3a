"""Watchers: what becomes of their errors."""

import logging
from contextvars import copy_context

import pytest

from flowdeco._base.errors import StateValidationError
from flowdeco._state.state import State
from flowdeco._state.store import Change
from flowdeco._state.writer import WRITER, Writer
from tests.support.state_watch import fail, positive, set_one, watch


def test_a_failing_watcher_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Change] = []
    state = State()
    state.watch("a", fail)
    state.watch("a", told.append)
    with caplog.at_level(logging.ERROR, "flowdeco"):
        set_one(state)
    assert state["a"] == 1
    assert told == state.changes()
    [record] = caplog.records
    assert record.name == "flowdeco"
    assert "watcher of the state's key 'a' failed" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)
    assert "in fail" in caplog.text


def test_the_errors_of_watchers_are_handed_to_whoever_gathers_them() -> None:
    gathered: list[tuple[Exception, Change]] = []
    state = State()
    state._value_store.on_watcher_error = lambda error, change: gathered.append((error, change))
    state.watch("a", fail)
    set_one(state)
    [(error, change)] = gathered
    assert str(error) == "the chat server is down"
    assert [change] == state.changes()


def test_an_interrupt_in_a_watcher_passes_through_and_telling_goes_on() -> None:
    class Stop(BaseException):
        pass

    told: list[object] = []
    state = State()

    def stop(value: int) -> None:
        told.append(value)
        if value == 1:
            state["a"] = 2
            raise Stop

    state.watch("a", stop)
    watch(state, "a", lambda value: told.append(("other", value)))
    with pytest.raises(Stop):
        state["a"] = 1
    assert state["a"] == 2
    state["a"] = 3
    assert told == [1, ("other", 2), 3, ("other", 3)]


def test_what_an_abandoned_attempt_s_watcher_writes_is_refused_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer("think")
    state = State()

    def watcher(value: int) -> None:
        writer.abandoned = True
        state["b"] = value

    def write() -> None:
        WRITER.set(writer)
        state["a"] = 1

    state.watch("a", watcher)
    copy_context().run(write)
    assert list(state) == ["a"]
    assert "attempt of task 'think' was abandoned" in caplog.text


async def test_watchers_and_validators_work_inside_an_event_loop() -> None:
    told: list[object] = []
    state = State()
    state.check("a", positive)
    state.watch("a", told.append)
    set_one(state)
    with pytest.raises(StateValidationError):
        state["a"] = -1
    assert told == state.changes()
