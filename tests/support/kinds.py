"""Kinds of task, each of which stands somewhere else when it is cancelled.

Each is a function of a `Stage` that returns the task or workflow, and says on the stage what is special about it.
"""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio import CancelScope, from_thread, get_cancelled_exc_class
from anyio.lowlevel import checkpoint

from flowdeco import Limit, Retry, Skip, task, workflow

from .elsewhere import hold_process, is_alive
from .stage import PATIENCE, Stage

KINDS: dict[str, Callable[[Stage], Any]] = {}
ASYNCIO_ONLY: set[str] = set()
# Where the cancellation is to find the workflow's own function, so that the kind is no task to be called.
BODIES = {"async_body", "def_body_under_call", "def_body_under_call_that_blocks"}


def kind(function: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
    KINDS[function.__name__] = function
    return function


def on_asyncio(function: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
    ASYNCIO_ONLY.add(function.__name__)
    return kind(function)


# On the event loop.


@kind
def async_(stage: Stage) -> Any:
    async def step() -> None:
        await stage.sleep()

    return task(step)


@kind
def async_that_awaits_on_its_way_out(stage: Stage) -> Any:
    return task(stage.sleep_then_await)


@kind
def async_with_a_shielded_cleanup(stage: Stage) -> Any:
    async def step() -> None:
        with stage.inside(arrive=False):
            try:
                await stage.sleep()
            finally:
                with CancelScope(shield=True):
                    await anyio.sleep(0.001)

    return task(step)


@kind
def async_generator(stage: Stage) -> Any:
    async def step() -> AsyncIterator[int]:
        with stage.inside(arrive=False):
            yield 1
            try:
                await stage.sleep()
            finally:
                await checkpoint()

    return task(step)


@kind
def async_that_swallows_it(stage: Stage) -> Any:
    async def step() -> str:
        try:
            await stage.sleep()
        except get_cancelled_exc_class():
            return "swallowed"
        return "not cancelled"

    return task(step)


@kind
def async_that_fails_on_its_way_out(stage: Stage) -> Any:
    async def step() -> None:
        try:
            await stage.sleep()
        except get_cancelled_exc_class():
            raise ValueError("on the way out") from None

    return task(step, retries=Retry(3, delay=0), recover=stage.forbid("recover= was asked"))


@kind
def async_that_skips_on_its_way_out(stage: Stage) -> Any:
    async def step() -> None:
        try:
            await stage.sleep()
        except get_cancelled_exc_class():
            raise Skip("on the way out") from None

    return task(step)


@on_asyncio
def asyncio_task_group(stage: Stage) -> Any:
    async def step() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.sleep_then_await())
            group.create_task(stage.sleep(arrive=False))

    return task(step, retries=3)


@on_asyncio
def asyncio_gather(stage: Stage) -> Any:
    async def step() -> None:
        await asyncio.gather(stage.sleep_then_await(), stage.sleep(arrive=False))

    return task(step)


@on_asyncio
def asyncio_timeout_inside(stage: Stage) -> Any:
    async def step() -> None:
        async with asyncio.timeout(60):
            await stage.sleep_then_await()

    return task(step, retries=3)


@kind
def anyio_task_group(stage: Stage) -> Any:
    async def step() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(stage.sleep_then_await)
            await stage.sleep(arrive=False)

    return task(step, retries=3)


@kind
def timed_async(stage: Stage) -> Any:
    return task(stage.sleep_then_await, timeout=60)


@kind
def timed_async_generator(stage: Stage) -> Any:
    async def step() -> AsyncIterator[int]:
        yield 1
        await stage.sleep_then_await()

    return task(step, timeout=60)


@kind
def def_on_the_loop_that_gives_an_awaitable(stage: Stage) -> Any:
    def step() -> Any:
        return stage.sleep_then_await()

    return task(step, run_in="loop")


# In threads.


@kind
def def_(stage: Stage) -> Any:
    return task(stage.poll)


@kind
def def_that_blocks(stage: Stage) -> Any:
    stage.blocks = True
    return task(stage.block)


@kind
def def_generator(stage: Stage) -> Any:
    def step() -> Iterator[int]:
        yield 1
        stage.poll()

    return task(step)


@kind
def def_that_gives_an_awaitable(stage: Stage) -> Any:
    def step() -> Any:
        return stage.sleep_then_await()

    return task(step)


@kind
def def_that_calls_the_loop(stage: Stage) -> Any:
    def step() -> None:
        with stage.inside(arrive=False):
            from_thread.run(stage.sleep)

    return task(step)


@kind
def def_that_calls_a_workflow(stage: Stage) -> Any:
    @workflow(after=task(stage.sleep_then_await))
    def inner() -> None: ...

    def step() -> None:
        with stage.inside(arrive=False):
            inner()

    return task(step, retries=3)


@kind
def timed_def(stage: Stage) -> Any:
    return task(stage.poll, timeout=60)


@kind
def timed_def_that_blocks(stage: Stage) -> Any:
    stage.blocks = True
    return task(stage.block, timeout=60)


# Elsewhere.


def _in_process(stage: Stage, **options: Any) -> Any:
    folder = stage.closing.enter_context(tempfile.TemporaryDirectory())
    path = Path(folder) / "pid"

    def is_there() -> bool:
        return path.exists()

    def look() -> None:
        if path.exists() and is_alive(int(path.read_text(encoding="ascii"))):
            stage.wrong.append("the process is alive")

    stage.is_there = is_there  # type: ignore[method-assign]  # only the file tells
    stage.closing.callback(look)
    return task(partial(hold_process, str(path)), name="held", run_in="process", **options)


@kind
def process(stage: Stage) -> Any:
    return _in_process(stage, retries=3)


@kind
def timed_process(stage: Stage) -> Any:
    return _in_process(stage, timeout=60)


@kind
def executor(stage: Stage) -> Any:
    stage.blocks = True
    pool = stage.closing.enter_context(ThreadPoolExecutor(1))
    return task(stage.block, run_in=pool)


@kind
def timed_executor(stage: Stage) -> Any:
    stage.blocks = True
    pool = stage.closing.enter_context(ThreadPoolExecutor(1))
    return task(stage.block, run_in=pool, timeout=60)


@kind
def executor_without_a_free_place(stage: Stage) -> Any:
    pool = stage.closing.enter_context(ThreadPoolExecutor(1))
    stage.closing.callback(stage.release.set)
    pool.submit(stage.release.wait, PATIENCE)
    stage.begins = True
    return task(stage.forbid("it was run"), run_in=pool)


# Workflows.


@kind
def nested_async_workflow(stage: Stage) -> Any:
    @workflow(after=task(stage.sleep_then_await))
    async def inner() -> None: ...

    return inner


@kind
def nested_def_workflow(stage: Stage) -> Any:
    @workflow(after=task(stage.poll))
    def inner() -> None: ...

    return inner


@kind
def nested_workflow_s_async_body(stage: Stage) -> Any:
    @workflow(timeout=60)
    async def inner() -> None:
        await stage.sleep_then_await()

    return inner


@kind
def nested_workflow_s_def_body(stage: Stage) -> Any:
    stage.blocks = True
    return workflow(stage.block, name="inner")


@kind
def async_body(stage: Stage) -> Any:
    stage.is_body = True
    stage.body = stage.sleep_then_await
    return task(lambda: None)


@kind
def def_body_under_call(stage: Stage) -> Any:
    stage.through_call = stage.is_body = True
    stage.body = stage.poll
    return task(lambda: None)


@kind
def def_body_under_call_that_blocks(stage: Stage) -> Any:
    stage.through_call = stage.is_body = stage.blocks = True
    stage.body = stage.block
    return task(lambda: None)


@kind
def keep_going(stage: Stage) -> Any:
    stage.options = {"keep_going": True}
    return task(stage.sleep_then_await)


@kind
def settled(stage: Stage) -> Any:
    stage.options = {"settled": "kept"}
    return task(stage.sleep_then_await)


@kind
def settled_def(stage: Stage) -> Any:
    stage.options = {"settled": "kept"}
    return task(stage.poll)


@kind
def timed_workflow(stage: Stage) -> Any:
    stage.options = {"timeout": 60}
    return task(stage.sleep_then_await)


# Limits.


@kind
def limited_async(stage: Stage) -> Any:
    stage.limits = [limit := Limit(1)]
    return task(stage.sleep_then_await, limit=limit)


@kind
def limited_def(stage: Stage) -> Any:
    stage.limits = [limit := Limit(1)]
    return task(stage.poll, limit=limit)


@kind
def limited_def_that_blocks(stage: Stage) -> Any:
    stage.blocks = True
    stage.limits = [limit := Limit(1)]
    return task(stage.block, limit=limit)


def _hold(stage: Stage, limit: Limit) -> None:
    """Have the place of a limit held by another event loop, until the stage is closed."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        release.wait(2 * PATIENCE)

    @workflow(after=task(hold, limit=limit))
    def holder() -> None: ...

    thread = threading.Thread(target=holder)
    thread.start()
    held.wait(PATIENCE)
    stage.closing.callback(thread.join)
    stage.closing.callback(release.set)


@kind
def async_waiting_for_a_limit(stage: Stage) -> Any:
    _hold(stage, limit := Limit(1))
    stage.begins = True
    return task(stage.forbid("it was run"), limit=limit, run_in="loop")


@kind
def def_waiting_for_a_limit(stage: Stage) -> Any:
    _hold(stage, limit := Limit(1))
    stage.begins = True
    return task(stage.forbid("it was run"), limit=limit)


# Policies and hooks.


@kind
def retried_async(stage: Stage) -> Any:
    return task(stage.sleep_then_await, retries=Retry(3, delay=0))


@kind
def retried_def(stage: Stage) -> Any:
    return task(stage.poll, retries=Retry(3, delay=0))


@kind
def between_attempts(stage: Stage) -> Any:
    def wait(error: Exception) -> float:
        stage.arrive()
        return PATIENCE

    async def step() -> None:
        raise ValueError("again")

    return task(step, retries=Retry(3, delay=wait), recover=stage.forbid("recover= was asked"))


@kind
def between_attempts_of_a_def(stage: Stage) -> Any:
    def wait(error: Exception) -> float:
        stage.arrive()
        return PATIENCE

    def step() -> None:
        raise ValueError("again")

    return task(step, retries=Retry(3, delay=wait))


@kind
def retried_around_a_nested_call(stage: Stage) -> Any:
    @workflow(after=task(stage.sleep_then_await))
    async def inner() -> None: ...

    async def step() -> None:
        await inner()

    return task(step, retries=Retry(3, delay=0), recover=stage.forbid("recover= was asked"))


@kind
def recovered(stage: Stage) -> Any:
    return task(stage.sleep_then_await, recover=stage.forbid("recover= was asked"))


def _bad() -> None:
    raise ValueError("recover")


@kind
def in_async_recover(stage: Stage) -> Any:
    return task(_bad, recover=stage.sleep_then_await)


@kind
def in_def_recover(stage: Stage) -> Any:
    return task(_bad, recover=stage.poll)


@kind
def in_recover_by_a_task(stage: Stage) -> Any:
    return task(_bad, recover=task(stage.sleep_then_await, retries=3))


@kind
def in_async_when(stage: Stage) -> Any:
    return task(stage.forbid("it was run"), when=stage.sleep_then_await)


@kind
def in_def_when(stage: Stage) -> Any:
    return task(stage.forbid("it was run"), when=stage.poll)


@kind
def in_on_start(stage: Stage) -> Any:
    return task(stage.forbid("it was run"), on_start=stage.sleep_then_await)


@kind
def in_on_start_of_an_async(stage: Stage) -> Any:
    async def step() -> None:
        stage.wrong.append("it was run")

    return task(step, on_start=stage.sleep_then_await)


def _wait_in_the_body(stage: Stage) -> None:
    async def wait() -> None:
        await stage.sleep(arrive=False)

    stage.body = wait


@kind
def in_on_success(stage: Stage) -> Any:
    _wait_in_the_body(stage)
    return task(lambda: None, on_success=stage.sleep_then_await)


@kind
def in_on_error(stage: Stage) -> Any:
    _wait_in_the_body(stage)
    stage.options = {"settled": "kept"}
    return task(_bad, on_error=stage.sleep_then_await)


@kind
def in_on_retry(stage: Stage) -> Any:
    return task(_bad, retries=Retry(3, delay=PATIENCE), on_retry=stage.sleep_then_await)


@kind
def hooked_async(stage: Stage) -> Any:
    return task(stage.sleep_then_await, on_start=_quick, on_success=_quick, on_state=_quick)


@kind
def hooked_def(stage: Stage) -> Any:
    return task(stage.poll, on_start=_quick, on_success=_quick, on_state=_quick)


async def _quick() -> None:
    await checkpoint()
