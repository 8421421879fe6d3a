"""Timeouts of tasks and of workflows."""

import threading
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Status, TaskTimeoutError, WorkflowTimeoutError, task, workflow
from tests.support.clock import AT_ONCE, PATIENCE, Clock, given_time


@pytest.mark.parametrize("kind", ["async", "generator"])
@given_time
async def test_one_attempt_takes_no_longer_than_its_timeout(clock: Clock, kind: str) -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            clock.reach()
            await sleep_forever()
        finally:
            ended.append("endless")

    async def endless_items() -> Any:
        try:
            yield 1
            clock.reach()
            await sleep_forever()
        finally:
            ended.append("endless")

    slow = task(endless if kind == "async" else endless_items, name="slow", timeout=clock.seconds)

    @workflow(after=slow)
    async def hurried() -> None: ...

    with pytest.raises(TaskTimeoutError) as caught:
        await hurried()
    assert str(caught.value) == f"Cannot finish task 'slow': it took longer than its timeout of {clock.seconds:g} s."
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.task, caught.value.timeout, caught.value.abandoned) == ("slow", clock.seconds, False)
    assert ended == ["endless"]


@given_time
async def test_a_plain_function_past_its_timeout_is_abandoned_and_what_it_returns_is_ignored(clock: Clock) -> None:
    release, returned = threading.Event(), threading.Event()

    @task(timeout=clock.seconds)
    def slow() -> str:
        clock.reach()
        release.wait(PATIENCE)
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
        f"Cannot finish task 'slow': it took longer than its timeout of {clock.seconds:g} s. "
        "Its thread still runs; what it returns is ignored."
    )
    release.set()
    assert await anyio.to_thread.run_sync(returned.wait, PATIENCE)
    assert run.tasks["slow"].result is None
    assert run.tasks["slow"].status is Status.FAILED


async def test_a_plain_function_with_a_timeout_is_waited_for_when_the_caller_is_cancelled() -> None:
    started, release = threading.Event(), threading.Event()
    log: list[str] = []

    @task(timeout=60)
    def work() -> None:
        started.set()
        release.wait(60)
        log.append("ended")

    @workflow
    async def waiting(work: None) -> None: ...

    async def cancel() -> None:
        await anyio.to_thread.run_sync(started.wait, 60)
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

    with pytest.raises(TimeoutError) as caught, fail_after(AT_ONCE):
        await waits()
    assert not isinstance(caught.value, TaskTimeoutError)


@given_time
async def test_a_workflow_takes_no_longer_than_its_timeout_and_says_what_was_under_way(clock: Clock) -> None:
    under_way: list[str] = []

    @task
    async def quick() -> None: ...

    async def wait(name: str) -> None:
        under_way.append(name)
        if len(under_way) == 2:
            clock.reach()
        await sleep_forever()

    @task
    async def page(quick: None) -> None:
        await wait("page")

    @task
    async def words(quick: None) -> None:
        await wait("words")

    @workflow(timeout=clock.seconds)
    async def summary(page: None, words: None) -> None: ...

    run = await summary.run()
    error = run.error
    assert isinstance(error, WorkflowTimeoutError)
    assert isinstance(error, TimeoutError)
    assert error.timeout == clock.seconds
    assert sorted(error.running) == ["page", "words"]
    first, second = error.running
    assert str(error) == (
        f"Cannot finish workflow 'summary': it took longer than its timeout of {clock.seconds:g} s. "
        f"Under way: {first!r} and {second!r}."
    )
    assert run.status is Status.FAILED
    assert run.tasks["quick"].status is Status.COMPLETED


@given_time
async def test_a_workflow_s_timeout_covers_its_own_async_function(clock: Clock) -> None:
    @workflow(timeout=clock.seconds)
    async def slow() -> None:
        clock.reach()
        await sleep_forever()

    with pytest.raises(WorkflowTimeoutError) as caught:
        await slow()
    text = f"Cannot finish workflow 'slow': it took longer than its timeout of {clock.seconds:g} s."
    assert str(caught.value) == text
