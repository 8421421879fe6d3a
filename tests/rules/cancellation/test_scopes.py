"""Cancellation reaches everything, whoever asks for it, and nothing is left behind."""

import asyncio
import math
import threading
from typing import Any

import anyio
import pytest
from anyio import (
    CancelScope,
    Event,
    create_task_group,
    current_effective_deadline,
    current_time,
    fail_after,
    from_thread,
    get_cancelled_exc_class,
    get_running_tasks,
    move_on_after,
    sleep_forever,
)
from anyio.lowlevel import checkpoint

from flowdeco import Run, Status, TaskTimeoutError, WorkflowTimeoutError, task, workflow
from tests.conftest import Backend


async def test_a_scope_around_the_call_cancels_every_task() -> None:
    started = [Event() for _ in range(4)]
    ended: list[int] = []

    def sleeper(i: int) -> Any:
        async def sleep() -> None:
            started[i].set()
            try:
                await sleep_forever()
            finally:
                ended.append(i)

        return task(sleep, name=f"sleep{i}")

    @workflow(after=[sleeper(i) for i in range(4)])
    async def sleepers() -> None: ...

    before = len(get_running_tasks())
    scope = CancelScope()

    async def cancel() -> None:
        for event in started:
            await event.wait()
        scope.cancel()

    async with create_task_group() as group:
        group.start_soon(cancel)
        with scope:
            await sleepers()
    assert scope.cancelled_caught
    assert sorted(ended) == [0, 1, 2, 3]
    assert len(get_running_tasks()) == before


async def test_a_deadline_around_the_call_is_heard_by_a_single_task() -> None:
    @task
    async def sleep() -> None:
        await sleep_forever()

    @workflow
    async def sleeper(sleep: None) -> None: ...

    with move_on_after(0.01) as scope:
        await sleeper()
    assert scope.cancelled_caught


async def test_a_call_in_a_cancelled_scope_starts_nothing_that_waits() -> None:
    ended = False

    @task
    async def one() -> None:
        await checkpoint()

    @task
    async def two() -> None:
        nonlocal ended
        await checkpoint()
        ended = True

    @workflow
    async def pair(one: None, two: None) -> None: ...

    with CancelScope() as scope:
        scope.cancel()
        await pair()
    assert scope.cancelled_caught
    assert not ended


@pytest.mark.parametrize("together", [False, True])
async def test_the_effective_deadline_inside_a_task_is_the_nearer_of_its_own_and_the_caller_s(together: bool) -> None:
    async def deadline() -> float:
        await checkpoint()
        return current_effective_deadline()

    near = task(deadline, name="near", timeout=5)
    far = task(deadline, name="far", timeout=500)
    free = task(deadline, name="free")
    steps = [near, far, free] if together else [near]

    @workflow(needs={"found": steps})
    async def deadlines(found: list[float]) -> list[float]:
        return found

    start = current_time()
    outside = await deadlines()
    scope = CancelScope(deadline=start + 50)
    inside: list[float] = []
    with scope:
        inside = await deadlines()
    assert start + 5 <= outside[0] < start + 10
    assert start + 5 <= inside[0] < start + 10
    if together:
        assert start + 500 <= outside[1] < start + 505
        assert outside[2] == math.inf
        assert inside[1:] == [scope.deadline, scope.deadline]


@pytest.mark.parametrize("together", [False, True])
async def test_cancellation_is_level_triggered_and_shielded_cleanup_is_left_alone(together: bool) -> None:
    log: list[str] = []
    ready = Event()

    @task
    async def work() -> None:
        try:
            ready.set()
            await sleep_forever()
        except get_cancelled_exc_class():
            try:
                await checkpoint()
            except get_cancelled_exc_class():
                log.append("cancelled again")
            with CancelScope(shield=True):
                await checkpoint()
                log.append("cleaned up")
            raise

    @task
    async def other() -> None:
        if together:
            await sleep_forever()

    @workflow
    async def cleanup(work: None, other: None) -> None: ...

    async with create_task_group() as group:
        group.start_soon(cleanup)
        await ready.wait()
        group.cancel_scope.cancel()
    assert log == ["cancelled again", "cleaned up"]


async def test_scopes_that_tasks_open_while_others_wait_do_not_get_in_each_other_s_way() -> None:
    async def scoped(i: int) -> str:
        with move_on_after(60):
            await checkpoint()
            scope = CancelScope(deadline=current_time() + (0.001 if i % 2 else 60))
            with scope:
                if i % 2:
                    await sleep_forever()
                await checkpoint()
            await checkpoint()
            return "late" if scope.cancelled_caught else "in time"
        return "out of time"

    def make(i: int) -> Any:
        async def run() -> str:
            return await scoped(i)

        return task(run, name=f"t{i}")

    @workflow(needs={"results": [make(i) for i in range(20)]})
    async def many(results: list[str]) -> list[str]:
        return results

    assert await many() == ["in time", "late"] * 10


