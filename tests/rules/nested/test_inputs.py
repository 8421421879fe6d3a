"""The inputs of a workflow within."""

from typing import Any

import pytest

from flowdeco import MissingDependencyError, task, workflow
from tests.support.nested import inner


async def test_an_input_reaches_only_the_workflow_whose_input_it_is() -> None:
    @workflow
    async def second(inner: Any) -> Any:
        return inner

    @workflow
    async def third(url: Any, second: Any) -> Any:
        return second

    with pytest.raises(MissingDependencyError, match="workflow 'second': workflow 'inner' needs 'url'"):
        await third(url="x")


async def test_its_inputs_are_found_by_name_among_tasks_and_inputs() -> None:
    @task
    def size(url: str) -> int:
        return len(url)

    @workflow
    async def measured(size: Any, url: Any) -> Any:
        return size, url

    @workflow
    async def given(length: Any, url: Any) -> Any:
        return length, url

    @task
    def length() -> int:
        return 7

    @workflow
    async def w(url: Any, measured: Any, given: Any) -> Any:
        return measured, given

    assert await w(url="abc") == ((3, "abc"), (7, "abc"))


async def test_its_inputs_take_their_defaults_where_nothing_has_their_name() -> None:
    @workflow
    async def with_default(url: Any, size: int = 3, *, currency: str = "EUR") -> Any:
        return url, size, currency

    @workflow
    async def w(url: Any, with_default: Any) -> Any:
        return with_default

    @workflow
    async def filled(url: Any, currency: Any, with_default: Any) -> Any:
        return with_default

    assert await w(url="x") == ("x", 3, "EUR")
    assert await filled(url="x", currency="USD") == ("x", 3, "USD")


async def test_its_positional_only_and_keyword_only_inputs_are_found_by_name() -> None:
    @workflow
    async def strict(url: Any, size: Any = 3, /, other: Any = 4, *, currency: Any) -> Any:
        return url, size, other, currency

    @workflow
    async def w(url: Any, other: Any, currency: Any, strict: Any) -> Any:
        return strict

    assert await w("x", 5, "EUR") == ("x", 3, 5, "EUR")


async def test_a_task_may_receive_its_result_under_another_name() -> None:
    @task(needs={"answer": inner})
    def reader(answer: Any) -> Any:
        return "read", answer

    @workflow
    async def w(url: Any, reader: Any) -> Any:
        return reader

    assert await w(url="x") == ("read", ("x", ["<x>"]))
