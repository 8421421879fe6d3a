"""Attempts, timeouts and deadlines."""

import math
from typing import Any

import pytest
from anyio import current_effective_deadline, fail_after, move_on_after, sleep_forever

from flowdeco import Retry, Run, Status, Task, TaskTimeoutError, WorkflowTimeoutError, task
from flowdeco._runner import lifecycle
from tests.model.retry_scripts import offline
from tests.support.clock import AT_ONCE, PATIENCE, Clock, given_time
from tests.support.retries import AGAIN, alone, attempts_of, each_way, errors_of, make

LATER = Retry(3, delay=60)


def sleeping(way: str, runs: list[Run[Any]]) -> Task[..., Any]:
    """Return a task that is still under way, or waits for its next attempt, when an outer deadline comes."""

    async def page(run: Run[Any]) -> None:
        if way == "in the attempt":
            runs.append(run)
            await sleep_forever()
        raise ConnectionError("offline 1")

    def is_waiting(run: Run[Any]) -> None:
        runs.append(run)

    return task(page, retries=LATER, timeout=3600, on_retry=is_waiting)


@pytest.mark.parametrize("outer", ["fail_after", "move_on_after", "the workflow's timeout"])
@pytest.mark.parametrize("way", ["in the attempt", "in the wait"])
@given_time
async def test_an_outer_deadline_that_comes_first_is_not_the_task_s_timeout(clock: Clock, way: str, outer: str) -> None:
    runs: list[Run[Any]] = []
    w = alone(sleeping(way, runs))
    if outer == "fail_after":
        with pytest.raises(TimeoutError) as caught, fail_after(clock.seconds):
            await w()
        assert type(caught.value) is TimeoutError
    elif outer == "move_on_after":
        with move_on_after(clock.seconds) as scope:
            await w()
        assert scope.cancelled_caught
    else:
        with pytest.raises(WorkflowTimeoutError) as late:
            await w.with_options(timeout=clock.seconds)()
        assert late.value.running == ("page",)
    (run,) = runs
    clock.reach()
    assert (run.tasks["page"].attempts, run.tasks["page"].status) == (1, Status.CANCELLED)
    assert errors_of(run) == ([(1, "offline 1")] if way == "in the wait" else [])


@given_time
async def test_a_timeout_is_retried_and_holds_for_each_attempt_anew(clock: Clock) -> None:
    deadlines: list[float] = []

    @task(retries=AGAIN, timeout=clock.seconds)
    async def page() -> str:
        deadlines.append(current_effective_deadline())
        if len(deadlines) < 3:
            await sleep_forever()
        clock.reach()
        return "done"

    run = await alone(page).run()
    assert run.result == "done"
    assert run.tasks["page"].attempts == 3
    assert deadlines[0] < deadlines[1] < deadlines[2] < math.inf
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, TaskTimeoutError), (2, TaskTimeoutError)]
    assert run.tasks["page"].abandoned == 0


async def test_a_timeout_at_every_attempt_is_raised_and_says_which() -> None:
    @task(retries=Retry(1, on=TimeoutError, delay=0, jitter=0), timeout=AT_ONCE)
    async def page() -> None:
        await sleep_forever()

    with pytest.raises(TaskTimeoutError) as caught:
        await alone(page)()
    assert str(caught.value) == f"Cannot finish task 'page': it took longer than its timeout of {AT_ONCE:g} s."
    assert (caught.value.task, caught.value.timeout, caught.value.abandoned) == ("page", AT_ONCE, False)
    assert caught.value.__notes__ == ["Raised by task 'page' of workflow 'w', attempt 2."]


@each_way
@pytest.mark.parametrize("wanted", [TimeoutError, TaskTimeoutError])
async def test_a_timeout_error_of_the_function_s_own_is_taken_as_it_is(way: str, wanted: type[Exception]) -> None:
    error = TimeoutError("the server took too long")
    function, attempts = attempts_of(error)
    run = await alone(make(way, function, retries=Retry(1, on=wanted, delay=0, jitter=0))).run()
    if wanted is TimeoutError:
        assert (run.result, run.errors[0].error) == (2, error)
    else:
        assert run.error is error
    assert str(error) == "the server took too long"
    assert attempts.count == (2 if wanted is TimeoutError else 1)


async def test_time_between_attempts_does_not_count_for_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []

    async def sleep(_: float) -> None:
        deadlines.append(current_effective_deadline())

    monkeypatch.setattr(lifecycle, "sleep", sleep)
    function, _ = attempts_of(*offline(2))
    assert await alone(make("waits", function, retries=AGAIN, timeout=60))() == 3
    assert deadlines == [math.inf, math.inf]


@given_time
async def test_an_endless_wait_can_be_cancelled(clock: Clock) -> None:
    function, attempts = attempts_of(*offline(9))
    endless = Retry(9, delay=1e308, factor=9, max_delay=math.inf)
    page = make("async", function, retries=endless, on_retry=clock.reach)
    with fail_after(PATIENCE), move_on_after(clock.seconds) as scope:
        await alone(page)()
    assert scope.cancelled_caught
    assert attempts.count == 1
