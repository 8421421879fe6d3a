"""How long a task took is how long its attempts took, in whatever tells it: without the time of its hooks."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Monitor, Retry, Run, Status, task, workflow
from tests.support.clock import Clock, given_time


def slow_for(seconds: float) -> Callable[[], Awaitable[None]]:
    """Return a hook that takes so long."""

    async def slow() -> None:
        await anyio.sleep(seconds)

    return slow


def find_slow(clock: Clock, run: Run[Any], monitor: Monitor) -> dict[str, float]:
    """Return what says that the task took as long as the hook.

    On a machine that stands still, that may be so; not each time.
    """
    found = {name: seconds for name, seconds in measure(run, monitor).items() if seconds > clock.seconds / 2}
    if not found:
        clock.reach()
    return found


async def quick_async() -> None:
    await checkpoint()


def quick() -> None: ...


async def run_hooked(function: Any, monitor: Monitor, **options: Any) -> Run[Any]:
    step = task(function, name="step", **options)

    @workflow(after=step, on_state=monitor)
    async def w() -> None: ...

    with anyio.fail_after(60):
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
@given_time
async def test_a_slow_hook_is_not_in_the_time_of_its_task(clock: Clock, function: Any, hook: str) -> None:
    monitor = Monitor()
    run = await run_hooked(function, monitor, **{hook: slow_for(clock.seconds)})
    assert find_slow(clock, run, monitor) == {}


@given_time
async def test_all_that_tell_the_time_tell_the_same(clock: Clock) -> None:
    async def sleeps() -> None:
        await anyio.sleep(0.05)

    monitor = Monitor()
    found = measure(await run_hooked(sleeps, monitor, on_success=slow_for(clock.seconds)), monitor)
    if max(found.values()) - min(found.values()) < clock.seconds / 10:
        clock.reach()
    assert clock.is_reached, found
    assert min(found.values()) >= 0.04


@given_time
async def test_a_slow_hook_of_the_workflow_is_not_in_the_time_of_a_task(clock: Clock) -> None:
    step = task(quick, name="step")

    @workflow(after=step, on_state=[slow_for(clock.seconds), monitor := Monitor()])
    async def w() -> None: ...

    with anyio.fail_after(60):
        run = await w.run()
    assert find_slow(clock, run, monitor) == {}


@given_time
async def test_an_attempt_ends_when_its_function_has_ended_not_when_on_retry_has(clock: Clock) -> None:
    failed: list[int] = []

    def fails_once() -> None:
        if not failed:
            failed.append(1)
            raise ValueError("once")

    run = await run_hooked(fails_once, Monitor(), retries=Retry(1, delay=0), on_retry=slow_for(clock.seconds))
    timeline = [each for each in run.history(task="step") if each.status in (Status.RUNNING, Status.RETRYING)]
    first, retrying = timeline[:2]
    took = (retrying.time - first.time).total_seconds()
    if took < clock.seconds / 2:
        clock.reach()
    assert clock.is_reached, took
