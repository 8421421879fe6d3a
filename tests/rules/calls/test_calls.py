"""The ways to call a workflow, and what each of them gives."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import anyio
import pytest
import trio

from flowdeco import InputError, Run, Status, Workflow, task, workflow
from tests.conftest import Backend
from tests.support.calls import awaited, plain
from tests.support.naming import on


def test_a_def_workflow_is_called_like_the_function_it_was(backend: Backend) -> None:
    assert on(plain, backend)(number=1) == (1, 3)
    assert on(plain, backend)(2) == (2, 5)


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
    assert on(w, backend).call_sync(number=1) == (1, 3)


def test_run_gives_the_record_of_a_def_workflow(backend: Backend) -> None:
    run: Run[Any] = on(plain, backend).run(number=1)
    assert (run.status, run.result) == (Status.COMPLETED, (1, 3))
    assert run.tasks["counted"].result == 3


async def test_run_of_an_async_workflow_is_awaited() -> None:
    run = await awaited.run(number=1)
    assert (run.status, run.result) == (Status.COMPLETED, (1, 3))
    assert run.tasks["counted"].result == 3


@pytest.mark.parametrize("w", [plain, awaited])
async def test_run_async_gives_the_record_of_both_kinds_on_a_running_loop(w: Workflow[Any, Any]) -> None:
    for run in (await w.run_async(number=1), await w.run_async(1)):
        assert (run.status, run.result) == (Status.COMPLETED, (1, 3))
        assert run.tasks["counted"].result == 3


@pytest.mark.parametrize("w", [plain, awaited])
def test_run_sync_gives_the_record_of_both_kinds_without_a_loop(w: Workflow[Any, Any], backend: Backend) -> None:
    run = on(w, backend).run_sync(number=1)
    assert (run.status, run.result) == (Status.COMPLETED, (1, 3))
    assert run.tasks["counted"].result == 3


@pytest.mark.parametrize("w", [plain, awaited])
async def test_run_async_keeps_an_error_in_the_record_and_raises_what_is_wrong_with_the_call(
    w: Workflow[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(number: int) -> int:
        raise LookupError(number)

    run = await w.override(counted=fail).run_async(number=1)
    assert (run.status, repr(run.error)) == (Status.FAILED, "LookupError(1)")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] != []
    with pytest.raises(InputError):  # by the call itself, as Python itself does
        w.run_async(nowhere=1).close()


@pytest.mark.parametrize("w", [plain, awaited])
def test_run_sync_keeps_an_error_in_the_record_and_raises_what_is_wrong_with_the_call(
    w: Workflow[Any, Any], backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(number: int) -> int:
        raise LookupError(number)

    run = on(w, backend).override(counted=fail).run_sync(number=1)
    assert (run.status, repr(run.error)) == (Status.FAILED, "LookupError(1)")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] != []
    with pytest.raises(InputError):
        w.run_sync(nowhere=1)


@pytest.mark.parametrize("w", [plain, awaited])
async def test_a_cancellation_of_run_async_is_raised(w: Workflow[Any, Any]) -> None:
    started = anyio.Event()

    async def wait(number: int) -> None:
        started.set()
        await anyio.sleep_forever()

    ended: list[Any] = []

    async def call() -> None:
        ended.append(await w.override(counted=wait).run_async(number=1))

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await started.wait()
        group.cancel_scope.cancel()
    assert ended == []


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
    assert w.with_options(backend="trio")() == "trio"  # also when the workflow itself has run before


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

    assert on(w, backend)() == (threading.get_ident(), threading.get_ident())


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
