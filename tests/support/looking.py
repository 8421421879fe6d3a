"""The ways of looking at a run, none of which may change how it runs."""

import io
import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeAlias

from flowdeco import Monitor, Task, Workflow, workflow
from flowdeco.progress import Progress

# Makes a workflow that needs the tasks, and runs it.
Look: TypeAlias = Callable[[list[Task[..., Any]]], Awaitable[Any]]


def make(steps: list[Task[..., Any]], **options: Any) -> Workflow[Any, Any]:
    async def body(found: list[Any]) -> None: ...

    return workflow(body, name="w", needs={"found": steps}, **options)


def ignore() -> None:
    """A hook that asks for nothing."""


async def ignore_async() -> None:
    """A hook that has to be awaited."""


def with_options(**options: Any) -> Look:
    async def look(steps: list[Task[..., Any]]) -> None:
        await make(steps, **options)()

    return look


def with_hooks(**hooks: Any) -> Look:
    async def look(steps: list[Task[..., Any]]) -> None:
        await make([step.with_options(**hooks) for step in steps])()

    return look


async def run(steps: list[Task[..., Any]]) -> None:
    await make(steps).run()


async def start(steps: list[Task[..., Any]]) -> None:
    async with make(steps).start() as live:
        events = [event async for event in live.events()]
    assert len(events) >= 2 * len(steps) + 2


async def show(steps: list[Task[..., Any]]) -> None:
    await make(steps, on_state=Progress(file=io.StringIO()))()


@contextmanager
def debugging() -> Generator[None, None, None]:
    logger = logging.getLogger("flowdeco")
    level, propagate = logger.level, logger.propagate
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


async def debug(steps: list[Task[..., Any]]) -> None:
    with debugging():
        await make(steps)()


plain: Look = with_options()

# What follows the whole run; the tasks are the very same.
LOOKS: dict[str, Look] = {
    "workflow's on_state": with_options(on_state=ignore),
    "workflow's async on_state": with_options(on_state=ignore_async),
    "Monitor": with_options(on_state=Monitor()),
    "Progress": show,
    "start()": start,
    "run()": run,
    "DEBUG": debug,
}

# What hangs on each task.
HOOKS: dict[str, Look] = {
    "task's on_state": with_hooks(on_state=ignore),
    "task's async on_state": with_hooks(on_state=ignore_async),
    "task's on_start": with_hooks(on_start=ignore),
    "task's on_success": with_hooks(on_success=ignore),
    "task's async on_success": with_hooks(on_success=ignore_async),
    "task's on_error": with_hooks(on_error=ignore),
}
