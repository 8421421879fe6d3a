"""What is called runs in a resource of its run, where its `run_in=` says so; and what a resource itself calls."""

from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from threading import current_thread, get_ident

import pytest

from flowdeco import CallError, resource, task, workflow
from tests.support.naming import mention


async def test_a_call_runs_in_a_resource_too() -> None:
    @resource
    def home() -> Generator[int]:
        yield get_ident()

    @task(run_in=home)
    def where(home: int) -> bool:
        return home == get_ident()

    @workflow(calls=[where])
    async def w() -> list[bool]:
        return [await where.call(), await where.call()]

    assert await w() == [True, True]


@pytest.mark.parametrize("where", ["own", "of the defaults"])
async def test_so_does_one_of_a_task_that_does_not_take_the_resource(where: str) -> None:
    threads: list[int] = []

    @resource
    def home() -> Generator[None]:
        threads.append(get_ident())
        yield

    @task(run_in=home if where == "own" else None)
    def look() -> int:
        return get_ident()

    @task(calls=[look])
    async def asks() -> int:
        return await look.call()

    @workflow(calls=[look], defaults={"run_in": home} if where != "own" else None, after=home)
    async def w(asks: int) -> list[int]:
        return [asks, await look.call()]

    mention(asks)
    assert await w() == threads * 2


async def test_what_is_called_in_a_run_is_enough_for_the_resource_that_it_runs_in_to_be_opened() -> None:
    with ThreadPoolExecutor(1, "mine") as mine:

        @resource
        async def pool() -> AsyncIterator[ThreadPoolExecutor]:
            yield mine

        @task(run_in=pool)
        def look() -> str:
            return current_thread().name

        @workflow(calls=[look])
        async def w() -> str:
            return await look.call()

        assert await w() == "mine_0"


async def test_where_that_resource_is_not_open_the_error_says_what_to_do() -> None:
    @resource
    def home() -> Generator[None]:
        yield

    @task(run_in=home)
    def look() -> None: ...

    @workflow
    async def w() -> None:
        await look.call()

    way = "Call it in a run, and say calls=[look] there, or name the resource."
    for call, reason in ((w, "is not open in this run"), (look.call, "is opened by a run, and this is outside of any")):
        with pytest.raises(CallError) as caught:
            await call()
        assert str(caught.value) == f"Cannot call task 'look': it runs in resource 'home', which {reason}. {way}"


async def test_a_call_that_passes_the_resource_runs_where_it_is_open_if_it_is() -> None:
    @resource
    def home() -> Generator[list[int]]:
        yield [get_ident()]

    @task(run_in=home)
    def look(home: list[int]) -> bool:
        return home == [get_ident()]

    @workflow(calls=[look])
    async def w(home: list[int]) -> list[bool]:
        return [await look.call(home=home), await look.call(home=[0])]

    assert await w() == [True, False]
    assert await look.call(home=[0]) is False


async def test_the_record_of_a_resource_has_the_calls_that_it_made() -> None:
    @task
    async def look(name: str) -> str:
        return name.upper()

    @resource
    async def first() -> AsyncIterator[str]:
        yield await look.call("opened")
        await look.call("closed")

    @resource
    def second(first: str) -> Generator[str]:
        yield first + look.call_sync("too")

    @workflow
    async def w(second: str) -> str:
        return second

    run = await w.run()
    assert run.result == "OPENEDTOO"
    called = [[(call.path, call.result) for call in record.calls] for record in run.resources.values()]
    assert called == [[("first/look#1", "OPENED"), ("first/look#2", "CLOSED")], [("second/look#1", "TOO")]]
    assert [*run.calls] == []
