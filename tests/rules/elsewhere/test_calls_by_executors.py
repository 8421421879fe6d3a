"""What an executor runs on its threads may call tasks: who waits for ever is told so, and who is cancelled ends."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, sleep_forever

from flowdeco import LimitDeadlockError, RunCancelled, TaskTimeoutError, Workflow, resource, task, workflow
from flowdeco._base.event_loop import EventLoop
from tests.support.clock import PATIENCE, Clock, given_time
from tests.support.limits import alone


def make_way(called: Any, kind: str) -> Callable[[], Any]:
    """Return what calls a task from a thread, by itself or as the task of a workflow."""

    @workflow(needs={"given": called})
    async def inner(given: str) -> str:
        return given

    made: Workflow[Any, Any] = inner
    return called.call_sync if kind == "task" else made.call_sync


@pytest.fixture
def one() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.mark.parametrize("kind", ["task", "workflow"])
async def test_who_calls_from_the_one_thread_what_runs_there_is_told(one: Executor, kind: str) -> None:
    attempts = list[str]()

    @task(run_in=one)
    def inner() -> str:
        return "inner"

    way = make_way(inner, kind)

    @task(run_in=one, retries=2)
    def outer() -> str:
        attempts.append("outer")
        return str(way())

    with fail_after(PATIENCE), pytest.raises(LimitDeadlockError) as caught:
        await alone(outer)()
    assert caught.value.chain == ("outer",)
    assert str(caught.value).startswith("Cannot take the one thread of an executor for '")
    assert str(caught.value).endswith(
        "it would wait for ever. 'outer' holds the one thread of an executor and waits for this. Call its function "
        "itself, or call it in a task that runs elsewhere."
    )
    assert attempts == ["outer"]


async def test_so_is_who_does_where_the_executor_is_a_resource(one: Executor) -> None:
    @resource
    def pool() -> Iterator[Executor]:
        yield one

    @task(run_in=pool)
    def inner(pool: Executor) -> str:
        return "inner"

    @task(run_in=pool, calls=[inner])
    def outer() -> str:
        return inner.call_sync()

    with fail_after(PATIENCE), pytest.raises(LimitDeadlockError):
        await alone(outer)()


async def test_where_there_is_another_thread_it_is_no_error() -> None:
    with ThreadPoolExecutor(2) as executor:

        @task(run_in=executor)
        def inner() -> str:
            return "inner"

        @task(run_in=executor)
        def outer() -> str:
            return inner.call_sync()

        with fail_after(PATIENCE):
            assert await alone(outer)() == "inner"


async def test_if_all_threads_call_for_another_one_of_them_is_told() -> None:
    barrier, errors = threading.Barrier(2, timeout=PATIENCE), list[LimitDeadlockError]()
    with ThreadPoolExecutor(2) as executor:

        @task(run_in=executor)
        def inner() -> str:
            return "inner"

        def outer() -> str:
            barrier.wait()
            try:
                return inner.call_sync()
            except LimitDeadlockError as error:
                errors.append(error)
                return "told"

        several = [task(outer, name=f"t{i}", run_in=executor) for i in range(2)]
        with fail_after(PATIENCE):
            told = await alone(several)()
    assert errors
    assert set(told) <= {"inner", "told"}


@pytest.mark.parametrize("kind", ["task", "workflow"])
async def test_what_is_called_there_is_cancelled_with_its_caller(one: Executor, kind: str) -> None:
    is_waiting, seen, scope = Event(), list[str](), CancelScope()
    loop = EventLoop()

    @task
    async def inner() -> str:
        loop.call_soon(is_waiting.set)  # it runs on another one
        try:
            await sleep_forever()
        finally:
            seen.append("inner ended")
        return "inner"

    way = make_way(inner, kind)

    @task(run_in=one)
    def outer() -> str:
        try:
            return str(way())
        except RunCancelled:
            seen.append("outer told")
            raise

    async def run() -> None:
        with scope:
            await alone(outer)()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(run)
            await is_waiting.wait()
            scope.cancel()
    assert scope.cancelled_caught
    assert seen == ["inner ended", "outer told"]


@given_time
async def test_so_is_what_an_attempt_calls_that_was_left_behind(clock: Clock) -> None:
    ended = threading.Event()
    with ThreadPoolExecutor(1) as executor:

        @task
        async def inner() -> None:
            clock.reach()
            try:
                await sleep_forever()
            finally:
                ended.set()

        @task(run_in=executor, timeout=clock.seconds)
        def outer() -> None:
            inner.call_sync()

        with fail_after(PATIENCE), pytest.raises(TaskTimeoutError):
            await alone(outer)()
        if clock.is_reached:
            assert ended.wait(PATIENCE)
