"""What is called runs in a resource of its run, where its `run_in=` says so; and what a resource itself calls."""

from collections.abc import AsyncIterator, Generator
from threading import get_ident

from flowdeco import resource, task, workflow


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
