"""Plain functions run in worker threads, many in one hop, as many at once as are held up."""

import threading
from typing import Any

from anyio import Event, fail_after, from_thread, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.support.threads import make


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
        return barrier.wait(60)

    @workflow(needs={"places": make(meet, 8)})
    async def meeting(places: list[int]) -> list[int]:
        return sorted(places)

    assert await meeting() == list(range(8))


async def test_plain_functions_released_in_a_thread_run_at_the_same_time_too() -> None:
    barrier = threading.Barrier(8)

    @task
    def first() -> None: ...

    def meet(first: None) -> int:
        return barrier.wait(60)

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
        three.wait(60)
        with lock:
            running -= 1
        three.wait(60)

    @workflow(after=make(count, 9))
    async def counting() -> None: ...

    try:
        with fail_after(60):
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
        return started.wait(60)

    @task
    def holds_another(source: None) -> bool:
        return started.wait(60)

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

    with fail_after(60):
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
