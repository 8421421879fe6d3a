"""Items: what one costs at a stage, a pipeline of stages that wait, and the memory that many items take.

Beside flowdeco stand the ways by hand: one `await` after the other, a task for each item (asyncio's, and `anyio.amap`),
and stages joined by anyio's memory object streams, which is what flowdeco's items are most like. pipefunc and Prefect
have a `map` of their own; they are measured where they are installed, on fewer items where one takes long.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Any

import anyio

from flowdeco import Task, task, workflow
from tests.benchmark.graph import Function, Graph, last, plain, ready, waits
from tests.benchmark.items_by_hand import map_in_asyncio_group, map_one_by_one, map_through_streams, map_with_amap
from tests.benchmark.other import OTHERS, is_there, map_with
from tests.benchmark.timing import (
    AMAP,
    ANYIO,
    ASYNCIO,
    BY_HAND,
    MS,
    OWN,
    PIPEFUNC,
    PREFECT,
    US,
    Case,
    Contestant,
    Figures,
    Setting,
    WrongResultError,
    scale,
    time_all,
)

ITEM_RIVALS = (BY_HAND, ASYNCIO, ANYIO, AMAP, PIPEFUNC, PREFECT)
# How many times the nodes of other cases pass through the case on memory.
MANY = 100
# The two stages of the pipeline: so many items wait at once, and for so long, in seconds.
AT_ONCE = 50
SHORT, LONG = 0.01, 0.02
KIB = 1024


def count_up_to(count: int) -> list[int]:
    return list(range(count))


def build_items(count: int, functions: Sequence[Function], **options: Any) -> Graph:
    """Return a workflow that maps functions over numbers, one after the other, and collects what the last one gives."""
    stage: Task[..., Any] = task(partial(count_up_to, count), name="source", run_in="loop")
    for index, function in enumerate(functions):
        stage = task(function, name=f"s{index}", each={"a": stage}, **options)
    return workflow(last, needs={"end": stage})


Way = Callable[[int, Sequence[Function]], Awaitable[list[Any]]]


def make_rivals(count: int, functions: Sequence[Function], setting: Setting, workers: int) -> dict[str, Contestant]:
    """Return the same work without flowdeco, in the ways that there are for it here."""
    if not setting.rivals:
        return {}
    ways: dict[str, Way] = {
        BY_HAND: map_one_by_one,
        ASYNCIO: map_in_asyncio_group,
        ANYIO: partial(map_through_streams, workers=workers),
        AMAP: map_with_amap,
    }
    if setting.backend == "trio":
        del ways[ASYNCIO]
    if not hasattr(anyio, AMAP):
        del ways[AMAP]
    return {name: Contestant(partial(way, count, functions), [1] * count) for name, way in ways.items()}


async def measure_stages(function: Function, stages: int, options: dict[str, Any], setting: Setting) -> Figures:
    """Measure the microseconds that an item takes at a stage."""
    count, functions = setting.nodes, [function] * stages
    contestants = {OWN: Contestant(build_items(count, functions, **options), [1] * count)}
    contestants |= make_rivals(count, functions, setting, options.get("limit", 1))
    figures = scale(await time_all(contestants, setting), US / count / stages)
    return figures | await measure_others(function, stages, setting)


async def measure_others(function: Function, stages: int, setting: Setting) -> Figures:
    """Measure those of the other libraries that are installed, and run on this event loop."""
    figures: Figures = {}
    if setting.rivals and setting.backend == "asyncio" and function is plain:
        for name in filter(is_there, OTHERS):
            count = max(1, setting.nodes // OTHERS[name].share)
            contestant = Contestant(partial(map_with, name, count, stages), [1] * count)
            figures |= scale(await time_all({name: contestant}, setting), US / count / stages)
    return figures


async def sleep_shortly(a: Any = 0) -> int:
    await anyio.sleep(SHORT)
    return 1


async def sleep_longer(a: Any = 0) -> int:
    await anyio.sleep(LONG)
    return 1


async def measure_pipeline(setting: Setting) -> Figures:
    """Measure the milliseconds of two stages, of each of which so many run at once: the slower one decides."""
    functions = [sleep_shortly, sleep_longer]
    own = build_items(setting.nodes, functions, limit=AT_ONCE)
    contestants = {OWN: Contestant(own, [1] * setting.nodes)}
    rivals = make_rivals(setting.nodes, functions, setting, AT_ONCE)
    contestants |= {name: rival for name, rival in rivals.items() if name == ANYIO}  # the others have no such limit
    return scale(await time_all(contestants, setting), MS)


# Many items, of which nobody keeps the results.


def count_to(count: int) -> Iterator[int]:
    yield from range(count)


async def sum_up(a: AsyncIterator[int]) -> int:
    total = 0
    async for each in a:
        total += each
    return total


def build_stream(count: int, functions: Sequence[Function]) -> Graph:
    stage: Task[..., Any] = task(partial(count_to, count), name="source", run_in="loop")
    for index, function in enumerate(functions):
        stage = task(function, name=f"s{index}", each={"a": stage})
    total = task(sum_up, needs={"a": stage}, stream="a")
    return workflow(last, needs={"end": total})


async def measure_memory(times: int, function: Function, stages: int, setting: Setting) -> Figures:
    """Measure the most KiB that a run of so many items has at once."""
    count = setting.nodes * times
    await build_stream(2, [function] * stages)()  # what a first run leaves behind belongs to no item
    graph = build_stream(count, [function] * stages)
    assert graph.graph  # compiles it
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        total = await graph()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if total != count:
        raise WrongResultError("the stream", total, count)
    return {OWN: (most - before) / KIB}


async def measure_stream(setting: Setting) -> Figures:
    """Measure the microseconds that an item of a generator takes from its source to the one who reads the stream."""
    own = Contestant(build_stream(setting.nodes, [ready]), setting.nodes)
    return scale(await time_all({OWN: own}, setting), US / setting.nodes)


KINDS: dict[str, Function] = {"async def": ready, "async def that waits once": waits, "def": plain}
ITEM = [
    *(
        Case(f"items, {name}, {kind}", "µs a stage", partial(measure_stages, function, stages, {}), ITEM_RIVALS)
        for name, stages in (("one stage", 1), ("three stages", 3))
        for kind, function in KINDS.items()
    ),
    Case("items of a generator into a stream, async def", "µs an item", measure_stream, ITEM_RIVALS),
    Case("items, two stages that sleep 10 and 20 ms", "ms", measure_pipeline, ITEM_RIVALS),
    *(
        Case(
            f"most memory of {times} times the items, three stages",
            "KiB",
            partial(measure_memory, times, ready, 3),
            ITEM_RIVALS,
        )
        for times in (MANY // 10, MANY)
    ),
]
