"""A cancellation that nobody asked for is an error wherever it comes up: in a hook, a body, any kind of future."""

import concurrent.futures
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio import Event, create_task_group, get_cancelled_exc_class, move_on_after, sleep_forever

from flowdeco import Run, StrayCancellationError, task, workflow
from tests.conftest import Backend


def wait_for_cancelled_future() -> Any:
    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    future.cancel()
    return future.result()


async def wait_in_coroutine() -> Any:
    return wait_for_cancelled_future()


def see(status: str) -> None: ...


async def one() -> int:
    return 1


@pytest.mark.parametrize("function", [wait_for_cancelled_future, wait_in_coroutine])
@pytest.mark.parametrize("options", [{}, {"on_state": see}, {"defaults": {"retries": 1}}, {"defaults": {"limit": 1}}])
async def test_a_future_that_somebody_cancelled_is_a_stray_one_whoever_looks_on(
    function: Callable[[], Any], options: dict[str, Any]
) -> None:
    step = task(function, name="step")

    @workflow(needs={"value": step}, **options)
    async def w(value: int) -> int:
        return value

    with pytest.raises(StrayCancellationError, match="task 'step'") as caught:
        await w()
    assert isinstance(caught.value.__cause__, concurrent.futures.CancelledError)


def test_a_stray_cancellation_in_the_body_of_a_plain_call_is_an_error_of_the_run(backend: Backend) -> None:
    kinds: list[type[BaseException]] = []

    async def find_kind() -> type[BaseException]:
        return get_cancelled_exc_class()

    kinds.append(anyio.run(find_kind, backend=backend[0], backend_options=backend[1]))

    @workflow(backend=backend[0], backend_options=backend[1])
    def waits() -> Any:
        return wait_for_cancelled_future()

    for call in (waits, waits.call_sync):
        with pytest.raises(StrayCancellationError, match="workflow 'waits'") as caught:
            call()
        assert Run.of(caught.value).status == "failed"
    run: Any = waits.run()
    assert isinstance(run.error, StrayCancellationError)


@pytest.mark.parametrize("hook_errors", ["log", "raise"])
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
@pytest.mark.parametrize("option", ["on_state", "on_start", "on_success"])
@pytest.mark.parametrize("whose", ["task", "workflow"])
async def test_a_stray_cancellation_in_a_hook_is_an_error_of_the_hook(
    whose: str, option: str, is_async: bool, hook_errors: Any
) -> None:
    kind: Any = get_cancelled_exc_class()
    told: list[int] = []

    def fail() -> None:
        if told:
            return
        told.append(1)
        raise kind._create() if hasattr(kind, "_create") else kind()

    async def fail_async() -> None:
        fail()

    hooks: dict[str, Any] = {option: fail_async if is_async else fail}
    of_task, of_workflow = (hooks, {}) if whose == "task" else ({}, hooks)
    step = task(one, **of_task)

    @workflow(needs={"value": step}, hook_errors=hook_errors, **of_workflow)
    async def w(value: int) -> int:
        return value

    run = await w.run()
    assert told == [1]
    if hook_errors == "log" and option != "on_start":
        assert run.status == "completed"
        assert [type(each.error) for each in run.hook_errors] == [StrayCancellationError]
    else:
        assert isinstance(run.error, StrayCancellationError)


async def test_a_hook_that_is_really_cancelled_is_cancelled() -> None:
    started = Event()

    async def tell() -> None:
        started.set()
        await sleep_forever()

    @workflow(on_start=tell)
    async def w() -> None: ...

    async with create_task_group() as group:

        async def call() -> None:
            await w()
            raise AssertionError("it was not cancelled")

        group.start_soon(call)
        with move_on_after(60):
            await started.wait()
        group.cancel_scope.cancel()
