"""Plain functions run in worker threads, many in one hop, as many at once as are held up."""

import inspect
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio import CapacityLimiter, Event, fail_after, from_thread, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import Task, task, workflow
from flowdeco._scheduler.engine import Engine
from flowdeco._scheduler.thread_lane import ThreadLanes
from tests.conftest import Backend


def make(function: Callable[..., Any], count: int, **needs: Any) -> list[Task[..., Any]]:
    return [task(function, name=f"{function.__name__}{i}", needs=needs) for i in range(count)]


async def test_a_plain_function_does_not_run_on_the_event_loop_s_thread() -> None:
    @task
    def ident() -> int:
        return threading.get_ident()

    @workflow
    async def where(ident: int) -> int:
        return ident

    assert await where() != threading.get_ident()


async def test_one_hop_to_a_thread_carries_a_chain() -> None:
    idents: list[int] = []

    def step(previous: Any) -> None:
        idents.append(threading.get_ident())

    last: Any = task(lambda: None)
    for _ in range(50):
        last = task(step, needs={"previous": last})

    @workflow(after=last)
    async def chain() -> None: ...

    await chain()
    assert len(idents) == 50
    assert len(set(idents)) == 1


async def test_plain_functions_that_hold_each_other_up_run_at_the_same_time() -> None:
    barrier = threading.Barrier(8)

    def meet() -> int:
        return barrier.wait(10)

    @workflow(needs={"places": make(meet, 8)})
    async def meeting(places: list[int]) -> list[int]:
        return sorted(places)

    assert await meeting() == list(range(8))


async def test_plain_functions_released_in_a_thread_run_at_the_same_time_too() -> None:
    barrier = threading.Barrier(8)

    @task
    def first() -> None: ...

    def meet(first: None) -> int:
        return barrier.wait(10)

    @workflow(needs={"places": make(meet, 8, first=first)})
    async def meeting(places: list[int]) -> list[int]:
        return sorted(places)

    assert await meeting() == list(range(8))


async def test_there_are_no_more_threads_than_the_default_limiter_allows() -> None:
    lock = threading.Lock()
    running = most = 0
    limiter = to_thread.current_default_thread_limiter()
    before = limiter.total_tokens
    limiter.total_tokens = 3
    three = threading.Barrier(3)

    def count() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        three.wait(10)
        with lock:
            running -= 1
        three.wait(10)

    @workflow(after=make(count, 9))
    async def counting() -> None: ...

    try:
        with fail_after(20):
            await counting()
    finally:
        limiter.total_tokens = before
    assert most == 3


async def test_an_async_task_starts_at_once_while_the_thread_that_released_it_goes_on() -> None:
    started = threading.Event()

    @task
    def source() -> None: ...

    @task
    def holds_the_thread(source: None) -> bool:
        return started.wait(10)

    @task
    def holds_another(source: None) -> bool:
        return started.wait(10)

    @task
    async def on_the_loop(source: None) -> None:
        started.set()

    @workflow
    async def with_one(holds_the_thread: bool, on_the_loop: None) -> bool:
        return holds_the_thread

    @workflow
    async def with_two(holds_the_thread: bool, on_the_loop: None, holds_another: bool) -> tuple[bool, bool]:
        return holds_the_thread, holds_another

    assert await with_one()
    started.clear()
    assert await with_two() == (True, True)


async def test_an_async_task_that_waits_does_not_keep_plain_functions_from_starting() -> None:
    ready = Event()

    @task
    async def waits() -> str:
        await ready.wait()
        return "waited"

    @task
    def sets() -> None:
        from_thread.run_sync(ready.set)

    @workflow
    async def mixed(waits: str, sets: None) -> str:
        return waits

    with fail_after(10):
        assert await mixed() == "waited"


async def test_plain_functions_can_call_back_into_the_event_loop() -> None:
    async def on_loop(x: int) -> int:
        await checkpoint()
        return x + 1

    @task
    def calls_back() -> int:
        return from_thread.run(on_loop, 1)

    @workflow
    async def back(calls_back: int) -> int:
        return calls_back

    assert await back() == 2


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
        with fail_after(30):
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
        with fail_after(20):
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

    with fail_after(20):
        assert await mixed() == [30] * 6


async def test_what_nobody_will_await_is_closed() -> None:
    never = Event()
    made: list[Any] = []

    async def later() -> None:
        await never.wait()

    @task
    def hands_over() -> Any:
        made.append(later())
        from_thread.run_sync(fail.set)
        await_failure.wait(10)
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


async def test_the_time_that_a_plain_function_waits_for_a_thread_is_not_its_own() -> None:
    limiter = to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 1
    release, held = threading.Event(), threading.Event()
    results: list[str] = []

    def hold() -> None:
        held.set()
        release.wait(20)

    @task(timeout=0.5)
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
            await anyio.sleep(0.7)
            release.set()
    finally:
        release.set()
        limiter.total_tokens = before
    assert results == ["in time"]


async def held_up(event: threading.Event) -> None:
    """Wait for a thread's event without taking a thread from those that the test has counted."""
    await to_thread.run_sync(event.wait, 10, limiter=CapacityLimiter(1))


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
        release.wait(20)

    def step() -> None:
        # Each takes long enough that more lanes are asked for; they get no thread as long as `hold` has it.
        never.wait(0.005)

    @workflow(after=make(step, 6))
    async def steps() -> None: ...

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(to_thread.run_sync, hold)
            await held_up(held)
            with fail_after(10):
                await steps()
            assert not release.is_set()
            release.set()
    finally:
        release.set()
        limiter.total_tokens = before


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
        with fail_after(30):
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
        with fail_after(20):
            async with anyio.create_task_group() as group:
                for x in range(9):
                    group.start_soon(call, x)
    finally:
        limiter.total_tokens = before
    assert sorted(found) == list(range(1, 10))


async def test_a_thread_that_looks_up_when_all_is_done_takes_that_for_no_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go, cancelled = Event(), threading.Event()
    cancel, find_next = Engine.cancel, ThreadLanes._next

    def cancel_and_say_so(engine: Engine) -> None:
        cancel(engine)
        cancelled.set()

    def dawdle(lanes: ThreadLanes, ended: int = -1, result: Any = None) -> Any:
        found = find_next(lanes, ended, result)
        if ended >= 0 and found is None:  # this thread has nothing more to do, but has not returned yet
            from_thread.run_sync(go.set)
            cancelled.wait(10)
        return found

    monkeypatch.setattr("flowdeco._scheduler.thread_lane.SLICE", -1)  # so that it looks up after every node
    monkeypatch.setattr(Engine, "cancel", cancel_and_say_so)
    monkeypatch.setattr(ThreadLanes, "_next", dawdle)

    @task
    def in_thread() -> int:
        return 1

    @task
    async def last() -> int:
        await go.wait()
        return 2

    @workflow
    async def both(in_thread: int, last: int) -> tuple[int, int]:
        return in_thread, last

    assert await both() == (1, 2)
