"""What a thread sees, what its time is, and what is left when nobody waits for it."""

import inspect
import threading
from typing import Any

import anyio
from anyio import CapacityLimiter, Event, fail_after, from_thread, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.support.clock import Clock, given_time
from tests.support.threads import make


async def test_what_nobody_will_await_is_closed() -> None:
    never = Event()
    made: list[Any] = []

    async def later() -> None:
        await never.wait()

    @task
    def hands_over() -> Any:
        made.append(later())
        from_thread.run_sync(fail.set)
        await_failure.wait(60)
        return made[0]

    fail = Event()
    await_failure = threading.Event()

    @task
    async def bad() -> None:
        await fail.wait()
        try:
            raise ValueError("no")
        finally:
            await_failure.set()

    @workflow
    async def failing(hands_over: None, bad: None) -> None: ...

    run = await failing.run()
    assert str(run.error) == "no"
    assert inspect.getcoroutinestate(made[0]) == inspect.CORO_CLOSED


@given_time
async def test_the_time_that_a_plain_function_waits_for_a_thread_is_not_its_own(clock: Clock) -> None:
    limiter = to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 1
    release, held = threading.Event(), threading.Event()
    results: list[str] = []

    def hold() -> None:
        held.set()
        release.wait(60)

    @task(timeout=clock.seconds)
    def quick() -> str:
        return "in time"

    @workflow
    async def waits_for_a_thread(quick: str) -> None:
        results.append(quick)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(to_thread.run_sync, hold)
            await held_up(held)
            group.start_soon(waits_for_a_thread)
            await anyio.sleep(1.5 * clock.seconds)
            release.set()
    finally:
        release.set()
        limiter.total_tokens = before
    clock.reach()
    assert results == ["in time"]


async def held_up(event: threading.Event) -> None:
    """Wait for a thread's event without taking a thread from those that the test has counted."""
    await to_thread.run_sync(event.wait, 60, limiter=CapacityLimiter(1))


async def test_a_thread_has_the_task_s_context_and_its_own_detection_of_the_event_loop() -> None:
    @task
    def runs_a_loop_of_its_own() -> str:
        async def inside() -> str:
            await checkpoint()
            return "ran"

        return anyio.run(inside)

    @workflow
    async def loops(runs_a_loop_of_its_own: str) -> str:
        return runs_a_loop_of_its_own

    assert await loops() == "ran"


async def test_a_run_does_not_wait_for_threads_that_it_no_longer_needs() -> None:
    limiter = to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 2
    release, held, never = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        release.wait(60)

    def step() -> None:
        # Each takes long enough that more lanes are asked for; they get no thread as long as `hold` has it.
        never.wait(0.005)

    @workflow(after=make(step, 6))
    async def steps() -> None: ...

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(to_thread.run_sync, hold)
            await held_up(held)
            with fail_after(60):
                await steps()
            assert not release.is_set()
            release.set()
    finally:
        release.set()
        limiter.total_tokens = before
