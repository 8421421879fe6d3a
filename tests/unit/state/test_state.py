"""A state's fields and keys: how a class declares them, how they are read and set, and how a state is copied."""

import copy
import gc
import inspect
import pickle
import sys
import types
import typing
import weakref
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from flowdeco._base.errors import (
    OptionError,
    OptionTypeError,
    StateFieldError,
    StateKeyError,
    StateTypeError,
    StateValidationError,
)
from flowdeco._state.field import field
from flowdeco._state.state import METHODS, State, check_state, make_state
from tests.house.typing_cases import state as typing_cases

T = TypeVar("T")


class Budget(State):
    tokens: int = 0
    spent: float = field(0.0, validate=lambda v: v >= 0)
    messages: list[str] = field(factory=list[str])


class Needy(State):
    url: str
    count: int = 1


@pytest.mark.parametrize(
    "case", [pytest.param(f, id=name) for name, f in vars(typing_cases).items() if name.startswith("check_")]
)
def test_what_the_type_checkers_are_told_of_states_runs(case: Callable[[], None]) -> None:
    case()


def test_a_field_has_its_default_until_it_is_set() -> None:
    budget = Budget()
    assert (budget.tokens, budget.spent, budget.messages) == (0, 0.0, [])
    budget.tokens = 3
    budget.tokens += 1
    assert budget.tokens == 4
    assert Budget().tokens == 0


def test_a_factory_is_called_for_each_state() -> None:
    one, other = Budget(), Budget()
    one.messages.append("a")
    assert other.messages == []
    calls: list[int] = []

    class Counted(State):
        number: int = field(factory=lambda: calls.append(1) or len(calls))  # type: ignore[func-returns-value]

    assert (Counted().number, Counted(number=9).number, Counted().number) == (1, 9, 2)


def test_the_constructor_takes_fields_by_name() -> None:
    budget = Budget(tokens=3, messages=["a"])
    assert (budget.tokens, budget.spent, budget.messages) == (3, 0.0, ["a"])


def test_the_constructor_needs_what_has_no_default() -> None:
    with pytest.raises(
        StateTypeError, match=r"Cannot make state 'Needy': no value is given for 'url'.*Needy\(url="
    ) as info:
        Needy()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - that is the mistake
    assert (info.value.state, info.value.key) == ("Needy", "url")
    assert isinstance(info.value, TypeError)
    assert Needy(url="x").url == "x"


def test_a_required_field_may_have_validators() -> None:
    class Checked(State):
        number: int = field(validate=lambda v: v > 0)

    with pytest.raises(StateTypeError, match="no value is given for 'number'"):
        Checked()
    with pytest.raises(StateValidationError):
        Checked(number=0)
    assert Checked(number=1).number == 1


def test_the_constructor_refuses_what_is_no_field_and_names_the_nearest() -> None:
    wrong: dict[str, Any] = {"tokns": 3}
    with pytest.raises(
        StateTypeError, match=r"no field 'tokns'. Did you mean 'tokens'\? It has the fields 'tokens'"
    ) as info:
        Budget(**wrong)
    assert info.value.key == "tokns"
    make: Any = Budget
    with pytest.raises(StateTypeError, match="fields are given by name"):
        make({"tokens": 3})


def test_a_plain_state_is_made_of_a_mapping_and_keywords() -> None:
    state = State({1: "a", "b": 2}, b=3, values=4, self=5)
    assert {key: state[key] for key in state} == {1: "a", "b": 3, "values": 4, "self": 5}
    assert list(State()) == []


def test_defaults_and_constructor_values_are_validated() -> None:
    class Wrong(State):
        spent: float = field(-1.0, validate=lambda v: v >= 0)

    with pytest.raises(StateValidationError):
        Wrong()
    assert Wrong(spent=1.0).spent == 1.0
    with pytest.raises(StateValidationError, match="Cannot set field 'spent' of state 'Budget'"):
        Budget(spent=-1.0)


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
    with pytest.raises(StateTypeError, match="a name with a leading underscore is none"):

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


def test_the_class_has_the_defaults() -> None:
    assert Budget.tokens == 0
    assert Budget.spent == 0.0
    assert not hasattr(Budget, "messages")
    assert not hasattr(Needy, "url")


