"""The record of a run."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flowdeco import Run, Status, UnknownTaskError, task, workflow
from tests.conftest import Backend
from tests.support.naming import on
from tests.support.pages import page, words
from tests.support.run import summary


def test_a_run_tells_its_workflow_inputs_status_result_and_times(backend: Backend) -> None:
    before = datetime.now(UTC)
    run: Run[Any] = on(summary, backend).run("x")
    after = datetime.now(UTC)
    assert (run.workflow, dict(run.inputs), run.status, run.result) == ("summary", {"url": "x"}, "completed", 1)
    assert (run.error, run.errors) == (None, [])
    assert run.started is not None
    assert run.finished is not None
    assert before <= run.started <= run.finished <= after
    assert run.duration == pytest.approx((run.finished - run.started).total_seconds(), abs=1e-5)
    assert repr(run) == "<run of workflow 'summary': completed>"


def test_a_task_s_record_tells_its_status_times_and_result(backend: Backend) -> None:
    run: Run[Any] = on(summary, backend).run("x")
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


def test_the_records_show_names_and_statuses() -> None:
    @workflow(needs={"given": [task(lambda: 1, name=f"t{number}") for number in range(23)]})
    def many(given: list[int]) -> None: ...

    @workflow
    def none() -> None: ...

    assert repr(summary.run("x").tasks) == "<records of tasks: 'page' completed, 'words' completed>"
    assert repr(summary.override(page=_fail).run("x").tasks) == "<records of tasks: 'page' failed, 'words' cancelled>"
    assert repr(many.run().tasks).startswith("<records of tasks: 't0' completed, 't1' completed, ")
    assert repr(many.run().tasks).endswith(", 't19' completed, 3 more>")
    assert repr(none.run().tasks) == "<records of tasks: none>"


def _fail() -> str:
    raise ConnectionError
