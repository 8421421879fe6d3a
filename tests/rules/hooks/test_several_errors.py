"""What an error of a hook means beside a veto, others of its kind, and the task's own."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Status, task, workflow
from tests.support.hook_errors import BODY, BY, BY_W, FIRST, NONE, HookFailed, both_kinds, notes_of


@pytest.mark.parametrize("policy", ["log", "raise"])
@pytest.mark.parametrize("owner", ["task", "workflow"])
@both_kinds
async def test_what_on_start_raises_is_no_hook_error_but_a_veto_and_keeps_the_next_from_being_asked(
    kind: str, owner: str, policy: Any
) -> None:
    told: list[str] = []

    def fail() -> None:
        raise HookFailed

    async def fail_later() -> None:
        await checkpoint()
        raise HookFailed

    options: dict[str, Any] = {
        "on_start": [fail if kind == "def" else fail_later, lambda: told.append("asked")],
        "on_error": lambda: told.append("error"),
    }

    async def work() -> None:
        told.append("attempt")

    of_task, of_workflow = (options, NONE) if owner == "task" else (NONE, options)
    page = task(work, name="page", **of_task)

    @workflow(after=page, hook_errors=policy, **of_workflow)
    async def w() -> None: ...

    run = await w.run()
    assert type(run.error) is HookFailed
    assert run.hook_errors == []
    assert told == ["error"]
    assert [(f.task, f.attempt) for f in run.errors] == [("page", 0) if owner == "task" else (None, 1)]
    assert notes_of(run.error) == (FIRST if owner == "task" else BODY,)


async def test_of_several_hooks_of_a_workflow_that_raise_the_first_error_counts_and_all_are_kept() -> None:
    errors = {Status.COMPLETED: HookFailed("1"), Status.FAILED: HookFailed("3")}

    def fail(status: Status) -> None:
        if status in errors:
            raise errors[status]

    def fail_too() -> None:
        raise HookFailed("2")

    @workflow(on_state=fail, on_success=fail_too, hook_errors="raise")
    async def w() -> None: ...

    run = await w.run()
    assert run.error is errors[Status.COMPLETED]
    assert [str(told.error) for told in run.hook_errors] == ["1", "2", "3"]
    assert notes_of(run.error) == (
        BY_W.format("on_state"),
        "Also failed: a hook (on_success) of workflow 'w' with HookFailed('2').",
        "Also failed: a hook (on_state) of workflow 'w' with HookFailed('3').",
    )


async def test_of_several_hooks_that_raise_the_first_error_counts_and_all_are_kept() -> None:
    errors = [HookFailed("1"), HookFailed("2"), HookFailed("3")]

    def raises(error: Exception) -> Callable[[], None]:
        def hook() -> None:
            raise error

        return hook

    @task(on_success=[raises(errors[0]), raises(errors[1])], on_error=raises(errors[2]))
    async def page() -> None: ...

    @workflow(hook_errors="raise")
    async def w(page: None) -> None: ...

    run = await w.run()
    assert run.error is errors[0]
    assert [told.error for told in run.hook_errors] == errors
    assert notes_of(run.error) == (
        BY.format("on_success"),
        "Also failed: a hook (on_success) of task 'page' of workflow 'w' with HookFailed('2').",
        "Also failed: a hook (on_error) of task 'page' of workflow 'w' with HookFailed('3').",
    )


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_that_raises_the_task_s_own_error_again_leaves_it_that_of_the_task(policy: Any) -> None:
    error = ValueError("no")

    def again(error: Exception) -> None:
        raise error

    @task(on_error=again)
    async def page() -> None:
        raise error

    @workflow(hook_errors=policy, on_error=again)
    async def w(page: None) -> None: ...

    run = await w.run()
    assert run.error is error
    assert [told.error for told in run.hook_errors] == [error, error]
    assert notes_of(error) == (FIRST,)
