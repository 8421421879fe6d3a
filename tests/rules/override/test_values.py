"""What can stand in for a task: values, functions, tasks."""

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import (
    AmbiguousNameError,
    GraphError,
    MissingDependencyError,
    OptionError,
    OutputError,
    Run,
    TaskTimeoutError,
    task,
    value,
    workflow,
)
from tests.support.modules import make_module

ran: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@task
def page(url: str) -> str:
    ran.append("page")
    return f"<{url}>"


@task(timeout=60)
def words(page: str) -> list[str]:
    ran.append("words")
    return [page]


@workflow
def summary(url: Any, words: Any) -> Any:
    return url, words


def names_of(run: Run[Any]) -> dict[str, Any]:
    return {name: record.result for name, record in run.tasks.items()}


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
        "stands in for it. Give that one outputs=('train', 'test')."
    )


# By functions.


def test_a_plain_function_is_called_instead_of_the_task_s_own_under_its_name() -> None:
    def fake(url: str) -> str:
        return f"fake {url}"

    run = summary.override(page=fake).run("x")
    assert names_of(run) == {"page": "fake x", "words": ["fake x"]}
    assert run.tasks[page].result == "fake x"


def test_a_plain_function_keeps_the_task_s_policy() -> None:
    @task(timeout=0.01)
    async def quick() -> int:
        return 1

    async def slow() -> int:
        await anyio.sleep_forever()
        return 1

    @workflow
    def w(quick: Any) -> Any:
        return quick

    with pytest.raises(TaskTimeoutError) as caught:
        w.override(quick=slow)()
    assert caught.value.task == "quick"


def test_an_async_def_may_stand_in_for_a_def() -> None:
    async def fake(url: str) -> str:
        return threading.current_thread().name

    assert summary.override(page=fake)("x")[1] == [threading.current_thread().name]


def test_a_function_with_other_parameters_receives_what_they_name() -> None:
    @task
    def host(url: str) -> str:
        return f"host of {url}"

    def fake(host: str, url: str, size: int = 3) -> str:
        return f"{host}, {url}, {size}"

    @workflow
    def w(url: Any, page: Any) -> Any:
        return page

    assert w.override(page=fake)("x") == "host of x, x, 3"


def test_a_function_without_parameters_leaves_what_the_task_needed_aside() -> None:
    assert summary.override(words=lambda: ["W"])("x") == ("x", ["W"])
    assert ran == []


def test_a_function_whose_parameters_name_nothing_is_an_error() -> None:
    def fake(nowhere: Any) -> None: ...

    with pytest.raises(MissingDependencyError, match="'nowhere'"):
        summary.override(page=fake)("x")


def test_a_function_keeps_the_needs_of_the_parameters_that_it_has() -> None:
    @task(needs={"text": page, "other": words})
    def joined(text: str, other: Any) -> str:
        return text

    def fake(text: str) -> str:
        return f"fake {text}"

    @workflow
    def w(url: Any, joined: Any) -> Any:
        return joined

    assert w.override(joined=fake)("x") == "fake <x>"
    assert ran == ["page"]


def test_a_function_may_not_be_one_that_says_nothing_of_its_parameters() -> None:
    with pytest.raises(OptionError, match="Cannot make a task of <built-in function max>"):
        summary.override(page=max)


def test_a_class_is_called_like_a_function() -> None:
    class Page:
        def __init__(self, url: str) -> None:
            self.url = url

    assert summary.override(page=Page)("x")[1][0].url == "x"


# By tasks.


def test_a_task_replaces_the_task_with_its_own_policy() -> None:
    @task(name="other page", timeout=0.01)
    async def slow(url: str) -> str:
        await anyio.sleep_forever()
        return url

    with pytest.raises(TaskTimeoutError) as caught:
        summary.override(page=slow)("x")
    assert caught.value.timeout == 0.01


def test_two_tasks_may_be_swapped() -> None:
    @task
    def left() -> str:
        return "left"

    @task
    def right() -> str:
        return "right"

    @workflow
    def w(left: Any, right: Any) -> Any:
        return left, right

    assert w.override({left: right, right: left})() == ("right", "left")
    assert w.override({left: right})() == ("right", "right")
    assert w.override({left: right}).override({right: left})() == ("left", "left")


def test_an_ambiguous_stand_in_is_an_error_of_the_graph() -> None:
    one = make_module("one", "@task\ndef load(): ...")
    two = make_module("two", "@task\ndef load(): ...")

    def fake(load: Any) -> None: ...

    @workflow(tasks=[one, two])
    def w(url: Any, page: Any) -> None: ...

    with pytest.raises(AmbiguousNameError):
        w.override(page=fake)("x")
