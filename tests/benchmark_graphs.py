"""Graphs of any size for the benchmark, and the same work written by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from inspect import iscoroutinefunction
from math import isqrt
from typing import Any, TypeAlias

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint

from flowdeco import Task, Workflow, task, workflow

# For each node the earlier ones that it needs; the last one is what is asked for.
Shape: TypeAlias = list[list[int]]
Function: TypeAlias = Callable[..., Any]
Graph: TypeAlias = Workflow[Coroutine[Any, Any, Any], Any]

# What the nodes do.


async def ready(a: Any = 0, b: Any = 0) -> int:
    return 1


async def waits(a: Any = 0, b: Any = 0) -> int:
    await checkpoint()
    return 1


def plain(a: Any = 0, b: Any = 0) -> int:
    return 1


async def sleeps(a: Any = 0, b: Any = 0) -> int:
    await anyio.sleep(0.01)
    return 1


def blocks(a: Any = 0, b: Any = 0) -> int:
    time.sleep(0.01)
    return 1


# How they hang together.


def make_chain(count: int) -> Shape:
    return [[i - 1] if i else [] for i in range(count)]


def make_fan(count: int) -> Shape:
    return [[], *([0] for _ in range(count - 2)), list(range(1, count - 1))]


def make_grid(count: int) -> Shape:
    side = isqrt(count)
    return [[j for j, inside in ((i - side, i >= side), (i - 1, i % side)) if inside] for i in range(side * side)]


def make_tree(count: int) -> Shape:
    last = count - 1
    return [[last - j for j in (2 * (last - i) + 1, 2 * (last - i) + 2) if j < count] for i in range(count)]


async def last(end: Any) -> Any:
    return end


def build(
    shape: Shape,
    function: Function,
    *,
    all_of_them: bool = False,
    options: Mapping[str, Any] | None = None,
    around: Mapping[str, Any] | None = None,
) -> Graph:
    """Return a workflow whose nodes all are tasks of one function; it asks for the last node, or for all.

    Args:
        shape: how they hang together.
        function: what each of them does.
        all_of_them: whether the workflow asks for all.
        options: those of each task; the nodes that need none have nothing to be `settled`.
        around: those of the workflow.
    """
    made: list[Task[..., Any]] = []
    for index, needed in enumerate(shape):
        steps = [made[i] for i in needed]
        needs = {"a": steps} if len(steps) > 2 else dict(zip("ab", steps, strict=False))
        own: dict[str, Any] = {name: value for name, value in (options or {}).items() if needed or name != "settled"}
        made.append(task(function, name=f"t{index}", needs=needs, **own))
    others: dict[str, Any] = {**(around or {})}
    return workflow(last, needs={"end": made if all_of_them else made[-1]}, **others)


def build_by_name(count: int) -> Graph:
    """Return a chain of functions that find each other by the names of their parameters."""
    lines = ["@task", "async def t0(): return 1"]
    for i in range(1, count):
        lines += ["@task", f"async def t{i}(t{i - 1}): return 1"]
    lines += ["@workflow", f"async def chain(t{count - 1}): return 1"]
    names: dict[str, Any] = {"task": task, "workflow": workflow, "__name__": "by_name"}
    exec("\n".join(lines), names)
    chain: Graph = names["chain"]
    return chain


# The same by hand.


def write_by_hand(shape: Shape, function: Function) -> Callable[[], Awaitable[object]]:
    """Return a function that awaits one node after the other; each `def` has a hop to a thread of its own."""
    is_async = iscoroutinefunction(function)
    lines = ["async def by_hand():"]
    for index, needed in enumerate(shape):
        names = ", ".join(f"v{i}" for i in needed)
        given = f"[{names}]" if len(needed) > 2 else names
        lines.append(f" v{index} = await " + (f"function({given})" if is_async else f"run_sync(function, {given})"))
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
