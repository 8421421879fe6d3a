"""Random programs that share limits come to their end, and never work in more places than there are."""

from __future__ import annotations

import threading
from typing import Any

from anyio import create_task_group, fail_after
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Backend
from tests.model.limit_program import Program, World, programs
from tests.support.example import examples
from tests.support.limit import PATIENCE, join_all, run_on
from tests.support.limits import is_free


def check(world: World, found: list[Any]) -> None:
    assert found == [[*range(world.program.size)]] * world.program.runs
    check_places(world)


def check_places(world: World) -> None:
    for limit, gauge in zip(world.limits, world.gauges, strict=True):
        assert gauge.most <= limit.capacity
    assert is_free(*world.limits)


@examples(0.5)
@given(program=programs)
def test_random_programs_that_share_limits_come_to_their_end(backend: Backend, program: Program) -> None:
    world, found = World(program), list[Any]()
    w = world.build()
    w.check()

    async def run() -> None:
        found.append(await w.call(program.size))

    async def main() -> None:
        with fail_after(PATIENCE):
            async with create_task_group() as group:
                for _ in range(program.runs):
                    group.start_soon(run)

    run_on(backend, main)
    check(world, found)


@examples(0.3)
@given(program=programs.map(lambda program: program._replace(runs=2)))
def test_so_do_they_on_event_loops_of_several_threads(backend: Backend, program: Program) -> None:
    world, found = World(program), list[Any]()
    w = world.build()

    async def run() -> None:
        with fail_after(PATIENCE):
            found.append(await w.call(program.size))

    threads = [threading.Thread(target=run_on, args=(backend, run), daemon=True) for _ in range(program.runs)]
    for thread in threads:
        thread.start()
    join_all(threads)
    check(world, found)


@examples(0.5)
@given(program=programs, after=st.integers(0, 60))
def test_cancelled_anywhere_they_have_given_all_places_back(backend: Backend, program: Program, after: int) -> None:
    world = World(program)
    w = world.build()

    async def run() -> None:
        await w.call(program.size)

    async def main() -> None:
        with fail_after(PATIENCE):
            async with create_task_group() as group:
                for _ in range(program.runs):
                    group.start_soon(run)
                for _ in range(after):
                    await checkpoint()
                group.cancel_scope.cancel()

    run_on(backend, main)
    check_places(world)
