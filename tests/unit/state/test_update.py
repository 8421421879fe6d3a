"""An update is one step."""

from threading import Event, Thread

import anyio
import pytest
from anyio import to_thread

from flowdeco._base.errors import OptionTypeError
from flowdeco._state.state import State
from flowdeco._state.store import ABSENT
from tests.support.state_changes import Budget, run_in_threads, told


def test_update_gives_the_new_value() -> None:
    budget = Budget(tokens=3)
    assert budget.update("tokens", lambda n: n + 1) == 4
    assert budget.tokens == 4


def test_update_of_what_is_not_there_gets_the_default() -> None:
    state = State()
    assert state.update("a", lambda value: [value]) == [None]
    assert state.update("b", lambda n: n + 1, 5) == 6
    assert told(state.changes()) == [("a", [None], ABSENT), ("b", 6, ABSENT)]


def test_an_update_of_what_is_not_there_that_fails_tells_that_it_got_none() -> None:
    state = State()
    with pytest.raises(TypeError) as caught:
        state.update("n", lambda n: n + 1)
    (note,) = caught.value.__notes__
    assert note == (
        "State 'State' has no 'n' yet, so the function got None. Say update(..., default=...), or declare it in a "
        "subclass of State and say @workflow(state=...)."
    )
    state["n"] = "text"
    for default in (None, 1):
        with pytest.raises(TypeError) as caught:
            state.update("n", lambda n: n + 1, default)
        assert not hasattr(caught.value, "__notes__")


def test_an_update_that_raises_leaves_everything_as_it_was() -> None:
    state = State(a=1)
    with pytest.raises(ZeroDivisionError):
        state.update("a", lambda value: value / 0)
    with pytest.raises(ZeroDivisionError):
        state.update("b", lambda value: 1 / 0)
    assert (state["a"], list(state), state.changes()) == (1, ["a"], [])
    assert state.update("a", lambda value: value + 1) == 2


def test_an_update_may_update() -> None:
    state = State(a=1, b=1)

    def outer(value: int) -> int:
        state.update("b", lambda b: b + 1)
        state.update("a", lambda a: a + 10)
        return value + 1

    assert state.update("a", outer) == 2
    assert told(state.changes()) == [("b", 2, 1), ("a", 11, 1), ("a", 2, 11)]


def test_an_async_function_cannot_update() -> None:
    async def later(value: int) -> int:
        return value

    state = State(a=1)
    with pytest.raises(OptionTypeError, match="Cannot update key 'a' of state 'State': its function is async"):
        _ = state.update("a", later)
    assert (state["a"], state.changes()) == (1, [])


def test_threads_lose_no_update() -> None:
    state = State(n=0)

    def add(_: int) -> None:
        for _ in range(20):
            state.update("n", lambda n: n + 1)

    run_in_threads(100, add)
    assert state["n"] == 2000
    assert told(state.changes("n")) == [("n", n + 1, n) for n in range(2000)]


def test_threads_lose_no_appended_item() -> None:
    state = State()

    def add(number: int) -> None:
        for count in range(20):
            state.append("items", (number, count))
            if count % 7 == 0:
                assert (number, count) in state["items"]

    run_in_threads(50, add)
    items = state["items"]
    assert sorted(items) == [(number, count) for number in range(50) for count in range(20)]
    changes = state.changes("items")
    assert [change.value for change in changes] == [items[: n + 1] for n in range(1000)]


def test_nobody_writes_while_an_update_is_under_way() -> None:
    state = State(a=1)
    inside, wrote = Event(), Event()

    def write() -> None:
        inside.wait()
        wrote.set()
        state["b"] = 2

    other = Thread(target=write)
    other.start()

    def function(value: int) -> int:
        inside.set()
        wrote.wait()
        assert "b" not in state
        return value + 1

    state.update("a", function)
    other.join()
    assert [change.key for change in state.changes()] == ["a", "b"]


def test_reading_does_not_wait_for_an_update() -> None:
    state = State(a=1)
    seen: list[object] = []

    def function(value: int) -> int:
        reader = Thread(target=lambda: seen.extend([state["a"], state.get("a"), len(state), list(state), "a" in state]))
        reader.start()
        reader.join(60)
        return value + 1

    state.update("a", function)
    assert seen == [1, 1, 1, ["a"], True]


async def test_tasks_and_their_threads_lose_no_update() -> None:
    state = State(n=0)

    async def add() -> None:
        await to_thread.run_sync(lambda: state.update("n", lambda n: n + 1))
        state.update("n", lambda n: n + 1)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(add)
    assert state["n"] == 100
    assert [change.value for change in state.changes()] == list(range(1, 101))
