"""Within what stands in for a task or workflow, that is itself: else what wraps it would call itself for ever."""

from functools import wraps
from typing import Any

import pytest

from flowdeco import task, workflow


@task
async def search(query: str) -> str:
    return f"<{query}>"


@task
def load(query: str) -> str:
    return f"[{query}]"


@task
async def helper(query: str) -> str:
    return await search.call(query)


@workflow
async def inner(query: str) -> str:
    return f"({query})"


@workflow
def inner_sync(query: str) -> str:
    return f"{{{query}}}"


async def around_search(query: str) -> str:
    return "around " + await search.call(query)


def around_search_in_a_thread(query: str) -> str:
    return f"around {search.call_sync(query)}"


async def around_a_helper(query: str) -> str:
    return "around " + await helper.call(query)


@task
async def task_around(query: str) -> str:
    return "around " + await search.call(query)


@workflow
async def workflow_around(query: str) -> str:
    return "around " + await search.call(query)


@workflow
def workflow_with_a_task_around(query: str, task_around: str) -> str:
    return task_around


@wraps(load)
def around_load(query: str) -> str:
    return f"around {load.call_sync(query)}"


async def around_inner(query: str) -> str:
    return "around " + await inner(query)


def around_inner_sync(query: str) -> str:
    return f"around {inner_sync(query)}"


@workflow
def workflow_around_inner_sync(query: str) -> str:
    return f"around {inner_sync(query)}"


async def around_its_run(query: str) -> str:
    run = await inner.run_async(query)
    return f"around {run.result}"


CASES: list[tuple[Any, Any, str]] = [
    (search, around_search, "around <tea>"),
    (search, around_search_in_a_thread, "around <tea>"),
    (search, around_a_helper, "around <tea>"),
    (search, task_around, "around <tea>"),
    (search, workflow_around, "around <tea>"),
    (search, workflow_with_a_task_around, "around <tea>"),
    (load, around_load, "around [tea]"),
    (inner, around_inner, "around (tea)"),
    (inner, around_its_run, "around (tea)"),
    (inner_sync, around_inner_sync, "around {tea}"),
    (inner_sync, workflow_around_inner_sync, "around {tea}"),
]


@pytest.mark.parametrize(("called", "around", "result"), CASES)
async def test_what_stands_in_reaches_what_it_stands_for_whether_that_is_a_node_or_called(
    called: Any, around: Any, result: str
) -> None:
    @workflow(needs={"given": called}, calls=[called])
    async def w(query: str, given: str) -> Any:
        return given, await called.call(query)

    assert await w.override({called: around})("tea") == (result, result)


async def test_two_that_stand_in_and_call_what_the_other_stands_for_come_to_an_end() -> None:
    async def first(query: str) -> str:
        return "first " + await load.call(query)

    async def second(query: str) -> str:
        return "second " + await search.call(query)

    @workflow(calls=[search, load])
    async def w(query: str) -> Any:
        return await search.call(query), await load.call(query)

    result = await w.override(search=first, load=second)("tea")
    assert result == ("first second <tea>", "second first [tea]")


async def test_what_stands_in_for_a_stand_in_reaches_that_and_so_on_inwards() -> None:
    async def outermost(query: str) -> str:
        return "outermost " + await task_around.call(query)

    @workflow(calls=[search])
    async def w(query: str) -> str:
        return await search.call(query)

    assert await w.override(search=task_around).override(search=outermost)("tea") == "outermost around <tea>"


async def test_beside_what_stands_in_it_is_called_as_before() -> None:
    @workflow(calls=[search])
    async def w(query: str) -> Any:
        return [await search.call(query), await search.call(query)]

    assert await w.override(search=around_search)("tea") == ["around <tea>"] * 2