async def test_a_task_can_have_a_task_group_of_its_own() -> None:
    @task
    async def group_inside() -> list[int]:
        found: list[int] = []

        async def child(i: int) -> None:
            await checkpoint()
            found.append(i)

        async with create_task_group() as group:
            for i in range(3):
                group.start_soon(child, i)
        return sorted(found)

    @task
    async def beside() -> None:
        await checkpoint()

    @workflow
    async def both(group_inside: list[int], beside: None) -> list[int]:
        return group_inside

    assert await both() == [0, 1, 2]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_cancel_of_the_caller_is_raised_in_it(together: bool) -> None:
    count = 3 if together else 1
    started: list[str] = []
    ended: list[str] = []
    all_started = asyncio.Event()

    async def work() -> None:
        try:
            started.append("work")
            if len(started) == count:
                all_started.set()
            await sleep_forever()
        finally:
            ended.append("work")

    steps = [task(work, name=f"work{i}") for i in range(count)]

    @workflow(after=steps)
    async def endless() -> None: ...

    caller = asyncio.create_task(endless())
    await all_started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert len(ended) == len(steps)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_cancel_waits_for_a_plain_function_in_its_thread() -> None:
    started, release = threading.Event(), threading.Event()
    ended: list[str] = []

    @task
    def work() -> None:
        started.set()
        release.wait(10)
        ended.append("work")

    @workflow
    async def endless(work: None) -> None: ...

    caller = asyncio.create_task(endless())
    await asyncio.to_thread(started.wait, 10)
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended == ["work"]


async def test_a_plain_function_is_told_and_waited_for() -> None:
    started = threading.Event()
    log: list[str] = []

    @task
    def work() -> None:
        started.set()
        while True:
            try:
                from_thread.check_cancelled()
            except BaseException:
                log.append("told")
                raise

    @task
    def never(work: None) -> None:
        log.append("never")

    @workflow
    async def endless(never: None) -> None: ...

    async with create_task_group() as group:
        group.start_soon(endless)
        await anyio.to_thread.run_sync(started.wait, 10)
        group.cancel_scope.cancel()
    assert log == ["told"]


async def test_a_chain_of_plain_functions_stops_when_the_caller_is_cancelled() -> None:
    ran: list[int] = []

    def cancel(previous: None) -> None:
        from_thread.run_sync(scope.cancel)

    def step(previous: None) -> None:
        ran.append(1)
        threading.Event().wait(0.002)  # longer than a lane goes on without looking up

    first = task(lambda: None)
    last: Any = task(cancel, needs={"previous": first})
    for _ in range(50):
        last = task(step, needs={"previous": last})

    @workflow(after=last)
    async def long() -> None: ...

    with CancelScope() as scope:
        await long()
    assert scope.cancelled_caught
    assert len(ran) < 10


async def test_the_record_of_a_cancelled_run_tells_what_had_begun() -> None:
    ready = Event()
    runs: list[Run[Any]] = []

    @task
    async def first(run: Run[Any]) -> None:
        runs.append(run)

    @task
    async def second(first: None) -> None:
        ready.set()
        await sleep_forever()

    @task
    async def third(second: None) -> None: ...

    @workflow
    async def interrupted(third: None) -> None: ...

    async with create_task_group() as group:
        group.start_soon(interrupted)
        await ready.wait()
        group.cancel_scope.cancel()
    (run,) = runs
    assert run.status is Status.CANCELLED
    assert [r.status for r in run.tasks.values()] == [Status.COMPLETED, Status.CANCELLED, Status.CANCELLED]
    assert run.tasks["second"].started is not None
    assert run.tasks["third"].started is None


@pytest.mark.parametrize("kind", ["async", "generator"])
async def test_one_attempt_takes_no_longer_than_its_timeout(kind: str) -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await sleep_forever()
        finally:
            ended.append("endless")

    async def endless_items() -> Any:
        try:
            yield 1
            await sleep_forever()
        finally:
            ended.append("endless")

    slow = task(endless if kind == "async" else endless_items, name="slow", timeout=0.01)

    @workflow(after=slow)
    async def hurried() -> None: ...

    with pytest.raises(TaskTimeoutError) as caught:
        await hurried()
    assert str(caught.value) == "Cannot finish task 'slow': it took longer than its timeout of 0.01 s."
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.task, caught.value.timeout, caught.value.abandoned) == ("slow", 0.01, False)
    assert ended == ["endless"]


