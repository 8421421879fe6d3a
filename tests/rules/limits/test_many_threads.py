"""A limit holds over event loops in several threads."""

import threading
from collections.abc import Callable
from time import sleep
from typing import Any, NamedTuple

import pytest
from anyio import create_task_group, fail_after
from anyio.lowlevel import checkpoint

from flowdeco import Limit, Workflow, task, workflow
from tests.conftest import ASYNCIO, TRIO, Backend
from tests.support.limit import run_on
from tests.support.limits import PATIENCE, Gauge, is_free
from tests.support.naming import take


class Swarm(NamedTuple):
    """A workflow of many tasks with the same limit, and how many of them run."""

    w: Workflow[Any, Any]
    gauge: Gauge
    limit: Limit


def make_swarm(size: int, capacity: int, *, mixed: bool) -> Swarm:
    gauge, limit = Gauge(), Limit(capacity)

    async def work() -> None:
        with gauge.one_more():
            await checkpoint()

    def work_in_thread() -> None:
        with gauge.one_more():
            sleep(0.002)  # a shorter one would be made after the last on the same thread, not beside it

    functions: list[Callable[[], Any]] = [work, work_in_thread if mixed else work]
    made = [task(functions[i % 2], name=f"t{i}", limit=limit) for i in range(size)]
    return Swarm(workflow(take, needs={"given": made}), gauge, limit)


@pytest.mark.parametrize("other", [ASYNCIO, TRIO], ids=["asyncio", "trio"])
@pytest.mark.parametrize("mixed", [False, True], ids=["async", "mixed"])
def test_two_event_loops_in_two_threads_never_take_more_than_there_is(
    backend: Backend, other: Backend, mixed: bool
) -> None:
    rounds, size = (10, 100) if not mixed else (3, 50)
    swarm = make_swarm(size, 3, mixed=mixed)
    started = threading.Barrier(2)
    errors: list[BaseException] = []

    async def run_all() -> None:
        started.wait(PATIENCE)
        with fail_after(PATIENCE):
            async with create_task_group() as group:
                for _ in range(rounds):
                    group.start_soon(swarm.w.call)

    def run_elsewhere() -> None:
        try:
            run_on(other, run_all)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run_elsewhere, daemon=True)
    thread.start()
    run_on(backend, run_all)
    thread.join(PATIENCE)
    assert (thread.is_alive(), errors) == (False, [])
    assert swarm.gauge.times == 2 * rounds * size
    assert (swarm.gauge.now, swarm.gauge.most) == (0, 3)
    assert is_free(swarm.limit)
