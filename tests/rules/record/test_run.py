"""The record of a run."""

import logging
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from anyio import create_task_group

from flowdeco import InputError, MissingDependencyError, Run, Status, UnknownTaskError, Workflow, task, workflow
from tests.conftest import Backend


@task
async def page(url: str) -> str:
    return f"<{url}>"


@task
def words(page: str) -> list[str]:
    return [page]


@workflow
def summary(url: Any, words: Any, page: Any) -> int:
    return len(words)


def on(backend: Backend, w: Workflow[Any, Any]) -> Workflow[Any, Any]:
    """Return the workflow with an event loop for its blocking calls."""
    name, options = backend
    return w.with_options(backend=name, backend_options=options)


def test_a_run_tells_its_workflow_inputs_status_result_and_times(backend: Backend) -> None:
    before = datetime.now(UTC)
    run: Run[Any] = on(backend, summary).run("x")
    after = datetime.now(UTC)
    assert (run.workflow, dict(run.inputs), run.status, run.result) == ("summary", {"url": "x"}, "completed", 1)
    assert (run.error, run.errors) == (None, [])
    assert run.started is not None
    assert run.finished is not None
    assert before <= run.started <= run.finished <= after
    assert run.duration == pytest.approx((run.finished - run.started).total_seconds(), abs=1e-5)
    assert repr(run) == "<run of workflow 'summary': completed>"


def test_a_task_s_record_tells_its_status_times_and_result(backend: Backend) -> None:
    run: Run[Any] = on(backend, summary).run("x")
    first, second = run.tasks["page"], run.tasks["words"]
    assert (first.name, first.status, first.result, first.error) == ("page", Status.COMPLETED, "<x>", None)
    assert second.result == ["<x>"]
    assert run.started is not None
    assert run.finished is not None
    assert first.started is not None
    assert first.finished is not None
    assert second.started is not None
    assert second.finished is not None
    assert run.started <= first.started <= first.finished <= second.started <= second.finished <= run.finished
    assert first.duration == pytest.approx((first.finished - first.started).total_seconds(), abs=1e-5)
    assert repr(first) == "<record of task 'page': completed>"


def test_the_records_are_a_mapping_by_name_and_by_task() -> None:
    run = summary.run("x")
    assert list(run.tasks) == ["page", "words"]
    assert len(run.tasks) == 2
    assert "page" in run.tasks
    assert page in run.tasks
    assert "url" not in run.tasks
    assert {name: record.result for name, record in run.tasks.items()} == {"page": "<x>", "words": ["<x>"]}
    assert run.tasks[words].name == "words"
    assert run.tasks.get("nowhere") is None


def test_an_unknown_task_in_the_record_is_an_error_with_the_nearest() -> None:
    run = summary.run("x")
    with pytest.raises(UnknownTaskError) as caught:
        run.tasks["wrods"]
    assert isinstance(caught.value, KeyError)
    assert (caught.value.workflow, caught.value.task) == ("summary", "wrods")
    assert str(caught.value) == "Cannot find task 'wrods' in the run of workflow 'summary'. Did you mean 'words'?"


def test_none_is_a_result() -> None:
    @task
    def nothing() -> None: ...

    @workflow
    def w(nothing: Any) -> Any:
        return nothing

    run = w.run()
    assert (run.status, run.result, run.tasks["nothing"].status) == (Status.COMPLETED, None, Status.COMPLETED)


def test_every_run_has_an_id_of_its_own_that_stays() -> None:
    one, other = summary.run("x"), summary.run("x")
    assert one.id == one.id
    assert one.id != other.id


def test_the_inputs_in_the_record_cannot_be_changed() -> None:
    run = summary.run("x")
    with pytest.raises(TypeError):
        run.inputs["url"] = "y"  # type: ignore[index]  # what is tested


def test_a_failed_task_is_in_the_run_s_error_instead_of_raised(backend: Backend) -> None:
    error = ValueError("no")

    @task
    def bad() -> None:
        raise error

    @task
    def later(bad: Any) -> None: ...

    @workflow
    def w(later: Any) -> None: ...

    run: Run[Any] = on(backend, w).run()
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

    run: Run[Any] = on(backend, w).run()
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


