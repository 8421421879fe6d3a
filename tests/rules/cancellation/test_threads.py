"""Plain functions are told of a cancellation and waited for; and what the record says."""

import threading
from typing import Any

import anyio
from anyio import CancelScope, Event, create_task_group, from_thread, sleep_forever

from flowdeco import Run, Status, task, workflow
from tests.conftest import Backend


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
        await anyio.to_thread.run_sync(started.wait, 60)
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
            await anyio.to_thread.run_sync(started.wait, 60)
            group.cancel_scope.cancel()
        log.append("outer ended")

    anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert log == ["inner ended", "outer ended"]
