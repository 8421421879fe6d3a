"""Graphs of any size for the benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from math import isqrt
from types import CodeType
from typing import Any, TypeAlias

import anyio
from anyio.lowlevel import checkpoint

from flowdeco import Task, Workflow, task, workflow

# For each node the earlier ones that it needs; the last one is what is asked for.
Shape: TypeAlias = list[list[int]]
Function: TypeAlias = Callable[..., Any]
Options: TypeAlias = Mapping[str, Any]
Graph: TypeAlias = Workflow[Coroutine[Any, Any, Any], Any]

NO_OPTIONS: Options = {}

# What the nodes do: every one of them gives 1.


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


def make_independent(count: int) -> Shape:
    return [[] for _ in range(count)]


def make_star(count: int) -> Shape:
    """All of them need the first."""
    return [[], *([0] for _ in range(count - 1))]


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


Maker: TypeAlias = Callable[[int], Shape]

SHAPES: dict[str, Maker] = {"chain": make_chain, "fan": make_fan, "grid": make_grid, "tree": make_tree}
# Those whose nodes are all asked for: nothing joins them.
OPEN_SHAPES: dict[str, Maker] = {"independent": make_independent, "star": make_star}


async def last(end: Any) -> Any:
    return end


def build(
    shape: Shape,
    pick: Callable[[int], Function],
    *,
    all_of_them: bool = False,
    options: Options = NO_OPTIONS,
    around: Options = NO_OPTIONS,
) -> Graph:
    """Return a workflow that asks for its last node, or for all.

    Args:
        shape: how the nodes hang together.
        pick: the function of each node, by its number.
        all_of_them: whether the workflow asks for all.
        options: those of each task; the nodes that need none have nothing to be `settled`.
        around: those of the workflow.
    """
    made: list[Task[..., Any]] = []
    for index, needed in enumerate(shape):
        steps = [made[i] for i in needed]
        needs = {"a": steps} if len(steps) > 2 else dict(zip("ab", steps, strict=False))
        own: dict[str, Any] = {name: value for name, value in options.items() if needed or name != "settled"}
        made.append(task(pick(index), name=f"t{index}", needs=needs, **own))
    others: dict[str, Any] = {**around}
    return workflow(last, needs={"end": made if all_of_them else made[-1]}, **others)


def build_all_of(function: Function, shape: Shape, *, all_of_them: bool = False) -> Graph:
    """Return a workflow whose nodes all run the same function."""
    return build(shape, lambda _: function, all_of_them=all_of_them)


def build_by_name(count: int, *, in_function: bool = False) -> Graph:
    """Return a chain of functions that find each other by the names of their parameters.

    Args:
        count: how many.
        in_function: whether they are defined, and the chain compiled, in a function instead of a module.
    """
    names: dict[str, Any] = {"task": task, "workflow": workflow, "__name__": "by_name"}
    exec(write_chain(count, in_function=in_function), names)
    chain: Graph = names["make"]() if in_function else names["chain"]
    return chain


@cache
def write_chain(count: int, *, in_function: bool) -> CodeType:
    """Return the definitions, compiled, so that Python's own work on their text is not measured."""
    lines = ["@task", "async def t0(): return 1"]
    for i in range(1, count):
        lines += ["@task", f"async def t{i}(t{i - 1}): return 1"]
    lines += ["@workflow", f"async def chain(t{count - 1}): return t{count - 1}"]
    if in_function:
        lines = ["def make():", *(f" {line}" for line in (*lines, "assert chain.graph", "return chain"))]
    return compile("\n".join(lines), "by_name", "exec")