async def test_the_record_can_be_read_while_the_run_goes_on() -> None:
    seen: list[Any] = []
    started = anyio.Event()
    go_on = anyio.Event()

    @task
    async def slow() -> int:
        started.set()
        await go_on.wait()
        return 1

    @task
    async def look(run: Run[Any]) -> None:
        await started.wait()
        tasks = run.tasks
        seen.append((run.status, run.finished, run.duration, tasks["slow"].status, tasks["slow"].finished))
        seen.append((tasks["slow"].result, tasks["slow"].duration, tasks["after"].status, tasks["after"].started))
        go_on.set()

    @task
    async def after(slow: int) -> None: ...

    @workflow
    async def w(slow: Any, look: Any, after: Any) -> None: ...

    await w()
    assert seen == [
        (Status.RUNNING, None, None, Status.RUNNING, None),
        (None, None, Status.PENDING, None),
    ]


async def test_a_cancelled_run_is_raised_and_recorded_as_cancelled() -> None:
    runs: list[Run[Any]] = []
    started = anyio.Event()

    @task
    async def endless(run: Run[Any]) -> None:
        runs.append(run)
        started.set()
        await anyio.sleep_forever()

    @workflow
    async def w(endless: Any) -> None: ...

    returned = False

    async def call() -> None:
        nonlocal returned
        await w.run()
        returned = True

    async with create_task_group() as group:
        group.start_soon(call)
        await started.wait()
        group.cancel_scope.cancel()
    assert not returned
    assert (runs[0].status, runs[0].tasks["endless"].status) == (Status.CANCELLED, Status.CANCELLED)
    assert runs[0].error is None
    assert runs[0].finished is not None


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_a_run_cancelled_in_the_workflow_s_own_function_is_recorded_as_cancelled(kind: str) -> None:
    runs: list[Run[Any]] = []
    scope = anyio.CancelScope()

    @workflow
    async def waits(run: Run[Any]) -> None:
        runs.append(run)
        scope.cancel()
        await anyio.sleep_forever()

    @workflow
    def blocks(run: Run[Any]) -> None:
        runs.append(run)
        anyio.from_thread.run_sync(scope.cancel)
        anyio.from_thread.check_cancelled()

    with scope:
        await (waits if kind == "async" else blocks).call()
    assert scope.cancelled_caught
    assert runs[0].status is Status.CANCELLED


async def test_a_run_cancelled_before_the_def_body_could_start_is_recorded_as_cancelled() -> None:
    runs: list[Run[Any]] = []
    scope = anyio.CancelScope()
    ran: list[str] = []

    @task
    async def last(run: Run[Any]) -> None:
        runs.append(run)
        scope.cancel()

    @workflow
    def w(last: Any) -> None:
        ran.append("body")

    with scope:
        await w.call()
    assert scope.cancelled_caught
    assert ran == []
    assert runs[0].status is Status.CANCELLED


def test_bad_inputs_and_a_wrong_graph_are_raised_by_run_as_well() -> None:
    @workflow
    def wrong(word: Any) -> None: ...

    @task
    def broken(nowhere: Any) -> None: ...

    @workflow
    def unbuilt(broken: Any) -> None: ...

    with pytest.raises(InputError):
        wrong.run()
    with pytest.raises(MissingDependencyError):
        unbuilt.run()


def test_run_logs_a_failure_with_its_traceback(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    @task
    def bad() -> None:
        raise ValueError("no")

    @workflow
    def w(bad: Any) -> None: ...

    run: Run[Any] = on(backend, w).run()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("flowdeco", logging.ERROR)
    assert record.getMessage() == "Workflow 'w' failed: ValueError('no')"
    assert record.exc_info is not None
    assert record.exc_info[1] is run.error


async def test_an_awaited_run_logs_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    @workflow
    async def w() -> None:
        raise ValueError("no")

    await w.run()
    assert [record.getMessage() for record in caplog.records] == ["Workflow 'w' failed: ValueError('no')"]


def test_a_plain_call_raises_and_logs_nothing(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    @workflow
    def w() -> None:
        raise ValueError("no")

    w = on(backend, w)
    with pytest.raises(ValueError, match="no"):
        w()
    with pytest.raises(ValueError, match="no"):
        w.call_sync()
    assert caplog.records == []


def test_a_run_that_succeeds_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    summary.run("x")
    assert [record for record in caplog.records if record.name == "flowdeco"] == []


def test_a_replaced_task_counts_as_completed_and_never_started() -> None:
    run = summary.override(page="<html>").run("x")
    record = run.tasks[page]
    assert (record.status, record.result) == (Status.COMPLETED, "<html>")
    assert (record.started, record.finished, record.duration) == (None, None, None)
