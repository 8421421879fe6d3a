"""The same graphs without flowdeco: one `await` after the other, and a task for each node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

import anyio
from anyio import to_thread

from tests.benchmark.graph import Function, Shape


def write_by_hand(shape: Shape, function: Function) -> Callable[[], Awaitable[object]]:
    """Return a function that awaits one node after the other; each `def` has a hop to a thread of its own."""
    is_async = iscoroutinefunction(function)
    lines = ["async def by_hand():"]
    for index, needed in enumerate(shape):
        names = ", ".join(f"v{i}" for i in needed)
        given = f"[{names}]" if len(needed) > 2 else names
        lines.append(f" v{index} = await " + (f"function({given})" if is_async else f"run_sync(function, {given})"))
    lines.append(f" return v{len(shape) - 1}")
    variables: dict[str, Any] = {"function": function, "run_sync": to_thread.run_sync}
    exec("\n".join(lines), variables)
    by_hand: Callable[[], Awaitable[object]] = variables["by_hand"]
    return by_hand


def start(function: Function, needed: list[int], given: list[Any]) -> Awaitable[Any]:
    args = [given] if len(needed) > 2 else given
    return function(*args) if iscoroutinefunction(function) else to_thread.run_sync(function, *args)


async def run_in_asyncio_group(shape: Shape, function: Function) -> object:
    """A task a node, each awaiting the tasks that it needs."""
    tasks: list[asyncio.Task[Any]] = []

    async def run_node(needed: list[int]) -> Any:
        return await start(function, needed, [await tasks[i] for i in needed])

    async with asyncio.TaskGroup() as group:
        for needed in shape:
            tasks.append(group.create_task(run_node(needed)))
    return tasks[-1].result()


async def run_in_anyio_group(shape: Shape, function: Function) -> object:
    """A task a node, each waiting for the events of those that it needs."""
    events = [anyio.Event() for _ in shape]
    values: list[Any] = [None] * len(shape)

    async def run_node(index: int, needed: list[int]) -> None:
        for i in needed:
            if not events[i].is_set():
                await events[i].wait()
        values[index] = await start(function, needed, [values[i] for i in needed])
        events[index].set()

    async with anyio.create_task_group() as group:
        for index, needed in enumerate(shape):
            group.start_soon(run_node, index, needed)
    return values[-1]


async def run_each_in_anyio_group(count: int, function: Function) -> object:
    """A task a node, of nodes that need nothing."""
    values: list[Any] = [None] * count

    async def run_node(index: int) -> None:
        values[index] = await start(function, [], [])

    async with anyio.create_task_group() as group:
        for index in range(count):
            group.start_soon(run_node, index)
    return values


async def run_each_in_asyncio_group(count: int, function: Function) -> object:
    """The same with asyncio's own."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run_node(function)) for _ in range(count)]
    return [each.result() for each in tasks]


async def run_node(function: Function) -> Any:
    return await start(function, [], [])
