"""Watchers: what they get."""

import functools
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest

from flowdeco._base.errors import OptionError, OptionTypeError
from flowdeco._state.field import field
from flowdeco._state.state import State
from flowdeco._state.store import ABSENT, Change
from flowdeco._state.writer import WRITER, Writer
from tests.support.state_watch import later, stepwise, watch


def typed(function: Callable[[Any], object]) -> Callable[[Any], object]:
    """Say what a lambda takes, which pyright wants to know."""
    return function


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
