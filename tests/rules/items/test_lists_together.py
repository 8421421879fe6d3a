"""Lists of one axis that a function receives together hold the same items."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from anyio import Event, fail_after, wait_all_tasks_blocked

from flowdeco import Outcome, Skip, task, workflow
from tests.support.clock import PATIENCE


@task
async def pages() -> list[str]:
    return ["a", "bb", "ccc", "dddd"]


@task(each={"page": pages})
async def odd(page: str) -> int:
    if len(page) % 2 == 0:
        raise Skip("even")
    return len(page)


@task(each={"page": pages})
async def short(page: str) -> str:
    if len(page) > 2:
        raise Skip("long")
    return page.upper()


@task(each={"number": odd})
async def tens(number: int) -> int:
    return 10 * number


@task(each={"page": pages}, outputs=("first", "last"))
async def ends(page: str) -> dict[str, str]:
    return {"first": page[0], "last": page[-1] + str(len(page))}


async def test_what_is_skipped_in_one_is_left_out_of_the_others() -> None:
    @workflow
    def w(odd: list[int], short: list[str], tens: list[int]) -> Any:
        return odd, short, tens

    assert await w.call() == ([1], ["A"], [10])


async def test_the_source_is_among_them() -> None:
    @workflow
    def w(pages: list[str], odd: list[int]) -> Any:
        return pages, odd

    assert await w.call() == (["a", "ccc"], [1, 3])


async def test_so_is_an_input() -> None:
    @task(each={"page": "given"})
    async def odd_ones(page: str) -> str:
        if len(page) % 2 == 0:
            raise Skip("even")
        return page

    @workflow
    def w(given: Any, odd_ones: list[str]) -> Any:
        return given, odd_ones

    assert await w.call(("a", "bb", "ccc")) == (["a", "ccc"], ["a", "ccc"])


async def test_each_by_itself_has_what_there_is() -> None:
    @task
    def count(pages: list[str]) -> int:
        return len(pages)

    @task
    def lengths(odd: list[int]) -> list[int]:
        return odd

    @workflow
    def w(count: int, lengths: list[int], short: list[str]) -> Any:
        return count, lengths, short

    assert await w.call() == (4, [1, 3], ["A", "BB"])


async def test_so_it_is_in_a_task_and_in_a_list_of_needs() -> None:
    @task(needs={"lists": [odd, short], "sources": pages})
    def see(lists: list[list[Any]], sources: list[str]) -> Any:
        return lists, sources

    @workflow
    def w(see: Any) -> Any:
        return see

    assert await w.call() == ([[1], ["A"]], ["a"])


async def test_outputs_of_a_mapped_task_are_lists_that_hold_the_same_items() -> None:
    @workflow
    def w(first: list[str], last: list[str], odd: list[int]) -> Any:
        return first, last, odd

    assert await w.call() == (["a", "c"], ["a1", "c3"], [1, 3])


async def test_outcomes_are_of_every_item() -> None:
    @workflow(settled="odd")
    def w(pages: list[str], odd: list[Outcome[int]], short: list[str]) -> Any:
        return pages, [(one.index, one.value, one.reason) for one in odd], short

    assert await w.call() == (
        ["a", "bb"],
        [(0, 1, None), (1, None, "even"), (2, 3, None), (3, None, "even")],
        ["A", "BB"],
    )


async def test_they_are_needed_also_when_a_reader_of_the_source_has_returned() -> None:
    has_returned = Event()

    @task(stream="pages")
    async def first(pages: AsyncIterator[str]) -> str:
        page = await anext(pages)
        has_returned.set()
        return page

    @task(each={"page": pages}, ahead=1)
    async def size(page: str) -> int:
        await has_returned.wait()
        await wait_all_tasks_blocked()
        return len(page)

    @workflow
    def w(first: str, pages: list[str], size: list[int]) -> Any:
        return first, pages, size

    with fail_after(PATIENCE):
        assert await w.call() == ("a", ["a", "bb", "ccc", "dddd"], [1, 2, 3, 4])
