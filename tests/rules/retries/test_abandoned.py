"""Attempts that are given up while they still run."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from anyio import fail_after, from_thread, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import Limit, Retry, Run, Status, TaskTimeoutError, WorkflowTimeoutError, task, workflow
from tests.support.attempts import LATE, ONCE, Gate, wait
from tests.support.clock import AT_ONCE, Clock, given_time
from tests.support.retries import alone, run_until_stopped


async def test_the_attempt_after_an_abandoned_one_does_not_wait_for_it(place: Any, gate: Gate) -> None:
    calls: list[int] = []

    def page() -> str:
        calls.append(1)
        if len(calls) == 1:
            gate.pass_through()
            gate.left.set()
            return "first"
        gate.open.set()  # nobody else would let the first one go
        assert gate.left.wait(LATE)
        return "second"

    run: Any = None
    with fail_after(LATE):
        run = await alone(task(page, run_in=place, retries=ONCE, timeout=60)).run()
    assert run.result == "second"
    assert run.tasks["page"].attempts == 2


async def test_an_abandoned_attempt_keeps_its_place_until_its_thread_ends(place: Any, gate: Gate) -> None:
    log: list[str] = []
    announced = anyio.Event()

    def page() -> str:
        if not log:
            log.append("first")
            gate.pass_through()
            log.append("first ends")
            return "first"
        log.append("second")
        return "second"

    async def let_go() -> None:
        await announced.wait()
        await wait_all_tasks_blocked()
        assert log == ["first"]
        gate.open.set()

    step = task(page, run_in=place, limit=1, retries=ONCE, timeout=60, on_retry=announced.set)
    run: Any = None
    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_go)
            run = await alone(step).run()
    assert log == ["first", "first ends", "second"]
    assert run.result == "second"


async def test_other_tasks_wait_for_the_place_of_an_abandoned_attempt_too(place: Any, gate: Gate) -> None:
    limit = Limit(1)
    log: list[str] = []

    def page() -> None:
        gate.pass_through()
        log.append("page ends")

    @task(limit=limit)
    async def other() -> None:
        log.append("other")

    def recover() -> None:
        log.append("recovered")

    async def let_go() -> None:
        while "recovered" not in log:
            await checkpoint()
        await wait_all_tasks_blocked()
        gate.open.set()

    step = task(page, run_in=place, limit=limit, timeout=60, recover=recover)

    async def is_under_way() -> bool:
        await wait(gate.entered)
        return True

    @workflow(after=[step, other.with_options(when=is_under_way)])
    async def w() -> None: ...

    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_go)
            await w()
    assert log == ["recovered", "page ends", "other"]
    assert repr(limit) == "<Limit: 0 of 1 places taken>"


async def test_what_an_abandoned_attempt_returns_is_refused(place: Any, gate: Gate) -> None:
    async def late() -> str:  # Python warns of it if it is neither awaited nor closed
        return "late"

    calls: list[int] = []

    def page() -> Any:
        calls.append(1)
        if len(calls) > 1:
            return "second"
        gate.pass_through()
        return late()

    run = await alone(task(page, run_in=place, retries=ONCE, timeout=60)).run()
    gate.open.set()
    assert run.result == "second"


async def test_the_record_says_that_an_attempt_was_abandoned(place: Any, gate: Gate) -> None:
    calls: list[int] = []

    def page() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionError("offline")
        gate.pass_through()

    run = await alone(task(page, run_in=place, retries=Retry(2, delay=0, jitter=0), timeout=60)).run()
    record = run.tasks["page"]
    assert (record.attempts, record.abandoned, record.status) == (3, 2, Status.FAILED)
    first, second, third = [failure.error for failure in run.errors]
    for error in (first, second):
        assert isinstance(error, TaskTimeoutError)
        assert (error.task, error.timeout, error.abandoned) == ("page", 60, True)
        text = "Cannot finish task 'page': it took longer than its timeout of 60 s. "
        assert str(error) == text + "Its thread still runs; what it returns is ignored."
    assert run.error is third


async def test_a_call_that_has_not_begun_is_not_abandoned_but_taken_back() -> None:
    calls: list[int] = []
    gate = Gate()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gate.pass_through)
        step = task(lambda: calls.append(1), name="page", run_in=pool, retries=ONCE, timeout=AT_ONCE)
        run = await alone(step).run()
        gate.open.set()
    assert isinstance(run.error, TaskTimeoutError)
    assert not run.error.abandoned
    assert (run.tasks["page"].attempts, run.tasks["page"].abandoned, calls) == (2, 0, [])


@pytest.mark.parametrize("way", ["async", "awaitable"])
@given_time
async def test_what_can_be_cancelled_is_not_abandoned(clock: Clock, way: str) -> None:
    begun: list[int] = []

    async def forever() -> None:
        begun.append(1)
        if len(begun) == 2:
            clock.reach()
        await sleep_forever()

    def hand_over() -> Awaitable[None]:
        return forever()

    functions: dict[str, Callable[[], Any]] = {"async": forever, "awaitable": hand_over}
    run = await alone(task(functions[way], name="page", retries=ONCE, timeout=clock.seconds)).run()
    assert [type(failure.error) for failure in run.errors] == [TaskTimeoutError] * 2
    assert (run.tasks["page"].attempts, run.tasks["page"].abandoned) == (2, 0)


async def test_a_cancelled_attempt_with_a_timeout_is_waited_for_and_not_abandoned(gate: Gate) -> None:
    begun = anyio.Event()
    calls: list[int] = []

    def page() -> None:
        from_thread.run_sync(begun.set)
        gate.open.wait(LATE)
        calls.append(1)

    step = task(page, retries=ONCE, timeout=3600)
    run: Any = None
    async with anyio.create_task_group() as group:

        async def let_go() -> None:
            await begun.wait()
            await wait_all_tasks_blocked()
            gate.open.set()

        group.start_soon(let_go)
        run = await run_until_stopped(step, "scope", when=begun)
    record = run.tasks["page"]
    assert (calls, record.attempts, record.abandoned, record.status) == ([1], 1, 0, Status.CANCELLED)


@given_time
async def test_a_workflow_s_timeout_ends_a_task_whose_attempts_are_cut_short_again_and_again(clock: Clock) -> None:
    runs: list[Run[Any]] = []

    def note(run: Run[Any], attempt: int) -> None:
        runs.append(run)
        if attempt == 2:
            clock.reach()

    @task(retries=Retry(10**6, delay=0, jitter=0), timeout=clock.seconds / 10, on_retry=note)
    async def page() -> None:
        await sleep_forever()

    @workflow(after=page, timeout=clock.seconds)
    async def w() -> None: ...

    with fail_after(LATE), pytest.raises(WorkflowTimeoutError) as caught:
        await w()
    assert caught.value.running == ("page",)
    assert runs[0].tasks["page"].status is Status.CANCELLED
    assert {type(failure.error) for failure in runs[0].errors if failure.task == "page"} == {TaskTimeoutError}


@given_time
async def test_a_workflow_s_timeout_ends_the_wait_for_an_abandoned_attempt_s_place(
    clock: Clock, place: Any, gate: Gate
) -> None:
    limit = Limit(1, "lines")

    def page() -> None:
        gate.pass_through()

    step = task(page, run_in=place, limit=limit, retries=ONCE, timeout=60, on_retry=clock.reach)
    with fail_after(LATE), pytest.raises(WorkflowTimeoutError) as caught:
        await alone(step, timeout=clock.seconds)()
    run = Run.of(caught.value)
    assert (run.tasks["page"].status, run.tasks["page"].abandoned) == (Status.CANCELLED, 1)
    assert repr(limit) == "<Limit 'lines': 1 of 1 places taken>"
    gate.open.set()
    with fail_after(LATE):
        while repr(limit) != "<Limit 'lines': 0 of 1 places taken>":
            await checkpoint()
