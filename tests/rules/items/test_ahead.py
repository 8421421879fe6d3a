"""Only so many items are begun and unfinished, which never holds up what they wait for, and memory does not grow."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Limit, Skip, task, workflow


class Gauge:
    """Counts what is begun and unfinished."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def enter(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def leave(self) -> None:
        self.now -= 1


# What the two stages say, and how many items it comes to.
AHEAD: list[Any] = [
    (({"ahead": 3}, {}), 3),
    (({}, {"ahead": 2}), 2),
    (({"ahead": 5}, {"ahead": 4}), 4),
    (({"limit": 2}, {"limit": 1}), 6),
    (({"limit": {Limit(7): 3}}, {"limit": 1}), 6),
    (({"limit": {Limit(6): 1, Limit(2): 1}}, {"limit": 1}), 6),
    (({}, {"limit": 1}), 202),
    (({}, {}), 400),
]


@pytest.mark.parametrize(("options", "expected"), AHEAD)
async def test_so_many_items_are_begun_and_unfinished(options: Any, expected: int) -> None:
    """`ahead=`, the least where several say it; else twice what the stages can have at work, 100 without a limit."""
    gauge, full = Gauge(), anyio.Event()

    @task(each="numbers", **options[0])
    async def first(numbers: int) -> int:
        gauge.enter()
        if gauge.now == expected:
            full.set()
        return numbers

    @task(each={"number": first}, **options[1])
    async def second(number: int) -> None:
        await full.wait()
        gauge.leave()

    @workflow
    def w(numbers: list[int], second: list[None]) -> None: ...

    with anyio.fail_after(60):
        await w.call(range(1000))
    assert gauge.most == expected


async def test_a_limit_that_stages_share_counts_once() -> None:
    gauge, shared = Gauge(), Limit(2)

    @task(each="numbers", limit=shared)
    async def first(numbers: int) -> int:
        gauge.enter()
        return numbers

    @task(each={"number": first}, limit=shared)
    async def second(number: int) -> None:
        gauge.leave()

    @workflow
    def w(numbers: list[int], second: list[None]) -> None: ...

    await w.call(range(50))
    assert gauge.most <= 4


# More items than may be begun.
MANY = range(50)


async def test_a_stage_that_comes_after_all_of_another_holds_nothing_up() -> None:
    @task(each="numbers", ahead=4)
    async def first(numbers: int) -> int:
        return numbers

    @task(each={"number": first}, after=first)
    async def second(number: int) -> int:
        return number

    @task(each={"number": second})
    async def third(number: int) -> int:
        return number

    @workflow
    def w(numbers: list[int], third: list[int]) -> list[int]:
        return third

    with anyio.fail_after(60):
        assert await w.call(MANY) == list(MANY)


async def test_nor_does_one_whose_condition_needs_all_of_another() -> None:
    @task(each="numbers", ahead=4)
    async def first(numbers: int) -> int:
        return numbers

    @task
    def most(first: list[int]) -> int:
        return max(first)

    def is_largest(number: int, most: int) -> bool:
        return number == most

    @task(each={"number": first}, when=is_largest)
    async def largest(number: int) -> int:
        return number

    @workflow
    def w(numbers: list[int], largest: list[int]) -> list[int]:
        return largest

    with anyio.fail_after(60):
        assert await w.call(MANY) == [49]


async def test_nor_does_what_a_workflow_within_needs() -> None:
    @task(each="numbers", ahead=4)
    async def first(numbers: int) -> int:
        return numbers

    @workflow
    async def total(numbers: list[int], first: list[int]) -> int:
        return sum(first)

    @task(each={"number": first})
    async def share(number: int, total: int) -> float:
        return number / total

    @workflow(needs={"share": share})
    def w(numbers: list[int], share: list[float]) -> float:
        return sum(share)

    with anyio.fail_after(60):
        assert await w.call(MANY) == pytest.approx(1)


