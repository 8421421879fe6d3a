"""Nodes without an option, beside the same work without flowdeco."""

from __future__ import annotations

from functools import partial

from flowdeco import task, workflow
from tests.benchmark.by_hand import run_each_in_anyio_group, run_each_in_asyncio_group
from tests.benchmark.graph import (
    OPEN_SHAPES,
    SHAPES,
    Function,
    Maker,
    blocks,
    build_all_of,
    build_by_name,
    make_chain,
    make_independent,
    plain,
    ready,
    sleeps,
    waits,
)
from tests.benchmark.timing import (
    ANYIO,
    ASYNCIO,
    BY_HAND,
    MS,
    OWN,
    US,
    Case,
    Contestant,
    Figures,
    Setting,
    make_rivals,
    scale,
    time_all,
)

# How often the small workflow is called in a turn.
CALLS = 100
# How many times as long the long chain is: a node of it may cost little more than one of a short chain.
LONG = 20

KINDS: dict[str, Function] = {"async def": ready, "async def that waits once": waits, "def": plain}


async def measure_shape(make: Maker, function: Function, all_of_them: bool, setting: Setting) -> Figures:
    shape = make(setting.nodes)
    graph = build_all_of(function, shape, all_of_them=all_of_them)
    own = Contestant(graph, [1] * len(shape) if all_of_them else 1)
    contestants = {OWN: own, **make_rivals(shape, function, 1, setting)}
    return scale(await time_all(contestants, setting), US / len(shape))


async def measure_long(function: Function, setting: Setting) -> Figures:
    count = setting.nodes * LONG
    own = Contestant(build_all_of(function, make_chain(count)), 1)
    return scale(await time_all({OWN: own}, setting), US / count)


async def measure_by_name(setting: Setting) -> Figures:
    own = Contestant(build_by_name(setting.nodes), 1)
    return scale(await time_all({OWN: own}, setting), US / setting.nodes)


# Three nodes, as small as a workflow gets.


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


@task(name="one")
def one_plain(number: int) -> int:
    return number + 1


@task(name="two", needs={"one": one_plain})
def two_plain(one: int) -> int:
    return one + 1


@task(name="three", needs={"one": one_plain, "two": two_plain})
def three_plain(one: int, two: int) -> int:
    return one + two


little_plain = little.with_options(needs={"three": three_plain})


async def call_little() -> int:
    for _ in range(CALLS - 1):
        await little(number=1)
    return await little(number=1)


async def keep_little() -> int | None:
    for _ in range(CALLS - 1):
        await little.run(number=1)
    return (await little.run(number=1)).result


async def call_little_plain() -> int:
    for _ in range(CALLS - 1):
        await little_plain(number=1)
    return await little_plain(number=1)


async def write_little() -> int:
    for _ in range(CALLS - 1):
        await little_by_hand()
    return await little_by_hand()


async def measure_three(setting: Setting) -> Figures:
    shape = [[], [0], [0, 1]]
    groups = make_rivals(shape, ready, 1, setting)
    groups.pop(BY_HAND, None)
    rivals = {BY_HAND: Contestant(write_little, 5)} if setting.rivals else {}
    figures = await time_all({OWN: Contestant(call_little, 5), **rivals}, setting)
    return scale(figures, US / CALLS) | scale(await time_all(groups, setting) if groups else {}, US)


async def measure_three_kept(setting: Setting) -> Figures:
    return scale(await time_all({OWN: Contestant(keep_little, 5)}, setting), US / CALLS)


async def measure_three_plain(setting: Setting) -> Figures:
    return scale(await time_all({OWN: Contestant(call_little_plain, 5)}, setting), US / CALLS)


# All of them asleep at once.


async def measure_sleeping(function: Function, setting: Setting) -> Figures:
    count = setting.nodes
    expected = [1] * count
    graph = build_all_of(function, make_independent(count), all_of_them=True)
    contestants = {OWN: Contestant(graph, expected)}
    if setting.rivals:
        contestants[ANYIO] = Contestant(partial(run_each_in_anyio_group, count, function), expected)
    if setting.rivals and setting.backend != "trio":
        contestants[ASYNCIO] = Contestant(partial(run_each_in_asyncio_group, count, function), expected)
    return scale(await time_all(contestants, setting), MS)


SHAPED = [
    Case(f"{shape}, {kind}", "µs a node", partial(measure_shape, make, function, shape in OPEN_SHAPES))
    for kind, function in KINDS.items()
    for shape, make in (OPEN_SHAPES | SHAPES).items()
]
LONG_CHAINS = [
    Case(f"chain {LONG} times as long, {kind}", "µs a node", partial(measure_long, KINDS[kind]))
    for kind in ("async def", "def")
]
PLAIN = [
    *SHAPED,
    *LONG_CHAINS,
    Case("chain by name, async def", "µs a node", measure_by_name),
    Case("three nodes, async def", "µs a call", measure_three),
    Case("three nodes, def", "µs a call", measure_three_plain),
    Case("three nodes, run() kept, async def", "µs a call", measure_three_kept),
    Case("tasks that sleep 10 ms, async def", "ms", partial(measure_sleeping, sleeps)),
    Case("threads that sleep 10 ms, def", "ms", partial(measure_sleeping, blocks)),
]
