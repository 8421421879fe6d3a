"""A place is held by an attempt, and free between two."""

import threading

import pytest
from anyio import Event, create_task_group, fail_after, wait_all_tasks_blocked

from flowdeco import Limit, Retry, TaskTimeoutError, task
from tests.support.clock import Clock, given_time
from tests.support.limits import PATIENCE, Line, alone, is_free


@pytest.mark.parametrize("kind", ["async", "def", "loop"])
async def test_the_place_is_free_while_a_task_waits_for_its_next_attempt(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, waits, over = Limit(1), Event(), Event()
    seen: list[str] = []

    async def wait_for_the_other(delay: float) -> None:
        seen.append(f"waits {delay:g}: {limit!r}")
        waits.set()
        await over.wait()

    monkeypatch.setattr("flowdeco._runner.lifecycle.sleep", wait_for_the_other)

    def fail_once() -> str:
        seen.append(f"flaky: {limit!r}")
        if len(seen) == 1:
            raise ValueError("no")
        return "good"

    async def fail_once_async() -> str:
        return fail_once()

    flaky = task(
        fail_once_async if kind == "async" else fail_once,
        limit=limit,
        retries=Retry(1, delay=5, jitter=0),
        run_in="loop" if kind == "loop" else None,
    )

    @task(limit=limit)
    async def other() -> None:
        seen.append(f"other: {limit!r}")
        over.set()

    async def run_other() -> None:
        await waits.wait()
        await alone(other)()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(run_other)
            assert await alone(flaky)() == "good"
    taken, free = "<Limit: 1 of 1 places taken>", "<Limit: 0 of 1 places taken>"
    assert seen == [f"flaky: {taken}", f"waits 5: {free}", f"other: {taken}", f"flaky: {taken}"]
    assert is_free(limit)


async def test_a_task_that_is_tried_again_stands_in_line_again() -> None:
    limit, line = Limit(1), Line()
    gate = Event()
    attempts: list[int] = []

    async def fail_once() -> None:
        attempts.append(1)
        line.served.append("flaky")
        await gate.wait()
        if len(attempts) == 1:
            raise ValueError("no")

    flaky = task(fail_once, limit=limit, retries=Retry(1, delay=0))
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(flaky).call)
            await wait_all_tasks_blocked()
            group.start_soon(alone(line.make("other", limit)).call)
            await wait_all_tasks_blocked()
            gate.set()
            await wait_all_tasks_blocked()
            assert line.served == ["flaky", "other"]
            line.go.set()
    assert line.served == ["flaky", "other", "flaky"]


@given_time
async def test_an_abandoned_attempt_keeps_its_place_until_its_thread_has_ended(clock: Clock) -> None:
    limit, line, go = Limit(1), Line(), threading.Event()

    def block() -> None:
        clock.reach()
        assert go.wait(PATIENCE)

    stuck = task(block, limit=limit, timeout=clock.seconds)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            with pytest.raises(TaskTimeoutError) as caught:
                await alone(stuck)()
            assert caught.value.abandoned
            assert repr(limit) == "<Limit: 1 of 1 places taken>"
            group.start_soon(alone(line.make("next", limit)).call)
            await wait_all_tasks_blocked()
            assert (line.served, repr(limit)) == ([], "<Limit: 1 of 1 places taken, 1 waiting>")
            line.go.set()
            go.set()
    assert line.served == ["next"]
    assert is_free(limit)
