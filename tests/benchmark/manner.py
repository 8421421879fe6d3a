"""What others on the event loop notice of many nodes that never wait."""

from __future__ import annotations

import gc
import time
from functools import partial
from itertools import pairwise

import anyio
from anyio.lowlevel import checkpoint

from tests.benchmark.graph import SHAPES, Graph, Maker, build_all_of, ready
from tests.benchmark.timing import MS, OWN, Case, Figures, Setting, WrongResultError

# How many times the nodes of other cases: a run has to last some milliseconds.
MANY = 10
DEADLINE = 0.003


async def prepare(make: Maker, setting: Setting) -> Graph:
    graph = build_all_of(ready, make(setting.nodes * MANY))
    result = await graph()
    if result != 1:
        raise WrongResultError("the graph", result, 1)
    return graph


async def measure_gap(make: Maker, setting: Setting) -> Figures:
    graph = await prepare(make, setting)
    return {OWN: setting.choose([await find_gap(graph) for _ in range(setting.runs)]) * MS}


async def find_gap(graph: Graph) -> float:
    """Return the longest time in seconds for which another task of the event loop had no turn during a run."""
    turns: list[float] = []

    async def tick() -> None:
        while True:
            turns.append(time.perf_counter())
            await checkpoint()

    gc.collect()
    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        await checkpoint()
        turns.append(time.perf_counter())
        await graph.run()
        turns.append(time.perf_counter())
        group.cancel_scope.cancel()
    return max(after - before for before, after in pairwise(turns))


async def measure_overshoot(make: Maker, setting: Setting) -> Figures:
    graph = await prepare(make, setting)
    return {OWN: setting.choose([await overshoot(graph) for _ in range(setting.runs)]) * MS}


async def overshoot(graph: Graph) -> float:
    """Return by how many seconds a run outlives its deadline."""
    gc.collect()
    begin = time.perf_counter()
    with anyio.move_on_after(DEADLINE) as scope:
        while True:  # a fast machine may be done before the deadline
            await graph.run()
    assert scope.cancelled_caught
    return time.perf_counter() - begin - DEADLINE


MANNER = [
    Case(f"{what}, {shape}", "ms", partial(measure, make))
    for what, measure in (("largest gap of a ticker", measure_gap), ("deadline overshot", measure_overshoot))
    for shape, make in SHAPES.items()
]
