"""Hooks observe: they hold no task up but `on_start`, the run's end waits for them, and they are told in order."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio import Event as Signal
from anyio.lowlevel import checkpoint

from flowdeco import Event, Outcome, Retry, Run, Status, task, workflow
from tests.support.clock import Clock, given_time

HOOKS = ["on_state", "on_success", "on_error", "on_retry"]


class Slow:
    """A hook that ends when the test lets it, or when its time is over."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.release, self.ended = clock, Signal(), 0

    async def __call__(self) -> None:
        with anyio.move_on_after(self.clock.seconds):
            await self.release.wait()
        self.ended += 1

    def let_go(self) -> None:
        if not self.ended:
            self.clock.reach()
        self.release.set()


def make_function(hook: str) -> Callable[[], Any]:
    tried: list[int] = []

    def function() -> int:
        tried.append(1)
        if hook == "on_error" or (hook == "on_retry" and len(tried) == 1):
            raise ValueError("no")
        return 1

    return function


def make_async(function: Callable[[], Any]) -> Callable[[], Any]:
    async def run() -> Any:
        await checkpoint()
        return function()

    return run


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("kind", ["def", "async"])
@given_time
async def test_what_follows_does_not_wait_for_the_hook_and_the_run_s_end_does(
    clock: Clock, hook: str, kind: str
) -> None:
    slow = Slow(clock)
    function = make_function(hook)
    options: dict[str, Any] = {hook: slow}
    if hook == "on_retry":
        options["retries"] = Retry(1, delay=0)
    step = task(function if kind == "def" else make_async(function), name="step", **options)
    seen: list[int] = []

    async def follow(step: Outcome[int]) -> None:
        seen.append(slow.ended)
        slow.let_go()

    @workflow(after=task(follow, needs={"step": step}, settled="step"))
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
    assert seen == [0]
    assert slow.ended >= 1


@given_time
async def test_a_workflow_s_hook_holds_no_task_up_either(clock: Clock) -> None:
    slow = Slow(clock)
    seen: list[int] = []

    async def first() -> None: ...

    async def second(first: None) -> None:
        seen.append(slow.ended)
        slow.let_go()

    @workflow(after=task(second, needs={"first": task(first)}), on_state=slow)
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
    assert seen == [0]
    assert slow.ended == 6


@pytest.mark.parametrize("kind", ["def", "async"])
async def test_on_start_belongs_to_the_task_and_is_waited_for(kind: str) -> None:
    log: list[str] = []

    async def begin() -> None:
        await checkpoint()
        log.append("on_start")

    def function() -> None:
        log.append("task")

    step = task(function if kind == "def" else make_async(function), name="step", on_start=begin)

    @workflow(after=step)
    async def w() -> None: ...

    await w()
    assert log == ["on_start", "task"]


async def test_on_success_is_waited_for_where_it_may_fail_the_task() -> None:
    log: list[str] = []

    async def end() -> None:
        await checkpoint()
        log.append("on_success")

    step = task(lambda: 1, name="step", on_success=end)

    def follow(step: int) -> None:
        log.append("follower")

    @workflow(after=task(follow, needs={"step": step}), hook_errors="raise")
    async def w() -> None: ...

    await w()
    assert log == ["on_success", "follower"]


def tell(event: Event) -> str:
    return f"{event.task} {event.status}"


@pytest.mark.parametrize("slow", [False, True])
async def test_they_are_told_in_the_order_of_the_record(slow: bool) -> None:
    told: list[str] = []

    async def hear_slowly(event: Event) -> None:
        told.append(tell(event))
        await anyio.sleep(0.001)

    def hear(event: Event) -> None:
        told.append(tell(event))

    async def waits() -> None:
        await checkpoint()

    steps: list[Any] = [task(waits, name=f"async{number}") for number in range(5)]
    steps += [task(lambda: None, name=f"def{number}", needs={}, after=steps[number]) for number in range(5)]
    steps.append(task(make_function("on_retry"), name="retried", retries=Retry(1, delay=0)))

    @workflow(after=steps, on_state=hear_slowly if slow else hear)
    async def w() -> None: ...

    with anyio.fail_after(60):
        run = await w.run()
    assert told == [f"{each.task} {each.status}" for each in run.history()]


@given_time
async def test_a_hook_that_outlasts_its_task_sees_the_task_ended(clock: Clock) -> None:
    runs: list[Run[Any]] = []
    seen: list[Status] = []
    ended = Signal()

    async def look(run: Run[Any]) -> None:
        with anyio.move_on_after(clock.seconds):
            await ended.wait()
            clock.reach()
        seen.append(run.tasks["step"].status)
        runs.append(run)

    step = task(lambda: 1, name="step", on_success=look)

    async def follow(step: int) -> None:
        ended.set()

    @workflow(after=task(follow, needs={"step": step}))
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
    assert seen == [Status.COMPLETED]


async def test_an_error_of_a_hook_that_ended_late_is_kept() -> None:
    async def fail() -> None:
        await anyio.sleep(0.01)
        raise ValueError("late")

    @workflow(after=task(lambda: 1, name="step", on_success=fail))
    async def w() -> None: ...

    with anyio.fail_after(60):
        run = await w.run()
    assert [str(each.error) for each in run.hook_errors] == ["late"]
