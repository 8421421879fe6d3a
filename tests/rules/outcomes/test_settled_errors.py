"""What becomes of errors that somebody receives as an outcome."""

from typing import Any

import pytest
from anyio import Event
from anyio.lowlevel import checkpoint

from flowdeco import Outcome, Run, Skip, Status, task, workflow
from tests.support.naming import mention
from tests.support.outcomes import fail, make_task


async def test_a_handled_error_does_not_stop_the_run_whether_received_at_once_or_down_a_chain() -> None:
    failed = Event()

    @task
    async def bad() -> None:
        failed.set()
        raise ValueError("no")

    @task
    async def needs_bad(bad: None) -> None:
        raise AssertionError

    @task(after=needs_bad)
    async def comes_after() -> None:
        raise AssertionError

    @task
    async def slow() -> int:
        await failed.wait()
        for _ in range(5):
            await checkpoint()
        return 1

    @workflow(settled="comes_after")
    async def w(comes_after: Outcome[None], slow: int) -> Any:
        return comes_after.status, slow

    mention(bad, needs_bad)
    assert await w() == ("upstream_failed", 1)


async def test_an_error_that_another_task_needs_plainly_is_raised_at_the_end_though_somebody_received_it() -> None:
    told: list[str] = []
    bad = make_task("waits", "bad", fail)

    @task(settled="bad")
    async def report(bad: Outcome[None]) -> None:
        told.append(str(bad.error))

    @workflow(tasks=[bad])
    async def w(bad: None, report: None) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="no") as caught:
        await w()
    assert told == ["no"]
    assert caught.value.__notes__ == ["Raised by task 'bad' of workflow 'w'."]
    assert Run.of(caught.value).error is caught.value


async def test_of_several_errors_that_keep_the_workflow_s_function_from_running_the_earliest_is_raised() -> None:
    second_failed = Event()

    @task
    async def first() -> None:
        await second_failed.wait()
        raise ValueError("first")

    @task
    async def second() -> None:
        second_failed.set()
        raise KeyError("second")

    @task(settled=("first", "second"))
    async def report(first: Any, second: Any) -> None: ...

    @workflow
    async def w(first: None, second: None, report: None) -> None: ...

    with pytest.raises(KeyError) as caught:
        await w()
    assert caught.value.__notes__ == [
        "Raised by task 'second' of workflow 'w'.",
        "Also failed: task 'first' with ValueError('first').",
    ]


@pytest.mark.parametrize("keep_going", [False, True])
async def test_the_outcome_of_a_workflow_inside_has_its_error_or_its_skip(keep_going: bool) -> None:
    @task
    async def bad(ends: str) -> int:
        if ends == "failed":
            raise ValueError("no")
        if ends == "skipped":
            raise Skip("no news")
        return 1

    @workflow(keep_going=keep_going)
    async def inner(ends: str, bad: int) -> int:
        return bad

    @workflow(settled="inner")
    async def w(ends: str, inner: Outcome[int]) -> Any:
        return inner

    mention(bad)
    assert await w("completed") == Outcome("inner", Status.COMPLETED, 1)
    assert await w("skipped") == Outcome("inner", Status.SKIPPED, reason="'bad' was skipped: no news")
    failed = await w("failed")
    assert failed.status == "failed"
    assert isinstance(failed.error, ExceptionGroup if keep_going else ValueError)
