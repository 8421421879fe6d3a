"""Calls from threads of anyio, which have an event loop to go to."""

import threading
from typing import Any

import anyio
import pytest
from anyio import create_task_group, to_thread

from flowdeco import RunningLoopError, task, workflow
from tests.support.calls_threads import loop_thread, place, seen
from tests.support.naming import mention

mention(loop_thread, seen)


@workflow
async def place_async(loop_thread: Any, seen: Any) -> tuple[int, int, str]:
    return loop_thread, threading.get_ident(), seen


@pytest.mark.parametrize("how", ["__call__", "call_sync", "run", "run_sync"])
async def test_a_call_in_a_worker_thread_runs_on_the_loop_that_owns_the_thread(how: str) -> None:
    def call() -> Any:
        result = getattr(place, how)()
        return threading.get_ident(), result.result if how.startswith("run") else result

    worker, (loop, body, _) = await to_thread.run_sync(call)
    assert loop == threading.get_ident()
    assert body == worker != loop


async def test_an_async_workflow_in_a_worker_thread_runs_on_the_loop_body_and_all() -> None:
    loop, body, _ = await to_thread.run_sync(place_async.call_sync)
    assert loop == body == threading.get_ident()
    run = await to_thread.run_sync(place_async.run_sync)
    assert run.result is not None
    assert run.result[:2] == (loop, body)


async def test_a_call_in_a_worker_thread_sees_what_the_loop_is_waiting_for() -> None:
    event = anyio.Event()

    @task
    async def waits() -> str:
        await event.wait()  # an event of another loop would never be set
        return "set"

    @workflow
    def w(waits: Any) -> Any:
        return waits

    results: list[Any] = []

    async def call() -> None:
        results.append(await to_thread.run_sync(w))

    async with create_task_group() as group:
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        event.set()
    assert results == ["set"]


async def test_cancelling_the_outer_scope_reaches_a_call_in_a_worker_thread() -> None:
    started = anyio.Event()
    ended: list[str] = []

    @task
    async def endless() -> None:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("task")

    @workflow
    def w(endless: Any) -> None:
        ended.append("body")

    def call() -> None:
        try:
            w()
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    async with create_task_group() as group:
        group.start_soon(to_thread.run_sync, call)
        await started.wait()
        group.cancel_scope.cancel()
    assert ended == ["task", anyio.get_cancelled_exc_class().__name__]


async def test_a_call_in_a_worker_thread_that_is_cancelled_already_runs_nothing() -> None:
    ran: list[str] = []
    entered, go_on = threading.Event(), threading.Event()

    @task
    def step() -> None:
        ran.append("step")

    @workflow
    def w(step: Any) -> None:
        ran.append("body")

    def call() -> None:
        entered.set()
        assert go_on.wait(60)
        w()

    async with create_task_group() as group:
        group.start_soon(to_thread.run_sync, call)
        while not entered.is_set():
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
        go_on.set()
    assert ran == []


async def test_a_call_in_a_loop_of_its_own_in_a_worker_thread_is_on_a_running_loop() -> None:
    """The thread belongs to the outer loop, but it is the inner one that a blocking call would stop."""

    async def inner() -> Any:
        with pytest.raises(RunningLoopError):
            place()
        return await place_async()

    outer = threading.get_ident()
    loop, body, _ = await to_thread.run_sync(anyio.run, inner)
    assert loop == body != outer


async def test_a_def_task_may_call_another_workflow() -> None:
    @task
    def step() -> Any:
        return place()

    @workflow
    async def w(step: Any) -> Any:
        return step

    loop, body, _ = await w()
    assert loop == threading.get_ident() != body


async def test_def_tasks_that_fill_every_thread_and_call_workflows_do_not_wait_for_each_other() -> None:
    threads = to_thread.current_default_thread_limiter()
    before = threads.total_tokens
    threads.total_tokens = 2
    try:
        barrier = threading.Barrier(2, timeout=60)

        @task
        def leaf() -> str:
            return "leaf"

        @workflow
        def inner(leaf: Any) -> Any:
            return leaf

        @task
        def left() -> Any:
            barrier.wait()
            return inner()

        @task
        def right() -> Any:
            barrier.wait()
            return inner()

        @workflow
        async def outer(left: Any, right: Any) -> Any:
            return left, right

        assert await outer() == ("leaf", "leaf")
    finally:
        threads.total_tokens = before


async def test_a_def_body_under_call_may_call_another_workflow() -> None:
    @workflow
    def outer(seen: Any) -> Any:
        return place()

    loop, body, _ = await outer.call()
    assert loop == threading.get_ident() != body
