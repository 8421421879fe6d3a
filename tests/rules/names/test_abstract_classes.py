"""A base class names the tasks that its subclasses give."""

# pyright: reportIncompatibleVariableOverride=false

from abc import ABC, abstractmethod
from typing import Any

import pytest

from flowdeco import InputError, task, workflow
from tests.conftest import Backend
from tests.support.naming import on


class TaskAbove(ABC):
    @task
    @abstractmethod
    def rate(self) -> float: ...

    @workflow
    def offer(self, item: str, rate: float) -> str:
        return f"{item} at {rate}"


class TaskBelow(ABC):
    @abstractmethod
    @task
    def rate(self) -> float:
        raise NotImplementedError

    @workflow
    def offer(self, item: str, rate: float) -> str:
        return f"{item} at {rate}"


@pytest.mark.parametrize("base", [TaskAbove, TaskBelow])
def test_a_task_may_be_an_abstract_method(base: Any, backend: Backend) -> None:
    class Shop(base):  # type: ignore[misc]  # its base is a parameter
        @task
        def rate(self) -> float:
            return 2.0

    assert on(Shop().offer, backend)("tea") == "tea at 2.0"
    with pytest.raises(TypeError, match="abstract"):
        base()


def test_a_task_that_only_a_subclass_has_is_told_when_it_is_missing() -> None:
    class Base:
        @workflow
        def offer(self, item: str, rate: float) -> str:
            return f"{item} at {rate}"

    class Shop(Base):
        @task
        def rate(self) -> float:
            return 2.0

    with pytest.raises(InputError) as caught:
        Shop().offer("tea")
    assert str(caught.value) == (
        "Cannot call workflow 'offer': missing 1 required argument: 'rate'. 'rate' is a task of class 'Shop', but "
        "not of 'Base', which has the workflow: define one there, too, with @task above @abstractmethod. "
        "Its inputs are 'self', 'item' and 'rate'."
    )
    for made in (Base(), type("Plain", (Base,), {})()):
        with pytest.raises(InputError) as caught:
            made.offer("tea")
        assert "is a task of class" not in str(caught.value)
