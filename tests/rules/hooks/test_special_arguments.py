"""What hooks get of lists, defaults, and of tasks that never had arguments."""

from typing import Any

from flowdeco import Retry, Skip, Status, task, workflow
from tests.support.hooks import asks


async def test_hooks_get_what_args_kwargs_and_lists_of_tasks_receive() -> None:
    heard: list[Any] = []

    @task
    async def one() -> int:
        return 1

    @task
    async def two() -> int:
        return 2

    @task(
        needs={"numbers": [one, two], "named": {"first": one}, "both": [two, one]},
        on_success=asks(heard, "numbers", "named", "both", "plain"),
    )
    async def add(both: list[int], *numbers: int, plain: int = 5, **named: int) -> int:
        return sum(both) + sum(numbers) + plain + named["first"]

    @workflow
    async def w(add: int) -> int:
        return add

    assert await w() == 12
    assert heard == [([1, 2], {"first": 1}, [2, 1], 5)]


async def test_hooks_get_the_default_that_a_task_receives_instead_of_what_was_skipped() -> None:
    heard: list[Any] = []

    @task
    async def rate() -> float:
        raise Skip("closed")

    @task(on_success=asks(heard, "rate", "inputs"), when=lambda: True)
    async def price(rate: float = 1.5, digits: int = 2) -> float:
        return rate

    @workflow
    async def w(price: float) -> float:
        return price

    assert await w() == 1.5
    assert heard == [(1.5, {"rate": 1.5, "digits": 2})]


async def test_a_hook_told_of_a_task_that_has_no_arguments_yet_gets_none_or_its_own_default() -> None:
    heard: list[Any] = []

    @task
    async def page() -> str:
        raise Skip("closed")

    @task(on_state=asks(heard, "status", "page", "inputs", "attempt"))
    async def words(page: str) -> None: ...

    @task(on_state=asks(heard, "status", page="no page"))
    async def letters(page: str) -> None: ...

    @workflow(after=[words, letters])
    async def w() -> None: ...

    await w()
    assert heard == [(Status.SKIPPED, None, {}, 0), (Status.SKIPPED, "no page")]


async def test_a_task_that_fails_further_up_is_told_of_with_that_error() -> None:
    heard: list[Any] = []
    error = ValueError("no")

    @task
    async def page() -> str:
        raise error

    @task(on_state=asks(heard, "status", "previous", "error", "errors"))
    async def words(page: str) -> None: ...

    @workflow(after=words, keep_going=True)
    async def w() -> None: ...

    await w.run()
    assert heard == [(Status.UPSTREAM_FAILED, Status.PENDING, error, ())]


async def test_a_workflow_s_on_error_is_called_once_with_the_group_and_all_errors_under_keep_going() -> None:
    heard: list[Any] = []

    @task(retries=Retry(1, delay=0))
    async def left() -> None:
        raise ValueError("left")

    @task
    async def right() -> None:
        raise KeyError("right")

    @workflow(after=[left, right], keep_going=True, on_error=asks(heard, "error", "errors"))
    async def w() -> None: ...

    run = await w.run()
    ((error, errors),) = heard
    assert error is run.error
    assert isinstance(error, ExceptionGroup)
    assert errors == tuple(run.errors)
    assert sorted((failure.task, failure.attempt) for failure in errors) == [("left", 1), ("left", 2), ("right", 1)]


async def test_a_hook_that_asks_for_run_can_look_at_the_other_tasks() -> None:
    heard: list[Any] = []

    def look(run: Any, task: str | None) -> None:
        heard.append((run.tasks["page"].result, task and run.tasks[task].status))

    @task
    async def page() -> str:
        return "<html>"

    @task(on_start=look)
    async def words(page: str) -> None: ...

    @workflow(on_success=look)
    async def w(words: None) -> None: ...

    await w.run()
    assert heard == [("<html>", Status.RUNNING), ("<html>", None)]
