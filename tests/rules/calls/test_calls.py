"""The ways to call a workflow, and what each of them gives."""

import asyncio
import gc
import inspect
import sys
import threading
import warnings
from collections.abc import Coroutine
from typing import Any

import anyio
import pytest
import trio
from anyio import create_task_group, to_thread

from flowdeco import Run, RunningLoopError, Status, Workflow, task, workflow
from tests.conftest import Backend


@task
async def fetched(number: int) -> int:
    return number * 2


@task
def counted(fetched: int) -> int:
    return fetched + 1


@workflow
def plain(number: Any, counted: Any) -> tuple[int, int]:
    return number, counted


@workflow
async def awaited(number: Any, counted: Any) -> tuple[int, int]:
    await anyio.lowlevel.checkpoint()
    return number, counted


def on(backend: Backend, w: Workflow[Any, Any]) -> Workflow[Any, Any]:
    """Return the workflow with an event loop for its blocking calls."""
    name, options = backend
    return w.with_options(backend=name, backend_options=options)


def test_a_def_workflow_is_called_like_the_function_it_was(backend: Backend) -> None:
    assert on(backend, plain)(number=1) == (1, 3)
    assert on(backend, plain)(2) == (2, 5)


def test_an_async_workflow_called_gives_a_coroutine(backend: Backend) -> None:
    name, options = backend
    assert anyio.run(awaited, 1, backend=name, backend_options=options) == (1, 3)
    coroutine = awaited(number=1)
    assert isinstance(coroutine, Coroutine)
    coroutine.close()


async def test_an_async_workflow_is_awaited_like_the_function_it_was() -> None:
    assert await awaited(number=1) == (1, 3)


@pytest.mark.parametrize("w", [plain, awaited])
async def test_call_works_for_both_kinds_on_a_running_loop(w: Workflow[Any, Any]) -> None:
    assert await w.call(number=1) == (1, 3)
    assert await w.call(2) == (2, 5)


@pytest.mark.parametrize("w", [plain, awaited])
def test_call_sync_works_for_both_kinds_without_a_loop(w: Workflow[Any, Any], backend: Backend) -> None:
    assert on(backend, w).call_sync(number=1) == (1, 3)


def test_run_gives_the_record_of_a_def_workflow(backend: Backend) -> None:
    run: Run[Any] = on(backend, plain).run(number=1)
    assert (run.status, run.result) == (Status.COMPLETED, (1, 3))
    assert run.tasks["counted"].result == 3


async def test_run_of_an_async_workflow_is_awaited() -> None:
    run = await awaited.run(number=1)
    assert (run.status, run.result) == (Status.COMPLETED, (1, 3))
    assert run.tasks["counted"].result == 3


def test_the_event_loops_own_ways_to_run_a_coroutine_work() -> None:
    assert asyncio.run(awaited(number=1)) == (1, 3)
    assert trio.run(awaited, 1) == (1, 3)
    assert anyio.run(plain.call, 1) == (1, 3)


def test_a_workflow_s_backend_is_the_one_of_its_blocking_calls() -> None:
    @task
    async def library() -> str:
        return anyio.get_cancelled_exc_class().__module__

    @workflow
    def w(library: Any) -> str:
        return str(library)

    assert w.with_options(backend="trio")() == "trio"
    assert w() == w.with_options(backend="asyncio")() == "asyncio.exceptions"


def test_a_workflow_s_backend_options_reach_the_event_loop() -> None:
    uvloop = pytest.importorskip("uvloop")

    @task
    async def loop() -> object:
        return asyncio.get_running_loop()

    @workflow(backend_options={"use_uvloop": True})
    def w(loop: Any) -> Any:
        return loop

    assert isinstance(w(), uvloop.Loop)
    assert not isinstance(w.with_options(backend_options={"use_uvloop": False})(), uvloop.Loop)


def test_the_body_of_a_plain_call_runs_on_the_calling_thread_after_the_loop(backend: Backend) -> None:
    @task
    async def loop_thread() -> int:
        return threading.get_ident()

    @workflow
    def w(loop_thread: Any) -> Any:
        with pytest.raises(RuntimeError):  # the loop is left
            anyio.get_cancelled_exc_class()
        return loop_thread, threading.get_ident()

    assert on(backend, w)() == (threading.get_ident(), threading.get_ident())


async def test_the_body_of_a_def_workflow_runs_in_a_worker_thread_under_call() -> None:
    @task
    async def loop_thread() -> int:
        return threading.get_ident()

    @workflow
    def w(loop_thread: Any) -> Any:
        anyio.from_thread.check_cancelled()  # raises where no worker thread is
        return loop_thread, threading.get_ident()

    loop, body = await w.call()
    assert loop == threading.get_ident() != body


async def test_the_body_of_an_async_workflow_runs_on_the_loop() -> None:
    @workflow
    async def w() -> Any:
        return threading.get_ident(), anyio.get_current_task().id

    assert await w() == await w.call() == (threading.get_ident(), anyio.get_current_task().id)


