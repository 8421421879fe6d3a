"""However a task ends, it gives its places back."""

import threading
from typing import Any

import anyio
import pytest
from anyio import Event, create_task_group, fail_after, sleep_forever, wait_all_tasks_blocked

from flowdeco import Limit, Retry, Skip, task, workflow
from tests.support.clock import Clock, given_time
from tests.support.limits import PATIENCE, Line, alone, is_free
from tests.support.naming import take


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_a_task_that_recovers_may_have_the_same_limit(kind: str) -> None:
    limit = Limit(1)
    seen: list[str] = []

    def cached() -> str:
        seen.append(repr(limit))
        return "cached"

    async def cached_async() -> str:
        return cached()

    cache = task(cached_async if kind == "async" else cached, name="cache", limit=limit)

    @task(limit=limit, recover=cache, retries=Retry(1, delay=0))
    async def page() -> str:
        seen.append(repr(limit))
        raise ValueError("no")

    with fail_after(PATIENCE):
        assert await workflow(take, needs={"given": [page, page.with_options(name="p2")]}).call() == ["cached"] * 2
    assert len(seen) == 6
    assert all(text.startswith("<Limit: 1 of 1 places taken") for text in seen)
    assert is_free(limit)


async def test_a_task_that_is_skipped_gives_its_place_back_and_one_whose_when_is_false_takes_none() -> None:
    limit = Limit(1)
    taken: list[str] = []

    def note() -> bool:
        taken.append(repr(limit))
        return False

    @task(limit=limit)
    async def skips() -> None:
        raise Skip("not today")

    w = alone(skips, settled="given")
    assert (await w()).reason == "not today"
    assert (await alone(skips.with_options(when=note), settled="given")()).skipped
    assert taken == ["<Limit: 0 of 1 places taken>"]
    assert is_free(limit)


@pytest.mark.parametrize("option", ["on_state", "on_start", "on_success", "on_error"])
async def test_a_hook_that_fails_the_task_takes_no_place_with_it(option: str) -> None:
    limit = Limit(1)

    def fail() -> None:
        raise ValueError("hook")

    hook: Any = {option: fail}

    async def work() -> None:
        if option == "on_error":
            raise KeyError("task")

    made = task(work, limit=limit, **hook)
    with pytest.raises((ValueError, KeyError)):
        await alone(made, hook_errors="raise")()
    assert is_free(limit)


@pytest.mark.parametrize("how", ["scope", "timeout", "failure"])
@given_time
async def test_cancelled_as_a_whole_it_leaves_every_place_free(clock: Clock, how: str) -> None:
    limit, other, line = Limit(2), Limit(1), Line()
    full = Event()
    go = threading.Event()

    def block() -> None:
        clock.reach()
        anyio.from_thread.run_sync(full.set)
        while not go.wait(0.001):
            anyio.from_thread.check_cancelled()

    @task(limit=other)
    async def nested() -> None:
        await sleep_forever()

    @workflow(needs={"given": nested})
    async def inner(given: None) -> None: ...

    @task(limit=other)
    async def calls() -> None:
        await inner()

    @task
    async def fails() -> None:
        await full.wait()
        if how == "failure":
            raise ValueError("no")
        await sleep_forever()

    tasks = [line.make(f"t{i}", {limit: 1, other: 1} if i % 3 == 0 else limit) for i in range(6)]
    w = workflow(
        take,
        needs={"given": [calls, fails, task(block, limit=limit), *tasks]},
        timeout=clock.seconds if how == "timeout" else None,
    )
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            if how == "scope":
                group.start_soon(w.call)
                await full.wait()
                await wait_all_tasks_blocked()
                assert not is_free(limit)
                group.cancel_scope.cancel()
            else:
                with pytest.raises(TimeoutError if how == "timeout" else ValueError):
                    await w.call()
    assert is_free(limit, other)
    with fail_after(PATIENCE):
        line.go.set()
        await alone(line.make("all", {limit: 2, other: 1}))()
