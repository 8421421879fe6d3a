"""Progress of what is called in a run, and of the runs within it: by path, and not counted among the run's tasks."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from flowdeco import Retry, task, workflow
from flowdeco.progress import Progress
from tests.support.naming import mention
from tests.support.progress import look, make_console, show

pytestmark = pytest.mark.usefixtures("clock")


@task
async def size(line: str) -> int:
    if line == "bad":
        raise ValueError(line)
    return len(line)


@workflow
async def page(line: str, size: int) -> int:
    return size


@task
async def agent(line: str) -> int:
    return await page.call(line)


mention(size, page, agent)


def lines_of(file: io.StringIO) -> list[str]:
    return [re.sub(r" in [\d.]+ s|, [\d.]+ s left", "", line) for line in file.getvalue().splitlines()]


async def test_tasks_of_nested_and_called_workflows_have_lines_and_are_not_counted() -> None:
    file = io.StringIO()

    @workflow(on_state=Progress(file=file))
    async def book(line: str, page: int, agent: int) -> int:
        return page + agent + await size.call(line)

    await book("ab")
    lines = lines_of(file)
    assert lines[0] == "book: started, 2 tasks"
    assert sorted(line.partition(" (")[0] for line in lines[1:-2]) == [
        "book: agent completed",
        "book: agent/page#1 completed",
        "book: agent/page#1/size completed",
        "book: page completed",
        "book: page/size completed",
    ]
    assert [line for line in lines if line.endswith(" of 2)") and "/" in line] == []
    assert lines[-2:] == ["book: size#1 completed", "book: completed (2 completed)"]


async def test_what_runs_for_each_item_of_a_nested_workflow_is_told_by_that() -> None:
    file = io.StringIO()
    pages = page.with_options(name="pages", each={"line": "lines"}, ahead=1)

    @workflow(on_state=Progress(file=file), keep_going=True, tasks=[pages])
    async def book(lines: list[str], pages: list[int]) -> int:
        return len(pages)

    with pytest.raises(ExceptionGroup):
        await book(["ab", "bad", "c"])
    assert sorted(lines_of(file)[1:-1]) == [
        "book: pages 1/3",
        "book: pages 3/3, 1 failed",
        "book: pages[1] failed (2/3, 1 failed): ValueError: bad",
        "book: pages[1]/size failed (2, 1 failed): ValueError: bad",
    ]


async def test_a_mapped_task_of_a_nested_workflow_says_how_many_of_its_items_have_ended() -> None:
    file = io.StringIO()
    sizes = size.with_options(name="sizes", each={"line": "lines"})

    @workflow(tasks=[sizes])
    async def inner(lines: list[str], sizes: list[int]) -> int:
        return sum(sizes)

    @workflow(on_state=Progress(file=file))
    async def book(lines: list[str], inner: int) -> int:
        return inner

    mention(inner)
    await book(["ab", "c"])
    assert lines_of(file) == [
        "book: started, 1 task",
        "book: inner/sizes 1/2",
        "book: inner/sizes 2/2",
        "book: inner completed (1 of 1)",
        "book: completed (1 completed)",
    ]


async def test_of_very_many_calls_not_each_has_a_line() -> None:
    file = io.StringIO()
    fails = [False, True] * 100

    @task(retries=Retry(1, delay=0))
    async def flaky() -> None:
        if fails.pop():
            raise OSError

    @task
    async def busy() -> None:
        for _ in range(100):
            await flaky.call()

    @workflow(on_state=Progress(file=file))
    async def w(busy: None) -> None: ...

    mention(busy)
    await w()
    assert len(lines_of(file)) == 50 + 3
    assert lines_of(file)[-2:] == ["w: busy completed (1 of 1)", "w: completed (1 completed)"]


async def test_the_view_shows_what_runs_within() -> None:
    console = make_console()
    seen: list[list[str]] = []

    @task
    async def last(size: int) -> int:
        seen.append(look(console))
        return size

    @workflow
    async def inner(line: str, last: int) -> int:
        return last

    @workflow(on_state=Progress(console=console))
    async def book(line: str, inner: int) -> int:
        return inner

    mention(last, inner)
    await book("a")
    assert seen == [["book = 0 of 1  0.0 s", "  inner       0.0 s", "  inner/last  0.0 s"]]
    assert show(console) == ["book: completed in 0.0 s (1 completed)"]


@pytest.mark.parametrize("is_mapped", [False, True])
async def test_what_is_watched_itself_is_not_shown_twice(is_mapped: bool) -> None:
    file = io.StringIO()
    options: dict[str, Any] = {"each": {"line": "lines"}} if is_mapped else {}
    watched = page.with_options(name="watched", on_state=Progress(file=file), **options)

    @workflow(tasks=[watched])
    async def middle(line: str, lines: list[str], watched: Any) -> None: ...

    @workflow(on_state=Progress(file=file))
    async def book(line: str, lines: list[str], middle: None) -> None: ...

    mention(middle)
    await book("a", ["a"])
    lines = lines_of(file)
    assert lines.count("watched: size completed (1 of 1)") == 1
    assert not [line for line in lines if "watched/size" in line or "watched[0]/size" in line]
