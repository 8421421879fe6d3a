"""Values that stand in for tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from flowdeco import GraphError, OutputError, task, value, workflow
from tests.support.naming import mention
from tests.support.override import page, ran, summary, words

mention(words)


# By values.


@pytest.mark.parametrize("given", [None, 0, [], "text", {"a": 1}, ValueError("no")])
def test_a_value_stands_in_for_the_task_which_does_not_run(given: object) -> None:
    run = summary.override(words=given).run("x")
    assert run.result == ("x", given)
    assert ran == []


def test_nothing_that_only_the_replaced_task_needed_runs() -> None:
    w = summary.override(words=["W"])
    assert [node.name for node in w.graph] == ["words"]
    w(url="x")
    assert ran == []


def test_what_another_task_needs_as_well_still_runs() -> None:
    @workflow
    def w(url: Any, words: Any, page: Any) -> Any:
        return words, page

    assert w.override(words=["W"])(url="x") == (["W"], "<x>")


def test_a_callable_is_handed_over_as_a_value_by_value() -> None:
    def convert(text: str) -> str:
        return text.upper()

    @task
    def converter() -> Callable[[str], str]:
        return str.lower

    @workflow
    def w(converter: Any) -> Any:
        return converter

    assert w.override(converter=value(convert))() is convert
    assert w.override(converter=value(None))() is None
    assert w.override(converter=value(page))() is page


def test_a_value_with_odd_equality_stands_in() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("not comparable")

        __hash__ = object.__hash__

    odd = Odd()
    w = summary.override(words=odd)
    assert w("x")[1] is odd
    assert w.override(words=odd)("x")[1] is odd


@task(outputs=("train", "test"))
def split(url: str) -> dict[str, int]:
    return {"train": 1, "test": 2}


@workflow
def learn(url: Any, train: Any, test: Any) -> Any:
    return train, test


@pytest.mark.parametrize("given", [{"train": 3, "test": 4}, (3, 4), [3, 4]])
def test_a_value_for_a_task_with_outputs_is_taken_apart(given: object) -> None:
    assert learn.override(split=given)("x") == (3, 4)


def test_a_value_that_does_not_fit_the_outputs_is_an_error_at_once() -> None:
    with pytest.raises(OutputError) as caught:
        learn.override(split=1)
    assert str(caught.value) == (
        "Cannot take the outputs 'train', 'test' of task 'split': the result is of type int. "
        "Return a mapping with these keys, or a sequence of 2."
    )


def test_a_function_for_a_task_with_outputs_is_taken_apart() -> None:
    def fake() -> tuple[int, int]:
        return 5, 6

    assert learn.override(split=fake)("x") == (5, 6)


def test_a_task_without_the_outputs_cannot_stand_in_where_they_are_needed() -> None:
    @task
    def whole() -> int:
        return 1

    @task(outputs=("test", "train"))
    def fitting() -> tuple[int, int]:
        return 7, 8

    assert learn.override({split: fitting})("x") == (8, 7)
    with pytest.raises(GraphError) as caught:
        learn.override({split: whole})("x")
    assert str(caught.value.problems[0]) == (
        "Cannot build workflow 'learn': workflow 'learn' needs 'train', an output of task 'split', but task 'whole' "
        "replaces it. Give 'whole' outputs=('train', 'test')."
    )
