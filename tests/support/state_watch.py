"""What the tests of state watch share."""

from collections.abc import Callable
from typing import Any

from flowdeco._state.state import State
from flowdeco._state.store import Change


def positive(value: float) -> bool:
    return value > 0


def set_one(state: State) -> None:
    state["a"] = 1


def watch(state: State, key: str, subscriber: Callable[[Any], object]) -> Callable[[], None]:
    """Do as `state.watch` does, for a lambda."""
    return state.watch(key, subscriber)


async def later(value: object) -> None: ...


def stepwise(value: object) -> Any:
    yield value


def with_default(value: object, width: int = 1) -> bool:
    return True


def fail(change: Change, /) -> None:
    raise ValueError("the chat server is down")
