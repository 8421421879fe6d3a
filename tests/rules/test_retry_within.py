"""`Retry(within=)` counts from the start of the first attempt, and holds for the start of every other."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import anyio
import pytest

from flowdeco import Limit, Retry, task, workflow
from tests.support.clock import Clock, given_time


def fails(times: list[float]) -> Any:
    def fail() -> None:
        times.append(monotonic())
        raise ValueError(f"attempt {len(times)}")

    async def fail_async() -> None:
        fail()

    return fail_async


def fails_in_thread(times: list[float]) -> Any:
    def fail() -> None:
        times.append(monotonic())
        raise ValueError(f"attempt {len(times)}")

    return fail


async def count_attempts(step: Any) -> int:
    @workflow(after=step)
    async def w() -> None: ...

    with anyio.fail_after(60):
        run = await w.run()
    assert isinstance(run.error, ValueError)
    return run.tasks["step"].attempts


async def check_second_attempt(clock: Clock, step: Any) -> None:
    """Fail unless there was one, unless the machine took all the time between the two."""
    attempts = await count_attempts(step)
    if attempts == 2:
        clock.reach()
    assert attempts == 2


@contextmanager
def held(limit: Limit, seconds: float) -> Generator[None, None, None]:
    """Have another event loop hold the place of a limit for so long."""
    begun = threading.Event()

    def hold() -> None:
        begun.set()
        threading.Event().wait(seconds)

    @workflow(after=task(hold, limit=limit))
    def holder() -> None: ...

    thread = threading.Thread(target=holder)
    thread.start()
    begun.wait(60)
    try:
        yield
    finally:
        thread.join()


MAKES = [fails, fails_in_thread]


@pytest.mark.parametrize("make", MAKES)
@given_time
async def test_waiting_for_a_limit_does_not_use_it_up(clock: Clock, make: Any) -> None:
    limit = Limit(1)
    times: list[float] = []
    with held(limit, 1.5 * clock.seconds):
        step = task(make(times), name="step", limit=limit, retries=Retry(1, delay=0, within=clock.seconds))
        await check_second_attempt(clock, step)


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("option", ["when", "on_start"])
@given_time
async def test_what_comes_before_the_first_attempt_does_not_use_it_up(clock: Clock, make: Any, option: str) -> None:
    async def slow() -> bool:
        await anyio.sleep(1.5 * clock.seconds)
        return True

    times: list[float] = []
    options: dict[str, Any] = {option: slow}
    step = task(make(times), name="step", retries=Retry(1, delay=0, within=clock.seconds), **options)
    await check_second_attempt(clock, step)


@pytest.mark.parametrize("make", MAKES)
@given_time
async def test_no_attempt_starts_late_because_it_had_to_wait_for_its_place(clock: Clock, make: Any) -> None:
    limit = Limit(1)
    times: list[float] = []
    failed = anyio.Event()

    def tell() -> None:
        failed.set()

    delay = clock.seconds / 3

    async def takes_the_place() -> None:
        if monotonic() < times[0] + delay:  # else the machine took all the time in which the place was free
            clock.reach()
        await anyio.sleep(1.5 * clock.seconds)

    async def wait_failed() -> bool:
        await failed.wait()
        return True

    retries = Retry(1, delay=delay, jitter=0, within=clock.seconds)
    step = task(make(times), name="step", limit=limit, retries=retries, on_retry=tell, on_error=tell)
    other = task(takes_the_place, when=wait_failed, limit=limit)

    @workflow(after=[step, other], keep_going=True)
    async def w() -> None: ...

    with anyio.fail_after(60):
        run = await w.run()
    assert run.tasks["step"].attempts == 1
    assert [str(failure.error) for failure in run.errors if failure.task == "step"] == ["attempt 1"]
    assert str(run.tasks["step"].error) == "attempt 1"


@pytest.mark.parametrize("make", MAKES)
async def test_an_attempt_that_starts_in_time_is_made(make: Any) -> None:
    times: list[float] = []
    step = task(make(times), name="step", retries=Retry(2, delay=0.01, jitter=0, within=60))
    assert await count_attempts(step) == 3
