"""Whose a change is, and what an abandoned attempt may not do."""

from collections.abc import Callable
from contextvars import copy_context

import anyio
import pytest
from anyio import to_thread

from flowdeco._base.errors import AbandonedError
from flowdeco._state.state import State
from flowdeco._state.writer import WRITER, Writer


def test_a_change_names_the_task_that_made_it() -> None:
    state = State()

    def write() -> None:
        WRITER.set(Writer("think"))
        state["a"] = 1
        state.append("b", 1)
        del state["a"]

    copy_context().run(write)
    state["a"] = 2
    assert [change.task for change in state.changes()] == ["think", "think", "think", None]
    assert "by 'think'" in repr(state.changes()[0])


async def test_each_task_writes_in_its_own_name() -> None:
    state = State()
    ready = anyio.Event()

    async def write(name: str) -> None:
        WRITER.set(Writer(name))
        await ready.wait()
        await to_thread.run_sync(lambda: state.__setitem__(name, 1))

    async with anyio.create_task_group() as group:
        for name in ("a", "b", "c"):
            group.start_soon(write, name)
        ready.set()
    assert {change.key: change.task for change in state.changes()} == {"a": "a", "b": "b", "c": "c"}


WRITES: dict[str, Callable[[State], object]] = {
    "set": lambda state: state.__setitem__("a", [2]),
    "new": lambda state: state.__setitem__("b", 2),
    "delete": lambda state: state.__delitem__("a"),
    "update": lambda state: state.update("a", lambda value: [2]),
    "append": lambda state: state.append("a", 2),
    "check": lambda state: state.check("a", bool),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_an_abandoned_attempt_changes_nothing(write: Callable[[State], object]) -> None:
    state = State(a=[1])
    writer = Writer("think")
    writer.abandoned = True

    def attempt() -> None:
        WRITER.set(writer)
        assert state["a"] == [1]
        with pytest.raises(AbandonedError, match="Cannot change state: attempt of task 'think' was abandoned") as info:
            write(state)
        assert info.value.task == "think"
        assert isinstance(info.value, RuntimeError)

    copy_context().run(attempt)
    assert (list(state), state["a"], state.changes()) == (["a"], [1], [])
    state["a"] = [0]


def test_an_attempt_abandoned_during_its_update_changes_nothing() -> None:
    state = State(a=1)
    writer = Writer("think")

    def function(value: int) -> int:
        writer.abandoned = True
        return value + 1

    def attempt() -> None:
        WRITER.set(writer)
        with pytest.raises(AbandonedError):
            state.update("a", function)

    copy_context().run(attempt)
    assert (state["a"], state.changes()) == (1, [])


def test_a_refused_append_does_not_show_later() -> None:
    state = State()
    state.append("a", 1)
    writer = Writer("think")
    calls: list[object] = []

    def abandon(items: list[int]) -> None:
        calls.append(items)
        writer.abandoned = len(calls) > 1

    state.check("a", abandon)

    def attempt() -> None:
        WRITER.set(writer)
        with pytest.raises(AbandonedError):
            state.append("a", 2)

    copy_context().run(attempt)
    state.append("a", 3)
    assert state["a"] == [1, 3]
    assert [change.value for change in state.changes()] == [[1], [1, 3]]
