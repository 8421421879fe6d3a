"""How long a task took is how long its attempts took, in whatever tells it: without the time of its hooks."""

from itertools import pairwise
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Monitor, Retry, Run, Status, task, workflow

SLOW = 0.3  # seconds that the hook takes; the task takes next to none


async def slow() -> None:
    await anyio.sleep(SLOW)


async def quick_async() -> None:
    await checkpoint()


def quick() -> None: ...


async def run_hooked(function: Any, monitor: Monitor, **options: Any) -> Run[Any]:
    step = task(function, name="step", **options)

    @workflow(after=step, on_state=monitor)
    async def w() -> None: ...

    with anyio.fail_after(20):
        return await w.run()


def measure(run: Run[Any], monitor: Monitor) -> dict[str, float]:
    """Return the seconds of the task, as each that tells them has them."""
    record = run.tasks["step"]
    assert record.duration is not None
    assert record.started is not None
    assert record.finished is not None
    history = [each for each in run.history(task="step") if each.status in (Status.RUNNING, Status.COMPLETED)]
    return {
        "record": record.duration,
        "record's times": (record.finished - record.started).total_seconds(),
        "Monitor": monitor.statistics("w.step").max,
        "metrics": run.metrics.statistics("step").max,
        "history": sum((after.time - before.time).total_seconds() for before, after in pairwise(history)),
    }


@pytest.mark.parametrize("function", [quick, quick_async])
@pytest.mark.parametrize("hook", ["on_success", "on_state"])
async def test_a_slow_hook_is_not_in_the_time_of_its_task(function: Any, hook: str) -> None:
    monitor = Monitor()
    run = await run_hooked(function, monitor, **{hook: slow})
    assert {name: seconds for name, seconds in measure(run, monitor).items() if seconds > SLOW / 2} == {}


async def test_all_that_tell_the_time_tell_the_same() -> None:
    async def sleeps() -> None:
        await anyio.sleep(0.05)

    monitor = Monitor()
    found = measure(await run_hooked(sleeps, monitor, on_success=slow), monitor)
    assert max(found.values()) - min(found.values()) < 0.002, found
    assert min(found.values()) >= 0.04


async def test_a_slow_hook_of_the_workflow_is_not_in_the_time_of_a_task() -> None:
    step = task(quick, name="step")

    @workflow(after=step, on_state=[slow, monitor := Monitor()])
    async def w() -> None: ...

    with anyio.fail_after(20):
        run = await w.run()
    assert {name: seconds for name, seconds in measure(run, monitor).items() if seconds > SLOW / 2} == {}


async def test_an_attempt_ends_when_its_function_has_ended_not_when_on_retry_has() -> None:
    failed: list[int] = []

    def fails_once() -> None:
        if not failed:
            failed.append(1)
            raise ValueError("once")

    run = await run_hooked(fails_once, Monitor(), retries=Retry(1, delay=0), on_retry=slow)
    timeline = [each for each in run.history(task="step") if each.status in (Status.RUNNING, Status.RETRYING)]
    first, retrying = timeline[:2]
    assert (retrying.time - first.time).total_seconds() < SLOW / 2
