"""What options say of failure alone costs nothing until there is one, and then nothing is missed."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from anyio import fail_after
from anyio.lowlevel import checkpoint

from flowdeco import Retry, Skip, task, workflow
from flowdeco._runner.lifecycle import Lifecycle

AGAIN = Retry(2, delay=0, jitter=0)
VARIABLE: ContextVar[int] = ContextVar("variable", default=0)


def nothing() -> int:
    return 0


OPTIONS: list[dict[str, Any]] = [
    {"retries": AGAIN},
    {"recover": nothing},
    {"on_error": print},
    {"on_retry": print, "retries": 1},
    {"metadata": {"owner": "us"}},
]


async def one_async() -> int:
    await checkpoint()
    return 1


def one() -> int:
    return 1


@pytest.mark.parametrize("options", OPTIONS, ids=map("-".join, OPTIONS))
@pytest.mark.parametrize("function", [one, one_async])
async def test_a_task_that_does_not_fail_has_no_lifecycle(
    function: Callable[[], Any], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lifecycle, "__init__", None)  # not even one can be made
    number = task(function, **options)

    @workflow(needs={"number": number})
    async def w(number: int) -> int:
        return number

    run = await w.run()
    assert run.result == 1
    assert (run.tasks[number].status, run.tasks[number].attempts) == ("completed", 1)


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
async def test_arguments_are_there_for_every_attempt_and_for_the_recovery(is_async: bool) -> None:
    given: list[object] = []

    def fail(box: list[str]) -> None:
        given.append(box)
        raise ValueError(len(given))

    async def fail_async(box: list[str]) -> None:
        await checkpoint()
        fail(box)

    @task
    def box() -> list[str]:
        return ["a result that nobody else needs"]

    def recover(box: list[str], error: Exception) -> tuple[list[str], str]:
        return box, str(error)

    bad = task(fail_async if is_async else fail, retries=AGAIN, recover=recover)

    @workflow(needs={"bad": bad})
    async def w(box: list[str], bad: Any) -> Any:
        return bad

    expected = ["a result that nobody else needs"]
    assert await w() == (expected, "3")
    assert given == [expected] * 3


async def test_hooks_see_what_the_first_attempt_has_set_and_the_next_attempt_does_not() -> None:
    seen: list[tuple[str, int]] = []

    def hook(attempt: int) -> None:
        seen.append(("hook", VARIABLE.get()))

    @task(retries=1, on_retry=hook)
    async def fails() -> None:
        seen.append(("attempt", VARIABLE.get()))
        VARIABLE.set(7)
        if len(seen) < 2:
            raise ValueError

    @workflow
    async def w(fails: None) -> None: ...

    await w()
    assert seen == [("attempt", 0), ("hook", 7), ("attempt", 0)]


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
async def test_a_skip_is_neither_retried_nor_recovered(is_async: bool) -> None:
    calls: list[int] = []

    def skip() -> None:
        calls.append(1)
        raise Skip("not today")

    async def skip_async() -> None:
        skip()

    def hear(error: Exception) -> None:
        calls.append(2)

    page = task(skip_async if is_async else skip, retries=AGAIN, recover=nothing, on_error=hear)

    @workflow(needs={"page": page})
    async def w(page: int = 5) -> int:
        return page

    run = await w.run()
    assert run.result == 5
    assert (run.tasks[page].status, run.tasks[page].reason, run.errors) == ("skipped", "not today", [])
    assert calls == [1]


async def test_an_awaitable_that_a_plain_function_returns_is_part_of_the_attempt() -> None:
    calls: list[int] = []

    async def later() -> int:
        calls.append(1)
        if len(calls) < 3:
            raise OSError(len(calls))
        return len(calls)

    @task(retries=AGAIN)
    def number() -> Any:
        return later()

    @workflow
    async def w(number: int) -> int:
        return number

    run = await w.run()
    assert run.result == 3
    assert [(f.task, f.attempt, str(f.error)) for f in run.errors] == [("number", 1, "1"), ("number", 2, "2")]


async def test_a_task_that_waits_for_its_next_attempt_holds_nobody_up() -> None:
    @task(retries=Retry(1, delay=3600, max_delay=3600, jitter=0))
    async def slow() -> None:
        raise ValueError

    @task
    async def quick() -> None: ...

    @task
    async def last(quick: None) -> None:
        await checkpoint()
        raise KeyError("the end of the run")

    @workflow
    async def w(slow: None, last: None) -> None: ...

    with fail_after(60), pytest.raises(KeyError):
        await w()
