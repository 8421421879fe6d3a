"""A workflow of a base class uses the tasks that the class has on which it is looked up."""

# pyright: reportIncompatibleVariableOverride=false

import gc
import weakref
from dataclasses import dataclass
from typing import Any

import pytest

from flowdeco import GraphError, InputError, StaleNameError, task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, on


class Shop:
    @task
    def rate(self) -> float:
        return 1.0

    @task
    async def price(self, item: str, rate: float) -> str:
        return f"{item} at {rate}"

    @task
    @staticmethod
    def greeting() -> str:
        return "hello"

    @task(outputs=("low", "high"))
    def bounds(self) -> tuple[int, int]:
        return 1, 2

    @workflow
    def offer(self, item: str, price: str, high: int) -> Any:
        return price, high

    @workflow
    async def awaited(self, item: str, price: str) -> Any:
        return price

    @workflow
    @staticmethod
    def welcome(name: str, greeting: str) -> str:
        return f"{greeting}, {name}"


class Dear(Shop):
    @task
    def rate(self) -> float:
        return 2.0


class Loud(Dear):
    @task
    @staticmethod
    def greeting() -> str:
        return "HELLO"

    @task(outputs=("high", "low"))
    def bounds(self) -> tuple[int, int]:
        return 30, 10


def bound_on(instance: Any, name: str, backend: Backend) -> Any:
    return on(getattr(instance, name), backend)


def test_a_task_that_a_subclass_overrides_takes_the_place_of_the_base_s(backend: Backend) -> None:
    for instance, expected in ((Shop(), 1.0), (Dear(), 2.0), (Loud(), 2.0)):
        assert bound_on(instance, "offer", backend)("tea") == (
            f"tea at {expected}",
            30 if type(instance) is Loud else 2,
        )
    assert on(Dear.offer, backend)(Dear(), "tea") == ("tea at 2.0", 2)
    assert on(Shop.offer, backend)(Dear(), "tea") == ("tea at 1.0", 2)  # looked up on the base


async def test_it_is_so_for_every_way_to_call() -> None:
    dear: Any = Dear()
    assert await dear.awaited("tea") == "tea at 2.0"
    assert await dear.offer.call("tea") == ("tea at 2.0", 2)
    assert (await dear.offer.run_async("tea")).result == ("tea at 2.0", 2)
    async with dear.offer.start("tea") as run:
        pass
    assert run.result == ("tea at 2.0", 2)


def test_without_an_instance_the_class_decides(backend: Backend) -> None:
    assert on(Shop.welcome, backend)("Ada") == on(Dear.welcome, backend)("Ada") == "hello, Ada"
    assert on(Loud.welcome, backend)("Ada") == "HELLO, Ada"
    assert bound_on(Loud(), "welcome", backend)("Ada") == "HELLO, Ada"


def test_below_a_static_method_a_workflow_is_not_told_of_the_subclass(backend: Backend) -> None:
    class Below(Shop):
        @task
        @staticmethod
        def greeting() -> str:
            return "base"

        @staticmethod
        @workflow
        def below(greeting: str) -> str:
            return greeting

        @workflow
        @staticmethod
        def above(greeting: str) -> str:
            return greeting

    class Sub(Below):
        @task
        @staticmethod
        def greeting() -> str:
            return "sub"

    assert on(Sub.below, backend)() == on(Below.below, backend)() == on(Below.above, backend)() == "base"
    assert on(Sub.above, backend)() == "sub"


def test_a_class_s_own_workflow_is_itself_and_an_inherited_one_always_the_same() -> None:
    assert Shop.offer is vars(Shop)["offer"]
    assert Dear.offer is Dear.offer
    assert Dear.offer.name == "offer"
    assert [node.name for node in Dear.offer.graph] == [node.name for node in Shop.offer.graph]
    Dear.offer.check()


class Chain:
    """Its tasks name each other by objects, and its workflows name each other."""

    @task
    def source(self) -> str:
        return "base"

    @task(needs={"given": [source, "source"]}, after=source)
    def read(self, given: list[str]) -> list[str]:
        return given

    @task(when=source)
    def sure(self) -> str:
        return "sure"

    @workflow(tasks=[read])
    def inner(self, read: list[str], sure: str = "not sure") -> Any:
        return read, sure

    @workflow(needs={"also": inner}, tasks={"alias": source})
    def outer(self, inner: Any, also: Any, alias: str) -> Any:
        return inner, also, alias

    replaced = inner.override(sure="replaced")


class Other(Chain):
    @task
    def source(self) -> str:
        return ""


