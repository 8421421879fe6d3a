"""Nodes with a policy for the benchmark, each in a chain or a fan of such nodes, beside the same nodes without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, NamedTuple, TypeAlias

from flowdeco import Event, Outcome, Retry, State
from tests.benchmark_graphs import Function, Graph, Shape, build, make_chain, make_fan, plain, ready, waits

Options: TypeAlias = Mapping[str, Any]

NO_OPTIONS: Options = {}

# What the nodes do, besides what those without a policy do.


def fail_every_other_time() -> Function:
    """Return a function that fails at the first attempt of each node of a chain, and not at the second."""
    calls = count()

    async def fails(a: Any = 0) -> int:
        if not next(calls) % 2:
            raise ConnectionError
        return 1

    return fails


async def fails_always(a: Any = 0) -> int:
    raise ConnectionError


async def receives_outcome(a: Outcome[int] | None = None) -> int:
    return 1


async def writes(state: State, a: Any = 0) -> int:
    state["value"] = 1
    return 1


# What is called besides.


def note(event: Event) -> None:
    pass


async def note_async(event: Event) -> None:
    pass


def recover() -> int:
    return 1


def agree() -> bool:
    return True


# What is measured.


class Case(NamedTuple):
    """Nodes with a policy.

    Attributes:
        beside: the nodes without one: `ready` or `def` in a chain, or `waits` in a fan.
        options: those of each task.
        around: those of the workflow.
        make: makes the function, if it is another than that of the nodes beside.
        most: how many microseconds a node it may add; `None`: no target.
    """

    beside: str
    options: Options = NO_OPTIONS
    around: Options = NO_OPTIONS
    make: Callable[[], Function] | None = None
    most: float | None = None


PLAIN: dict[str, tuple[Callable[[int], Shape], Function]] = {
    "async def": (make_chain, ready),
    "def": (make_chain, plain),
    "waiting": (make_fan, waits),
}

# The most that a course may add to a node, in microseconds.
COURSE = 5

CASES: dict[str, Case] = {
    "timeout": Case("async def", {"timeout": 60}),
    "timeout, def": Case("def", {"timeout": 60}),
    "retries, none needed": Case("async def", {"retries": 3}, most=COURSE),
    "retries, none needed, def": Case("def", {"retries": 3}, most=COURSE),
    "retries, one needed": Case("async def", {"retries": Retry(3, delay=0, jitter=0)}, make=fail_every_other_time),
    "limit, free": Case("async def", {"limit": 4}),
    "limit, contended": Case("waiting", {"limit": 4}),
    "on_success, def": Case("async def", {"on_success": note}, most=COURSE),
    "on_success, async def": Case("async def", {"on_success": note_async}, most=COURSE),
    "on_state of the task": Case("async def", {"on_state": note}),
    "on_state of the workflow": Case("async def", around={"on_state": note}),
    "when": Case("async def", {"when": agree}, most=COURSE),
    "settled": Case("async def", {"settled": "a"}, make=lambda: receives_outcome),
    "recover, not needed": Case("async def", {"recover": recover}, most=COURSE),
    "recover, needed": Case("async def", {"recover": recover}, make=lambda: fails_always),
    'run_in="loop"': Case("def", {"run_in": "loop"}),
    "writing to state": Case("async def", make=lambda: writes),
}


def build_plain(beside: str, count: int) -> Graph:
    """Return nodes without a policy."""
    make, function = PLAIN[beside]
    return build(make(count), function)


def build_case(case: Case, count: int) -> Graph:
    """Return nodes with a policy."""
    make, function = PLAIN[case.beside]
    return build(make(count), case.make() if case.make else function, options=case.options, around=case.around)
