"""`more=` adds items to the end of what a task is run for: a crawl, which ends when nothing is left to visit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from anyio import Event, fail_after, wait_all_tasks_blocked

from flowdeco import DigestError, GraphError, ItemSourceError, Retry, Skip, task, workflow

SOON = 60
LINKS = {"a": ["b", "c"], "b": ["a", "d"], "c": ["d", "e"], "d": [], "e": ["a", "f"], "f": ["f"]}


def follow(result: list[str]) -> list[str]:
    return result


def count_on(result: int) -> list[int] | None:
    return [result] if result < 200 else None


def add_ten(result: int) -> range:
    return range(result * 10, result * 10 + 10) if result < 10 else range(0)


def lower(page: str) -> str:
    return page.lower()


def add_three(result: str) -> list[str]:
    return ["a", "b", "c"]


def add_nothing(result: Any) -> None:
    return None


async def test_what_a_result_adds_is_visited_once() -> None:
    visited: list[str] = []

    @task(each={"page": "start"}, more=follow)
    async def links(page: str) -> list[str]:
        visited.append(page)
        return LINKS[page]

    @workflow
    def w(start: list[str], links: list[list[str]]) -> list[list[str]]:
        return links

    found = await w.call(["a"])
    assert sorted(visited) == ["a", "b", "c", "d", "e", "f"]
    assert found[0] == LINKS["a"]
    assert sorted(found) == sorted(LINKS.values())


async def test_it_is_given_the_defaults_of_the_task_too() -> None:
    def grow(result: int, most: int) -> list[int]:
        return [result + 1] if result < most else []

    def name(number: int, most: int) -> tuple[int, int]:
        return number, most

    @task(each={"number": "start"}, more=grow, key=name)
    async def numbers(number: int, most: int = 3) -> int:
        return number

    @workflow
    def w(start: list[int], numbers: list[int]) -> list[int]:
        return numbers

    run = await w.run_async([1])
    assert run.result == [1, 2, 3]
    assert [item.key for item in run.tasks["numbers"].items] == [(1, 3), (2, 3), (3, 3)]


async def test_a_def_in_a_thread_adds_items_too() -> None:
    @task(each={"number": "start"}, more=count_on)
    def following(number: int) -> int:
        return number + 1

    @workflow
    def w(start: list[int], following: list[int]) -> list[int]:
        return following

    assert await w.call([0]) == list(range(1, 201))


async def test_the_axis_ends_when_no_item_is_unfinished() -> None:
    slow, last = Event(), Event()

    @task(each={"page": "start"}, more=follow)
    async def links(page: str) -> list[str]:
        if page == "a":
            await slow.wait()
            return ["b"]
        if page == "x":
            slow.set()
            return []
        last.set()
        return []

    @workflow
    def w(start: list[str], links: Any) -> None: ...

    with fail_after(SOON):
        await w.call(["a", "x"])
    assert last.is_set()


async def test_only_so_many_are_under_way() -> None:
    under_way = most = 0
    full = Event()

    @task(each={"page": "start"}, more=add_ten, ahead=3)
    async def number(page: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            await wait_all_tasks_blocked()  # a fourth one would have begun by then
            full.set()
        elif page >= 10:
            await full.wait()
        under_way -= 1
        return page

    @workflow
    def w(start: list[int], number: list[int]) -> int:
        return len(number)

    with fail_after(SOON):
        assert await w.call([1, 2]) == 22
    assert most == 3


async def test_a_key_says_which_items_are_the_same() -> None:
    @task(each={"page": "start"}, more=follow, key=lower)
    async def links(page: str) -> list[str]:
        return ["B", "b"] if page == "A" else ["a"]

    @workflow
    def w(start: list[str], links: list[list[str]]) -> list[list[str]]:
        return links

    assert await w.call(["A"]) == [["B", "b"], ["a"]]


async def test_the_items_of_the_source_were_there_already() -> None:
    @task(each={"page": "start"}, more=add_three, ahead=1)
    async def visit(page: str) -> str:
        return page

    @workflow
    def w(start: list[str], visit: list[str]) -> list[str]:
        return visit

    assert await w.call(["a", "b"]) == ["a", "b", "c"]


async def test_what_is_added_comes_after_what_the_source_has_given_by_then_and_nothing_comes_twice() -> None:
    added = Event()

    @task
    async def start() -> AsyncIterator[str]:
        yield "a"
        await added.wait()
        yield "b"
        yield "c"

    def extend(result: str) -> list[str]:
        added.set()
        return ["b", "z"] if result == "a" else []

    @task(each={"page": start}, more=extend)
    async def visit(page: str) -> str:
        return page

    @workflow
    def w(visit: list[str]) -> list[str]:
        return visit

    with fail_after(SOON):
        assert await w.call() == ["a", "b", "z", "c"]


async def test_later_stages_run_for_what_is_added() -> None:
    @task(each={"page": "start"}, more=follow)
    async def links(page: str) -> list[str]:
        return LINKS[page]

    @task(each="links")
    async def count(links: list[str]) -> int:
        return len(links)

    @task(stream="count")
    async def total(count: AsyncIterator[int]) -> int:
        found = 0
        async for number in count:
            found += number
        return found

    @workflow
    def w(start: list[str], total: int) -> int:
        return total

    assert await w.call(["a"]) == sum(map(len, LINKS.values()))


async def test_what_is_skipped_or_fails_adds_nothing() -> None:
    @task(each={"page": "start"}, more=follow)
    async def links(page: str) -> list[str]:
        if page == "b":
            raise Skip("not today")
        if page == "c":
            raise ConnectionError("no line")
        return LINKS[page]

    @workflow(settled="links")
    def w(start: list[str], links: Any) -> list[tuple[str, Any]]:
        return [(outcome.status, outcome.item) for outcome in links]

    assert await w.call(["a"]) == [("completed", None), ("skipped", "b"), ("failed", "c")]


async def test_an_attempt_that_fails_adds_nothing_but_the_next_may() -> None:
    attempts: list[str] = []

    @task(each={"page": "start"}, more=follow, retries=Retry(1, delay=0))
    async def links(page: str) -> list[str]:
        attempts.append(page)
        if attempts.count(page) == 1:
            raise ConnectionError("no line")
        return LINKS[page]

    @workflow
    def w(start: list[str], links: Any) -> None: ...

    await w.call(["a"])
    assert sorted(attempts) == sorted([*LINKS, *LINKS])


async def test_more_gets_what_its_parameters_name() -> None:
    got: list[tuple[Any, ...]] = []

    def extend(result: str, page: str, index: int, item: str, depth: int) -> None:
        got.append((result, page, index, item, depth))

    @task(each={"page": "start"}, more=extend)
    async def visit(page: str) -> str:
        return page.upper()

    @workflow
    def w(start: list[str], depth: int, visit: Any) -> None: ...

    await w.call(["a", "b"], 3)
    assert sorted(got) == [("A", "a", 0, "a", 3), ("B", "b", 1, "b", 3)]


@pytest.mark.parametrize(
    ("found", "error", "message"),
    [
        (
            "b",
            ItemSourceError,
            "Cannot add items to 'links': what more= gave, 'b', is a str, and its items would be single characters.",
        ),
        (3, ItemSourceError, "Cannot add items to 'links': what more= gave, 3, cannot be iterated"),
        ([object()], DigestError, "Cannot tell whether two values are the same: the object does not say"),
    ],
)
async def test_what_cannot_be_added_fails_the_item_at_once(found: Any, error: Any, message: str) -> None:
    attempts: list[int] = []

    def give(result: str) -> Any:
        return found

    @task(each={"page": "start"}, more=give, retries=Retry(2, delay=0), recover=lambda: "")
    async def links(page: str) -> str:
        attempts.append(1)
        return page

    @workflow
    def w(start: list[str], links: Any) -> None: ...

    with pytest.raises(error) as caught:
        await w.call(["a"])
    assert str(caught.value).startswith(message)
    assert len(attempts) == 1


async def test_a_source_whose_items_cannot_be_told_apart_is_refused() -> None:
    @task(each={"page": "start"}, more=add_nothing)
    async def visit(page: object) -> None: ...

    @task
    async def pages() -> AsyncIterator[object]:
        yield object()

    @task(each={"page": pages}, more=add_nothing)
    async def visit_yielded(page: object) -> None: ...

    @workflow
    def listed(start: list[object], visit: Any) -> None: ...

    @workflow
    def yielded(visit_yielded: Any) -> None: ...

    for call in (listed.call([object()]), yielded.call()):
        with pytest.raises(DigestError, match="Say with key= what tells them apart"), fail_after(SOON):
            await call


def test_a_key_that_decides_whether_an_item_is_new_cannot_ask_for_its_index() -> None:
    def number(index: int) -> int:
        return index

    @task(each={"page": "start"}, more=follow, key=number)
    async def links(page: str) -> list[str]:
        return LINKS[page]

    @workflow
    def w(start: list[str], links: Any) -> None: ...

    with pytest.raises(GraphError, match="has a key= that asks for 'index', which an item gets when it begins"):
        w.check()
