"""The `defaults=` of a workflow hold for the tasks that it knows to be called, by `calls=` or as they are its own."""

from collections.abc import Coroutine
from typing import Any

import pytest

from flowdeco import Retry, Task, task, workflow
from tests.support.naming import mention


def make(*failures: Exception) -> Task[[], Coroutine[Any, Any, str]]:
    left = list(failures)

    @task
    async def search() -> str:
        if left:
            raise left.pop()
        return "found"

    return search


AGAIN: Any = {"retries": Retry(1, delay=0)}


async def test_they_hold_for_what_calls_names() -> None:
    search = make(OSError())

    @task(calls=[search])
    async def agent() -> str:
        return await search.call()

    @workflow(defaults={"retries": AGAIN["retries"], "metadata": {"team": "x"}})
    async def w(agent: str) -> str:
        return agent

    mention(agent)
    run = await w.run()
    assert run.result == "found"
    record = run.tasks["agent"].calls[0]
    assert (record.attempts, record.metadata) == (2, {"team": "x"})
    assert run.tasks["agent"].attempts == 1


async def test_they_hold_for_calls_within_calls() -> None:
    search = make(OSError())

    @task(calls=[search])
    async def look() -> str:
        return await search.call()

    @workflow(defaults=AGAIN, calls=[look])
    async def w() -> str:
        return await look.call()

    run = await w.run()
    assert run.calls[0].attempts == 1
    assert run.calls[0].calls[0].attempts == 2


async def test_they_hold_for_a_task_of_the_workflow_that_is_called_as_well() -> None:
    fails = [False, True, False, True]

    @task
    async def search() -> str:
        if fails.pop():
            raise OSError
        return "found"

    @workflow(defaults=AGAIN)
    async def w(search: str) -> str:
        return search + await look.call()

    look = search
    assert await w() == "foundfound"
    assert fails == []


async def test_they_hold_for_what_stands_in_for_what_is_called() -> None:
    search, other = make(), make(OSError())

    @workflow(defaults=AGAIN, calls=[search])
    async def w() -> str:
        return await search.call()

    assert await w.override({search: other})() == "found"


async def test_they_do_not_hold_for_what_nobody_said_was_called_nor_against_its_own_options() -> None:
    search = make(OSError("once"))

    @workflow(defaults=AGAIN)
    async def w() -> str:
        return await search.call()

    with pytest.raises(OSError, match="once"):
        await w()
    once = make(OSError("again")).with_options(retries=0)

    @workflow(defaults=AGAIN, calls=[once])
    async def own() -> str:
        return await once.call()

    with pytest.raises(OSError, match="again"):
        await own()
