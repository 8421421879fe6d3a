"""`recover=` turns the final error of a task into a result."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio import sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Outcome, OutputError, Retry, Skip, Status, TaskTimeoutError, task, workflow
from tests.support.clock import AT_ONCE
from tests.support.naming import mention
from tests.support.outcomes import AGAIN, each_way, fail, make_task, outcome_of, refuse


def raising(*errors: BaseException | None) -> Callable[[], str]:
    """Return what raises these errors, one at each call; for `None` it returns."""
    left = list(errors)

    def act() -> str:
        error = left.pop(0)
        if error is not None:
            raise error
        return "page"

    return act


def say(error: Exception, attempt: int) -> str:
    return f"{error} at {attempt}"


async def say_async(error: Exception, attempt: int) -> str:
    await checkpoint()
    return f"{error} at {attempt}"


@pytest.mark.parametrize("recover", [say, say_async, task(say), task(say_async)], ids=["def", "async", "task", "waits"])
@each_way
async def test_recover_turns_the_final_error_into_the_result(way: str, recover: Any) -> None:
    page = make_task(way, "page", raising(ValueError("a"), ValueError("b")), retries=Retry(1, delay=0), recover=recover)
    outcome, run = await outcome_of(page)
    assert outcome == Outcome("page", Status.COMPLETED, "b at 2")
    assert [(f.task, f.attempt, str(f.error)) for f in run.errors] == [("page", 1, "a"), ("page", 2, "b")]
    record = run.tasks["page"]
    assert (record.status, record.attempts, record.error, record.result) == ("completed", 2, None, "b at 2")


@each_way
async def test_recover_is_not_called_when_an_attempt_succeeds_or_skips(way: str) -> None:
    def recover() -> None:
        raise AssertionError

    page = make_task(way, "page", raising(ValueError("a"), None), retries=AGAIN, recover=recover)
    assert (await outcome_of(page))[0].value == "page"
    page = make_task(way, "page", raising(ValueError("a"), Skip("off")), retries=AGAIN, recover=recover)
    assert (await outcome_of(page))[0].reason == "off"


async def test_recover_gets_the_task_s_own_arguments_and_what_hooks_get() -> None:
    seen: dict[str, Any] = {}

    def save(url: str, sizes: list[int], limit: int, task: str, workflow: str, inputs: Any, errors: Any) -> int:
        seen.update(url=url, sizes=sizes, limit=limit, task=task, workflow=workflow, inputs=dict(inputs))
        assert [str(failure.error) for failure in errors] == ["no"]
        return 1

    @task
    async def size() -> int:
        return 5

    @task(recover=save, needs={"sizes": ["size", "size"]})
    async def page(url: str, *, sizes: list[int], limit: int = 3) -> int:
        raise ValueError("no")

    @workflow
    async def w(url: str, page: int) -> int:
        return page

    mention(size)
    assert await w("here") == 1
    arguments = {"url": "here", "sizes": [5, 5], "limit": 3}
    assert seen == {**arguments, "task": "page", "workflow": "w", "inputs": arguments}


@pytest.mark.parametrize(
    ("error", "value"),
    [
        (ConnectionResetError("x"), "connection"),
        (FileNotFoundError("x"), "os"),
        (ValueError("x"), None),
    ],
)
async def test_a_mapping_recovers_by_the_first_type_that_fits_and_not_from_others(error: Exception, value: Any) -> None:
    ways: dict[type[Exception], Callable[..., Any]] = {
        ConnectionError: lambda: "connection",
        OSError: lambda: "os",
        FileNotFoundError: lambda: "never",
    }
    outcome, run = await outcome_of(make_task("waits", "page", raising(error), recover=ways))
    assert outcome.value == value
    assert outcome.error is (error if value is None else None)
    assert [f.error for f in run.errors] == [error]


async def test_a_task_that_recovers_runs_under_its_own_policy_and_is_no_node() -> None:
    calls: list[str] = []

    @task(retries=AGAIN, timeout=60, on_success=lambda: calls.append("hook"))
    async def smaller(url: str, error: Exception, extra: int = 5) -> Any:
        calls.append("call")
        if calls.count("call") < 3:
            raise KeyError("busy")
        return url, str(error), extra

    @task(recover=smaller)
    async def page(url: str) -> Any:
        raise ValueError("no")

    @workflow
    async def w(url: str, page: Any) -> Any:
        return page

    run = await w.run("here")
    assert run.result == ("here", "no", 5)
    assert calls == ["call", "call", "call", "hook"]
    assert [node.name for node in w.graph] == ["page"]
    assert [(f.task, f.attempt) for f in run.errors] == [("page", 1), ("smaller", 1), ("smaller", 2)]
    assert run.tasks["page"].attempts == 1


async def test_an_error_of_the_recovery_is_the_task_s_with_the_original_as_its_context() -> None:
    first, second = ValueError("first"), KeyError("second")

    def recover() -> None:
        raise second

    outcome, run = await outcome_of(make_task("waits", "page", raising(first), recover=recover))
    assert outcome.error is second
    assert second.__context__ is first
    assert [(f.task, f.attempt, f.error) for f in run.errors] == [("page", 1, first), ("page", 1, second)]


async def test_what_fails_besides_is_told_once_though_a_recovery_failed_with_it_first() -> None:
    @task(retries=AGAIN, run_in="loop")
    def smaller() -> None:
        raise second

    @task(recover=smaller)
    async def page() -> None:
        raise ValueError("first")

    @task(after="report")
    async def bad() -> None:
        raise KeyError("bad")

    @task(settled="page")
    async def report(page: Any) -> None: ...

    @workflow
    async def w(bad: None) -> None: ...

    second = OSError("second")
    mention(page, report)
    run = await w.run()
    assert [(f.task, f.attempt) for f in run.errors if f.error is second] == [
        ("smaller", 1),
        ("smaller", 2),
        ("smaller", 3),
        ("page", 1),
    ]
    assert run.error is not None
    assert run.error.__notes__ == [
        "Raised by task 'bad' of workflow 'w'.",
        "Also failed: task 'page' with OSError('second').",
    ]


@pytest.mark.parametrize("is_task", [False, True])
async def test_a_recovery_that_raises_the_same_error_leaves_it_as_it_is(is_task: bool) -> None:
    original = ValueError("no")

    def recover(error: Exception) -> None:
        raise error

    chosen = task(recover, run_in="loop") if is_task else recover
    outcome, run = await outcome_of(make_task("waits", "page", raising(original), recover=chosen))
    assert outcome.error is original
    assert original.__context__ is None
    assert [f.error for f in run.errors if f.task == "page"] == [original]


@pytest.mark.parametrize("is_task", [False, True])
async def test_a_recovery_may_skip_the_task(is_task: bool) -> None:
    chosen = task(refuse, run_in="loop") if is_task else refuse
    outcome, run = await outcome_of(make_task("waits", "page", fail, recover=chosen))
    assert outcome == Outcome("page", Status.SKIPPED, reason="no news")
    assert [str(f.error) for f in run.errors] == ["no"]


@each_way
@pytest.mark.parametrize("result", [(1, 2), 5])
async def test_a_recovered_result_must_have_the_outputs_that_were_promised(way: str, result: Any) -> None:
    halves = make_task(way, "halves", fail, outputs=("left", "right"), recover=lambda: result)
    outcome, run = await outcome_of(halves)
    if result == (1, 2):
        assert outcome.value == (1, 2)
    else:
        assert isinstance(outcome.error, OutputError)
        assert isinstance(outcome.error.__context__, ValueError)
        assert [type(f.error) for f in run.errors] == [ValueError, OutputError]


async def test_a_timeout_can_be_recovered_from() -> None:
    def save(error: TaskTimeoutError) -> Any:
        return error.task, error.timeout

    @task(timeout=AT_ONCE, recover={TaskTimeoutError: save})
    async def page() -> None:
        await sleep_forever()

    outcome, _ = await outcome_of(page)
    assert outcome.value == ("page", AT_ONCE)
