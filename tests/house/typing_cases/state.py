"""What type checkers make of classes of states."""

from collections.abc import Callable
from typing import Any, assert_type

from flowdeco._state.field import field
from flowdeco._state.state import State
from flowdeco._state.store import Change


class Budget(State):
    tokens: int = 0
    spent: float = field(0.0, validate=lambda v: v >= 0, on_change=print)
    messages: list[str] = field(factory=list[str])
    name: str | None = field(None, validate=[bool, lambda v: True], on_change=[print])


class Named(Budget):
    title: str
    name: str | None = None


def check_fields_have_the_types_they_are_annotated_with() -> None:
    budget = Budget(name="x")
    assert_type(budget.tokens, int)
    assert_type(budget.spent, float)
    assert_type(budget.messages, list[str])
    assert_type(budget.name, str | None)
    budget.tokens += 1


def check_the_constructor_takes_fields_by_name_only() -> None:
    assert_type(Budget(name="x", tokens=3, spent=1, messages=["a"]), Budget)
    assert_type(Named(title="a"), Named)
    try:
        Named()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - the title has no default
        Budget("x")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue] - not by name
        Budget(name="x", token=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - misspelt
        Budget(name="x", tokens="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - no number
    except TypeError:
        pass


def check_an_unknown_attribute_is_seen() -> None:
    budget = Budget(name="x")
    try:
        budget.tokns = 3  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue] - misspelt
        print(budget.tokns)  # type: ignore[attr-defined]  # noqa: T201  # pyright: ignore[reportAttributeAccessIssue]
    except AttributeError:
        pass


def check_a_plain_state_takes_a_mapping_and_keywords() -> None:
    assert_type(State({"a": 1, 2: "b"}), State)
    assert_type(State(a=1)["a"], Any)


def check_update_gives_what_the_function_gives() -> None:
    budget = Budget(name="x")
    assert_type(budget.update("tokens", lambda n: str(n)), str)
    assert_type(budget.append("messages", "a"), None)


def check_watch_gives_the_function_that_ends_it() -> None:
    budget = Budget(name="x")
    assert_type(budget.watch("tokens", print), Callable[[], None])
    assert_type(budget.changes("tokens"), list[Change])


def check_a_state_is_hashable() -> None:
    assert_type({Budget(name="x")}, set[Budget])
