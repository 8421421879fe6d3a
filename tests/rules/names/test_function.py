"""A task is still the function."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from flowdeco import OptionTypeError, Task, task, workflow
from tests.conftest import Backend
from tests.support.naming import mention, on


def test_a_task_is_still_the_function() -> None:
    @task(timeout=5)
    def double(number: int) -> int:
        """Twice the number."""
        return 2 * number

    assert (double(4), double(number=5)) == (8, 10)
    assert double.__doc__ == inspect.getdoc(double) == "Twice the number."
    assert double.__module__ == __name__
    untyped: Any = double
    assert (untyped.__name__, untyped.__wrapped__) == ("double", double.__wrapped__)
    assert str(inspect.signature(double)) == "(number: int) -> int"
    assert repr(double) == "<task 'double'>"
    assert isinstance(double, Task)


def test_attributes_of_a_function_are_those_of_its_task_but_never_in_the_place_of_its_own(backend: Backend) -> None:
    def page() -> str:
        return "page"

    for name in ("tag", "outputs", "needs", "_definition", "_copy", "__wrapped__"):
        setattr(page, name, "an attribute")
    del page.__wrapped__  # type: ignore[attr-defined]  # set while running
    made: Any = task(page)

    @workflow
    def w(made: str) -> str:
        return made

    assert on(w, backend)() == "page"
    assert (made.tag, made.outputs, made.needs) == ("an attribute", (), {})


class Agent:
    """A callable object with attributes that might be mistaken for those of a task."""

    def __init__(self) -> None:
        self.outputs = ("thought",)
        self.name = "agent"
        self.mood = "good"

    def __call__(self) -> str:
        return self.name

    @task
    def think(self, question: str) -> str:
        return f"{self.name} thinks about {question}"

    @task
    @staticmethod
    def answer(question: str) -> str:
        return f"answer to {question}"

    @task
    def list_answers(self, question: str) -> Iterator[str]:
        yield self.name
        yield question

    @workflow
    @staticmethod
    def ask(question: str, answer: str) -> str:
        return answer

    @workflow
    def ask_self(self, question: str) -> Any:
        return self, question

    @classmethod
    @task
    def make(cls: Any, question: str) -> str:
        return f"{cls.__name__} {question}"


def test_a_callable_object_s_attributes_are_its_own(backend: Backend) -> None:
    made: Any = task(Agent())

    @workflow
    def w(made: str) -> str:
        return made

    assert on(w, backend)() == "agent"
    assert (made.name, made.outputs) == (None, ())
    assert not hasattr(made, "mood")


def test_a_task_in_a_class_is_a_method_where_the_function_would_be_one() -> None:
    agent: Any = Agent()
    assert agent.think("x") == Agent.think(agent, "x") == "agent thinks about x"
    assert agent.answer("x") == Agent.answer("x") == "answer to x"
    assert agent.make("x") == Agent.make("x") == "Agent x"
    with pytest.raises(OptionTypeError):
        task(Agent.think)
    bound, listed = task(agent.think), task(agent.list_answers)
    mention(bound, listed)

    @workflow
    def w(question: str, bound: str, listed: list[str]) -> Any:
        return bound, listed

    assert w("x") == ("agent thinks about x", ["agent", "x"])


def test_a_workflow_in_a_class_is_a_method_where_the_function_would_be_one() -> None:
    agent: Any = Agent()
    assert agent.ask("x") == Agent.ask("x") == "answer to x"
    assert agent.ask_self("x") == (agent, "x")
