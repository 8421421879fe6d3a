"""Progress where there is no terminal: a line for each change worth telling."""

import io
import re
from typing import Any

import anyio
import pytest

from flowdeco import Retry, Skip, task, workflow
from flowdeco.progress import Progress
from tests.conftest import Backend
from tests.support.naming import mention, on
from tests.support.progress import Clock

pytestmark = pytest.mark.usefixtures("clock")


def test_where_there_is_no_terminal_each_change_worth_telling_is_a_line(backend: Backend, clock: Clock) -> None:
    file = io.StringIO()

    @task(retries=Retry(1, delay=0))
    async def page(attempts: list[int]) -> str:
        attempts.append(1)
        clock.now += 1
        if len(attempts) == 1:
            raise ConnectionError("cut")
        return "text"

    @task
    async def words(page: str) -> int:
        clock.now += 75
        return len(page)

    @task
    async def news(words: int) -> int:
        raise Skip("none today")

    @workflow(on_state=Progress(file=file))
    async def summary(attempts: list[int], words: int, news: int = 0) -> int:
        return words + news

    mention(page, words, news)
    on(summary, backend).call_sync(attempts=[])
    assert file.getvalue().splitlines() == [
        "summary: started, 3 tasks",
        "summary: page, attempt 1 failed, again: ConnectionError: cut",
        "summary: page completed in 2.0 s (1 of 3)",
        "summary: words completed in 1 min 15 s (2 of 3)",
        "summary: news skipped (3 of 3)",
        "summary: completed in 1 min 17 s (2 completed, 1 skipped)",
    ]


def test_a_failure_is_told_with_its_type_and_message(backend: Backend) -> None:
    file = io.StringIO()

    @task(retries=Retry(1, delay=0))
    async def page() -> str:
        raise ConnectionError("cut")

    @task
    async def words(page: str) -> int:
        return len(page)

    @task
    async def other() -> int:
        return 1

    @workflow(on_state=Progress(file=file), keep_going=True, settled="words")
    async def summary(words: Any, other: int) -> int:
        raise LookupError

    mention(page, words, other)
    with pytest.raises(LookupError):
        on(summary, backend).call_sync()
    lines = file.getvalue().splitlines()
    failed = [line for line in lines if "page failed" in line]
    assert [re.sub(r"\d of", "N of", line) for line in failed] == [
        "summary: page failed after 2 attempts (N of 3): ConnectionError: cut"
    ]
    assert any(re.fullmatch(r"summary: words upstream failed \(\d of 3\)", line) for line in lines)
    assert lines[-1] == "summary: failed after 0.0 s (1 completed, 1 failed, 1 upstream failed): LookupError"


def test_what_a_value_stands_in_for_is_not_counted(backend: Backend) -> None:
    file = io.StringIO()

    @task
    async def page() -> str:
        return "text"

    @task
    async def words(page: str) -> int:
        return len(page)

    @workflow(on_state=Progress(file=file))
    async def summary(page: str, words: int) -> int:
        return words

    mention(page, words)
    on(summary.override(page="x"), backend).call_sync()
    assert file.getvalue().splitlines()[:2] == [
        "summary: started, 1 task",
        "summary: words completed in 0.0 s (1 of 1)",
    ]


def test_with_many_tasks_not_each_gets_a_line() -> None:
    file = io.StringIO()

    def number() -> int:
        return 1

    needs = {"numbers": [task(number, name=f"number{index}") for index in range(120)]}

    @workflow(on_state=Progress(file=file), needs=needs)
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    assert total() == 120
    lines = file.getvalue().splitlines()
    assert len(lines) == 2 + 40
    assert "(120 of 120)" in lines[-2]


async def test_a_run_that_is_cancelled_says_so() -> None:
    file = io.StringIO()
    begun = anyio.Event()

    @task
    async def forever() -> None:
        begun.set()
        await anyio.sleep_forever()

    @task
    async def after(forever: None) -> None: ...

    @workflow(on_state=Progress(file=file))
    async def wait(after: None) -> None: ...

    mention(forever, after)
    with anyio.fail_after(60):
        async with wait.start() as run:
            await begun.wait()
            run.cancel()
    assert file.getvalue().splitlines() == [
        "wait: started, 2 tasks",
        "wait: cancelled after 0.0 s (2 cancelled)",
    ]
