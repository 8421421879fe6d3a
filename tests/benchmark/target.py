"""What is to be reached at 1,000 nodes on asyncio."""

from __future__ import annotations

from typing import NamedTuple

from tests.benchmark.timing import ANYIO


class Target(NamedTuple):
    """The most that a case may come to.

    Attributes:
        most: in the unit of the case; with a rival, how many times the rival's figure.
        rival: whom it is compared with; `None`: nobody.
    """

    most: float
    rival: str | None = None


TARGETS: dict[str, Target] = {
    # Plain nodes.
    "independent, async def": Target(1.4),
    "star, async def": Target(1.4),
    "chain, async def": Target(1.4),
    "fan, async def": Target(1.4),
    "grid, async def": Target(1.4),
    "tree, async def": Target(1.4),
    "chain by name, async def": Target(1.4),
    "chain 20 times as long, async def": Target(2.1),
    "independent, def": Target(3.6),
    "star, def": Target(3.6),
    "chain, def": Target(3.6),
    "fan, def": Target(3.6),
    "grid, def": Target(3.6),
    "tree, def": Target(3.6),
    "chain 20 times as long, def": Target(5),
    "three nodes, async def": Target(11.5),
    "three nodes, run() kept, async def": Target(11.5),
    "tasks that sleep 10 ms, async def": Target(30),
    "threads that sleep 10 ms, def": Target(1, ANYIO),
    # An option each.
    "on_success, async def": Target(6),
    "on_success, def": Target(15),
    "on_success that is async def, async def": Target(6),
    "on_success that is async def, def": Target(15),
    "on_start, async def": Target(6),
    "on_start, def": Target(15),
    "on_start that is async def, async def": Target(6),
    "on_start that is async def, def": Target(15),
    "on_state of the task, async def": Target(6),
    "on_state of the task, def": Target(15),
    "limit of each task's own, async def": Target(6),
    "limit of each task's own, def": Target(15),
    "limit shared by all, free, async def": Target(6),
    "limit shared by all, free, def": Target(15),
    "limit shared by all, contended, def": Target(15),
    "when, def": Target(10),
    "retries, none needed, async def": Target(3),
    "retries, none needed, def": Target(4),
    "on_state of the workflow, def": Target(25),
    "Progress, def": Target(25),
    "start(), async def": Target(12),
    "start(), def": Target(25),
    "start(), its events read, async def": Target(12),
    "start(), its events read, def": Target(25),
    "logged at DEBUG, def": Target(40),
    # Items.
    "items, one stage, async def": Target(12),
    "items, three stages, async def": Target(12),
    "items, one stage, def": Target(12),
    "items, three stages, def": Target(12),
    "items, one stage, async def that waits once": Target(1, ANYIO),
    "items, three stages, async def that waits once": Target(1, ANYIO),
    "items, two stages that sleep 10 and 20 ms": Target(1.1, ANYIO),
    # Before the first run.
    "decorate and compile, chain, async def": Target(25),
    "decorate and compile, chain, def": Target(25),
    "decorate and compile, fan, async def": Target(25),
    "decorate and compile, fan, def": Target(25),
    "decorate and compile, grid, async def": Target(25),
    "decorate and compile, grid, def": Target(25),
    "decorate and compile, tree, async def": Target(25),
    "decorate and compile, tree, def": Target(25),
    "decorate and compile, chain with retries and timeout, async def": Target(25),
    "decorate and compile, by name in a module, async def": Target(25),
    "decorate and compile, by name in a function, async def": Target(25),
    "import flowdeco above anyio": Target(35),
    # Memory.
    "memory of plan and kept run, chain": Target(1_024),
    "memory of plan and kept run, fan": Target(1_024),
    "memory of plan and kept run, chain by name": Target(1_024),
    # Manners.
    "largest gap of a ticker, chain": Target(5),
    "largest gap of a ticker, fan": Target(5),
    "largest gap of a ticker, grid": Target(5),
    "largest gap of a ticker, tree": Target(5),
    "deadline overshot, chain": Target(5),
    "deadline overshot, fan": Target(5),
    "deadline overshot, grid": Target(5),
    "deadline overshot, tree": Target(5),
}
