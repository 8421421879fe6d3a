"""What a node is, and what it is called."""

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from flowdeco import OptionTypeError, OutputError, Task, task, workflow
from tests.conftest import Backend
from tests.support.naming import edges_of, make_module, mention, on
from tests.support.steps import disk, web


def names_of(w: Any) -> list[str]:
    return [node.name for node in w.graph]


def test_however_many_names_lead_to_a_task_it_runs_once(backend: Backend) -> None:
    ran: list[int] = []

    @task
    def page() -> int:
        ran.append(1)
        return 1

    also = page

    @task(needs={"x": page})
    def read(x: int, also: int) -> Any:
        return x, also

    @workflow(needs={"more": ["also", page, "page"]}, tasks={"given": page}, after=[also, "page"])
    def w(page: int, also: int, read: Any, more: Any, given: int) -> Any:
        return page, also, read, more, given

    assert on(w, backend)() == (1, 1, (1, 1), [1, 1, 1], 1)
    assert also is page
    assert ran == [1]


def test_a_task_of_the_same_function_with_other_options_is_another_node(backend: Backend) -> None:
    @task
    def number() -> object:
        return object()

    again = number.with_options(timeout=5)
    renamed = task(number._function, name="renamed")
    mention(again, renamed)

    @workflow
    def w(number: object, again: object, renamed: object) -> Any:
        return len({number, again, renamed})

    assert on(w, backend)() == 3
    assert len(set(names_of(w))) == 3
    assert "renamed" in names_of(w)


def test_a_node_is_called_by_its_name_or_else_as_its_function() -> None:
    @task(name="the page")
    def page() -> Any: ...

    @task
    def text() -> Any: ...

    @workflow(needs={"x": text})
    def w(page: int, x: int) -> Any: ...

    assert names_of(w) == ["the page", "text"]
    assert (page.name, text.name, w.name) == ("the page", "text", "w")
    assert repr(w.graph.nodes[0]) == "<node 'the page'>"


def test_a_task_without_a_name_is_called_by_the_first_name_that_reached_it() -> None:
    class Adder:
        def __call__(self) -> Any: ...

    first = second = task(lambda: 1)
    partial = task(functools.partial(pow, 2, 3))
    instance = task(Adder())

    @workflow(needs={"a": partial, "b": {"key": instance}})
    def w(second: int, first: int, a: int, b: int) -> Any: ...

    made = w.with_options(needs={"a": instance, "b": {"key": first}})
    assert [t.name for t in (first, second, partial, instance)] == [None, None, None, None]
    assert names_of(made) == ["second", "a"]


def test_equal_names_are_qualified_by_their_module() -> None:
    @workflow(needs={"one": web.load, "two": disk.load, "three": web.fetch})
    def w(url: str, one: str, two: str, three: str) -> Any: ...

    assert names_of(w) == ["web.load", "disk.load", "fetch"]
    assert w.graph.find("web.load") is w.graph.find(web.load)
    assert w.graph.find("load") is None


def test_equal_names_of_modules_of_equal_names_are_qualified_by_their_whole_path() -> None:
    one = make_module("first.steps", "@task\ndef load(): return 1", task=task)
    two = make_module("second.steps", "@task\ndef load(): return 2", task=task)

    @workflow(needs={"one": one.load, "two": two.load})
    def w(one: int, two: int) -> Any: ...

    assert names_of(w) == ["first.steps.load", "second.steps.load"]


def test_equal_names_in_one_module_are_numbered(backend: Backend) -> None:
    made = [task(functools.partial(int.__add__, i, 0), name="leaf") for i in range(3)]

    @workflow(needs={"leaves": made})
    def w(leaves: list[int]) -> Any:
        return leaves

    assert on(w, backend)() == [0, 1, 2]
    first, second, third = names_of(w)
    assert (second, third) == (f"{first} (2)", f"{first} (3)")


# outputs=


@pytest.mark.parametrize("result", [{"train": 1, "test": 2, "more": 3}, (1, 2), [1, 2], range(1, 3)], ids=repr)
def test_outputs_make_the_parts_of_a_result_available_by_name(result: Any, backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return result

    @task
    def fit(train: int) -> int:
        return 10 * train

    @workflow
    def w(fit: int, test: int, split: Any) -> Any:
        return fit, test, split

    assert on(w, backend)() == (10, 2, result)
    assert edges_of(w) == {
        ("split", "fit", "train"),
        ("fit", "w", "fit"),
        ("split", "w", "test"),
        ("split", "w", "split"),
    }


def test_a_task_bound_to_the_name_of_a_part_comes_first(backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return 1, 2

    @task
    def test() -> str:
        return "a task"

    @workflow
    def w(train: int, test: Any) -> Any:
        return train, test

    assert on(w, backend)() == (1, "a task")


def test_a_part_may_be_none(backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return {"train": None, "test": None}

    @workflow
    def w(train: Any, test: Any = "default") -> Any:
        return train, test

    assert on(w, backend)() == (None, None)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"train": 1}, "the result has no 'test'"),
        ((1, 2, 3), "the result has 3 items"),
        ("ab", "the result is of type str"),
        (b"ab", "the result is of type bytes"),
        ({1, 2}, "the result is of type set"),
        (None, "the result is of type NoneType"),
    ],
    ids=repr,
)
def test_a_result_that_does_not_fit_its_outputs_is_an_error(result: Any, reason: str, backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return result

    @workflow
    def w(train: Any) -> Any:
        return train

    with pytest.raises(OutputError) as caught:
        on(w, backend)()
    assert str(caught.value) == (
        f"Cannot take the outputs 'train', 'test' of task 'split': {reason}. "
        "Return a mapping with these keys, or a sequence of 2."
    )
    assert (caught.value.task, caught.value.outputs, caught.value.result) == ("split", ("train", "test"), result)


def test_a_result_that_does_not_fit_is_an_error_even_where_no_part_is_needed(backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> int:
        return 5

    @workflow
    def w(split: int) -> int:
        return split

    with pytest.raises(OutputError):
        on(w, backend)()


# A task is still the function


def test_a_task_is_still_the_function() -> None:
    @task(timeout=5)
    def double(number: int) -> int:
        """Twice the number."""
        return 2 * number

    assert (double(4), double(number=5)) == (8, 10)
    assert double.__doc__ == inspect.getdoc(double) == "Twice the number."
    assert double.__module__ == __name__
    untyped: Any = double
    assert (untyped.__name__, untyped.__wrapped__) == ("double", double._function)
    assert str(inspect.signature(double)) == "(number: int) -> int"
    assert repr(double) == "<task 'double'>"
    assert isinstance(double, Task)


def test_attributes_of_a_function_are_those_of_its_task_but_never_in_the_place_of_its_own(backend: Backend) -> None:
    def page() -> str:
        return "page"

    for name in ("tag", "compiler", "needs", "_scope", "_options", "__wrapped__"):
        setattr(page, name, "an attribute")
    del page.__wrapped__  # type: ignore[attr-defined]  # set while running
    made: Any = task(page)

    @workflow
    def w(made: str) -> str:
        return made

    assert on(w, backend)() == "page"
    assert (made.tag, made.compiler, made.needs) == ("an attribute", None, {})


class Agent:
    """A callable object with attributes that might be mistaken for those of a task."""

    def __init__(self) -> None:
        self.compiler = self
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
    assert (made.name, made.compiler) == (None, None)
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
