"""What a failing hook means for the tasks around, and for the workflow."""

from typing import Any, cast

import anyio
import pytest
from anyio import sleep_forever

from flowdeco import Outcome, Skip, Status, task, workflow
from tests.support.hook_errors import ALSO, BY, HookFailed, notes_of


def members_of(error: BaseException | None) -> list[Exception]:
    assert isinstance(error, ExceptionGroup)
    return list(cast("ExceptionGroup[Exception]", error).exceptions)


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_told_of_a_task_whose_dependency_was_skipped_fails_that_task(policy: Any) -> None:
    told: list[Any] = []

    def fail(status: Status) -> None:
        told.append(status)
        if status is Status.SKIPPED:
            raise HookFailed

    @task
    async def page() -> None:
        raise Skip("closed")

    @task(on_state=fail, on_error=lambda: told.append("on_error"))
    async def words(page: None) -> None: ...

    @workflow(after=words, hook_errors=policy)
    async def w() -> str:
        return "done"

    run = await w.run()
    (hook_error,) = run.hook_errors
    if policy == "log":
        assert (run.status, run.result, told) == (Status.COMPLETED, "done", [Status.SKIPPED])
        assert run.tasks["words"].status is Status.SKIPPED
    else:
        assert run.error is hook_error.error
        assert told == [Status.SKIPPED, Status.FAILED, "on_error"]
        assert (run.tasks["words"].status, run.tasks["words"].error) == (Status.FAILED, hook_error.error)
        assert notes_of(run.error) == ("Raised by a hook (on_state) of task 'words' of workflow 'w'.",)


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_told_of_what_failed_further_up_leaves_the_first_error_first(policy: Any) -> None:
    def fail(status: Status) -> None:
        raise HookFailed

    @task
    async def page() -> None:
        raise ValueError("no")

    @task(on_state=fail)
    async def words(page: None) -> None: ...

    @workflow(after=words, keep_going=True, hook_errors=policy)
    async def w() -> None: ...

    run = await w.run()
    assert [str(error) for error in members_of(run.error)] == ["no"]
    assert run.tasks["words"].status is Status.UPSTREAM_FAILED
    assert run.tasks["words"].error is run.tasks["page"].error
    also = "Also failed: a hook (on_state) of task 'words' of workflow 'w' with HookFailed()."
    assert notes_of(run.error) == ("Raised by workflow 'w'.", *([also] if policy == "raise" else []))


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_that_fails_when_a_task_is_cancelled_leaves_the_first_error_first(policy: Any) -> None:
    waits = anyio.Event()

    def fail(status: Status) -> None:
        if status is Status.CANCELLED:
            raise HookFailed

    @task(on_state=fail)
    async def page() -> None:
        waits.set()
        await sleep_forever()

    @task
    async def bad() -> None:
        await waits.wait()
        raise ValueError("no")

    @workflow(after=[page, bad], hook_errors=policy)
    async def w() -> None: ...

    run = await w.run()
    assert isinstance(run.error, ValueError)
    assert run.tasks["page"].status is Status.CANCELLED
    first = "Raised by task 'bad' of workflow 'w'."
    assert notes_of(run.error) == ((first, ALSO.format("on_state")) if policy == "raise" else (first,))
    assert [(told.hook, told.task) for told in run.hook_errors] == [("on_state", "page")]


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_that_fails_as_a_task_never_began_leaves_the_first_error_first(policy: Any) -> None:
    def fail() -> None:
        raise HookFailed

    @task
    async def bad() -> None:
        raise ValueError("no")

    @task(on_state=fail)
    async def page(bad: None) -> None: ...

    @workflow(after=page, hook_errors=policy)
    async def w() -> None: ...

    run = await w.run()
    assert isinstance(run.error, ValueError)
    assert run.tasks["page"].status is Status.CANCELLED
    assert [(told.hook, told.task) for told in run.hook_errors] == [("on_state", "page")]


async def test_a_task_that_its_hook_fails_is_settled_like_any_other() -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def page() -> str:
        return "<html>"

    @workflow(settled="page", hook_errors="raise")
    async def w(page: Outcome[str]) -> Outcome[str]:
        return page

    run = await w.run()
    assert run.status is Status.COMPLETED
    assert run.result is not None
    assert (run.result.status, type(run.result.error), run.result.value) == (Status.FAILED, HookFailed, None)


async def test_a_task_that_its_hook_fails_is_in_the_group_under_keep_going() -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def page() -> None: ...

    @task
    async def other() -> None:
        raise ValueError("no")

    @workflow(after=[page, other], keep_going=True, hook_errors="raise")
    async def w() -> None: ...

    run = await w.run()
    assert sorted(type(error).__name__ for error in members_of(run.error)) == ["HookFailed", "ValueError"]
    notes = {type(error): notes_of(error) for error in members_of(run.error)}
    assert notes[HookFailed] == (BY.format("on_success"),)
    assert notes_of(run.error) == ("Raised by workflow 'w'.",)


@pytest.mark.parametrize("tolerated", ["settled", "keep_going"])
@pytest.mark.parametrize("about", [Status.RUNNING, Status.FAILED])
async def test_a_workflow_s_hook_fails_the_run_whatever_a_task_is_allowed(tolerated: str, about: Status) -> None:
    def fail(task: str | None, status: Status) -> None:
        if task is not None and status is about:
            raise HookFailed

    @task
    async def page() -> None:
        raise ValueError("no")

    options: dict[str, Any] = {"settled": "page"} if tolerated == "settled" else {"keep_going": True}

    @workflow(on_state=fail, hook_errors="raise", **options)
    async def w(page: Any) -> None: ...

    run = await w.run()
    assert isinstance(run.error, HookFailed)
    assert run.tasks["page"].status is (Status.CANCELLED if about is Status.RUNNING else Status.FAILED)
    also = "Also failed: task 'page' with ValueError('no')."
    assert notes_of(run.error) == (BY.format("on_state"), *([also] if about is Status.FAILED else []))


@pytest.mark.parametrize("inner_policy", ["log", "raise"])
@pytest.mark.parametrize("outer_policy", ["log", "raise"])
async def test_hook_errors_of_a_workflow_that_runs_in_another_are_its_own_affair(
    inner_policy: Any, outer_policy: Any
) -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def page() -> str:
        return "<html>"

    @workflow(hook_errors=inner_policy)
    async def inner(page: str) -> str:
        return page

    @workflow(hook_errors=outer_policy)
    async def w(inner: str) -> str:
        return inner

    run = await w.run()
    assert run.hook_errors == []
    if inner_policy == "log":
        assert run.result == "<html>"
    else:
        assert isinstance(run.error, HookFailed)
        assert notes_of(run.error) == (
            "Raised by a hook (on_success) of task 'page' of workflow 'inner'.",
            "Raised by task 'inner' of workflow 'w'.",
        )


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_of_a_task_that_recovers_another_fails_the_recovery(policy: Any) -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def spare() -> str:
        return "spare"

    @task(recover=spare)
    async def page() -> str:
        raise ValueError("no")

    @workflow(hook_errors=policy)
    async def w(page: str) -> str:
        return page

    run = await w.run()
    assert [(told.hook, told.task) for told in run.hook_errors] == [("on_success", "spare")]
    if policy == "log":
        assert run.result == "spare"
    else:
        error = run.hook_errors[0].error
        assert run.error is error
        assert isinstance(error.__context__, ValueError)
