"""Decorating and compiling: what a graph costs before its first run, with fresh tasks each time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial

from tests.benchmark.graph import SHAPES, Function, Graph, Maker, build, build_all_of, build_by_name, plain, ready
from tests.benchmark.option import HAVE_RETRIES, always
from tests.benchmark.timing import OWN, US, Case, Figures, Setting, WrongResultError

UNIT = "µs a node"


async def measure_compiling(make: Callable[[int], Graph], setting: Setting) -> Figures:
    result = await make(setting.nodes)()  # of the first, which warms up
    if result != 1:
        raise WrongResultError("the graph", result, 1)
    taken: list[float] = []
    end = time.perf_counter() + setting.seconds
    while len(taken) < setting.runs or time.perf_counter() < end:
        taken.append(time_compiling(make, setting.nodes))
    return {OWN: setting.choose(taken) / setting.nodes * US}


def time_compiling(make: Callable[[int], Graph], nodes: int) -> float:
    gc.collect()
    begin = time.perf_counter()
    assert make(nodes).graph
    return time.perf_counter() - begin


def build_shape(make: Maker, function: Function, nodes: int) -> Graph:
    return build_all_of(function, make(nodes))


def build_with_option(nodes: int) -> Graph:
    return build(SHAPES["chain"](nodes), always(ready), options={"timeout": 60, **HAVE_RETRIES(nodes)})


SHAPED = [
    Case(f"{name}, {kind}", UNIT, partial(measure_compiling, partial(build_shape, make, function)))
    for name, make in SHAPES.items()
    for kind, function in (("async def", ready), ("def", plain))
]
CHAINS = [
    Case("chain with retries and timeout, async def", UNIT, partial(measure_compiling, build_with_option)),
    Case("by name in a module, async def", UNIT, partial(measure_compiling, build_by_name)),
    Case(
        "by name in a function, async def", UNIT, partial(measure_compiling, partial(build_by_name, in_function=True))
    ),
]
COMPILING = [case._replace(name=f"decorate and compile, {case.name}") for case in SHAPED + CHAINS]
