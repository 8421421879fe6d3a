"""How much time and memory flowdeco takes, beside the same work written by hand.

    python tests/benchmark.py
    python tests/benchmark.py --quick --backend trio --only ready three

pytest does not collect it. Every figure is the median of several rounds, and in each round all contestants have
their turn, since other work on the machine comes and goes. `call` is `await w()`; `kept` is `await w.run()`, which
keeps the record with every result. A target that is missed is marked `over`; the targets are meant for asyncio.
"""

from __future__ import annotations

import argparse
import gc
import logging
import platform
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeAlias

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script's own folder is on the path, and not the one above it

from flowdeco import task, workflow
from tests.benchmark_graphs import (
    Function,
    Graph,
    Shape,
    blocks,
    build,
    build_by_name,
    make_chain,
    make_fan,
    make_grid,
    make_tree,
    plain,
    ready,
    run_in_anyio_group,
    run_in_asyncio_group,
    sleeps,
    waits,
    write_by_hand,
)
from tests.benchmark_policies import CASES, PLAIN, build_case, build_plain

Contestants: TypeAlias = dict[str, Callable[[], Awaitable[object]]]
Samples: TypeAlias = dict[str, list[float]]

BACKENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "asyncio": ("asyncio", {"use_uvloop": False}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
}
US, MS = 1e6, 1e3


class Settings(NamedTuple):
    """What to measure, and for how long.

    Attributes:
        backend: the event loop.
        sizes: numbers of nodes.
        flat: the number of nodes that is compared with the smallest size.
        many: the number of nodes of a run beside which others want their turn.
        rounds: how often each contestant has its turn.
        sample: how many nodes it runs in a turn, at least.
        calls: how often the small workflow is called.
    """

    backend: str
    sizes: Sequence[int]
    flat: int
    many: int
    rounds: int
    sample: int
    calls: int


# Measuring and printing.

SHAPES = {"chain": make_chain, "fan": make_fan, "grid": make_grid, "tree": make_tree}


def add_rivals(contestants: Contestants, settings: Settings, shape: Shape, function: Function) -> None:
    contestants["by hand"] = write_by_hand(shape, function)
    if settings.backend != "trio":
        contestants["asyncio"] = lambda: run_in_asyncio_group(shape, function)
    contestants["anyio"] = lambda: run_in_anyio_group(shape, function)


async def measure(contestants: Contestants, rounds: int, repeat: int = 1, warm: bool = True) -> Samples:
    """Return the seconds of a run of each, for each round; one more round goes before as a warm-up."""
    samples: Samples = {name: [] for name in contestants}
    for number in range(-warm, rounds):
        for name, run in contestants.items():
            gc.collect()
            begin = time.perf_counter()
            for _ in range(repeat):
                await run()
            if number >= 0:
                samples[name].append((time.perf_counter() - begin) / repeat)
    return samples


def say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201


verdicts: list[bool] = []


def judge(text: str, value: float, limit: float) -> str:
    """Return the target and whether it is met."""
    verdicts.append(value <= limit)
    return f"{text} {limit:g}: {'ok' if verdicts[-1] else 'OVER'}"


def compare(samples: Samples, name: str, rival: str) -> float:
    """Return how many times as long as a rival's a contestant's run took, the median over the rounds."""
    return median(own / other for own, other in zip(samples[name], samples[rival], strict=True))


COLUMNS = ("call", "kept", "by hand", "asyncio", "anyio")
HEAD = f"{'shape':<10}{'nodes':>7}" + "".join(f"{name:>9}" for name in COLUMNS) + "   target"


def row(name: str, count: int, samples: Samples, scale: float, note: str = "") -> str:
    cells = (f"{median(samples[c]) * scale:>9.2f}" if c in samples else f"{'-':>9}" for c in COLUMNS)
    return f"{name:<10}{count:>7,}{''.join(cells)}   {note}"


