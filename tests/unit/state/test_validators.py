"""Validators and watchers of a state: what they get, what they may do, and what becomes of their errors."""

import functools
import gc
import logging
import weakref
from collections.abc import Callable
from contextvars import copy_context
from threading import Barrier, Event, Thread, get_ident
from typing import Any

import pytest

from flowdeco._base.errors import OptionError, OptionTypeError, StateValidationError
from flowdeco._state.field import field
from flowdeco._state.state import State
from flowdeco._state.store import ABSENT, Change
from flowdeco._state.writer import WRITER, Writer


def positive(value: float) -> bool:
    return value > 0


def set_one(state: State) -> None:
    state["a"] = 1


def typed(function: Callable[[Any], object]) -> Callable[[Any], object]:
    """Say what a lambda takes, which pyright wants to know."""
    return function


def watch(state: State, key: str, subscriber: Callable[[Any], object]) -> Callable[[], None]:
    """Do as `state.watch` does, for a lambda."""
    return state.watch(key, subscriber)


# Validators


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


async def later(value: object) -> None: ...


def stepwise(value: object) -> Any:
    yield value


def two(a: object, b: object) -> bool:
    return True


def by_name(*, value: object) -> bool:
    return True


def with_default(value: object, width: int = 1) -> bool:
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


# Watchers


def test_a_watcher_gets_what_it_names() -> None:
    told: list[object] = []

    def watcher(previous: object, *, value: object, key: object, task: object, time: object, change: Change) -> None:
        assert time is change.time
        told.append((key, value, previous, task))

    state = State()
    state.watch("a", watcher)

    def write() -> None:
        WRITER.set(Writer("think"))
        state["a"] = 1

    copy_context().run(write)
    del state["a"]
    assert told == [("a", 1, ABSENT, "think"), ("a", ABSENT, 1, None)]


def test_a_watcher_that_names_nothing_gets_the_change(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[object] = []
    state = State()

    def first_and_rest(first: object, *rest: object) -> None:
        told.append((first, rest))

    state.watch("a", told.append)
    state.watch("a", lambda *args: told.append(args))
    state.watch("a", first_and_rest)
    state.watch("a", print)
    state["a"] = 1
    [change] = state.changes()
    assert told == [change, (change,), (change, ())]
    assert capsys.readouterr().out == "<Change of 'a' from ABSENT to 1>\n"


def test_a_watcher_whose_signature_cannot_be_read_gets_the_change() -> None:
    class Hidden:
        __signature__ = 3

        def __call__(self, *args: object) -> None:
            told.append(args)

    told: list[object] = []
    state = State()
    state.watch("a", Hidden())
    state["a"] = 1
    assert told == [(state.changes()[0],)]


def test_a_watcher_may_ask_for_nothing_for_defaults_and_for_names_besides_the_change() -> None:
    told: list[object] = []

    def with_default(value: int, other: int = 5) -> None:
        told.append((value, other))

    def both(change: Change, /, *, key: str) -> None:
        told.append((change.value, key))

    def rest(*changes: Change, value: int, **others: object) -> None:
        told.append((len(changes), value, others))

    state = State()
    state.watch("a", lambda: told.append("nothing"))
    for watcher in (with_default, both, rest, functools.partial(with_default, other=6)):
        state.watch("a", watcher)
    state["a"] = 1
    assert told == ["nothing", (1, 5), (1, "a"), (1, 1, {}), (1, 6)]


def test_a_watcher_that_asks_for_something_else_is_refused() -> None:
    message = r"Cannot watch key 'a' of state 'State': subscriber=.*'vaule'.* Did you mean 'value'\? It has 'key'"
    with pytest.raises(OptionError, match=message) as info:
        watch(State(), "a", lambda vaule: None)
    assert info.value.option == "subscriber"
    with pytest.raises(OptionError, match="Cannot define field 'x' of state 'Bad': on_change="):

        class Bad(State):  # pyright: ignore[reportUnusedClass] - it is never made
            x: int = field(0, on_change=typed(lambda vaule: None))

    with pytest.raises(OptionError, match="asks for 'b'"):
        State().watch("a", positional)


def positional(a: object, b: object, /) -> None: ...


@pytest.mark.parametrize("watcher", [3, later, stepwise], ids=["number", "async", "generator"])
def test_a_watcher_is_a_plain_function(watcher: Any) -> None:
    with pytest.raises(OptionError, match="Give a"):
        State().watch("a", watcher)
    with pytest.raises(OptionError, match=r"on_change=.*Give a"):

        class Bad(State):  # pyright: ignore[reportUnusedClass] - it is never made
            x: int = field(0, on_change=watcher)


def test_what_cannot_be_called_is_also_a_type_error() -> None:
    wrong: Any = None
    with pytest.raises(OptionTypeError):
        State().watch("a", wrong)


def test_on_change_is_told_of_the_changes_of_its_own_instance() -> None:
    told: list[object] = []

    class Watched(State):
        a: int = field(0, on_change=[told.append, typed(lambda value: told.append(value))])

    class Derived(Watched):
        b: int = 0

    one, other = Derived(a=1), Derived()
    assert told == []
    one.a = 2
    one.b = 3
    assert told == [one.changes()[0], 2]
    other.a = 4
    assert len(told) == 4


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
        other.join(10)
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


def fail(change: Change, /) -> None:
    raise ValueError("the chat server is down")


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
