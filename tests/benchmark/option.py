"""Nodes with an option each, `def` and `async def`, and a run that is followed, logged or kept."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from itertools import cycle
from typing import Any, NamedTuple, TypeAlias

from flowdeco import Event, Limit, Outcome, Retry, State
from tests.benchmark.graph import (
    NO_OPTIONS,
    Function,
    Graph,
    Maker,
    Options,
    build,
    make_independent,
    make_star,
    plain,
    ready,
    waits,
)
from tests.benchmark.timing import OWN, US, Case, Contestant, Figures, Setting, scale, time_all

# What the nodes do. A function is made anew for each node that has to know how often it was called.
Pick: TypeAlias = Callable[[int], Function]


def always(function: Function) -> Pick:
    return lambda index: function


def after_first(first: Function, others: Function) -> Pick:
    return lambda index: others if index else first


def fail_first(index: int) -> Function:
    """Return a function that fails at the first attempt of each run, and not at the second."""
    fails = cycle([True, False])

    async def fails_first() -> int:
        if next(fails):
            raise ConnectionError
        return 1

    return fails_first


def fail_first_plain(index: int) -> Function:
    fails = cycle([True, False])

    def fails_first() -> int:
        if next(fails):
            raise ConnectionError
        return 1

    return fails_first


async def fails() -> int:
    raise ConnectionError


def fails_plain() -> int:
    raise ConnectionError


async def receives_outcome(a: Outcome[int] | None = None) -> int:
    return 1


def receives_outcome_plain(a: Outcome[int] | None = None) -> int:
    return 1


async def writes(state: State) -> int:
    state["value"] = 1
    return 1


def writes_plain(state: State) -> int:
    state["value"] = 1
    return 1


# What is called besides.


def note(event: Event) -> None:
    pass


async def note_async(event: Event) -> None:
    pass


def recover() -> int:
    return 1


async def recover_async() -> int:
    return 1


def agree() -> bool:
    return True


async def agree_async() -> bool:
    return True


# How a run is called.
Way: TypeAlias = Callable[[Graph], Awaitable[Any]]


async def call(graph: Graph) -> Any:
    return await graph()


async def keep(graph: Graph) -> Any:
    return (await graph.run()).result


async def start(graph: Graph) -> Any:
    async with graph.start() as run:
        pass
    return run.result


async def follow(graph: Graph) -> Any:
    async with graph.start() as run:
        async for _ in run.events():
            pass
    return run.result


async def call_logged(graph: Graph) -> Any:
    with logged_at_debug():
        return await graph()


@contextmanager
def logged_at_debug() -> Generator[None]:
    """Have every record made, and none of them written."""
    logger = logging.getLogger("flowdeco")
    level, propagate, handler = logger.level, logger.propagate, logging.NullHandler()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


# The table.


def have(**options: Any) -> Callable[[int], Options]:
    return lambda nodes: options


def none(nodes: int) -> Options:
    return NO_OPTIONS


def share_limit(nodes: int) -> Options:
    return {"limit": Limit(nodes)}


def show_progress(nodes: int) -> Options:
    from flowdeco.progress import Progress

    return {"on_state": Progress(file=StringIO())}


class Option(NamedTuple):
    """An option of nodes or of their workflow.

    Attributes:
        name: what it is.
        options: those of each task, for that many nodes.
        around: those of the workflow.
        pick: the function of each `async def` node.
        pick_plain: that of each `def` node.
        make: how the nodes hang together; all of them are asked for.
        way: how the workflow is called.
    """

    name: str
    options: Callable[[int], Options] = none
    around: Callable[[int], Options] = none
    pick: Pick = always(ready)
    pick_plain: Pick = always(plain)
    make: Maker = make_independent
    way: Way = call


HAVE_RETRIES = have(retries=Retry(3, delay=0, jitter=0))

OPTIONS = [
    Option("on_success", have(on_success=note)),
    Option("on_success that is async def", have(on_success=note_async)),
    Option("on_start", have(on_start=note)),
    Option("on_start that is async def", have(on_start=note_async)),
    Option("on_state of the task", have(on_state=note)),
    Option("limit of each task's own", have(limit=4)),
    Option("limit shared by all, free", share_limit),
    Option("limit shared by all, contended", have(limit=Limit(4)), pick=always(waits)),
    Option("when", have(when=agree)),
    Option("when that is async def", have(when=agree_async)),
    Option("retries, none needed", HAVE_RETRIES),
    Option("retries, one needed", HAVE_RETRIES, pick=fail_first, pick_plain=fail_first_plain),
    Option("recover, not needed", have(recover=recover)),
    Option("recover, needed", have(recover=recover), pick=always(fails), pick_plain=always(fails_plain)),
    Option(
        "recover that is async def, needed",
        have(recover=recover_async),
        pick=always(fails),
        pick_plain=always(fails_plain),
    ),
    Option("timeout", have(timeout=60)),
    Option(
        "settled",
        have(settled="a"),
        pick=after_first(ready, receives_outcome),
        pick_plain=after_first(plain, receives_outcome_plain),
        make=make_star,
    ),
    Option("state, written", pick=always(writes), pick_plain=always(writes_plain)),
    Option("on_state of the workflow", around=have(on_state=note)),
    Option("on_state of the workflow that is async def", around=have(on_state=note_async)),
    Option("Progress", around=show_progress),
    Option("start()", way=start),
    Option("start(), its events read", way=follow),
    Option("logged at DEBUG", way=call_logged),
    Option("run(), kept", way=keep),
]


def build_option(option: Option, *, is_async: bool, nodes: int) -> Graph:
    return build(
        option.make(nodes),
        option.pick if is_async else option.pick_plain,
        all_of_them=True,
        options=option.options(nodes),
        around=option.around(nodes),
    )


async def measure_option(option: Option, is_async: bool, setting: Setting) -> Figures:
    graph = build_option(option, is_async=is_async, nodes=setting.nodes)
    own = Contestant(lambda: option.way(graph), [1] * setting.nodes)
    return scale(await time_all({OWN: own}, setting), US / setting.nodes)


async def measure_in_loop(setting: Setting) -> Figures:
    shape = make_independent(setting.nodes)
    graph = build(shape, always(plain), all_of_them=True, options={"run_in": "loop"})
    return scale(await time_all({OWN: Contestant(graph, [1] * setting.nodes)}, setting), US / setting.nodes)


OPTION = [
    Case(f"{option.name}, {kind}", "µs a node", partial(measure_option, option, kind == "async def"))
    for option in OPTIONS
    for kind in ("async def", "def")
]
OPTION.append(Case('run_in="loop", def', "µs a node", measure_in_loop))


# What is made of a record.


async def measure_reading(read: Callable[[Any], object], setting: Setting) -> Figures:
    """The time that something takes that is made of a run's record."""
    graph = build(make_independent(setting.nodes), always(ready), all_of_them=True)
    kept = await graph.run()

    async def make() -> bool:
        return bool(read(kept))

    return scale(await time_all({OWN: Contestant(make, True)}, setting), US / setting.nodes)


READING = [
    Case("history()", "µs a node", partial(measure_reading, lambda run: run.history())),
    Case("to_html()", "µs a node", partial(measure_reading, lambda run: run.to_html())),
]
