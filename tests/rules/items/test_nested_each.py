"""A workflow with `each=` is run once for every item where it is used as a task; one may be within another."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from flowdeco import Outcome, Skip, task, value, workflow


@task(each={"line": "lines"})
async def length(line: str) -> int:
    return len(line)


@workflow(each={"lines": "chapters"})
async def lengths(lines: list[str], length: list[int]) -> list[int]:
    return length


@workflow
async def book(chapters: list[list[str]], lengths: list[list[int]]) -> list[list[int]]:
    return lengths


async def test_a_workflow_is_run_for_each_item() -> None:
    assert await book.call([["a", "bb"], [], ["ccc"]]) == [[1, 2], [], [3]]


async def test_called_it_takes_one_item() -> None:
    assert await lengths.call(["a", "bb"]) == [1, 2]


async def test_each_within_each_within_each() -> None:
    @workflow(each={"chapters": "books"})
    def read(chapters: Any, lengths: list[list[int]]) -> Any:
        return lengths

    @workflow
    async def shelf(books: Any, read: Any) -> Any:
        return read

    books = [[["a" * size for size in range(first, first + 3)], ["bb"]] for first in range(30)]
    assert await shelf.call(books) == [[[first, first + 1, first + 2], [2]] for first in range(30)]


async def test_the_items_of_a_workflow_go_on_without_waiting_for_the_others() -> None:
    reached = anyio.Event()

    @task
    async def wait(number: int) -> int:
        if number == 1:
            await reached.wait()
        return number

    @workflow(each={"number": "numbers"})
    async def inner(number: int, wait: int) -> int:
        return wait

    @task(each={"number": inner})
    async def after(number: int) -> int:
        if number == 0:
            reached.set()
        return -number

    @workflow
    async def w(numbers: list[int], after: list[int]) -> list[int]:
        return after

    with anyio.fail_after(60):
        assert await w.call([0, 1]) == [0, -1]


async def test_an_error_within_is_that_of_the_item() -> None:
    @task
    async def check(number: int) -> int:
        if number == 1:
            raise ValueError("one")
        if number == 2:
            raise Skip("two")
        return number

    @workflow(each={"number": "numbers"})
    async def inner(number: int, check: int) -> int:
        return check

    @workflow(settled="inner")
    async def w(numbers: list[int], inner: list[Outcome[int]]) -> Any:
        return [(one.index, one.status, one.value) for one in inner]

    assert await w.call([0, 1, 2, 3]) == [
        (0, "completed", 0),
        (1, "failed", None),
        (2, "skipped", None),
        (3, "completed", 3),
    ]

    @workflow
    async def strict(numbers: list[int], inner: list[int]) -> Any:
        return inner

    with pytest.raises(ValueError, match="one"):
        await strict.call([0, 1])


async def test_the_record_of_an_item_has_its_run() -> None:
    run = await book.run_async([["a", "bb"], ["ccc"]])
    items = run.tasks["lengths"].items
    assert [item.status for item in items] == ["completed", "completed"]
    assert items[1].run.result == [3]
    assert [one.result for one in items[0].run.tasks["length"].items] == [1, 2]


async def test_a_task_shared_with_what_each_item_runs_is_run_once() -> None:
    calls: list[int] = []

    @task
    async def rate() -> int:
        calls.append(1)
        return 3

    @task
    async def times(number: int, rate: int) -> int:
        return number * rate

    @workflow(each={"number": "numbers"})
    async def inner(number: int, times: int) -> int:
        return times

    @workflow
    async def w(numbers: list[int], inner: list[int], rate: int) -> Any:
        return inner, rate

    assert await w.call([1, 2]) == ([3, 6], 3)
    assert calls == [1]


async def test_all_levels_go_on_although_every_thread_is_taken() -> None:
    @task(each={"line": "lines"})
    def slow(line: int) -> int:
        return line + 1

    @workflow(each={"lines": "chapters"})
    def sums(lines: list[int], slow: list[int]) -> int:
        return sum(slow)

    @workflow
    def w(chapters: Any, sums: list[int]) -> Any:
        return sums

    with anyio.fail_after(60):
        assert await w.call([[number] * 50 for number in range(60)]) == [50 * (number + 1) for number in range(60)]


async def test_a_workflow_is_mapped_over_a_value() -> None:
    @workflow(each={"number": value([1, 2])})
    async def inner(number: int) -> int:
        return -number

    @workflow
    async def w(inner: list[int]) -> list[int]:
        return inner

    assert await w.call() == [-1, -2]
