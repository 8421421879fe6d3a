"""The same workflow called many times at once."""

import threading
from typing import Any

import anyio
from anyio import create_task_group, to_thread

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.calls import plain
from tests.support.naming import on


async def test_the_same_workflow_called_from_200_tasks_at_once_keeps_the_runs_apart() -> None:
    arrived = 0
    everybody = anyio.Event()

    @task
    async def meet(number: int) -> int:
        nonlocal arrived
        arrived += 1
        if arrived == 200:
            everybody.set()
        await everybody.wait()
        return number

    @task
    async def doubled(meet: int) -> int:
        return meet * 2

    @workflow
    async def w(number: Any, meet: Any, doubled: Any) -> Any:
        return number, meet, doubled

    results: dict[int, Any] = {}

    async def call(number: int) -> None:
        results[number] = await w.call(number=number)

    async with create_task_group() as group:
        for number in range(200):
            group.start_soon(call, number)
    assert results == {number: (number, number, number * 2) for number in range(200)}


def test_the_same_workflow_called_from_20_threads_at_once_keeps_the_runs_apart(backend: Backend) -> None:
    barrier = threading.Barrier(20, timeout=60)

    @task
    def meet(number: int) -> int:
        barrier.wait()
        return number

    @task
    async def doubled(meet: int) -> int:
        return meet * 2

    @workflow
    def w(number: Any, meet: Any, doubled: Any) -> Any:
        return number, meet, doubled

    w = on(w, backend)
    results: dict[int, Any] = {}

    def call(number: int) -> None:
        results[number] = w(number=number)

    threads = [threading.Thread(target=call, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: (number, number, number * 2) for number in range(20)}


async def test_worker_threads_that_call_the_same_workflow_keep_the_runs_apart() -> None:
    results: dict[int, Any] = {}

    async def call(number: int) -> None:
        results[number] = await to_thread.run_sync(plain, number)

    async with create_task_group() as group:
        for number in range(20):
            group.start_soon(call, number)
    assert results == {number: (number, number * 2 + 1) for number in range(20)}
