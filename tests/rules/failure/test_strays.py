"""Cancellations, `StopIteration` and interrupts that come out of a task."""

import asyncio
import copy
from typing import Any

import anyio
import pytest
from anyio import sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import StrayCancellationError, task, workflow
from tests.conftest import Backend
from tests.support.clock import AT_ONCE


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("kind", ["async", "waits", "def"])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_raises_the_cancellation_exception_by_itself_has_failed(kind: str, together: bool) -> None:
    def fail() -> None:
        raise asyncio.CancelledError

    async def fail_async() -> None:
        fail()

    async def fail_later() -> None:
        await checkpoint()
        fail()

    functions: dict[str, Any] = {"async": fail_async, "waits": fail_later, "def": fail}
    bad = task(functions[kind], name="bad")

    @task
    async def other() -> None:
        if together:
            await sleep_forever()

    @workflow(after=[bad, other])
    async def stray() -> None: ...

    with pytest.raises(StrayCancellationError) as caught:
        await stray()
    assert str(caught.value) == "Cannot finish task 'bad': it raised CancelledError, but nobody had cancelled it."
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert caught.value.task == "bad"
    assert asyncio.current_task() is not None


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_cancellation_that_one_task_dealt_with_is_not_taken_for_the_next_task_s() -> None:
    @task
    async def deals_with_it() -> None:
        try:
            async with asyncio.timeout(AT_ONCE):
                await sleep_forever()
        except TimeoutError:
            return

    @task
    async def bad(deals_with_it: None) -> None:
        raise asyncio.CancelledError

    @workflow
    async def stray(bad: None) -> None: ...

    with pytest.raises(StrayCancellationError):
        await stray()


async def test_a_cancellation_that_a_task_kept_from_an_earlier_scope_is_a_failure() -> None:
    kept: list[BaseException] = []

    @task
    async def bad() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            try:
                await checkpoint()
            except BaseException as error:
                kept.append(error)
                raise
        await checkpoint()
        raise kept[0]

    @task
    async def other() -> None:
        await sleep_forever()

    @workflow
    async def stray(bad: None, other: None) -> None: ...

    with pytest.raises(StrayCancellationError):
        await stray()


@pytest.mark.parametrize("kind", ["async", "def", "timed def", "awaitable"])
@pytest.mark.parametrize("error", [StopIteration(1), StopAsyncIteration(2)])
async def test_a_stop_iteration_out_of_a_task_is_not_lost(kind: str, error: Exception) -> None:
    error = copy.copy(error)

    def fail() -> Any:
        raise error

    async def fail_async() -> None:
        raise error

    class Awaitable:
        def __await__(self) -> Any:
            yield from self.steps()

        def steps(self) -> Any:
            raise error

    functions: dict[str, Any] = {"async": fail_async, "def": fail, "timed def": fail, "awaitable": Awaitable}
    bad = task(functions[kind], name="bad", timeout=60 if kind == "timed def" else None)

    @workflow(after=bad)
    async def stops() -> None: ...

    with pytest.raises((RuntimeError, StopAsyncIteration)) as caught:
        await stops()
    assert error in (caught.value, caught.value.__cause__)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("kind", ["async", "def"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_keyboard_interrupt_and_system_exit_pass_bare(
    kind: str, together: bool, error: BaseException, backend: Backend
) -> None:
    error = copy.copy(error)
    ended: list[str] = []

    @task
    async def fail_async() -> None:
        await checkpoint()
        raise error

    @task
    def fail_def() -> None:
        raise error

    @task
    async def other() -> None:
        try:
            if together:
                await sleep_forever()
        finally:
            ended.append("other")

    bad = {"async": fail_async, "def": fail_def}[kind]

    @workflow(after=[other, bad], backend=backend[0], backend_options=backend[1])
    def leaves() -> None: ...

    with pytest.raises(type(error)) as caught:
        leaves()
    assert caught.value is error
    assert ended == ["other"]
    with pytest.raises(type(error)):
        leaves.run()