@pytest.mark.parametrize("how", ["__call__", "call_sync", "run"])
async def test_a_blocking_call_on_a_running_loop_is_an_error_that_names_the_way_out(how: str) -> None:
    with pytest.raises(RunningLoopError) as caught:
        getattr(plain, how)(number=1)
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.workflow == "plain"
    assert str(caught.value) == (
        "Cannot call workflow 'plain': this thread's event loop is running, and a blocking call would stop it. "
        "Use: await plain.call(...)."
        + (" For its run: await anyio.to_thread.run_sync(plain.run, ...)." if how == "run" else "")
    )


async def test_a_blocking_call_of_an_async_workflow_on_a_running_loop_is_the_same_error() -> None:
    with pytest.raises(RunningLoopError, match=r"Use: await awaited\.call\(\.\.\.\)\."):
        awaited.call_sync(number=1)


def test_a_blocking_call_in_a_callback_of_the_loop_is_the_same_error() -> None:
    caught: list[str] = []

    async def main() -> None:
        done = asyncio.Event()

        def call() -> None:
            try:
                plain(number=1)
            except RunningLoopError as error:
                caught.append(str(error))
            done.set()

        asyncio.get_running_loop().call_soon(call)
        await done.wait()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # asyncio drops the coroutine that it does not run
        asyncio.run(main())
        gc.collect()
    assert caught == [
        (
            "Cannot call workflow 'plain': this thread's event loop is running, and a blocking call would stop it. "
            "Use: await plain.call(...)."
        )
    ]


def test_a_def_body_may_call_another_workflow(backend: Backend) -> None:
    @workflow
    def outer(number: Any, counted: Any) -> Any:
        return counted, on(backend, plain)(number=counted)

    assert on(backend, outer)(number=1) == (3, (3, 7))


async def test_an_async_body_may_await_another_workflow() -> None:
    @workflow
    async def outer(number: Any, counted: Any) -> Any:
        return counted, await plain.call(number=counted), await awaited(number=0)

    assert await outer(number=1) == (3, (3, 7), (0, 1))


async def test_the_same_workflow_called_from_200_tasks_at_once_keeps_the_runs_apart() -> None:
    arrived = 0
    everybody = anyio.Event()

    @task
    async def meet(number: int) -> int:
        nonlocal arrived
        arrived += 1
        if arrived == 200:
            everybody.set()
        await everybody.wait()
        return number

    @task
    async def doubled(meet: int) -> int:
        return meet * 2

    @workflow
    async def w(number: Any, meet: Any, doubled: Any) -> Any:
        return number, meet, doubled

    results: dict[int, Any] = {}

    async def call(number: int) -> None:
        results[number] = await w.call(number=number)

    async with create_task_group() as group:
        for number in range(200):
            group.start_soon(call, number)
    assert results == {number: (number, number, number * 2) for number in range(200)}


def test_the_same_workflow_called_from_20_threads_at_once_keeps_the_runs_apart(backend: Backend) -> None:
    barrier = threading.Barrier(20, timeout=30)

    @task
    def meet(number: int) -> int:
        barrier.wait()
        return number

    @task
    async def doubled(meet: int) -> int:
        return meet * 2

    @workflow
    def w(number: Any, meet: Any, doubled: Any) -> Any:
        return number, meet, doubled

    w = on(backend, w)
    results: dict[int, Any] = {}

    def call(number: int) -> None:
        results[number] = w(number=number)

    threads = [threading.Thread(target=call, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: (number, number, number * 2) for number in range(20)}


async def test_worker_threads_that_call_the_same_workflow_keep_the_runs_apart() -> None:
    results: dict[int, Any] = {}

    async def call(number: int) -> None:
        results[number] = await to_thread.run_sync(plain, number)

    async with create_task_group() as group:
        for number in range(20):
            group.start_soon(call, number)
    assert results == {number: (number, number * 2 + 1) for number in range(20)}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 has no mark for coroutine functions")
def test_an_async_workflow_passes_for_a_coroutine_function() -> None:
    assert inspect.iscoroutinefunction(awaited)
    assert inspect.iscoroutinefunction(awaited.with_options(timeout=1))
    assert inspect.iscoroutinefunction(awaited.override(counted=1))
    assert not inspect.iscoroutinefunction(plain)


def test_a_workflow_keeps_the_function_s_name_and_documentation() -> None:
    @workflow
    def documented(number: int) -> None:
        """Say what it is for."""

    assert vars(documented)["__name__"] == "documented"
    assert documented.__doc__ == "Say what it is for."
    assert documented.__module__ == __name__
    assert repr(documented) == "<workflow 'documented'>"


@pytest.mark.parametrize("how", ["__call__", "call", "run"])
def test_a_workflow_that_is_never_awaited_is_named_in_the_warning(how: str) -> None:
    with pytest.warns(RuntimeWarning, match="^coroutine 'awaited' was never awaited$"):
        getattr(awaited, how)(number=1)


def test_a_workflow_may_be_a_method() -> None:
    class Shop:
        currency = "EUR"

        @workflow
        def offer(self, number: Any, counted: Any) -> Any:
            return self.currency, counted

    assert Shop().offer(number=1) == ("EUR", 3)
    assert Shop().offer(1) == ("EUR", 3)
