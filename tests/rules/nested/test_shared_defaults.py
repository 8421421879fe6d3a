"""A task that reads an input with a default, which a task around fills, runs once for each workflow with that input."""

from typing import Any

import pytest

from flowdeco import Skip, task, workflow
from tests.support.naming import mention

seen: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()


@task
async def length(text: str) -> int:
    seen.append(text)
    return len(text)


@workflow
async def short(length: int, text: str = "a") -> int:
    return length


@workflow
async def long(length: int, text: str = "abc") -> int:
    return length


@workflow
async def first(length: int, text: str) -> int:
    return length


@workflow
async def second(length: int, text: str) -> int:
    return length


mention(length)


async def test_each_workflow_with_a_default_runs_it_since_it_may_have_to_take_that() -> None:
    @task(name="text")
    async def fill(word: str) -> str:
        if not word:
            raise Skip("no word")
        return word

    @workflow(tasks=[fill])
    async def w(word: str, short: int, long: int) -> Any:
        return short, long

    assert await w("ab") == (2, 2)
    assert seen == ["ab", "ab"]
    seen.clear()
    assert await w("") == (1, 3)
    assert sorted(seen) == ["a", "abc"]


async def test_without_defaults_or_where_an_input_fills_it_it_runs_once() -> None:
    @task(name="text")
    async def fill() -> str:
        return "ab"

    @workflow(tasks=[fill])
    async def filled(first: int, second: int) -> Any:
        return first, second

    @workflow
    async def given(text: str, short: int, long: int) -> Any:
        return short, long

    assert await filled() == (2, 2)
    assert seen == ["ab"]
    seen.clear()
    assert await given("abcd") == (4, 4)
    assert seen == ["abcd"]