def test_tasks_that_the_body_gives_as_objects_and_workflows_within_are_replaced_as_well(backend: Backend) -> None:
    base, other = (["base", "base"], "sure"), (["", ""], "not sure")
    assert bound_on(Chain(), "outer", backend)() == (base, base, "base")
    assert bound_on(Other(), "outer", backend)() == (other, other, "")
    assert len(Other.outer.graph) == len(Chain.outer.graph)
    Other.outer.check()


def test_overrides_and_other_options_of_a_workflow_stay_what_they_are(backend: Backend) -> None:
    assert bound_on(Other(), "replaced", backend)() == (["", ""], "replaced")
    assert on(Other.inner.override(source="S"), backend)(Other()) == (["S", "S"], "sure")
    assert on(Other.inner.override({Other.source: "S"}), backend)(Other()) == (["S", "S"], "sure")
    assert bound_on(Other(), "inner", backend).with_options(name="named", timeout=60)() == (["", ""], "not sure")


def test_a_task_of_the_subclass_can_rest_on_the_one_that_it_takes_the_place_of(backend: Backend) -> None:
    class Doubled(Shop):
        @task(needs={"before": Shop.price})
        def price(self, before: str) -> str:
            return f"{before}, twice"

        @task
        def rate(self) -> float:
            return 4.0

    assert bound_on(Doubled(), "offer", backend)("tea") == ("tea at 4.0, twice", 2)


def test_the_order_of_the_bases_decides(backend: Backend) -> None:
    class Cheap:
        @task
        def rate(self) -> float:
            return 0.5

    class First(Cheap, Shop): ...

    class Last(Shop, Cheap): ...

    assert bound_on(First(), "offer", backend)("tea")[0] == "tea at 0.5"
    assert bound_on(Last(), "offer", backend)("tea")[0] == "tea at 1.0"


def test_super_gives_the_workflow_as_the_object_s_class_has_it() -> None:
    class Wrapped(Dear):
        def make(self) -> Any:
            return super().offer("tea")

    assert Wrapped().make() == ("tea at 2.0", 2)


def test_names_of_the_body_alone_are_replaced() -> None:
    module = make_module(
        "outside",
        """
class Base:
    @workflow
    def w(self, shared):
        return shared

@task
def shared():
    return "of the module"

class Sub(Base):
    @task
    def shared(self):
        return "of the subclass"
""",
        task=task,
        workflow=workflow,
    )
    assert module.Sub().w() == "of the module"  # the base says no word of a task of its own


def test_a_name_is_read_when_the_workflow_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    dear: Any = Dear()
    assert dear.offer("tea")[0] == "tea at 2.0"
    monkeypatch.setattr(Dear, "rate", task(lambda: 3.0))
    assert dear.offer("tea")[0] == "tea at 3.0"
    monkeypatch.delattr(Dear, "rate")
    assert dear.offer("tea")[0] == "tea at 1.0"
    monkeypatch.setattr(Dear, "rate", 5)
    with pytest.raises(StaleNameError, match="'rate' was a task"):
        dear.offer("tea")
    monkeypatch.undo()
    assert dear.offer("tea")[0] == "tea at 2.0"


def test_a_plain_function_that_takes_the_place_of_a_task_is_an_error_that_says_so() -> None:
    class Forgotten(Chain):
        def source(self) -> str:
            return "forgotten"

    class Gone(Chain):
        source: Any = None

    with pytest.raises(GraphError) as caught:
        Forgotten().inner()
    for problem in caught.value.problems:
        assert "'source' is a plain function: decorate it with @task." in str(problem)
    with pytest.raises(GraphError, match="the class has None in its place"):
        Gone().inner()

    class Input(Shop):
        def price(self) -> str:
            return "forgotten"

    with pytest.raises(InputError, match=r"Did you mean the function 'price'\? Decorate it with @task\."):
        Input().offer("tea")


def test_classes_in_functions_and_those_that_are_made_anew_are_no_other() -> None:
    def make(rate_of_sub: float) -> Any:
        @task
        def currency() -> str:
            return "EUR"

        @dataclass(slots=True)
        class Local:
            item: str

            @task
            def rate(self, currency: str) -> str:
                return f"1 {currency}"

            @workflow
            def offer(self, rate: str) -> str:
                return f"{self.item}: {rate}"

        class Sub(Local):
            @task
            def rate(self) -> str:
                return f"{rate_of_sub}"

        return Local, Sub, currency

    for rate in (2.0, 3.0):
        local, sub, _ = make(rate)
        assert local("tea").offer() == "tea: 1 EUR"
        assert sub("tea").offer() == f"tea: {rate}"


def test_a_subclass_is_let_go() -> None:
    class Short(Shop):
        @task
        def rate(self) -> float:
            return 9.0

    assert Short().offer("tea")[0] == "tea at 9.0"
    seen = weakref.ref(Short)
    del Short
    gc.collect()
    assert seen() is None
