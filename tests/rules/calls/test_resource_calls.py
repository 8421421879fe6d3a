"""What is called gets the resources of the run that it is made in."""

import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest

from flowdeco import CallError, resource, task, workflow

log: list[str] = []


@resource
async def client(base: str) -> AsyncIterator[str]:
    log.append("opened")
    yield f"client of {base}"
    log.append("closed")


@task
async def search(query: str, client: str) -> str:
    log.append("searched")
    return f"{query} by {client}"


@task(calls=search)
async def agent(topic: str) -> str:
    return await search.call(topic)


@workflow
async def w(base: str, topic: str, agent: str) -> str:
    return agent


@pytest.fixture(autouse=True)
def empty_log() -> None:
    log.clear()


def test_a_caller_does_not_pass_it() -> None:
    assert str(inspect.signature(search.call)) == "(query: str) -> str"


async def test_it_is_open_where_what_needs_it_is_called() -> None:
    assert await w("b", "tea") == "tea by client of b"
    assert log == ["opened", "searched", "closed"]


async def test_it_is_open_for_the_workflows_function() -> None:
    @workflow(calls=search)
    async def calls(base: str) -> str:
        return await search.call("tea")

    assert await calls("b") == "tea by client of b"
    assert log == ["opened", "searched", "closed"]


async def test_one_that_is_open_for_another_is_used() -> None:
    @task
    async def caller(client: str) -> str:
        return await search.call("tea")

    @workflow
    async def calls(base: str, caller: str) -> str:
        return caller

    assert await calls("b") == "tea by client of b"
    assert log == ["opened", "searched", "closed"]


async def test_a_call_within_a_call_gets_it() -> None:
    @task(calls=search)
    async def inner() -> str:
        return await search.call("tea")

    @workflow(calls=inner)
    async def outer(base: str) -> str:
        return await inner.call()

    assert await outer("b") == "tea by client of b"


async def test_what_stands_in_for_it_is_used_and_nothing_is_opened() -> None:
    assert await w.override(client="fake")("b", "tea") == "tea by fake"
    assert log == ["searched"]


async def test_it_may_be_passed() -> None:
    assert await search.call("tea", client="mine") == "tea by mine"


NOT_OPEN = (
    "Cannot call task 'search': it needs resource 'client', which is not open in this run. Say calls=[search] where it "
    "is called, or name the resource there; or pass it: search.call(client=...)."
)
OUTSIDE = (
    "Cannot call task 'search': it needs resource 'client', which is opened by a run, and this is outside of any. "
    "Pass it: search.call(client=...)."
)
CLOSED = (
    "Cannot call task 'search': it needs resource 'client', which has been closed: the function of a def workflow is "
    "called after that. Make it an async def; plain code calls that by its call_sync()."
)


async def test_where_it_is_not_open_the_call_is_refused() -> None:
    @workflow
    async def calls() -> str:
        return await search.call("tea")

    with pytest.raises(CallError) as caught:
        await calls()
    assert str(caught.value) == NOT_OPEN
    with pytest.raises(CallError) as caught:
        await search.call("tea")
    assert str(caught.value) == OUTSIDE


@task
async def names(client: str) -> str:
    return client


@workflow
def calls_late(base: str, names: str) -> Any:
    return search.call_sync("tea")


def test_the_function_of_a_plain_call_is_called_when_it_has_been_closed() -> None:
    with pytest.raises(CallError) as caught:
        calls_late("b")
    assert str(caught.value) == CLOSED
    assert log == ["opened", "closed"]


async def test_so_is_that_of_a_def_workflow_that_is_awaited() -> None:
    with pytest.raises(CallError) as caught:
        await calls_late.call("b")
    assert str(caught.value) == CLOSED


async def test_a_def_workflow_that_says_what_it_calls_opens_nothing_for_it() -> None:
    @workflow(calls=search)
    def plain(base: str) -> str:
        return "done"

    assert await plain.call("b") == "done"
    assert log == []