def test_a_factory_is_a_function_and_comes_without_a_default() -> None:
    make: Any = field
    with pytest.raises(OptionError, match="a default and a factory"):
        make(1, factory=int)
    with pytest.raises(OptionError, match="of type 'list', which cannot be called"):
        make(factory=[])


def test_an_unknown_attribute_is_an_error_that_names_the_fields() -> None:
    budget: Any = Budget()
    with pytest.raises(
        StateFieldError, match=r"Cannot read attribute 'tokns' .*Did you mean 'tokens'\? .*'messages'"
    ) as info:
        _ = budget.tokns
    assert isinstance(info.value, AttributeError)
    assert (info.value.state, info.value.field) == ("Budget", "tokns")
    assert info.value.fields == ("tokens", "spent", "messages")
    with pytest.raises(StateFieldError, match=r"Cannot set attribute 'tokns' .*Did you mean 'tokens'\?"):
        budget.tokns = 3
    assert "tokns" not in budget
    budget["free"] = 1
    with pytest.raises(StateFieldError, match=r"state\['free'\]"):
        _ = budget.free


def test_a_key_of_a_plain_state_is_no_attribute() -> None:
    state: Any = State(a=1)
    with pytest.raises(StateFieldError, match=r"it has keys and no fields. Write state\['a'\]"):
        _ = state.a
    with pytest.raises(StateFieldError, match=r"Write state\['a'\]"):
        state.a = 2
    assert state["a"] == 1


def test_an_error_of_a_property_passes_through() -> None:
    class Derived(Budget):
        @property
        def left(self) -> int:
            return 10 - self.tokens

        @left.setter
        def left(self, value: int) -> None:
            self.tokens = 10 - value

        @property
        def broken(self) -> int:
            raise AttributeError("my own")

        @cached_property
        def once(self) -> int:
            return self.tokens

    state = Derived(tokens=3)
    assert state.left == 7
    state.left = 4
    assert state.tokens == 6
    assert state.once == 6
    with pytest.raises(AttributeError, match=r"^my own$"):
        _ = state.broken
    again = copy.copy(state)
    again.tokens = 1
    assert again.once == 6


def test_a_field_read_before_it_is_set_is_an_attribute_error() -> None:
    class Own(State):
        a: int = 1

        def __init__(self) -> None:
            assert not hasattr(self, "a")
            super().__init__(a=2)

    assert Own().a == 2


def test_a_field_is_a_key_too() -> None:
    budget = Budget(tokens=1)
    budget["tokens"] = 2
    assert budget.tokens == 2
    budget.tokens = 3
    assert budget["tokens"] == 3
    assert budget.get("tokens") == 3


def test_any_hashable_is_a_key() -> None:
    budget = Budget()
    for key in (1, None, ("a", 2), frozenset({3}), 2.5, "free"):
        budget[key] = key
        assert budget[key] == key
        assert key in budget
    assert list(budget) == ["tokens", "spent", "messages", 1, None, ("a", 2), frozenset({3}), 2.5, "free"]
    assert len(budget) == 9
    unhashable: Any = []
    with pytest.raises(TypeError, match="unhashable"):
        budget[unhashable] = 1
    assert len(budget) == len(budget.changes()) + 3 == 9


def test_get_gives_the_default_only_for_what_is_not_there() -> None:
    state = State(a=None)
    assert state.get("a", 1) is None
    assert state.get("b", 1) == 1
    assert state.get("b") is None


def test_a_key_that_is_not_there_is_a_key_error() -> None:
    state = State(tokens=1)
    with pytest.raises(
        StateKeyError, match=r"Cannot read key 'tokns' of state 'State'.*Did you mean 'tokens'\?"
    ) as info:
        _ = state["tokns"]
    assert isinstance(info.value, KeyError)
    assert (info.value.state, info.value.key) == ("State", "tokns")
    with pytest.raises(StateKeyError, match="Cannot read key 5"):
        _ = state[5]
    with pytest.raises(StateKeyError, match="Cannot delete key 'b'"):
        del state["b"]


def test_a_free_key_can_be_deleted_and_a_field_cannot() -> None:
    budget: Any = Budget()
    budget["free"] = 1
    del budget["free"]
    assert "free" not in budget
    with pytest.raises(
        StateFieldError, match="Cannot delete field 'tokens' of state 'Budget': a field always has a value"
    ):
        del budget["tokens"]
    with pytest.raises(StateFieldError, match="Cannot delete field 'tokens'") as info:
        del budget.tokens
    assert info.value.fields == ("tokens", "spent", "messages")
    assert budget.tokens == 0


