"""How a class declares its fields."""

import sys
import types
import typing
from typing import ClassVar, Generic, TypeVar

import pytest

from flowdeco._base.errors import StateFieldError, StateTypeError, StateValidationError
from flowdeco._state.field import field
from flowdeco._state.state import METHODS, State
from tests.support.state import Budget

T = TypeVar("T")

MUTABLE: list[object] = [[], {}, set[int](), [1], bytearray(), ([],)]


@pytest.mark.parametrize("default", MUTABLE, ids=repr)
@pytest.mark.parametrize("declared", [False, True], ids=["bare", "field"])
def test_a_mutable_default_is_refused(default: object, declared: bool) -> None:
    value: object = field(default) if declared else default
    with pytest.raises(
        StateTypeError, match=r"define field 'x' of state 'Bad': .*mutable.*Give field\(factory="
    ) as info:
        types.new_class("Bad", (State,), exec_body=lambda ns: ns.update(__annotations__={"x": object}, x=value))
    assert (info.value.state, info.value.key) == ("Bad", "x")


@pytest.mark.parametrize("name", METHODS)
def test_no_field_may_have_the_name_of_a_method(name: str) -> None:
    with pytest.raises(StateTypeError, match=f"field '{name}' of state 'Bad': every state has a method of that name"):
        types.new_class("Bad", (State,), exec_body=lambda ns: ns.update(__annotations__={name: int}))


def test_the_methods_are_all_that_a_state_has_by_name() -> None:
    assert sorted(name for name in dir(State) if not name.startswith("_")) == sorted(METHODS)


def test_field_without_an_annotation_is_refused() -> None:
    with pytest.raises(StateTypeError, match="field 'x' of state 'Bad': it has no annotation"):

        class Bad(State):  # pyright: ignore[reportUnusedClass] - it is never made
            x = field(0)


def test_field_under_a_private_name_is_refused() -> None:
    with pytest.raises(StateTypeError, match="a name with a leading underscore is not a field"):

        class Bad(State):  # pyright: ignore[reportUnusedClass] - it is never made
            _x: int = field(0)


def test_an_inherited_field_is_not_overridden_without_an_annotation() -> None:
    with pytest.raises(StateTypeError, match="field 'tokens' of state 'Bad': it is inherited"):

        class Bad(Budget):  # pyright: ignore[reportUnusedClass] - it is never made
            tokens = 5


def test_class_variables_and_private_names_are_no_fields() -> None:
    class Mixed(State):
        limit: ClassVar[int] = 9
        other: typing.ClassVar = 8
        quoted: "ClassVar[int]" = 7
        _private: int = 6
        rate = 5
        number: int = 4

    state = Mixed()
    assert list(state) == ["number"]
    assert (state.limit, state.other, state.quoted, state._private, state.rate) == (9, 8, 7, 6, 5)
    state._private = 1
    assert state._private == 1
    assert "_private" not in state
    assert state.changes() == []
    with pytest.raises(StateFieldError, match="Cannot set attribute 'rate'"):
        state.rate = 6


def test_annotations_are_never_evaluated() -> None:
    source = """
from __future__ import annotations
from typing import ClassVar as Shared
import typing as t
class Late(State):
    number: Missing[1 / 0] = 1
    a: Shared[int] = 2
    b: t.ClassVar[int] = 3
    c: "ClassVar[int]" = 4
    later: Nowhere
"""
    module = types.ModuleType("late")
    module.__dict__.update(State=State)
    sys.modules["late"] = module
    try:
        exec(source, module.__dict__)
    finally:
        del sys.modules["late"]
    assert list(module.Late(later=2)) == ["number", "later"]


def test_fields_are_inherited_and_replaced() -> None:
    class Base(State):
        a: int = 1
        b: int = field(2, validate=lambda v: v > 0)

    class Derived(Base):
        b: int = -3
        c: int = 4

    state = Derived(a=5)
    assert {key: state[key] for key in state} == {"a": 5, "b": -3, "c": 4}
    assert {key: Base()[key] for key in Base()} == {"a": 1, "b": 2}
    with pytest.raises(StateValidationError):
        Base(b=-3)


def test_fields_are_inherited_in_the_order_of_python() -> None:
    class Base(State):
        x: int = 1

    class Left(Base):
        a: int = 1

    class Right(Base):
        x: int = 2

    class Both(Left, Right):
        pass

    assert Both().x == 2
    assert Both.x == 2


def test_a_generic_class_of_states_can_be_made() -> None:
    class Box(State, Generic[T]):
        item: T

    assert Box[int](item=3).item == 3


def test_a_class_may_have_slots() -> None:
    class Slotted(Budget):
        __slots__ = ()

    assert Slotted(tokens=2).tokens == 2


def test_a_field_that_slots_name_has_no_default() -> None:
    class Slotted(State):
        __slots__ = ("number",)
        number: int

    assert Slotted(number=2).number == 2
    with pytest.raises(StateTypeError, match="no value is given for 'number'"):
        Slotted()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - that is the mistake


def test_one_field_may_be_declared_under_two_names() -> None:
    shared: int = field(1, validate=lambda v: v > 0)

    class Twice(State):
        a: int = shared
        b: int = shared

    state = Twice(a=2)
    assert (state.a, state.b) == (2, 1)