async def test_nor_do_two_axes_of_which_each_needs_all_of_the_other() -> None:
    @task(each="numbers", ahead=4)
    async def a1(numbers: int) -> int:
        return numbers

    @task(each="letters", ahead=4)
    async def b1(letters: int) -> int:
        return letters

    @task(each={"a": a1})
    async def a2(a: int, b1: list[int]) -> int:
        return a + len(b1)

    @task(each={"b": b1})
    async def b2(b: int, a1: list[int]) -> int:
        return b + len(a1)

    @workflow
    def w(numbers: Any, letters: Any, a2: list[int], b2: list[int]) -> Any:
        return sum(a2), sum(b2)

    with anyio.fail_after(60):
        assert await w.call(MANY, range(60)) == (sum(MANY) + 50 * 60, sum(range(60)) + 60 * 50)


@pytest.mark.parametrize("is_list", [True, False], ids=["list", "generator"])
async def test_nor_does_one_that_comes_after_a_reader_of_the_source(is_list: bool) -> None:
    """No item ends before the reader has, and that one reads them all: so all begin."""

    def give() -> Iterator[int]:
        yield from range(3)

    source: Any = task(lambda: [*give()], name="source") if is_list else task(give, name="source")

    @task(needs={"numbers": source}, stream="numbers", ahead=1)
    async def total(numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])

    @task(each={"number": source}, ahead=1)
    async def share(number: int, total: int) -> tuple[int, int]:
        return number, total

    @workflow
    def w(share: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return share

    with anyio.fail_after(60):
        assert await w.call() == [(0, 3), (1, 3), (2, 3)]


async def test_holes_are_kept_for_a_later_stage() -> None:
    @task(each="numbers", ahead=4)
    async def odd(numbers: int) -> int:
        if numbers % 2 == 0:
            raise Skip
        return numbers

    @task
    def total(odd: list[int]) -> int:
        return sum(odd)

    @task(each={"number": odd, "source": "numbers"})
    async def share(source: int, total: int, number: int = -1) -> Any:
        return source, number, total

    @workflow
    def w(numbers: list[int], share: list[Any]) -> Any:
        return share

    assert await w.call(range(4)) == [(0, -1, 4), (1, 1, 4), (2, -1, 4), (3, 3, 4)]


class Page:
    """Something whose life can be watched."""


async def test_what_nobody_needs_any_more_is_let_go() -> None:
    alive: weakref.WeakSet[Page] = weakref.WeakSet()
    most = 0

    @task(each="numbers", ahead=10)
    async def load(numbers: int) -> Page:
        nonlocal most
        page = Page()
        alive.add(page)
        most = max(most, len(alive))
        return page

    @task(each={"page": load})
    async def look(page: Page) -> Page:
        await checkpoint()
        return page

    @task(each={"page": look})
    async def end(page: Page) -> None: ...

    @task(after=end)
    async def done() -> int:
        gc.collect()
        return len(alive)

    @workflow
    def w(numbers: list[int], done: int) -> int:
        return done

    assert await w.call(range(500)) == 0
    assert most <= 10


async def test_a_list_of_results_is_let_go_when_all_have_it_that_need_it() -> None:
    alive: weakref.WeakSet[Page] = weakref.WeakSet()

    @task(each="numbers")
    async def load(numbers: int) -> Page:
        page = Page()
        alive.add(page)
        return page

    @task
    async def count(load: list[Page], numbers: list[int]) -> int:
        return len(load)

    @task(each={"page": load})
    async def share(page: Page, count: int) -> int:
        return count

    @task
    async def left(share: list[int]) -> int:
        gc.collect()
        return len(alive)

    @workflow
    def w(numbers: list[int], left: int) -> int:
        return left

    assert await w.call(range(20)) == 0


async def test_many_items_that_begin_at_once_hold_up_nobody_else() -> None:
    turns: list[int] = []
    begun = 0

    async def tick() -> None:
        while True:
            turns.append(begun)
            await checkpoint()

    @task(each="numbers", ahead=1500)
    async def wait(numbers: int) -> None:
        nonlocal begun
        begun += 1
        if numbers == 1499:
            done.set()
        await done.wait()

    @workflow
    def w(numbers: list[int], wait: list[None]) -> None: ...

    done = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        await checkpoint()
        await w.call(range(1500))
        group.cancel_scope.cancel()
    assert len(set(turns)) > 5
