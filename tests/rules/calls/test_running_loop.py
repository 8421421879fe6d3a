"""Calls where an event loop runs already."""

import asyncio
import gc
import warnings
from typing import Any

import pytest

from flowdeco import RunningLoopError, workflow
from tests.conftest import Backend
from tests.support.calls import awaited, counted, plain
from tests.support.naming import mention, on

mention(counted)


@pytest.mark.parametrize("how", ["__call__", "call_sync", "run", "run_sync"])
async def test_a_blocking_call_on_a_running_loop_is_an_error_that_names_the_way_out(how: str) -> None:
    with pytest.raises(RunningLoopError) as caught:
        getattr(plain, how)(number=1)
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.workflow == "plain"
    assert str(caught.value) == (
        "Cannot call workflow 'plain': this thread's event loop is running, and a blocking call would stop it. "
        f"Use: await plain.{'run_async' if how.startswith('run') else 'call'}(...)."
    )


async def test_a_blocking_call_of_an_async_workflow_on_a_running_loop_is_the_same_error() -> None:
    with pytest.raises(RunningLoopError, match=r"Use: await awaited\.call\(\.\.\.\)\."):
        awaited.call_sync(number=1)
    with pytest.raises(RunningLoopError, match=r"Use: await awaited\.run_async\(\.\.\.\)\."):
        awaited.run_sync(number=1)


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
        return counted, on(plain, backend)(number=counted)

    assert on(outer, backend)(number=1) == (3, (3, 7))


async def test_an_async_body_may_await_another_workflow() -> None:
    @workflow
    async def outer(number: Any, counted: Any) -> Any:
        return counted, await plain.call(number=counted), await awaited(number=0)

    assert await outer(number=1) == (3, (3, 7), (0, 1))
