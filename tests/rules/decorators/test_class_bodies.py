"""Static and class methods that are tasks and workflows, by name and by `needs=`, whichever decorator is above."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from flowdeco import InputError, MissingDependencyError, Task, task, workflow
from tests.conftest import Backend
from tests.support.naming import mention, on, take


class Shop:
    """All of it."""

    city = "Bern"

    @staticmethod
    @task
    def below(item: str) -> str:
        return f"below {item}"

    @task
    @staticmethod
    def above(item: str) -> str:
        return f"above {item}"

    @task
    @classmethod
    def of_class(cls, item: str) -> Any:
        return cls.__name__, cls.city, item

    @task
    @classmethod
    async def awaited(cls, item: str) -> Any:
        await anyio.lowlevel.checkpoint()
        return "awaited", cls.__name__, item

    @task
    @classmethod
    def yielding(cls, item: str) -> Iterator[str]:
        yield cls.city
        yield item

    @task(needs={"one": below, "other": above, "third": of_class})
    @staticmethod
    def needing(one: str, other: str, third: Any) -> Any:
        return one, other, third

    @staticmethod
    @workflow
    def by_name(item: str, below: str, above: str, of_class: Any) -> Any:
        return below, above, of_class

    @workflow(needs={"one": below, "other": above})
    @staticmethod
    def by_needs(item: str, one: str, other: str, needing: Any, awaited: Any, yielding: Any) -> Any:
        return one, other, needing, awaited, yielding

    @workflow
    @classmethod
    def of_shop(cls, item: str, of_class: Any) -> Any:
        return cls.__name__, of_class

    @classmethod
    @workflow
    def below_class(cls: Any, item: str, above: str) -> Any:
        return cls.__name__, above


class Branch(Shop):
    city = "Basel"


shop: Any = Shop
branch: Any = Branch


def test_they_are_called_as_methods_are() -> None:
    for of in (shop, shop()):
        assert (of.below("tea"), of.above("tea")) == ("below tea", "above tea")
        assert of.of_class("tea") == of.of_class(item="tea") == ("Shop", "Bern", "tea")
        assert anyio.run(of.awaited, "tea") == ("awaited", "Shop", "tea")
        assert list(of.yielding("tea")) == ["Bern", "tea"]
    assert branch.of_class("tea") == branch().of_class("tea") == ("Branch", "Basel", "tea")


def test_they_are_tasks_where_they_are_looked_up() -> None:
    for name in ("below", "above", "of_class", "awaited", "yielding"):
        for of in (shop, shop(), branch):
            assert isinstance(getattr(of, name), Task)
            assert getattr(of, name) is getattr(of, name)
    assert str(inspect.signature(shop.of_class)) == "(item)"
    assert inspect.iscoroutinefunction(shop.awaited)
    assert (shop.of_class.name, shop.of_class.__doc__) == ("of_class", None)


def test_a_workflow_in_the_class_finds_them_by_name(backend: Backend) -> None:
    w = on(shop.by_name, backend)
    assert w("tea") == ("below tea", "above tea", ("Shop", "Bern", "tea"))
    assert w.override(below=1, above=2, of_class=3)("tea") == (1, 2, 3)
    assert w.override({shop.below: 1, shop.above: 2, shop.of_class: 3})("tea") == (1, 2, 3)
    assert shop().by_name("tea") == w("tea")


def test_needs_take_them_in_the_class(backend: Backend) -> None:
    third = ("Shop", "Bern", "tea")
    expected = "below tea", "above tea", ("below tea", "above tea", third), ("awaited", "Shop", "tea"), ["Bern", "tea"]
    assert on(shop.by_needs, backend)("tea") == expected
    assert {node.name for node in shop.by_needs.graph} >= {"below", "above", "of_class"}
    assert len(shop.by_needs.graph) == 6


def test_needs_take_them_outside_of_the_class(backend: Backend) -> None:
    needs: dict[str, Any] = {"one": shop.below, "other": [shop.above, shop.of_class, branch.of_class]}

    @workflow(needs=needs)
    def w(item: str, one: str, other: Any) -> Any:
        return one, other

    expected = "below tea", ["above tea", ("Shop", "Bern", "tea"), ("Branch", "Basel", "tea")]
    assert on(w, backend)("tea") == expected
    assert w.override({branch.of_class: "branch"})("tea")[1][1:] == [("Shop", "Bern", "tea"), "branch"]


def test_a_class_that_inherits_a_task_has_one_with_the_same_options(backend: Backend) -> None:
    class Base:
        attempts = 0

        @task(retries=1)
        @classmethod
        def flaky(cls) -> str:
            cls.attempts += 1
            raise LookupError

    class Derived(Base):
        pass

    derived: Any = Derived
    w: Any = workflow(needs={"given": derived.flaky})(take)
    assert isinstance(on(w, backend).run().error, LookupError)
    assert (Base.attempts, Derived.attempts) == (0, 2)
    again = derived.flaky.with_options(retries=0)
    assert again is not derived.flaky
    with pytest.raises(LookupError):
        again()


def test_a_workflow_of_a_class_method_gets_the_class(backend: Backend) -> None:
    assert on(shop.of_shop, backend)("tea") == shop().of_shop("tea") == ("Shop", ("Shop", "Bern", "tea"))
    assert on(branch.of_shop, backend)("tea") == branch().of_shop("tea") == ("Branch", ("Branch", "Basel", "tea"))
    assert shop.below_class("tea") == ("Shop", "above tea")
    assert str(inspect.signature(shop.of_shop)) == "(item: str) -> Any"


def test_a_class_method_above_a_task_is_told_from_one_below() -> None:
    class Wrong:
        @classmethod
        @task
        def price(cls: Any, item: str) -> str:
            return item

        @task
        @staticmethod
        def asking(price: str) -> str:
            return price

        @workflow
        @staticmethod
        def of_input(item: str, price: str) -> str:
            return price

        @workflow
        @staticmethod
        def of_task(item: str, asking: str) -> str:
            return asking

    wrong: Any = Wrong
    assert wrong.price("tea") == "tea"
    for w, kind in ((wrong.of_input, InputError), (wrong.of_task, MissingDependencyError)):
        with pytest.raises(kind, match="'price' is a class method: put @task above @classmethod"):
            w("tea")


def test_a_class_that_is_made_again_is_the_one_that_counts(backend: Backend) -> None:
    @dataclass(slots=True)
    class Made:
        city: str = "Bern"

        @task
        @classmethod
        def maker(cls) -> Any:
            return cls

        @staticmethod
        @workflow
        def w(maker: Any) -> Any:
            return maker

    made: Any = Made
    assert made.maker() is Made
    assert on(made.w, backend)() is Made


def test_a_task_of_a_class_method_cannot_be_called_before_there_is_the_class() -> None:
    with pytest.raises(TypeError, match="its class has not been made yet"):

        class Early:
            @task
            @classmethod
            def first(cls) -> int:
                return 1

            found: Any = first
            value = found()

        mention(Early)


def test_a_task_of_a_class_method_runs_in_a_process() -> None:
    sent: Any = workflow(needs={"r": shop.of_class.with_options(run_in="process")})(returned)
    assert sent("tea") == ("Shop", "Bern", "tea")


def returned(item: str, r: Any) -> Any:
    return r
