"""The place of an attempt that was left behind at its timeout: who waits for it hears of it, and it comes back once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from anyio import Event, create_task_group, fail_after, to_thread, wait_all_tasks_blocked

from flowdeco import Limit, LimitDeadlockError, TaskTimeoutError, task, workflow
from flowdeco._policy.limit import Hold
from tests.support.clock import Clock, given_time
from tests.support.limits import PATIENCE, alone, is_free

WAIT = Hold.wait


@pytest.mark.parametrize("moment", ["as it is about to wait", "as it waits"])
@given_time
async def test_who_waits_hears_of_it_whenever_it_is_left_behind(
    clock: Clock, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, let_go, has_place = Limit(1, "one"), threading.Event(), threading.Event()
    is_left_behind, waits = threading.Event(), threading.Event()

    @task(limit=limit, timeout=clock.seconds)
    def stuck() -> None:
        has_place.set()
        let_go.wait(PATIENCE)

    @workflow
    def runs_stuck(stuck: None) -> None: ...

    def run_stuck() -> None:  # on an event loop of its own, so that it can happen in the middle of anything
        with suppress(TaskTimeoutError):
            runs_stuck()
        is_left_behind.set()

    def wait_for_it(hold: Hold, *args: Any) -> None:  # after it was found that the place can come
        if is_left_behind.is_set() or waits.is_set():
            WAIT(hold, *args)
            return
        clock.reach()
        waits.set()
        if moment == "as it waits":
            WAIT(hold, *args)
        assert is_left_behind.wait(PATIENCE)
        if moment == "as it is about to wait":
            WAIT(hold, *args)

    @task(limit=limit)
    async def waiting() -> None: ...

    @workflow
    async def w() -> Any:
        with pytest.raises(LimitDeadlockError) as caught:
            await waiting.call()
        return caught.value

    monkeypatch.setattr(Hold, "wait", wait_for_it)
    thread = threading.Thread(target=run_stuck, daemon=True)
    try:
        with fail_after(PATIENCE):
            thread.start()
            await to_thread.run_sync(has_place.wait, clock.seconds)
            if has_place.is_set():  # else its time was over before it began
                error = await w()
                assert error.chain == ("stuck",)
    finally:
        let_go.set()
        await to_thread.run_sync(thread.join)


@pytest.mark.parametrize("moment", ["afterwards", "before"])
@given_time
async def test_who_waits_hears_of_a_borrowed_place_when_the_one_that_lent_it_has_ended(
    clock: Clock, moment: str
) -> None:
    limit, let_go, go, ended = Limit(1, "one"), threading.Event(), Event(), Event()

    @task(limit=limit, timeout=clock.seconds)
    def stuck() -> None:
        clock.reach()
        let_go.wait(PATIENCE)

    @task(limit=limit)
    async def lends() -> None:
        with pytest.raises(TaskTimeoutError):
            await stuck.call()
        await go.wait()

    @task(limit=limit)
    async def waiting() -> None: ...

    async def lend() -> None:
        await lends.call()
        ended.set()

    @workflow
    async def w() -> Any:
        async with create_task_group() as group:
            group.start_soon(lend)
            await wait_all_tasks_blocked()
            if moment == "before":
                group.start_soon(_set_when_all_wait, go)
            else:
                go.set()
                await ended.wait()
            with pytest.raises(LimitDeadlockError) as caught:
                await waiting.call()
            return caught.value
        raise AssertionError

    try:
        with fail_after(PATIENCE):
            error = await w()
    finally:
        let_go.set()
    assert error.chain == ("lends#1/stuck#1",)


async def _set_when_all_wait(event: Event) -> None:
    await wait_all_tasks_blocked()
    event.set()


@pytest.mark.parametrize("way", ["thread", "executor"])
@given_time
async def test_its_place_comes_back_at_its_end_and_that_of_the_next_attempt_at_that_ones(
    clock: Clock, way: str
) -> None:
    limit, numbers = Limit(2, "two"), iter([1, 2])
    let_go, seen = threading.Event(), list[str]()

    def block() -> str:
        if next(numbers) == 1:
            let_go.wait(PATIENCE)
            return "late"
        let_go.set()
        while "2 of 2" in repr(limit) and not clock.over.wait(0.001):
            pass
        seen.append(repr(limit))
        return "in time"

    with ThreadPoolExecutor(2) as executor, fail_after(PATIENCE):
        run_in: Any = executor if way == "executor" else None
        stuck = task(block, name="stuck", limit=limit, timeout=clock.seconds, retries=1, run_in=run_in)
        try:
            result = await alone(stuck)()
            clock.reach()
        finally:
            let_go.set()
    assert (result, seen) == ("in time", ["<Limit 'two': 1 of 2 places taken>"])
    assert is_free(limit)
