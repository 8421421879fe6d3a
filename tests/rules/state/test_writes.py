"""The state of a run: who wrote what, and what is refused."""

import threading
from typing import Any

import anyio
import pytest
from anyio import from_thread, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import (
    AbandonedError,
    OptionTypeError,
    Run,
    State,
    StateValidationError,
    Task,
    TaskTimeoutError,
    task,
    workflow,
)
from tests.conftest import Backend
from tests.support.clock import Clock, given_time
from tests.support.naming import mention, on
from tests.support.state_in_runs import Budget, spend

mention(spend)


def test_a_hundred_threads_and_a_hundred_tasks_lose_no_update(backend: Backend) -> None:
    class Count(State):
        number: int = 0

    def add(state: Count, times: int = 20) -> None:
        for _ in range(times):
            state.update("number", lambda number: number + 1)

    async def add_async(state: Count) -> None:
        for _ in range(20):
            state.update("number", lambda number: number + 1)
            await checkpoint()

    threads: list[Task[..., Any]] = [task(add, name=f"thread {number}") for number in range(100)]
    tasks: list[Task[..., Any]] = [task(add_async, name=f"task {number}") for number in range(100)]
    shared = Count()
    barrier = threading.Barrier(100)

    def outsider() -> None:
        barrier.wait(60)
        add(shared)

    outsiders = [threading.Thread(target=outsider) for _ in range(100)]

    @workflow(after=[*threads, *tasks], state=shared)
    def w() -> None: ...

    for thread in outsiders:
        thread.start()
    on(w, backend)()
    for thread in outsiders:
        thread.join(60)
    assert shared.number == 300 * 20
    changes = shared.changes("number")
    assert [change.value for change in changes] == list(range(1, 300 * 20 + 1))
    assert all(change.previous == change.value - 1 for change in changes)
    writers = [change.task for change in changes]
    for one in (*threads, *tasks):
        assert writers.count(one.name) == 20
    assert writers.count(None) == 100 * 20


async def test_changes_name_the_task_that_wrote_them() -> None:
    @task
    async def by_run(spend: int, run: Run[Any]) -> None:
        run.state["key"] = 1

    @task(name="in a thread", after=by_run)
    def in_thread(state: State) -> None:
        state["key"] = 2

    @workflow(after=in_thread, state=Budget)
    async def w(state: Budget) -> None:
        state["key"] = 3

    run = await w.run()
    assert [(c.key, c.task) for c in run.state.changes()] == [
        ("tokens", "spend"),
        ("notes", "spend"),
        ("key", "by_run"),
        ("key", "in a thread"),
        ("key", None),
    ]


async def test_a_rejected_value_fails_the_task_and_leaves_everything_as_it_was() -> None:
    @task(after="spend")
    async def overspend(state: Budget) -> None:
        state.spent = -1

    @workflow(state=Budget)
    async def w(spend: int, overspend: None) -> None: ...

    run = await w.run()
    assert isinstance(run.error, StateValidationError)
    assert run.error.key == "spent"
    assert run.state["spent"] == 0.0
    assert run.state["tokens"] == 5
    assert run.state.changes("spent") == []


@given_time
def test_what_an_abandoned_attempt_writes_is_refused(clock: Clock, backend: Backend) -> None:
    gate, refused = threading.Event(), threading.Event()
    errors: list[Exception] = []

    @task(timeout=clock.seconds)
    def late(state: State) -> None:
        state["early"] = True
        clock.reach()
        gate.wait(60)
        try:
            state["late"] = True
        except AbandonedError as error:
            errors.append(error)
        refused.set()

    shared = State()

    @workflow(state=shared)
    def w(late: None) -> None: ...

    with pytest.raises(TaskTimeoutError) as caught:
        on(w, backend)()
    assert caught.value.abandoned
    gate.set()
    assert refused.wait(60)
    assert "late" not in shared
    assert shared["early"] is True
    assert len(errors) == 1
    assert Run.of(caught.value).tasks["late"].abandoned == 1


@pytest.mark.parametrize("state", [{"a": 1}, dict, 5], ids=repr)
def test_what_is_no_state_is_refused(state: Any) -> None:
    with pytest.raises(OptionTypeError, match="Cannot define workflow 'w': state="):
        workflow(lambda: 1, name="w", state=state)


async def test_a_run_from_a_worker_thread_shares_what_is_shared() -> None:
    shared = Budget()

    @workflow(state=shared)
    def plain(spend: int) -> int:
        return spend

    def call() -> int:
        from_thread.run(anyio.lowlevel.checkpoint)
        return plain()

    assert await to_thread.run_sync(call) == 5
    assert shared.tokens == 5
