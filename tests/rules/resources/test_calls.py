"""What is called in a run runs in a resource of that run, where its `run_in=` says so."""

from collections.abc import Generator
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
