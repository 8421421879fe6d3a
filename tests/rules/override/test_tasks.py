"""Tasks that stand in for tasks."""

from typing import Any

import anyio
import pytest

from flowdeco import AmbiguousNameError, TaskTimeoutError, task, workflow
from tests.support.clock import AT_ONCE
from tests.support.modules import make_module
from tests.support.naming import mention
from tests.support.override import page, summary

mention(page)


def test_a_task_replaces_the_task_with_its_own_policy() -> None:
    @task(name="other page", timeout=AT_ONCE)
    async def slow(url: str) -> str:
        await anyio.sleep_forever()
        return url

    with pytest.raises(TaskTimeoutError) as caught:
        summary.override(page=slow)("x")
    assert caught.value.timeout == AT_ONCE


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
