"""A task of a class is named by itself, by a method of an instance, and by the task that it takes the place of."""

# pyright: reportIncompatibleVariableOverride=false

from typing import Any

import pytest

from flowdeco import UnknownTaskError, task, workflow


class Shop:
    @task
    def price(self, item: str) -> float:
        return 1.0

    @task
    async def rate(self) -> float:
        return 2.0

    @task
    @classmethod
    def made(cls) -> str:
        return cls.__name__

    @workflow
    def inner(self, rate: float) -> float:
        return rate

    @workflow
    def offer(self, item: str, price: float, inner: float, made: str) -> Any:
        return price, inner, made


class Plain(Shop):
    """Has all from its base."""


class Dear(Shop):
    @task
    def price(self, item: str) -> float:
        return 10.0

    @task
    @classmethod
    def made(cls) -> str:
        return "dear"

    @workflow
    def own(self, item: str, price: float) -> float:
        return price


def keys_of(name: str, *places: Any) -> list[Any]:
    return [getattr(place, name) for place in places]


@pytest.mark.parametrize("kind", [Shop, Plain, Dear])
def test_a_method_is_the_key_of_its_task(kind: Any) -> None:
    shop = kind()
    _, inner, made = shop.offer("tea")
    for key in keys_of("price", kind, shop, kind()):
        assert shop.offer.override({key: 9})("tea") == (9, inner, made)
        assert shop.offer.run("tea").tasks[key].name == "price"
        assert kind.offer.override({key: 9})(shop, "tea") == (9, inner, made)
    for key in keys_of("rate", kind, shop):  # of a workflow within
        assert shop.offer.override({key: 9})("tea")[1] == 9
    for key in keys_of("made", kind, shop):
        assert shop.offer.override({key: "M"})("tea")[2] == "M"
    for key in keys_of("inner", kind, shop):
        assert shop.offer.override({key: 9})("tea")[1] == 9


@pytest.mark.parametrize("kind", [Plain, Dear])
def test_a_task_of_the_base_is_the_key_of_what_takes_its_place(kind: Any) -> None:
    shop, base = kind(), Shop()
    for name, index in (("price", 0), ("inner", 1), ("rate", 1), ("made", 2)):
        for key in keys_of(name, Shop, base):
            assert shop.offer.override({key: "X"})("tea")[index] == "X"
    run = shop.offer.run("tea")
    assert [run.tasks[key].name for key in (Shop.price, base.price, Shop.inner)] == ["price", "price", "inner"]
    assert Dear().own.override({Shop.price: 5})("tea") == 5


def test_a_method_that_was_made_a_task_is_a_key_of_it() -> None:
    class Reader:
        def read(self) -> int:
            return 1

    reader = Reader()

    @workflow(needs={"x": task(reader.read)})
    def w(x: int) -> int:
        return x

    assert w.override({reader.read: 5})() == 5
    with pytest.raises(UnknownTaskError, match="'read' is a method, not a task"):
        w.override({Reader().read: 5})


def test_a_task_of_a_subclass_is_no_key_for_the_base() -> None:
    for key in keys_of("price", Dear, Dear()):
        with pytest.raises(UnknownTaskError):
            Shop().offer.override({key: 9})
    with pytest.raises(UnknownTaskError):
        _ = Shop().offer.run("tea").tasks[Dear.price]
