"""What is never tried again."""

import concurrent.futures
import copy
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, fail_after, from_thread, move_on_after, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Retry, Skip, Status, WorkflowTimeoutError, task, workflow
from flowdeco._runner import lifecycle
from tests.conftest import Backend
from tests.model.retry_scripts import offline
from tests.support.clock import PATIENCE, Clock, given_time
from tests.support.naming import on
from tests.support.retries import (
    AGAIN,
    WAYS,
    Attempts,
    alone,
    attempts_of,
    each_way,
    errors_of,
    make,
    run_until_stopped,
)

FOR_EVER = Retry(10_000_000, delay=0, jitter=0)


@pytest.mark.parametrize("how", ["scope", "sibling"])
@pytest.mark.parametrize("way", ["async", "def", "def with a hook", "def with a timeout", "awaitable"])
async def test_a_cancelled_attempt_is_no_failure_and_not_made_again(way: str, how: str) -> None:
    begun = Event()
    calls: list[int] = []

    async def wait() -> None:
        calls.append(1)
        begun.set()
        await sleep_forever()

    def wait_in_thread() -> None:
        from_thread.run(wait)

    def look_up() -> None:
        calls.append(1)
        from_thread.run_sync(begun.set)
        while True:  # trio does not cancel what a thread that may be left behind has it run
            from_thread.check_cancelled()

    def wait_later() -> Awaitable[None]:
        return wait()

    functions = {"async": wait, "awaitable": wait_later, "def with a timeout": look_up}
    function: Callable[..., Any] = functions.get(way, wait_in_thread)
    page = task(function, name="page", retries=AGAIN, **WAYS[way].options)
    run = await run_until_stopped(page, how, when=begun)
    assert (len(calls), run.tasks["page"].attempts) == (1, 1)
    assert run.tasks["page"].status is Status.CANCELLED
    assert errors_of(run) == []
    assert [failure.task for failure in run.errors] == ([] if how == "scope" else ["sibling"])


@pytest.mark.parametrize("how", ["scope", "sibling"])
@each_way
async def test_a_task_is_cancelled_while_it_waits_for_its_next_attempt(
    way: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = Event()
    function, attempts = attempts_of(*offline(9))

    async def sleep(_: float) -> None:
        waits.set()
        await sleep_forever()

    monkeypatch.setattr(lifecycle, "sleep", sleep)
    run = await run_until_stopped(make(way, function, retries=AGAIN), how, when=waits)
    assert (attempts.count, run.tasks["page"].attempts) == (1, 1)
    assert run.tasks["page"].status is Status.CANCELLED
    assert errors_of(run) == [(1, "offline 1")]


@each_way
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=["interrupt", "exit"])
@pytest.mark.parametrize("before", [0, 2])
def test_keyboard_interrupt_and_system_exit_end_the_run_bare_at_any_attempt(
    way: str, error: BaseException, before: int, backend: Backend
) -> None:
    error = copy.copy(error)
    function, attempts = attempts_of(*offline(before), error, *offline(9))

    @workflow(after=make(way, function, retries=AGAIN))
    def w() -> None: ...

    with pytest.raises(type(error)) as caught:
        on(w, backend)()
    assert caught.value is error
    assert attempts.count == before + 1


@each_way
@pytest.mark.parametrize("before", [0, 2])
async def test_a_skip_ends_the_attempts(way: str, before: int) -> None:
    function, attempts = attempts_of(*offline(before), Skip("enough"), *offline(9))

    @workflow(needs={"given": make(way, function, retries=AGAIN)})
    async def w(given: Any = "default") -> Any:
        return given

    run = await w.run()
    assert run.result == "default"
    assert (attempts.count, run.tasks["page"].attempts) == (before + 1, before + 1)
    assert (run.tasks["page"].status, run.tasks["page"].reason) == (Status.SKIPPED, "enough")
    assert errors_of(run) == [(number, f"offline {number}") for number in range(1, before + 1)]


@each_way
async def test_a_veto_of_on_start_is_final(way: str) -> None:
    function, attempts = attempts_of()
    vetoes: list[ConnectionError] = []

    def veto() -> None:
        vetoes.append(ConnectionError("veto"))
        raise vetoes[-1]

    run = await alone(make(way, function, retries=AGAIN, on_start=veto)).run()
    assert len(vetoes) == 1
    assert run.error is vetoes[0]
    assert (attempts.count, run.tasks["page"].attempts) == (0, 0)
    assert errors_of(run) == [(0, "veto")]


@each_way
async def test_a_failed_when_is_final(way: str) -> None:
    function, attempts = attempts_of()
    asked = Attempts(ConnectionError("when"))
    run = await alone(make(way, function, retries=AGAIN, when=lambda: asked())).run()
    assert str(run.error) == "when"
    assert (asked.count, attempts.count) == (1, 0)


@pytest.mark.parametrize("way", ["def", "def with a hook", "def with a timeout"])
async def test_a_future_of_one_s_own_that_somebody_cancelled_is_an_error_like_any_other(way: str) -> None:
    function, attempts = attempts_of(*(concurrent.futures.CancelledError(str(number)) for number in range(2)))
    with fail_after(60):
        assert await alone(make(way, function, retries=AGAIN))() == 3
    assert attempts.count == 3


@each_way
async def test_what_fails_at_once_for_ever_lets_others_run_and_can_be_cancelled(way: str) -> None:
    function, attempts = attempts_of(*offline(1))
    turns: list[int] = []

    def fail() -> None:
        function() if attempts.count < 1 else None
        attempts.count += 1
        raise ConnectionError

    page = make(way, fail, retries=FOR_EVER)

    @task
    async def other() -> None:
        while len(turns) < 20 or attempts.count < 20:
            turns.append(attempts.count)
            await checkpoint()

    @workflow(after=[page, other])
    async def w() -> None: ...

    scope = CancelScope()

    async def watch() -> None:
        while attempts.count < 50:
            await checkpoint()
        scope.cancel()

    with fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            with scope:
                await w()
    assert scope.cancelled_caught
    assert len(turns) >= 20


@pytest.mark.parametrize("is_own", [False, True], ids=["a scope's", "the workflow's"])
@pytest.mark.parametrize("way", ["async", "def", "loop"])
@given_time
async def test_a_deadline_ends_what_fails_at_once_for_ever(clock: Clock, way: str, is_own: bool) -> None:
    def fail() -> None:
        clock.reach()
        raise ConnectionError

    step = make(way, fail, retries=FOR_EVER)
    if is_own:
        with fail_after(PATIENCE), pytest.raises(WorkflowTimeoutError):
            await alone(step, timeout=clock.seconds)()
    else:
        with fail_after(PATIENCE), move_on_after(clock.seconds) as scope:
            await alone(step)()
        assert scope.cancelled_caught
