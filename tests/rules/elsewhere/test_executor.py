"""`run_in=` an executor."""

import multiprocessing
import os
import threading
from collections.abc import Awaitable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import RemoteError, Retry, TransferError, WorkerLostError, task, workflow
from tests.support import remote_functions as functions
from tests.support.retries import alone
from tests.support.run_in import ONCE, describe, pid

AGAIN = Retry(3, delay=0, jitter=0)


async def test_a_pool_of_threads_runs_a_task_and_its_retries(pool: ThreadPoolExecutor) -> None:
    names: list[str] = []

    @task(run_in=pool, retries=AGAIN)
    def page() -> str:
        names.append(threading.current_thread().name)
        if len(names) < 3:
            raise ConnectionError
        return "done"

    run = await alone(page).run()
    assert (run.result, run.tasks["page"].attempts) == ("done", 3)
    assert all(name.startswith("pool") for name in names)


async def test_a_pool_of_threads_takes_generators_and_awaitables(pool: ThreadPoolExecutor) -> None:
    async def late() -> str:
        await checkpoint()
        return "awaited"

    @task(run_in=pool)
    def page() -> Iterator[int]:
        yield from (1, 2)

    assert await alone(page)() == [1, 2]

    def hand_over() -> Awaitable[str]:
        return late()

    assert await alone(task(hand_over, name="page", run_in=pool))() == "awaited"


async def test_a_pool_of_processes_runs_a_task_and_its_retries(processes: ProcessPoolExecutor) -> None:
    step = pid.with_options(run_in=processes)
    first, second = await alone(step)(), await alone(step)()
    assert first == second != os.getpid()
    fails = functions.give_error.with_options(run_in=processes, name="page", retries=ONCE)

    @workflow(needs={"page": fails})
    async def w(kind: str, page: Any) -> None: ...

    run = await w.run("line")
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, ConnectionError), (2, ConnectionError)]
    local = task(lambda: 1, name="page", run_in=processes)
    with pytest.raises(TransferError, match=r"^Cannot run task 'page' in its executor: its function"):
        await alone(local)()


async def test_a_broken_pool_is_an_error_that_says_so_at_each_attempt() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as broken:
        run = await alone(functions.die.with_options(run_in=broken, name="page", retries=ONCE)).run()
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, WorkerLostError), (2, WorkerLostError)]
    assert str(run.error).startswith("Cannot finish task 'page' in its executor: the executor is broken")


async def test_a_pool_that_was_shut_down_is_an_error_that_says_so_at_each_attempt() -> None:
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    run = await alone(task(describe, name="page", run_in=closed, retries=ONCE)).run()
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, RemoteError), (2, RemoteError)]
    assert str(run.error).startswith("Cannot run task 'page' in its executor: the executor refused it")
    assert str(run.error).endswith("Keep the executor open until the run has ended.")
