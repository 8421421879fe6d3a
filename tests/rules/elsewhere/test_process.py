"""`run_in=` a process."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any

import anyio
import pytest
from anyio import CancelScope, CapacityLimiter, fail_after, to_process, to_thread

from flowdeco import OutputError, Retry, Run, TaskTimeoutError, TransferError, WorkerLostError, task, workflow
from flowdeco._runner import attempt
from tests.conftest import Backend
from tests.support import remote_functions as functions
from tests.support.naming import on, take
from tests.support.retries import alone
from tests.support.run_in import LATE, ONCE, pid


async def test_a_task_runs_in_a_process_with_its_arguments_as_it_declares_them() -> None:
    @task
    def two() -> int:
        return 2

    @task
    async def three() -> int:
        return 3

    # The second parameter of `quantiles` is keyword-only, and the third is left to its default.
    middle = task(quantiles, name="middle", run_in="process", needs={"data": "values", "n": two})
    needs: dict[str, Any] = {"args": [two, three], "kwargs": {"x": two, "y": "values"}}
    given = functions.where.with_options(name="given", run_in="process", needs=needs)

    @workflow(tasks=[middle, given])
    async def w(values: list[int], middle: list[float], given: Any) -> Any:
        return middle, given

    found, (process, args, kwargs) = await w([1, 2, 9])
    assert found == [2]
    assert process != os.getpid()
    assert (args, kwargs) == ((2, 3), {"x": 2, "y": [1, 2, 9]})


async def test_what_a_generator_yields_in_a_process_comes_back_as_a_list() -> None:
    counted = functions.count.with_options(run_in="process")

    @workflow(needs={"numbers": counted}, tasks=[counted])
    async def w(end: int, numbers: list[int]) -> list[int]:
        return numbers

    assert await w(3) == [0, 1, 2]


def test_a_plain_call_runs_tasks_in_processes_too(backend: Backend) -> None:
    assert on(workflow(take, needs={"given": pid}), backend)() != os.getpid()


async def test_an_error_in_a_process_is_retried_by_its_type_and_recovered() -> None:
    def failing(kind: str, **options: Any) -> Any:
        step = functions.give_error.with_options(run_in="process", name="page", **options)

        @workflow(needs={"page": step})
        async def w(kind: str, page: Any) -> Any:
            return page

        return w.run(kind)

    run = await failing("line", retries=Retry(2, on=ConnectionError, delay=0, jitter=0))
    assert run.tasks["page"].attempts == 3
    assert [(f.attempt, type(f.error), str(f.error)) for f in run.errors] == [
        (number, ConnectionError, "no line") for number in (1, 2, 3)
    ]
    assert run.error.__notes__ == ["a note", "Raised by task 'page' of workflow 'w', attempt 3."]
    assert "in give_error" in str(run.error.__cause__)
    run = await failing("line", retries=Retry(2, on=ValueError, delay=0))
    assert run.tasks["page"].attempts == 1

    def recover(error: Exception, kind: str) -> str:
        return f"{kind}: {error}"

    run = await failing("line", recover={ConnectionError: recover})
    assert run.result == "line: no line"


async def test_outputs_are_checked_outside_of_the_process() -> None:
    run = await alone(pid.with_options(name="page", outputs=("left", "right"), retries=ONCE)).run()
    assert [type(failure.error) for failure in run.errors] == [OutputError] * 2


async def test_a_process_that_dies_is_lost_and_the_next_attempt_has_another() -> None:
    run = await alone(functions.die.with_options(run_in="process", name="page", retries=ONCE)).run()
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, WorkerLostError), (2, WorkerLostError)]
    assert str(run.error).startswith("Cannot finish task 'page' in a process: the process ended")


class Clock:
    """Lets an attempt's time be over when the test says so."""

    def __init__(self) -> None:
        self.scopes: list[CancelScope] = []

    def move_on_after(self, timeout: float) -> CancelScope:
        self.scopes.append(CancelScope())
        return self.scopes[-1]


