"""A workflow within has a run of its own in the record of the run around it."""

from functools import partial
from typing import Any

import anyio
import pytest

from flowdeco import Outcome, Run, Skip, Status, task, workflow
from tests.support.nested import inner, outer


@task
def broken(url: Any) -> Any:
    raise ValueError(url)


@workflow
def deep(url: Any, broken: Any) -> Any:
    return broken


@workflow
def middle(url: Any, deep: Any) -> Any:
    return deep


@workflow
async def top(url: Any, middle: Any) -> Any:
    return middle


async def test_the_record_of_a_workflow_within_has_its_run_and_that_of_a_task_none() -> None:
    run: Run[Any] = await anyio.to_thread.run_sync(partial(outer.run, url="x"))
    within: Run[Any] = run.tasks["inner"].run
    assert type(within) is Run
    assert within is run.tasks[inner].run
    assert (within.workflow, within.status, within.result) == ("inner", Status.COMPLETED, ("x", ["<x>"]))
    assert dict(within.inputs) == {"url": "x"}
    assert within.tasks["words"].result == ["<x>"]
    assert within.tasks["words"].run is None


async def test_it_is_there_on_every_level_when_the_innermost_has_failed() -> None:
    run = await top.run(url="x")
    names: list[tuple[str, str, str]] = []
    step: Any = run
    while step is not None:
        names.append((step.workflow, step.status, repr(step.error)))
        step = next(iter(step.tasks.values())).run
    assert names == [(name, "failed", "ValueError('x')") for name in ("top", "middle", "deep")]


async def test_it_is_none_before_it_begins_and_the_run_under_way_then() -> None:
    begun, go_on = anyio.Event(), anyio.Event()

    @task
    async def step() -> int:
        begun.set()
        await go_on.wait()
        return 1

    @workflow
    async def within(first: Any, step: Any) -> Any:
        return step

    @task
    async def before(run: Run[Any]) -> Any:
        return run.tasks["within"].run

    @workflow(tasks={"first": before})
    async def w(first: Any, within: Any) -> Any:
        return first, within

    with anyio.fail_after(60):
        async with w.start() as run:
            await begun.wait()
            assert run.tasks["within"].run.status == "running"
            assert run.tasks["within"].run.tasks["step"].status == "running"
            go_on.set()
    assert run.result == (None, 1)


async def test_a_plain_call_lets_go_of_the_run_of_a_workflow_within_as_of_a_result() -> None:
    runs: list[Run[Any]] = []

    @workflow
    async def good() -> int:
        return 1

    @task
    async def after(good: int, run: Run[Any]) -> None:
        runs.append(run)

    @workflow
    async def w(after: Any) -> None: ...

    await w()
    assert runs[0].tasks["good"].run is None
    await w.run()
    assert runs[1].tasks["good"].run is not None


async def test_the_run_of_an_error_leads_to_the_runs_within_also_when_it_is_made_anew() -> None:
    with pytest.raises(ValueError, match="x") as caught:
        await top(url="x")
    run = Run.of(caught.value)
    deepest = run.tasks["middle"].run.tasks["deep"].run
    assert deepest.status == "failed"
    assert deepest.error is caught.value
    assert deepest.errors[0].task == "broken"
    assert deepest.errors[0].error is caught.value
    assert dict(deepest.inputs) == {}, "a plain call keeps no results, and these are some"


async def test_skipped_and_tolerated_runs_within_are_kept_in_the_record() -> None:
    @task
    async def nothing() -> None:
        raise Skip("no news")

    @workflow
    async def quiet(nothing: Any) -> None: ...

    @task(settled=("deep", "quiet"))
    async def told(deep: Outcome[Any], quiet: Outcome[Any]) -> Any:
        return deep.status, quiet.status

    @workflow
    async def w(url: Any, told: Any) -> Any:
        return told

    run = await w.run(url="x")
    assert run.result == ("failed", "skipped")
    assert run.tasks["deep"].run.status == "failed"
    assert run.tasks["quiet"].run.reason == "'nothing' was skipped: no news"


async def test_a_cancelled_run_within_is_in_the_record() -> None:
    begun = anyio.Event()

    @task
    async def slow() -> None:
        begun.set()
        await anyio.sleep_forever()

    @workflow
    async def within(slow: Any) -> None: ...

    @workflow
    async def w(within: Any) -> None: ...

    with anyio.fail_after(60):
        async with w.start() as run:
            await begun.wait()
            run.cancel()
    assert run.tasks["within"].run.status == "cancelled"
    assert run.tasks["within"].run.tasks["slow"].status == "cancelled"
