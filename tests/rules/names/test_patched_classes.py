"""A name of the body of a class is looked up in the class when the workflow runs, as one of a module is."""

# pyright: reportIncompatibleVariableOverride=false

from typing import Any
from unittest import mock

import pytest

from flowdeco import StaleNameError, Task, task, workflow
from tests.conftest import Backend
from tests.support.naming import on


class Shop:
    @task
    def rate(self) -> float:
        raise ConnectionError("the real server was asked")

    @task(outputs=("low", "high"))
    def bounds(self) -> tuple[int, int]:
        return 1, 2

    @task
    @staticmethod
    def greeting() -> str:
        return "hello"

    @staticmethod
    @task
    def farewell() -> str:
        return "bye"

    @task
    @classmethod
    def made(cls) -> str:
        return cls.__name__

    @task(needs={"given": rate})
    def price(self, item: str, given: float) -> str:
        return f"{item} at {given}"

    @workflow
    def offer(self, item: str, price: str, high: int) -> Any:
        return price, high

    @workflow
    async def words(self, greeting: str, farewell: str, made: str) -> list[str]:
        return [greeting, farewell, made]

    @workflow
    def both(self, item: str, offer: Any, words: list[str]) -> Any:
        return offer, words


class Branch(Shop):
    """Has all that it has from its base."""


def own_type(self: object) -> tuple[type, float]:
    return type(self), 2.0


@pytest.fixture(params=[Shop, Branch])
def shop(request: pytest.FixtureRequest) -> Any:
    return request.param()


def fake(value: Any) -> Task[..., Any]:
    return task(lambda: value, name="fake")


def test_a_task_that_is_replaced_in_its_class_is_replaced_in_the_workflows(
    shop: Any, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConnectionError):
        on(shop.offer, backend)("tea")
    with monkeypatch.context() as patch:
        patch.setattr(Shop, "rate", task(own_type, name="rate"))
        patch.setattr(Shop, "bounds", task(lambda: (30, 40), outputs=("low", "high"), name="bounds"))
        assert on(shop.offer, backend)("tea") == (f"tea at {(type(shop), 2.0)}", 40)
    with pytest.raises(ConnectionError):
        on(shop.offer, backend)("tea")


def test_it_is_so_by_assignment_by_mock_and_for_every_kind_of_method(shop: Any, backend: Backend) -> None:
    before = vars(Shop)["greeting"]
    words = on(shop.words, backend).call_sync
    assert words() == ["hello", "bye", type(shop).__name__]
    with mock.patch.object(Shop, "farewell", fake("F")), mock.patch.object(Shop, "made", fake("M")):
        changed: Any = Shop
        changed.greeting = staticmethod(fake("G"))
        try:
            assert words() == ["G", "F", "M"]
        finally:
            changed.greeting = before
    assert words() == ["hello", "bye", type(shop).__name__]


def test_workflows_within_are_reached_and_can_be_replaced_themselves(shop: Any, backend: Backend) -> None:
    with mock.patch.object(Shop, "rate", fake(2.0)), mock.patch.object(Shop, "greeting", fake("G")):
        assert on(shop.both, backend)("tea") == (("tea at 2.0", 2), ["G", "bye", type(shop).__name__])
        with mock.patch.object(Shop, "words", fake("none")):
            assert on(shop.both, backend)("tea") == (("tea at 2.0", 2), "none")


def test_what_a_subclass_has_of_its_own_comes_first(backend: Backend) -> None:
    class Dear(Shop):
        @task
        def rate(self) -> float:
            return 9.0

    with mock.patch.object(Shop, "rate", fake(2.0)):
        assert on(Dear().offer, backend)("tea")[0] == "tea at 9.0"
        with mock.patch.object(Dear, "rate", fake(3.0)):
            assert on(Dear().offer, backend)("tea")[0] == "tea at 3.0"
            assert on(Shop().offer, backend)("tea")[0] == "tea at 2.0"


@pytest.mark.parametrize("value", [5, mock.Mock(), len])
def test_what_is_no_task_in_the_place_of_one_is_an_error_before_the_first_call_too(value: Any) -> None:
    class Fresh:
        @task
        def rate(self) -> float:
            return 1.0

        @workflow
        def offer(self, rate: float) -> float:
            return rate

    class Sub(Fresh): ...

    with mock.patch.object(Fresh, "rate", value):
        for instance in (Fresh(), Sub()):
            with pytest.raises(StaleNameError) as caught:
                instance.offer()
            assert str(caught.value).startswith(
                "Cannot build workflow 'offer': 'rate' was a task when its class was made, and is "
            )
            assert caught.value.value is value
            with pytest.raises(StaleNameError):
                instance.offer.check()
    assert Fresh().offer() == Sub().offer() == 1.0


def test_a_task_that_is_deleted_is_an_error_or_that_of_a_base(monkeypatch: pytest.MonkeyPatch) -> None:
    class Base:
        @task
        def rate(self) -> float:
            return 1.0

    class Sub(Base):
        @task
        def rate(self) -> float:
            return 2.0

        @workflow
        def offer(self, rate: float) -> float:
            return rate

    assert Sub().offer() == 2.0
    monkeypatch.delattr(Sub, "rate")
    assert Sub().offer() == 1.0
    monkeypatch.delattr(Base, "rate")
    with pytest.raises(StaleNameError, match="and is not one any more"):
        Sub().offer()


def test_the_plan_is_kept_while_the_class_has_the_same_tasks() -> None:
    graph = Shop.offer.graph
    assert Shop.offer.graph is graph
    with mock.patch.object(Shop, "rate", fake(2.0)):
        assert Shop.offer.graph is not graph
        assert Shop.offer.graph is Shop.offer.graph


def test_a_name_means_what_it_means_at_the_end_of_the_body(backend: Backend) -> None:
    def hide(function: Any) -> Any:
        return lambda: "hidden"

    class Late:
        @task
        def first(self) -> int:
            return 1

        @workflow
        def w(self, alias: int) -> int:
            return alias

        @workflow
        def lost(self, hidden: int) -> int:
            return hidden

        @hide
        @task
        def hidden(self) -> int:
            return 1

        alias = first

    assert on(Late().w, backend)() == 1
    with pytest.raises(TypeError, match="'hidden'"):
        Late().lost()  # the decorator above is not one that can be seen through


def test_names_that_the_class_is_made_without_stay_what_they_were() -> None:
    class Meta(type):
        def __new__(cls, name: str, bases: tuple[type, ...], names: dict[str, Any]) -> Any:
            return super().__new__(cls, name, bases, {n: v for n, v in names.items() if n != "moved"})

    class Model(metaclass=Meta):
        @task
        def moved(self) -> int:
            return 1

        @workflow
        def w(self, moved: int) -> int:
            return moved

    assert not hasattr(Model, "moved")
    assert Model().w() == 1


def test_a_subclass_of_the_same_name_that_is_given_a_task_is_not_taken_for_the_class() -> None:
    class Named:
        @task
        def rate(self) -> float:
            return 1.0

        @workflow
        def offer(self, rate: float) -> float:
            return rate

    same: Any = type("Named", (Named,), {"kept": Named.offer, "rate": fake(2.0)})
    assert Named().offer() == 1.0
    assert same().offer() == 2.0
