"""Watchers: which changes they are told, when, and until when."""

import functools
import gc
import weakref
from contextvars import copy_context
from threading import Barrier, Event, Thread, get_ident

import pytest

from flowdeco._state.state import State
from flowdeco._state.store import Change
from flowdeco._state.writer import WRITER, Writer
from tests.support.state_watch import set_one, watch


def test_only_changes_of_its_key_are_told() -> None:
    told: list[object] = []
    state = State()
    watch(state, "a", lambda key: told.append(key))
    state["b"] = 1
    state["a"] = 1
    assert told == ["a"]


def test_setting_the_same_value_again_is_a_change() -> None:
    told: list[object] = []
    state = State(a=1)
    state.watch("a", told.append)
    set_one(state)
    assert len(told) == len(state.changes()) == 1


def test_un_watching_ends_it_in_any_order_and_twice() -> None:
    told: list[str] = []
    state = State()
    end_x, end_y, end_z = [state.watch("a", functools.partial(told.append, name)) for name in "xyz"]
    end_y()
    end_y()
    set_one(state)
    assert told == ["x", "z"]
    end_z()
    end_x()
    end_x()
    set_one(state)
    assert told == ["x", "z"]


def test_a_subscriber_added_twice_is_told_twice_and_ended_once() -> None:
    told: list[Change] = []
    state = State()
    end = state.watch("a", told.append)
    state.watch("a", told.append)
    set_one(state)
    assert len(told) == 2
    end()
    end()
    set_one(state)
    assert len(told) == 3


def test_a_watcher_that_was_ended_is_let_go() -> None:
    class Subscriber:
        def __call__(self) -> None: ...

    state = State()
    subscriber = Subscriber()
    gone = weakref.ref(subscriber)
    end = state.watch("a", subscriber)
    end()
    del subscriber, end
    gc.collect()
    assert gone() is None


def test_a_watcher_ended_by_another_is_told_no_more() -> None:
    told: list[Change] = []
    state = State()
    state.watch("a", lambda: end())
    end = state.watch("a", told.append)
    set_one(state)
    assert told == []


def test_a_watcher_may_end_itself() -> None:
    told: list[int] = []
    state = State()

    def once(value: int) -> None:
        told.append(value)
        end()

    end = state.watch("a", once)
    set_one(state)
    set_one(state)
    assert told == [1]


def test_a_watcher_is_called_without_the_lock_after_the_change_is_in() -> None:
    seen: list[object] = []
    state = State()

    def watcher(value: int) -> None:
        seen.append((state["a"], value, len(state.changes())))
        other = Thread(target=state.__setitem__, args=("b", 1))
        other.start()
        other.join(60)
        seen.append(state["b"])

    state.watch("a", watcher)
    set_one(state)
    assert seen == [(1, 1, 1), 1]


def test_watchers_are_told_when_the_outermost_update_ends() -> None:
    told: list[object] = []
    state = State(a=0, b=0)

    def outer(value: int) -> int:
        state.update("b", lambda b: b + 1)
        assert told == []
        return value + 1

    for key in ("a", "b"):
        state.watch(key, told.append)
    state.update("a", outer)
    assert told == state.changes()
    assert [change.key for change in state.changes()] == ["b", "a"]


def test_what_was_written_inside_an_update_that_raises_is_told() -> None:
    told: list[Change] = []
    state = State(a=0)
    state.watch("b", told.append)

    def fail(_: int) -> int:
        state["b"] = 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        state.update("a", fail)
    assert told == state.changes()


def test_watchers_are_told_in_the_order_of_the_changes() -> None:
    told: list[Change] = []
    state = State(n=0)
    state.watch("n", told.append)
    barrier = Barrier(20)

    def add() -> None:
        barrier.wait()
        for _ in range(50):
            state.update("n", lambda n: n + 1)

    threads = [Thread(target=add) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == state.changes()
    assert len(told) == 1000


def test_nobody_waits_for_the_watchers_of_another_s_change() -> None:
    told: list[tuple[int, int, str | None]] = []
    inside, go_on = Event(), Event()
    state = State()

    def watcher(value: int, task: str | None) -> None:
        told.append((value, get_ident(), task))
        inside.set()
        go_on.wait()
        if value < 10:
            state["b"] = value

    def write(name: str, value: int) -> None:
        WRITER.set(Writer(name))
        state["a"] = value

    state.watch("a", watcher)
    first = Thread(target=write, args=("first", 1))
    first.start()
    inside.wait()
    copy_context().run(write, "second", 2)  # returns although the first watcher is still at it
    assert [change.value for change in state.changes("a")] == [1, 2]
    go_on.set()
    first.join()
    assert told == [(1, first.ident, "first"), (2, first.ident, "second")]
    # What a watcher writes counts as written by the task whose change it was told of.
    assert [(change.value, change.task) for change in state.changes("b")] == [(1, "first"), (2, "second")]


def test_a_watcher_is_not_told_of_what_it_writes_itself() -> None:
    told: list[object] = []
    state = State()

    def at_most_five(value: int) -> None:
        told.append(("first", value))
        state["a"] = min(value, 5)

    state.watch("a", at_most_five)
    watch(state, "a", lambda value: told.append(("second", value)))
    state["a"] = 9
    assert told == [("first", 9), ("second", 9), ("second", 5)]
    assert state["a"] == 5
    state["a"] = 3
    assert told[3:] == [("first", 3), ("second", 3), ("second", 3)]


def test_watchers_that_answer_each_other_come_to_an_end() -> None:
    state = State()
    watch(state, "a", lambda value: state.__setitem__("b", value + 1))
    watch(state, "b", lambda value: state.__setitem__("a", value + 1))
    state["a"] = 0
    assert [(change.key, change.value) for change in state.changes()] == [("a", 0), ("b", 1), ("a", 2)]
    state["b"] = 10
    assert [(change.key, change.value) for change in state.changes()][3:] == [("b", 10), ("a", 11), ("b", 12)]


def test_watchers_of_two_states_that_answer_each_other_come_to_an_end() -> None:
    one, other = State(), State()
    watch(one, "a", lambda value: other.__setitem__("a", value + 1))
    watch(other, "a", lambda value: one.__setitem__("a", value + 1))
    one["a"] = 0
    assert [change.value for change in one.changes()] == [0, 2]
    assert [change.value for change in other.changes()] == [1]
