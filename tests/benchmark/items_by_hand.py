"""Functions mapped over numbers without flowdeco, one function after the other. Each way gives the list of results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Any, TypeAlias

import anyio
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from tests.benchmark.graph import Function
from tests.benchmark.timing import AMAP

# What goes through a stream: the place in the list, and the value there.
Piece: TypeAlias = tuple[int, Any]


async def apply(function: Function, value: Any) -> Any:
    return await function(value) if iscoroutinefunction(function) else await to_thread.run_sync(function, value)


def join(functions: Sequence[Function]) -> Callable[[Any], Any]:
    async def apply_all(value: Any) -> Any:
        for function in functions:
            value = await apply(function, value)
        return value

    return apply_all


async def map_one_by_one(count: int, functions: Sequence[Function]) -> list[Any]:
    apply_all = join(functions)
    return [await apply_all(value) for value in range(count)]


async def map_in_asyncio_group(count: int, functions: Sequence[Function]) -> list[Any]:
    """A task an item, all at once."""
    apply_all = join(functions)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(apply_all(value)) for value in range(count)]
    return [each.result() for each in tasks]


async def map_with_amap(count: int, functions: Sequence[Function]) -> list[Any]:
    """The same with anyio's own, which younger ones have."""
    amap: Any = getattr(anyio, AMAP)
    results: list[Any] = await amap(join(functions), range(count))
    return results


async def map_through_streams(count: int, functions: Sequence[Function], *, workers: int = 1) -> list[Any]:
    """A stream before and behind each function, and so many tasks at each; the order is that of the numbers."""
    values: list[Any] = [None] * count

    async def feed(into: MemoryObjectSendStream[Piece]) -> None:
        async with into:
            for value in range(count):
                await into.send((value, value))

    async def work(
        function: Function, out_of: MemoryObjectReceiveStream[Piece], into: MemoryObjectSendStream[Piece]
    ) -> None:
        async with out_of, into:
            async for index, value in out_of:
                await into.send((index, await apply(function, value)))

    async with anyio.create_task_group() as group:
        send, receive = anyio.create_memory_object_stream[Piece](workers)
        group.start_soon(feed, send)
        for function in functions:
            send, behind = anyio.create_memory_object_stream[Piece](workers)
            for _ in range(workers):
                group.start_soon(work, function, receive.clone(), send.clone())
            receive.close()
            send.close()
            receive = behind
        async with receive:
            async for index, value in receive:
                values[index] = value
    return values
