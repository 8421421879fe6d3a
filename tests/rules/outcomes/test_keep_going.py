"""`keep_going=` runs all that it can, and raises the errors that are left over as a group."""

import threading
from typing import Any, cast

import pytest
from anyio import sleep_forever

from flowdeco import Outcome, Run, task, workflow
from tests.conftest import Backend
from tests.support.naming import mention, on
from tests.support.outcomes import AGAIN, each_way, fail, make_task, statuses_of


def as_group(error: object) -> ExceptionGroup[Exception]:
    assert isinstance(error, ExceptionGroup)
    return cast("ExceptionGroup[Exception]", error)


@each_way
async def test_keep_going_runs_all_that_does_not_need_a_failed_task_and_then_raises_a_group(way: str) -> None:
    async def need(given: Any) -> Any:
        return given

    def fail_otherwise() -> None:
        raise KeyError("other")

    bad, worse = make_task(way, "bad", fail), make_task(way, "worse", fail_otherwise, after="bad_was_first")
    good = make_task(way, "good", lambda: 1)
    after_bad = task(need, name="after_bad", needs={"given": bad})
    after_good = task(need, name="after_good", needs={"given": good})
    watch = task(need, name="bad_was_first", needs={"given": bad}, settled="given")

    @workflow(tasks=[bad, watch], keep_going=True, needs={"all": [after_bad, after_good, worse]})
    async def w(all: Any) -> None:  # noqa: A002
        raise AssertionError

    run = await w.run()
    assert statuses_of(run) == {
        "bad": "failed",
        "worse": "failed",
        "good": "completed",
        "after_bad": "upstream_failed",
        "after_good": "completed",
        "bad_was_first": "completed",
    }
    group = as_group(run.error)
    assert group.message == "2 tasks of workflow 'w' failed"
    assert [repr(error) for error in group.exceptions] == ["ValueError('no')", "KeyError('other')"]
    assert group.__notes__ == ["Raised by workflow 'w'."]
    assert [error.__notes__ for error in group.exceptions] == [
        ["Raised by task 'bad' of workflow 'w'."],
        ["Raised by task 'worse' of workflow 'w'."],
    ]
    assert Run.of(group) is Run.of(group.exceptions[0]) is Run.of(group.exceptions[1]) is run
    assert run.tasks["after_bad"].error is run.tasks["bad"].error is group.exceptions[0]
    with pytest.raises(ExceptionGroup) as caught:
        await w()
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]


def test_with_keep_going_a_single_error_is_a_group_too_also_out_of_a_plain_call(backend: Backend) -> None:
    @task(retries=AGAIN)
    async def bad() -> None:
        raise ValueError("no")

    @workflow(keep_going=True)
    def w(bad: None) -> None:
        raise AssertionError

    with pytest.raises(ExceptionGroup) as caught:
        on(w, backend)()
    assert caught.value.message == "1 task of workflow 'w' failed"
    (error,) = caught.value.exceptions
    assert error.__notes__ == ["Raised by task 'bad' of workflow 'w', attempt 3."]


async def test_with_keep_going_a_handled_error_is_in_the_notes_and_not_in_the_group() -> None:
    @task
    async def handled() -> None:
        raise KeyError("handled")

    @task(after="handled_too")
    async def bad() -> None:
        raise ValueError("no")

    @task(settled="handled")
    async def handled_too(handled: Any) -> None: ...

    @workflow(keep_going=True)
    async def w(bad: None) -> None: ...

    mention(handled, handled_too)
    run = await w.run()
    group = as_group(run.error)
    assert [repr(error) for error in group.exceptions] == ["ValueError('no')"]
    assert group.__notes__ == [
        "Raised by workflow 'w'.",
        "Also failed: task 'handled' with KeyError('handled').",
    ]


async def test_with_keep_going_and_all_errors_handled_or_recovered_there_is_a_result() -> None:
    @task
    async def bad() -> None:
        raise ValueError("no")

    @task(recover=lambda: 1)
    async def saved() -> int:
        raise ValueError("no")

    @workflow(keep_going=True, settled="bad")
    async def w(bad: Outcome[None], saved: int) -> Any:
        return bad.status, saved

    assert await w() == ("failed", 1)


async def test_with_keep_going_an_error_of_the_workflow_s_own_function_is_raised_as_it_is() -> None:
    error = ValueError("own")

    @workflow(keep_going=True)
    async def w() -> None:
        raise error

    with pytest.raises(ValueError) as caught:
        await w()
    assert caught.value is error


async def test_with_keep_going_inside_the_group_is_the_node_s_error() -> None:
    @task
    async def bad() -> None:
        raise ValueError("no")

    @workflow(keep_going=True)
    async def inner(bad: None) -> None: ...

    @workflow
    async def w(inner: None) -> None: ...

    mention(bad)
    run = await w.run()
    group = as_group(run.error)
    assert group is run.tasks["inner"].error
    assert group.__notes__ == ["Raised by workflow 'inner'.", "Raised by task 'inner' of workflow 'w'."]
    assert Run.of(group) is run


async def test_with_keep_going_the_error_of_a_hook_that_fails_its_task_is_in_the_group_too() -> None:
    @task(on_success=fail)
    async def page() -> int:
        return 1

    @workflow(keep_going=True, hook_errors="raise")
    async def w(page: int) -> None: ...

    run = await w.run()
    assert as_group(run.error).exceptions == (run.tasks["page"].error,)
    assert str(run.tasks["page"].error) == "no"


async def test_an_attempt_that_fails_in_a_thread_when_the_run_has_been_stopped_is_in_the_record() -> None:
    started, stopped = threading.Event(), threading.Event()

    @task(retries=AGAIN)
    def page() -> None:
        started.set()
        assert stopped.wait(60)
        raise ValueError("late")

    @task
    async def watch() -> None:
        try:
            await sleep_forever()
        finally:
            stopped.set()

    @task(run_in="thread")
    def bad() -> None:
        assert started.wait(60)
        raise KeyError("first")

    @workflow
    async def w(page: None, watch: None, bad: None) -> None: ...

    run = await w.run()
    assert isinstance(run.error, KeyError)
    assert [(f.task, f.attempt, repr(f.error)) for f in run.errors] == [
        ("bad", 1, "KeyError('first')"),
        ("page", 1, "ValueError('late')"),
    ]
    assert run.tasks["page"].status == "cancelled"
