"""A case, and how long what it compares takes."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from statistics import median
from typing import Any, NamedTuple, TypeAlias

from tests.benchmark.by_hand import run_in_anyio_group, run_in_asyncio_group, write_by_hand
from tests.benchmark.graph import Function, Shape

US, MS = 1e6, 1e3

OWN, BY_HAND, ASYNCIO, ANYIO = "flowdeco", "by hand", "asyncio", "anyio"
RIVALS = (BY_HAND, ASYNCIO, ANYIO)
AMAP, PIPEFUNC, PREFECT = "amap", "pipefunc", "prefect"

# For flowdeco, and for each rival, a figure in the case's unit.
Figures: TypeAlias = dict[str, float]


class Setting(NamedTuple):
    """How a case is measured.

    Attributes:
        nodes: the size of a graph; some cases take a multiple of it.
        seconds: for how long runs are repeated.
        runs: how many there are at least, besides a first one that warms up.
        backend: asyncio or trio.
        rivals: whether the same work without flowdeco is measured too.
        best: whether the least of the runs counts, instead of their median.
    """

    nodes: int = 1_000
    seconds: float = 0.5
    runs: int = 3
    backend: str = "asyncio"
    rivals: bool = True
    best: bool = False

    def choose(self, taken: Iterable[float]) -> float:
        """Return the one of several figures that counts."""
        return min(taken) if self.best else median(taken)


class Case(NamedTuple):
    """One row of the table.

    Attributes:
        name: what is measured; unique, since targets refer to it.
        unit: of its figures.
        measure: measures it.
        rivals: whom the row has a column for; the same ones in all cases of a section.
    """

    name: str
    unit: str
    measure: Callable[[Setting], Awaitable[Figures]]
    rivals: tuple[str, ...] = RIVALS


class Contestant(NamedTuple):
    """Something that runs, and what has to come out of it."""

    run: Callable[[], Awaitable[object]]
    expected: object


class WrongResultError(Exception):
    """A contestant gave another result than it should, so its time says nothing."""

    def __init__(self, name: str, result: object, expected: object) -> None:
        super().__init__(f"{name} gave {result!r:.200} instead of {expected!r:.200}")


async def time_all(contestants: Mapping[str, Contestant], setting: Setting) -> Figures:
    """Return the seconds that a run of each takes, the median of several.

    They have their turns one after the other, since other work on the machine comes and goes.

    Raises:
        WrongResultError: if the first run of one, which warms up, gives what is not expected of it.
    """
    for name, (run, expected) in contestants.items():
        result = await run()
        if result != expected:
            raise WrongResultError(name, result, expected)
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    end = time.perf_counter() + setting.seconds * len(contestants)
    done = 0
    while done < setting.runs or time.perf_counter() < end:
        for name, (run, _) in contestants.items():
            samples[name].append(await time_once(run))
        done += 1
    return {name: setting.choose(taken) for name, taken in samples.items()}


async def time_once(run: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    begin = time.perf_counter()
    await run()
    return time.perf_counter() - begin


def make_rivals(shape: Shape, function: Function, expected: object, setting: Setting) -> dict[str, Contestant]:
    """Return the same graph without flowdeco, in the ways that the event loop has."""
    if not setting.rivals:
        return {}
    ways: dict[str, Callable[[], Awaitable[Any]]] = {
        BY_HAND: write_by_hand(shape, function),
        ASYNCIO: partial(run_in_asyncio_group, shape, function),
        ANYIO: partial(run_in_anyio_group, shape, function),
    }
    if setting.backend == "trio":
        del ways[ASYNCIO]
    return {name: Contestant(run, expected) for name, run in ways.items()}


def scale(figures: Figures, factor: float) -> Figures:
    return {name: figure * factor for name, figure in figures.items()}
