"""What `run()` raises, and what it logs."""

import logging
from typing import Any

import pytest

from flowdeco import InputError, MissingDependencyError, Run, Status, task, workflow
from tests.conftest import Backend
from tests.support.naming import on
from tests.support.pages import page
from tests.support.run import summary


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

    run: Run[Any] = on(w, backend).run()
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

    w = on(w, backend)
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