async def test_a_plain_function_past_its_timeout_is_abandoned_and_what_it_returns_is_ignored() -> None:
    release, returned = threading.Event(), threading.Event()

    @task(timeout=0.2)
    def slow() -> str:
        release.wait(10)
        returned.set()
        return "too late"

    @workflow
    async def hurried(slow: str) -> str:
        return slow

    run = await hurried.run()
    assert not returned.is_set()
    assert isinstance(run.error, TaskTimeoutError)
    assert run.error.abandoned
    assert str(run.error) == (
        "Cannot finish task 'slow': it took longer than its timeout of 0.2 s. "
        "Its thread still runs; what it returns is ignored."
    )
    release.set()
    assert await anyio.to_thread.run_sync(returned.wait, 10)
    assert run.tasks["slow"].result is None
    assert run.tasks["slow"].status is Status.FAILED


async def test_a_plain_function_with_a_timeout_is_waited_for_when_the_caller_is_cancelled() -> None:
    started, release = threading.Event(), threading.Event()
    log: list[str] = []

    @task(timeout=60)
    def work() -> None:
        started.set()
        release.wait(10)
        log.append("ended")

    @workflow
    async def waiting(work: None) -> None: ...

    async def cancel() -> None:
        await anyio.to_thread.run_sync(started.wait, 10)
        scope.cancel()
        await checkpoint()
        log.append("cancelled")
        release.set()

    async with create_task_group() as group:
        group.start_soon(cancel)
        with CancelScope() as scope:
            await waiting()
        log.append("returned")
    assert log == ["cancelled", "ended", "returned"]


async def test_a_plain_function_that_is_in_time_is_not_hurt_by_its_timeout() -> None:
    @task(timeout=60)
    def quick() -> str:
        return "result"

    async def later() -> str:
        await checkpoint()
        return "awaited"

    @task(timeout=60)
    def hands_over() -> Any:
        return later()

    @workflow
    async def both(quick: str, hands_over: str) -> tuple[str, str]:
        return quick, hands_over

    assert await both() == ("result", "awaited")


async def test_a_timeout_error_that_a_task_raises_itself_keeps_its_message() -> None:
    @task(timeout=60)
    async def own() -> None:
        raise TimeoutError("the server took too long")

    @workflow
    async def calls(own: None) -> None: ...

    with pytest.raises(TimeoutError) as caught:
        await calls()
    assert str(caught.value) == "the server took too long"
    assert not isinstance(caught.value, TaskTimeoutError)


async def test_an_outer_deadline_that_comes_first_is_no_task_timeout() -> None:
    @task(timeout=60)
    async def slow() -> None:
        await sleep_forever()

    @workflow
    async def waits(slow: None) -> None: ...

    with pytest.raises(TimeoutError) as caught, fail_after(0.01):
        await waits()
    assert not isinstance(caught.value, TaskTimeoutError)


async def test_a_workflow_takes_no_longer_than_its_timeout_and_says_what_was_under_way() -> None:
    @task
    async def quick() -> None: ...

    @task
    async def page(quick: None) -> None:
        await sleep_forever()

    @task
    async def words(quick: None) -> None:
        await sleep_forever()

    @workflow(timeout=0.02)
    async def summary(page: None, words: None) -> None: ...

    run = await summary.run()
    error = run.error
    assert isinstance(error, WorkflowTimeoutError)
    assert isinstance(error, TimeoutError)
    assert error.timeout == 0.02
    assert sorted(error.running) == ["page", "words"]
    first, second = error.running
    assert str(error) == (
        "Cannot finish workflow 'summary': it took longer than its timeout of 0.02 s. "
        f"Under way: {first!r} and {second!r}."
    )
    assert run.status is Status.FAILED
    assert run.tasks["quick"].status is Status.COMPLETED


async def test_a_workflow_s_timeout_covers_its_own_async_function() -> None:
    @workflow(timeout=0.01)
    async def slow() -> None:
        await sleep_forever()

    with pytest.raises(WorkflowTimeoutError) as caught:
        await slow()
    assert str(caught.value) == "Cannot finish workflow 'slow': it took longer than its timeout of 0.01 s."


def test_a_blocking_call_in_a_worker_thread_is_reached_by_the_cancellation_of_its_loop(backend: Backend) -> None:
    started = threading.Event()
    log: list[str] = []

    @task
    async def inner_task() -> None:
        started.set()
        try:
            await sleep_forever()
        finally:
            log.append("inner ended")

    @workflow
    def inner(inner_task: None) -> None: ...

    @task
    def calls_inner() -> None:
        inner()

    @workflow
    async def outer(calls_inner: None) -> None: ...

    async def main() -> None:
        async with create_task_group() as group:
            group.start_soon(outer)
            await anyio.to_thread.run_sync(started.wait, 10)
            group.cancel_scope.cancel()
        log.append("outer ended")

    anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert log == ["inner ended", "outer ended"]