async def test_a_timeout_kills_the_process_and_the_next_attempt_has_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(attempt, "move_on_after", clock.move_on_after)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    killed: list[int] = []
    hang = functions.hang.with_options(run_in="process", name="page", retries=ONCE, timeout=60)

    @workflow(needs={"page": hang})
    async def w(fifo: str, page: None) -> None: ...

    async def let_time_be_over() -> None:
        for number in range(2):
            process = int(await to_thread.run_sync(fifo.read_text))
            assert not killed or is_gone(killed[-1])
            killed.append(process)
            clock.scopes[number].cancel()

    run: Any = None
    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_time_be_over)
            run = await w.run(str(fifo))
    assert [type(failure.error) for failure in run.errors] == [TaskTimeoutError] * 2
    assert str(run.error) == "Cannot finish task 'page': it took longer than its timeout of 60 s."
    assert (run.tasks["page"].attempts, run.tasks["page"].abandoned) == (2, 0)
    assert len(set(killed)) == 2
    assert is_gone(killed[-1])


async def hold_all_processes() -> tuple[CapacityLimiter, Callable[[], None]]:
    """Take the places of all processes; return the limiter, and what gives one back."""
    limiter, somebody = to_process.current_default_process_limiter(), object()
    limiter.total_tokens = 1
    await limiter.acquire_on_behalf_of(somebody)
    return limiter, lambda: limiter.release_on_behalf_of(somebody)


@pytest.mark.parametrize("timeout", [60, None])
async def test_an_attempt_begins_when_there_is_a_process_for_it(
    timeout: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(attempt, "move_on_after", clock.move_on_after)
    limiter, release = await hold_all_processes()
    runs: list[Run[Any]] = []
    seen: list[Any] = []

    def note(run: Run[Any]) -> None:
        runs.append(run)

    async def let_in() -> None:
        while not limiter.statistics().tasks_waiting:
            await anyio.wait_all_tasks_blocked()
        assert clock.scopes == []
        seen.append(runs[0].tasks["page"].started)
        release()

    run: Any = None
    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_in)
            run = await alone(pid.with_options(name="page", timeout=timeout, on_start=note)).run()
    record = run.tasks["page"]
    assert run.result != os.getpid()
    assert len(clock.scopes) == (timeout is not None)
    assert record.started is not None
    assert record.started > seen[0]  # which was when it began to wait
    assert limiter.borrowed_tokens == 0


async def test_the_wait_for_a_process_does_not_use_up_the_time_within_which_attempts_start() -> None:
    limiter, release = await hold_all_processes()
    released: list[float] = []
    begun: list[float] = []

    class Noting(Retry):
        def next_delay(self, error: BaseException, attempt: int, elapsed: float) -> float | None:
            begun.append(anyio.current_time() - elapsed)
            return super().next_delay(error, attempt, elapsed)

    async def let_in() -> None:
        while not limiter.statistics().tasks_waiting:
            await anyio.wait_all_tasks_blocked()
        released.append(anyio.current_time())
        release()

    retries = Noting(1, delay=0, jitter=0, within=LATE)
    run: Any = None
    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_in)
            run = await alone(functions.die.with_options(run_in="process", name="page", retries=retries)).run()
    assert run.tasks["page"].attempts == 2
    assert begun[0] >= released[0] - 1e-6  # what is added and taken away again


async def test_one_that_is_cancelled_while_it_waits_for_a_process_takes_none() -> None:
    limiter, release = await hold_all_processes()
    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(alone(pid.with_options(name="page", timeout=60)).call)
            while not limiter.statistics().tasks_waiting:
                await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    release()
    assert (limiter.borrowed_tokens, limiter.statistics().tasks_waiting) == (0, 0)


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def test_what_cannot_be_sent_is_an_error_that_names_the_task() -> None:
    @task
    def kind() -> Any:
        return threading.Lock()

    local = task(lambda: 1, name="page", run_in="process", retries=ONCE)
    takes = functions.give_error.with_options(run_in="process", name="page", needs={"kind": kind})
    gives = functions.give_lock.with_options(run_in="process", name="page")
    awaitable = functions.give_awaitable.with_options(run_in="process", name="page")
    for step, part, text in (
        (local, "function", "Move it to the top level of a module."),
        (takes, "argument 'kind'", "Pass what can be pickled."),
        (gives, "result", "Return what can be pickled."),
        (awaitable, "result", "Make it an async def without run_in, or have it return the result itself."),
    ):
        with pytest.raises(TransferError, match=r"^Cannot (run|finish) task 'page' in a process: ") as caught:
            await alone(step)()
        assert (caught.value.task, caught.value.part) == ("page", part)
        assert str(caught.value).endswith(text)
