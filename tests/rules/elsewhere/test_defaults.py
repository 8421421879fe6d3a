"""`run_in=` in defaults and `with_options()`, and of what stands in."""

import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import pytest

from flowdeco import task, workflow
from tests.support import remote_functions as functions
from tests.support.retries import alone
from tests.support.run_in import ONCE, describe, pid


async def test_defaults_and_with_options_say_where_tasks_run(pool: ThreadPoolExecutor) -> None:
    def name() -> str:
        return threading.current_thread().name

    plain, own = task(name, name="plain"), task(name, name="own", run_in="loop")

    @task
    async def on_loop() -> str:
        return name()

    @workflow(needs={"names": [plain, own, on_loop]}, defaults={"run_in": pool})
    async def w(names: list[str]) -> list[str]:
        return names

    here = threading.current_thread().name
    first, second, third = await w()
    assert first.startswith("pool")
    assert (second, third) == (here, here)
    assert await w.with_options(defaults={"run_in": "loop"})() == [here, here, here]
    assert not (await w.with_options(defaults=None)())[0].startswith(("pool", here))
    assert (await alone(plain.with_options(run_in=pool))()).startswith("pool")


async def test_a_default_of_processes_is_for_what_can_be_sent_there() -> None:
    step = functions.where.with_options(needs={"args": [], "kwargs": {}})
    w = alone(step, defaults={"run_in": "process"})
    assert (await w())[0] != os.getpid()
    here = alone(step.with_options(run_in="thread"), defaults={"run_in": "process"})
    assert (await here())[0] == os.getpid()


# Stand-ins


@pytest.mark.parametrize("by", ["option", "default"])
@pytest.mark.parametrize("place", ["process", "executor"])
async def test_what_stands_in_for_a_task_that_runs_elsewhere_runs_here(
    by: str, place: str, processes: ProcessPoolExecutor
) -> None:
    run_in: Any = "process" if place == "process" else processes
    step = pid.with_options(run_in=run_in if by == "option" else None, retries=ONCE, timeout=60)
    w = alone(step, **({"defaults": {"run_in": run_in}} if by == "default" else {}))
    if by == "default":
        assert await w() != os.getpid()
    threads: list[int] = []

    def fake() -> int:
        threads.append(threading.get_ident())
        if len(threads) == 1:
            raise ConnectionError  # it is under the same policy, otherwise
        return os.getpid()

    assert await w.override(page=fake)() == os.getpid()
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    mock = Mock(return_value="mocked")
    assert await w.override(page=mock)() == "mocked"
    mock.assert_called_once_with()

    async def fake_async() -> int:
        return threading.get_ident()

    assert await w.override(page=fake_async)() == threading.get_ident()


async def test_what_stands_in_for_a_task_on_the_loop_stays_there() -> None:
    w = alone(task(describe, name="page", run_in="loop"))
    assert await w.override(page=lambda: threading.get_ident())() == threading.get_ident()
    assert await w.override(page=task(describe, name="page"))() != (os.getpid(), threading.get_ident())
