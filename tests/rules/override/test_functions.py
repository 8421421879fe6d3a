"""Functions that stand in for tasks."""

import threading
from typing import Any

import anyio
import pytest

from flowdeco import MissingDependencyError, OptionError, Run, TaskTimeoutError, task, workflow
from tests.support.clock import AT_ONCE
from tests.support.override import page, ran, summary, words


def names_of(run: Run[Any]) -> dict[str, Any]:
    return {name: record.result for name, record in run.tasks.items()}


def test_a_plain_function_is_called_instead_of_the_task_s_own_under_its_name() -> None:
    def fake(url: str) -> str:
        return f"fake {url}"

    run = summary.override(page=fake).run("x")
    assert names_of(run) == {"page": "fake x", "words": ["fake x"]}
    assert run.tasks[page].result == "fake x"


def test_a_plain_function_keeps_the_task_s_policy() -> None:
    @task(timeout=AT_ONCE)
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
