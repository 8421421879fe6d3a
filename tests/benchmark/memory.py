"""The memory of tasks, of the compiled graph and of one run with its record."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from tests.benchmark.graph import Graph, build_all_of, build_by_name, make_chain, make_fan, ready
from tests.benchmark.timing import OWN, Case, Figures, Setting, WrongResultError

BUILDERS: dict[str, Callable[[int], Graph]] = {
    "chain": lambda nodes: build_all_of(ready, make_chain(nodes)),
    "fan": lambda nodes: build_all_of(ready, make_fan(nodes)),
    "chain by name": build_by_name,
}
PARTS = ("tasks", "plan", "kept run")


def weigh_now() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def weigh(shape: str, nodes: int) -> dict[str, float]:
    """Return the bytes a node of each part."""
    build = BUILDERS[shape]
    await build(2)()  # what a first run leaves behind belongs to no node
    tracemalloc.start()
    try:
        marks = [weigh_now()]
        graph = build(nodes)
        marks.append(weigh_now())
        assert graph.graph  # compiles it
        marks.append(weigh_now())
        run = await graph.run()
        marks.append(weigh_now())
    finally:
        tracemalloc.stop()
    if run.result != 1:
        raise WrongResultError("the graph", run.result, 1)
    return {part: (after - before) / nodes for part, (before, after) in zip(PARTS, pairwise(marks), strict=True)}


async def measure_part(shape: str, parts: tuple[str, ...], setting: Setting) -> Figures:
    weights = await weigh(shape, setting.nodes)
    return {OWN: sum(weights[part] for part in parts)}


MEMORY = [
    Case(f"memory of {' and '.join(parts)}, {shape}", "bytes a node", partial(measure_part, shape, parts))
    for shape in BUILDERS
    for parts in (*((part,) for part in PARTS), PARTS[1:])
]