def test_iteration_goes_over_the_keys_as_they_were() -> None:
    state = State(a=1, b=2)
    for key in state:
        state[f"{key}{key}"] = 3
    assert list(state) == ["a", "b", "aa", "bb"]


def test_two_states_are_equal_only_if_they_are_the_same() -> None:
    one, other = Budget(), Budget()
    assert one != other
    assert one == one
    assert len({one, other}) == 2


class Awkward:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_repr_shows_fields_and_keys() -> None:
    budget = Budget(tokens=3)
    budget[1] = "x"
    assert repr(budget) == "Budget(tokens=3, spent=0.0, messages=[], 1: 'x')"
    assert repr(State()) == "State()"


def test_repr_never_fails_and_stays_short() -> None:
    state = State({"a": Awkward(), "long": "x" * 10_000})
    state["self"] = state
    for number in range(1000):
        state[number] = "y" * 1000
    text = repr(state)
    assert "'self': ..." in text
    assert "'a': <Awkward>" in text
    assert len(text) < 2000
    assert "983 more" in text
    assert repr(Needy.__new__(Needy)).startswith("Needy(url=")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_state_has_its_values_and_validators_of_its_class(protocol: int) -> None:
    budget = Budget(tokens=3)
    budget.append("messages", "a")
    budget["free"] = {"b": 1}
    again = pickle.loads(pickle.dumps(budget, protocol))
    assert type(again) is Budget
    assert {key: again[key] for key in again} == {key: budget[key] for key in budget}
    assert again.changes() == []
    again.append("messages", "b")
    assert budget.messages == ["a"]
    with pytest.raises(StateValidationError):
        again.spent = -1.0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_independent_and_leaves_out_what_was_added(copied: Callable[[Budget], Budget]) -> None:
    told: list[object] = []
    budget = Budget()
    budget.append("messages", "a")
    budget.watch("tokens", told.append)
    budget.check("tokens", lambda value: value < 5)
    again = copied(budget)
    again.tokens = 9
    again.append("messages", "b")
    budget.append("messages", "c")
    assert (budget.tokens, budget.messages) == (0, ["a", "c"])
    assert (again.tokens, again.messages) == (9, ["a", "b"])
    assert told == []


def test_a_deep_copy_shares_no_value() -> None:
    state = State(a=[1])
    assert copy.copy(state)["a"] is state["a"]
    assert copy.deepcopy(state)["a"] is not state["a"]


def test_a_state_that_nobody_holds_is_let_go_at_once() -> None:
    gc.disable()
    try:
        state = Budget()
        state.watch("tokens", print)
        state.append("messages", "a")
        gone = weakref.ref(state)
        del state
        assert gone() is None
    finally:
        gc.enable()


def test_a_state_is_made_of_a_class_or_nothing_and_an_instance_is_itself() -> None:
    shared = Budget()
    assert make_state(shared) is shared
    assert type(make_state(Budget)) is Budget
    assert make_state(Budget) is not make_state(Budget)
    assert type(make_state(None)) is State
    empty = State()
    assert make_state(empty) is empty


@pytest.mark.parametrize("value", [None, State, Budget, State(), Needy(url="x")], ids=repr)
def test_the_option_takes_states_and_their_classes(value: object) -> None:
    check_state("workflow 'w'", value)


def test_the_option_refuses_what_is_no_state() -> None:
    with pytest.raises(
        OptionTypeError, match=r"Cannot define workflow 'w': state=.* is no state. Give State\(\{...\}\)"
    ):
        check_state("workflow 'w'", {"a": 1})
    for value in (3, int, "Budget"):
        with pytest.raises(OptionTypeError, match=r"is no state\. Give a subclass of State, or an instance") as info:
            check_state("workflow 'w'", value)
        assert info.value.option == "state"


def test_the_option_refuses_a_class_that_needs_arguments() -> None:
    class Filled(Needy):
        def __init__(self) -> None:
            super().__init__(url="x")

    with pytest.raises(OptionError, match="cannot be made for each run: 'url' of it has no default"):
        check_state("workflow 'w'", Needy)
    check_state("workflow 'w'", Filled)
    assert make_state(Filled)["url"] == "x"


def test_every_public_method_says_what_it_does() -> None:
    for name in METHODS:
        assert inspect.getdoc(getattr(State, name))
