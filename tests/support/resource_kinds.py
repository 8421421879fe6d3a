"""Kinds of task with a resource that stands where the cancellation is to find it: opening, open or closing.

They are kinds as those in `kinds`.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import anyio
from anyio import create_task_group

from flowdeco import Retry, resource, task, value, workflow

from .kinds import KINDS
from .stage import PATIENCE, Stage

# The kinds that are defined here.
RESOURCE_KINDS: list[str] = []


def resource_kind(function: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
    RESOURCE_KINDS.append(function.__name__)
    KINDS[function.__name__] = function
    return function


def use(held: Any, function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Return a task that needs a resource, and then does something on the event loop."""

    async def step(held: Any) -> None:
        if function is not None:
            await function()

    return task(step, needs={"held": held}, **options)


def watch_end(stage: Stage) -> Callable[[], None]:
    """Say that something was opened; return what says that it was closed."""
    closed: list[bool] = []
    stage.closing.callback(lambda: None if closed else stage.wrong.append("a resource was left open"))
    return lambda: closed.append(True)


def open_quickly(stage: Stage) -> Any:
    @resource
    async def held() -> AsyncGenerator[str]:
        close = watch_end(stage)
        try:
            yield "held"
        finally:
            await anyio.lowlevel.checkpoint()
            close()

    return held


def open_in_thread(stage: Stage) -> Any:
    @resource
    def held() -> Generator[str]:
        close = watch_end(stage)
        try:
            yield "held"
        finally:
            close()

    return held


# Opening.


@resource_kind
def opening_async(stage: Stage) -> Any:
    @resource
    async def held() -> AsyncGenerator[None]:
        await stage.sleep_then_await()
        yield

    return use(held, stage.forbid("it was run"))


@resource_kind
def opening_async_with_a_timeout(stage: Stage) -> Any:
    @resource(timeout=60)
    async def held() -> AsyncGenerator[None]:
        await stage.sleep_then_await()
        yield

    return use(held, stage.forbid("it was run"))


@resource_kind
def opening_def(stage: Stage) -> Any:
    @resource
    def held() -> Generator[None]:
        stage.poll()
        yield

    return use(held, stage.forbid("it was run"))


@resource_kind
def opening_def_that_blocks(stage: Stage) -> Any:
    stage.blocks = True

    @resource
    def held() -> Generator[None]:
        stage.block()
        close = watch_end(stage)
        try:
            yield
        finally:
            close()

    return use(held, stage.forbid("it was run"))


@resource_kind
def opening_beside_one_that_is_open(stage: Stage) -> Any:
    @resource(needs={"below": open_in_thread(stage)})
    async def held(below: str) -> AsyncGenerator[None]:
        await stage.sleep_then_await()
        yield

    return use(held, stage.forbid("it was run"))


@resource_kind
def opening_between_attempts(stage: Stage) -> Any:
    def wait(error: Exception) -> float:
        stage.arrive()
        return PATIENCE

    @resource(retries=Retry(3, delay=wait))
    async def held() -> AsyncGenerator[None]:
        if not stage.ended:
            raise ValueError("again")
        yield

    return use(held, stage.forbid("it was run"))


@resource_kind
def opening_by_a_call(stage: Stage) -> Any:
    called = task(stage.sleep_then_await)

    @resource
    async def held() -> AsyncGenerator[None]:
        await called.call()
        yield

    return use(held, stage.forbid("it was run"))


@resource_kind
def opening_for_an_item(stage: Stage) -> Any:
    @resource
    async def held() -> AsyncGenerator[None]:
        await stage.sleep_then_await()
        yield

    @task(each={"item": value([0, 1, 2])}, needs={"held": held})
    async def step(item: int, held: None) -> None:
        stage.wrong.append("it was run")

    return step


# Open.


@resource_kind
def with_an_open_resource(stage: Stage) -> Any:
    return use(open_quickly(stage), stage.sleep_then_await)


@resource_kind
def with_a_resource_that_is_open_in_a_thread(stage: Stage) -> Any:
    return use(open_in_thread(stage), stage.sleep_then_await)


@resource_kind
def with_a_resource_that_works_in_the_background(stage: Stage) -> Any:
    @resource
    async def held() -> AsyncGenerator[None]:
        close = watch_end(stage)
        async with create_task_group() as group:
            group.start_soon(anyio.sleep, PATIENCE)
            try:
                yield
            finally:
                group.cancel_scope.cancel()
                close()

    return use(held, stage.sleep_then_await)


@resource_kind
def in_the_thread_of_a_resource(stage: Stage) -> Any:
    stage.blocks = True
    held = open_in_thread(stage)

    def step(held: str) -> None:
        stage.block()

    return task(step, needs={"held": held}, run_in=held)


@resource_kind
def items_in_the_thread_of_a_resource(stage: Stage) -> Any:
    stage.blocks = True
    held = open_in_thread(stage)

    def step(item: int, held: str) -> None:
        stage.block()

    return task(step, each={"item": value([0, 1, 2])}, needs={"held": held}, run_in=held)


# Closing, which is at the end of the workflow that it belongs to.


@resource_kind
def closing_async(stage: Stage) -> Any:
    stage.blocks = True

    @resource
    async def held() -> AsyncGenerator[None]:
        close = watch_end(stage)
        yield
        with stage.inside():
            while not stage.release.is_set():  # noqa: ASYNC110 - what sets it is a test in any thread
                await anyio.sleep(0.001)
        close()

    return workflow(_nothing, name="inner", after=use(held))


@resource_kind
def closing_def(stage: Stage) -> Any:
    stage.blocks = True

    @resource
    def held() -> Generator[None]:
        close = watch_end(stage)
        yield
        stage.block()
        close()

    return workflow(_nothing, name="inner", after=use(held))


async def _nothing() -> None: ...
