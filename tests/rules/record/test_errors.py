"""Errors in the record of a run."""

from typing import Any

import anyio

from flowdeco import Run, Status, task, workflow
from tests.conftest import Backend
from tests.support.naming import mention, on
from tests.support.pages import page, words

mention(page, words)


def test_a_failed_task_is_in_the_run_s_error_instead_of_raised(backend: Backend) -> None:
    error = ValueError("no")

    @task
    def bad() -> None:
        raise error

    @task
    def later(bad: Any) -> None: ...

    @workflow
    def w(later: Any) -> None: ...

    run: Run[Any] = on(w, backend).run()
    assert (run.status, run.result, run.error) == (Status.FAILED, None, error)
    assert [(failure.task, failure.attempt, failure.error) for failure in run.errors] == [("bad", 1, error)]
    assert run.started is not None
    assert run.finished is not None
    assert run.started <= run.errors[0].time <= run.finished
    record = run.tasks["bad"]
    assert (record.status, record.error, record.result) == (Status.FAILED, error, None)
    assert record.duration is not None
    never = run.tasks["later"]
    assert (never.status, never.started, never.finished, never.duration) == (Status.CANCELLED, None, None, None)


def test_an_error_of_the_workflow_s_own_function_is_in_the_record_under_no_task(backend: Backend) -> None:
    error = ValueError("no")

    @workflow
    def w(page: Any = None, words: Any = None, url: str = "x") -> None:
        raise error

    run: Run[Any] = on(w, backend).run()
    assert (run.status, run.error) == (Status.FAILED, error)
    assert [(failure.task, failure.error) for failure in run.errors] == [(None, error)]
    assert run.tasks["page"].result == "<x>"


async def test_an_async_workflow_s_failure_is_in_the_run_s_error() -> None:
    @workflow
    async def w() -> None:
        raise ValueError("no")

    run = await w.run()
    assert run.status is Status.FAILED
    assert str(run.error) == "no"


async def test_errors_are_recorded_the_earliest_first_with_those_of_cancelled_siblings() -> None:
    ready = anyio.Event()

    @task
    async def first() -> None:
        await ready.wait()
        raise ValueError("first")

    @task
    async def second() -> None:
        ready.set()
        try:
            await anyio.sleep_forever()
        finally:
            raise KeyError("second")

    @workflow
    async def w(first: Any, second: Any) -> None: ...

    run = await w.run()
    assert [(failure.task, str(failure.error)) for failure in run.errors] == [
        ("first", "first"),
        ("second", "'second'"),
    ]
    assert str(run.error) == "first"


async def test_a_task_cancelled_because_of_another_s_failure_is_recorded_as_cancelled() -> None:
    ready = anyio.Event()

    @task
    async def bad() -> None:
        await ready.wait()
        raise ValueError("no")

    @task
    async def waiting() -> None:
        ready.set()
        await anyio.sleep_forever()

    @workflow
    async def w(bad: Any, waiting: Any) -> None: ...

    run = await w.run()
    record = run.tasks["waiting"]
    assert (record.status, record.error, record.result) == (Status.CANCELLED, None, None)
    assert record.started is not None
    assert record.finished is not None