async def measure_shape(settings: Settings, shape: Shape, function: Function, rivals: bool = True) -> Samples:
    # What is defined in a function that still runs stays alive: so there is a function for each graph.
    graph = build(shape, function)
    contestants: Contestants = {"call": graph, "kept": graph.run}
    if rivals:
        add_rivals(contestants, settings, shape, function)
    count = len(shape)
    return await measure(contestants, settings.rounds, max(1, settings.sample // count))


async def measure_ready(settings: Settings) -> None:
    """async def that does not wait"""
    for name, make in SHAPES.items():
        kept: list[float] = []
        for size in (*settings.sizes, settings.flat):
            shape = make(size)
            samples = await measure_shape(settings, shape, ready, rivals=size != settings.flat)
            kept.append(median(samples["kept"]) / len(shape) * US)
            say(row(name, len(shape), samples, US / len(shape), judge("kept at most", kept[-1], 2)))
        flat = kept[-1] / kept[0]
        say(f"{'':<10}flat: {settings.flat:,} nodes cost {flat:.2f} times a node of {settings.sizes[0]:,}, "
            f"{judge('at most', flat, 1.5)}")  # fmt: skip
    for size in settings.sizes:
        graph = build_by_name(size)
        samples = await measure({"call": graph, "kept": graph.run}, settings.rounds, max(1, settings.sample // size))
        say(row("by name", size, samples, US / size, judge("kept at most", median(samples["kept"]) / size * US, 2)))


async def measure_waits(settings: Settings) -> None:
    """async def that waits once"""
    for name, make in SHAPES.items():
        for size in settings.sizes:
            shape = make(size)
            samples = await measure_shape(settings, shape, waits)
            rival = "anyio" if name == "fan" or settings.backend == "trio" else "asyncio"
            ratio = compare(samples, "kept", rival)
            note = f"kept/{rival} {ratio:.2f}"
            if name != "tree":
                note += judge(", at most", ratio, 1)
            say(row(name, len(shape), samples, US / len(shape), note))


async def measure_plain(settings: Settings) -> None:
    """def that returns at once (by hand and in the groups: a hop to a thread for each)"""
    for name, make in SHAPES.items():
        for size in settings.sizes:
            shape = make(size)
            samples = await measure_shape(settings, shape, plain, rivals=size <= 1_000)
            cost = median(samples["kept"]) / len(shape) * US
            say(row(name, len(shape), samples, US / len(shape), judge("kept at most", cost, 5)))


@task
async def one(number: int) -> int:
    return number + 1


@task
async def two(one: int) -> int:
    return one + 1


@task
async def three(one: int, two: int) -> int:
    return one + two


@workflow
async def little(number: int, three: int) -> int:
    return three


async def little_by_hand() -> int:
    first = await one(1)
    return await three(first, await two(first))


async def measure_three(settings: Settings) -> None:
    """three nodes, µs a call"""
    contestants: Contestants = {"call": lambda: little(number=1), "kept": lambda: little.run(number=1)}
    add_rivals(contestants, settings, [[], [0], [0, 1]], ready)
    contestants["by hand"] = little_by_hand
    samples = await measure(contestants, settings.rounds, settings.calls // settings.rounds)
    say(row("three", 3, samples, US, judge("kept at most", median(samples["kept"]) * US, 10)))


async def measure_sleeps(settings: Settings) -> None:
    """sleeping 10 ms, ms a run (`def`: on 40 threads)"""
    to_thread.current_default_thread_limiter().total_tokens = 40
    for name, count, function, ideal in (("async def", 1_000, sleeps, 10), ("def", 400, blocks, 100)):
        shape: Shape = [[]] * count
        graph = build(shape, function, all_of_them=True)
        contestants: Contestants = {"call": graph, "kept": graph.run}
        add_rivals(contestants, settings, shape, function)
        del contestants["by hand"]  # one after the other would take seconds
        samples = await measure(contestants, min(settings.rounds, 5))
        ratio = median(samples["kept"]) * MS / ideal
        note = judge(", at most", ratio, 1.5) if name == "def" else ""
        say(row(name, count, samples, MS, f"ideal {ideal}, kept/ideal {ratio:.2f}{note}"))


async def measure_compile(settings: Settings) -> None:
    """decorating and compiling, µs a node; memory, bytes a node"""
    say(f"{'shape':<10}{'nodes':>7}{'decorate':>10}{'compile':>9}{'tasks':>9}{'plan':>9}{'kept run':>10}   target")
    makers: dict[str, Callable[[int], Graph]] = {n: partial(build_ready, make) for n, make in SHAPES.items()}
    makers["by name"] = build_by_name
    for name, make in makers.items():
        for size in settings.sizes:
            times = [time_compiling(make, size) for _ in range(3)]
            decorate, compiling = (median(column) for column in zip(*times, strict=True))
            tasks, plan, run = await weigh(make, size)
            note = judge("compile at most", compiling, 20) + judge(", plan and run at most", plan + run, 1_024)
            if name == "by name":  # the decorating of the text includes Python's own compiling of it
                note += " (decorate: with Python's own compiling)"
            say(f"{name:<10}{size:>7,}{decorate:>10.1f}{compiling:>9.1f}{tasks:>9.0f}{plan:>9.0f}{run:>10.0f}   {note}")


def build_ready(make: Callable[[int], Shape], count: int) -> Graph:
    return build(make(count), ready)


def time_compiling(make: Callable[[int], Graph], count: int) -> tuple[float, float]:
    gc.collect()
    begin = time.perf_counter()
    graph = make(count)
    middle = time.perf_counter()
    assert graph.graph
    return (middle - begin) / count * US, (time.perf_counter() - middle) / count * US


def weigh_now() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def weigh(make: Callable[[int], Graph], count: int) -> list[float]:
    """Return the bytes a node of the tasks, of the compiled graph, and of one run with its record."""
    tracemalloc.start()
    marks = [weigh_now()]
    graph = make(count)
    marks.append(weigh_now())
    graph.graph  # noqa: B018 - compiles it
    marks.append(weigh_now())
    run = await graph.run()
    marks.append(weigh_now())
    assert run.result == 1
    tracemalloc.stop()
    return [(after - before) / count for before, after in pairwise(marks)]


async def measure_policies(settings: Settings) -> None:
    """what each option adds to a node, beside the same nodes without it"""
    size = settings.sizes[min(1, len(settings.sizes) - 1)]
    say(f"{'option':<27}{'beside':<11}{'nodes':>7}{'without':>9}{'with':>9}{'adds':>9}   target")
    graphs = {beside: build_plain(beside, size) for beside in PLAIN}
    graphs |= {name: build_case(case, size) for name, case in CASES.items()}
    for graph in graphs.values():
        await graph()  # a run would not raise
    contestants: Contestants = {name: graph.run for name, graph in graphs.items()}
    samples = await measure(contestants, settings.rounds, max(1, settings.sample // size))
    for name, case in CASES.items():
        own, plain_one = samples[name], samples[case.beside]
        added = median(a - b for a, b in zip(own, plain_one, strict=True)) / size * US
        cells = "".join(f"{median(column) / size * US:>9.2f}" for column in (plain_one, own))
        note = "" if case.most is None else judge("at most", added, case.most)
        say(f"{name:<27}{case.beside:<11}{size:>7,}{cells}{added:>9.2f}   {note}".rstrip())


async def measure_record(settings: Settings) -> None:
    """what the full record costs a node, beside a plain call, and what it costs to read it"""
    size = settings.sizes[-1]
    graph = build(make_chain(size), ready)
    kept = await graph.run()

    async def live() -> None:
        async with graph.start():
            pass

    async def logged() -> None:
        logger.setLevel(logging.DEBUG)
        try:
            await graph()
        finally:
            logger.setLevel(logging.WARNING)

    async def history() -> None:
        kept.history()

    async def page() -> None:
        kept.to_html()

    ways: Contestants = {
        "call": graph,
        "run, kept": graph.run,
        "start, followed": live,
        "call, logged at DEBUG": logged,
    }
    ways |= {"history()": history, "to_html()": page}
    logger = logging.getLogger("flowdeco")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    for name, seconds in (await measure(ways, settings.rounds)).items():
        say(f"{name:<24}{size:>7,}{median(seconds) / size * US:>9.2f}")


async def measure_manners(settings: Settings) -> None:
    """what others on the event loop notice of many nodes that never wait, ms"""
    for name, make in SHAPES.items():
        gaps, late = await measure_one(settings, make(settings.many))
        say(f"{name:<10}largest gap of a ticker {median(gaps):.2f} (worst {max(gaps):.2f}), "
            f"{judge('at most', median(gaps), 5)}; deadline overshot by {median(late):.2f} (worst {max(late):.2f}), "
            f"{judge('at most', median(late), 5)}")  # fmt: skip


async def measure_one(settings: Settings, shape: Shape) -> tuple[list[float], list[float]]:
    graph = build(shape, ready)
    await graph.run()
    gaps = [await find_gap(graph) * MS for _ in range(settings.rounds)]
    return gaps, [await overshoot(graph, 0.003) * MS for _ in range(settings.rounds)]


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


async def overshoot(graph: Graph, limit: float) -> float:
    """Return by how many seconds a run outlives its deadline."""
    gc.collect()
    begin = time.perf_counter()
    with anyio.move_on_after(limit) as scope:
        while True:  # a fast machine may be done before the deadline
            await graph.run()
    assert scope.cancelled_caught
    return time.perf_counter() - begin - limit


SECTIONS: dict[str, Callable[[Settings], Awaitable[None]]] = {
    "ready": measure_ready,
    "waits": measure_waits,
    "def": measure_plain,
    "three": measure_three,
    "sleep": measure_sleeps,
    "compile": measure_compile,
    "policies": measure_policies,
    "record": measure_record,
    "manners": measure_manners,
}


async def measure_all(settings: Settings, only: Sequence[str]) -> None:
    verdicts.clear()
    loop = "uvloop" if settings.backend == "uvloop" else settings.backend
    python = f"{platform.python_implementation()} {platform.python_version()}"
    say(f"{python}, {platform.system()} {platform.machine()}, anyio {version('anyio')}, {loop}")
    for name in only or SECTIONS:
        section = SECTIONS[name]
        unit = ", µs a node" if name in ("ready", "waits", "def", "policies", "record") else ""
        say(f"\n{name}: {section.__doc__}{unit}")
        if name not in ("compile", "policies", "record", "manners"):
            say(HEAD)
        await section(settings)
    say(f"\ntargets: {sum(verdicts)} met, {len(verdicts) - sum(verdicts)} over")


def choose(backend: str, *, quick: bool) -> Settings:
    if quick:
        return Settings(backend, (100, 1_000), flat=5_000, many=10_000, rounds=3, sample=200, calls=1_000)
    return Settings(backend, (100, 1_000, 10_000), flat=20_000, many=10_000, rounds=7, sample=1_000, calls=10_000)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure flowdeco beside the same work written by hand.")
    parser.add_argument("--backend", choices=BACKENDS, default="asyncio", help="the event loop")
    parser.add_argument("--quick", action="store_true", help="smaller graphs and fewer rounds")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=[], help="the sections to measure")
    parser.add_argument("--sizes", nargs="+", type=int, help="numbers of nodes")
    parser.add_argument("--rounds", type=int, help="rounds to take the median of")
    given = parser.parse_args(argv)
    settings = choose(given.backend, quick=given.quick)
    if given.sizes:
        settings = settings._replace(sizes=given.sizes, flat=2 * max(given.sizes), many=max(2_000, *given.sizes))
    if given.rounds:
        settings = settings._replace(rounds=given.rounds)
    backend, options = BACKENDS[given.backend]
    gc.freeze()  # what was there before makes no collection longer
    anyio.run(measure_all, settings, given.only, backend=backend, backend_options=options)
    gc.unfreeze()


if __name__ == "__main__":
    main()
