"""Threads that wait for each other all find one."""

from collections.abc import Callable
from typing import Any

import anyio
from anyio import CapacityLimiter, fail_after, from_thread, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.conftest import Backend


def test_nothing_deadlocks_when_more_threads_than_there_are_wait_for_workflows_of_their_own(backend: Backend) -> None:
    @task
    def leaf(x: int) -> int:
        return x + 1

    @task(timeout=60)
    def timed_leaf(leaf: int) -> int:
        return leaf + 1

    @workflow
    def inner(x: int, timed_leaf: int, leaf: int) -> int:
        return timed_leaf

    def calls_inner(i: int) -> Callable[[], int]:
        return lambda: inner(x=i)

    steps = [task(calls_inner(i), name=f"outer{i}") for i in range(12)]

    @workflow(needs={"found": steps})
    async def outer(found: list[int]) -> list[int]:
        return found

    async def main() -> list[int]:
        to_thread.current_default_thread_limiter().total_tokens = 3
        with fail_after(60):
            return await outer()

    assert anyio.run(main, backend=backend[0], backend_options=backend[1]) == [i + 2 for i in range(12)]


async def test_a_workflow_s_own_function_may_block_in_as_many_calls_as_there_are_threads() -> None:
    @task
    def leaf(x: int) -> int:
        return x + 1

    @workflow
    def inner(leaf: int, x: int) -> int:
        return leaf

    @workflow
    def outer(x: int) -> int:
        return inner(x=x)

    found: list[int] = []

    async def call(x: int) -> None:
        found.append(await outer.call(x))

    limiter = to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 2
    try:
        with fail_after(60):
            async with anyio.create_task_group() as group:
                for x in range(8):
                    group.start_soon(call, x)
    finally:
        limiter.total_tokens = before
    assert sorted(found) == list(range(1, 9))


async def test_random_mixtures_of_plain_and_async_chains_end() -> None:
    limit = CapacityLimiter(1)

    def step(previous: int) -> int:
        return previous + 1

    async def step_async(previous: int) -> int:
        async with limit:
            await checkpoint()
        return previous + 1

    ends: list[Any] = []
    for width in range(6):
        last: Any = task(lambda: 0)
        for i in range(30):
            last = task(step if (i * (width + 1)) % 3 else step_async, needs={"previous": last})
        ends.append(last)

    @workflow(needs={"ends": ends})
    async def mixed(ends: list[int]) -> list[int]:
        return ends

    with fail_after(60):
        assert await mixed() == [30] * 6


def test_runs_started_in_threads_find_threads_whatever_kind_of_work_they_have_for_them(backend: Backend) -> None:
    @task(timeout=60)
    def timed() -> int:
        return 1

    @workflow
    def only_timed(timed: int) -> int:
        return timed

    @workflow
    def only_its_own_function() -> int:
        return 2

    @task
    def calls_both() -> int:
        return only_timed() + from_thread.run(only_its_own_function.call)

    @workflow(needs={"found": [calls_both.with_options(name=f"calls{i}") for i in range(8)]})
    async def outer(found: list[int]) -> list[int]:
        return found

    async def main() -> list[int]:
        to_thread.current_default_thread_limiter().total_tokens = 2
        with fail_after(60):
            return await outer()

    assert anyio.run(main, backend=backend[0], backend_options=backend[1]) == [3] * 8


async def test_blocking_calls_from_as_many_threads_as_the_event_loop_has_find_threads() -> None:
    @task
    def load(x: int) -> int:
        return x + 1

    @workflow
    def loaded(x: int, load: int) -> int:
        return load

    limiter = to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 3
    found: list[int] = []

    async def call(x: int) -> None:
        found.append(await to_thread.run_sync(loaded, x))  # as a web framework calls a plain function

    try:
        with fail_after(60):
            async with anyio.create_task_group() as group:
                for x in range(9):
                    group.start_soon(call, x)
    finally:
        limiter.total_tokens = before
    assert sorted(found) == list(range(1, 10))
