"""What `more=` adds and what a source still gives wait for neither each other's end nor for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest
from anyio import Event, fail_after
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow

SOON = 60


def add_one(result: int) -> list[int]:
    return [-1] if result == 0 else []


def add_next(result: int) -> list[int]:
    return [result - 1] if result < 0 else [-1]


async def give_for_ever() -> AsyncIterator[int]:
    for number in count():
        await checkpoint()
        yield number


def give_for_ever_in_thread() -> Iterator[int]:
    yield from count()


async def wait_for_added(visited: AsyncIterator[int]) -> int:
    async for number in visited:
        if number < 0:
            return number
    return 0


def map_over(numbers: Any, ahead: int | None) -> Any:
    @task(each={"number": numbers}, more=add_one, ahead=ahead)
    async def visit(number: int) -> int:
        return number

    return task(wait_for_added, stream={"visited": "ended"}, needs={"visited": visit})


@pytest.mark.parametrize("source", [give_for_ever, give_for_ever_in_thread], ids=["async def", "def"])
@pytest.mark.parametrize("ahead", [1, 3, None])
async def test_what_is_added_comes_before_the_end_of_an_endless_source(source: Any, ahead: int | None) -> None:
    @workflow(needs={"found": map_over(task(source, name="numbers"), ahead)})
    def w(found: int) -> int:
        return found

    with fail_after(SOON):
        assert await w.call() == -1


@pytest.mark.parametrize("ahead", [1, 3, None])
async def test_what_is_added_comes_before_the_end_of_an_endless_input(ahead: int | None) -> None:
    @workflow(needs={"found": map_over("numbers", ahead)})
    def w(numbers: Iterator[int], found: int) -> int:
        return found

    with fail_after(SOON):
        assert await w.call(count()) == -1


async def test_an_endless_crawl_does_not_hold_up_what_the_source_still_gives() -> None:
    @task
    async def numbers() -> AsyncIterator[int]:
        for number in range(4):
            await checkpoint()
            yield number

    @task(each={"number": numbers}, more=add_next, ahead=2)
    async def visit(number: int) -> int:
        return number

    @task(stream={"visited": "ended"}, needs={"visited": visit})
    async def wait_for_it(visited: AsyncIterator[int]) -> int:
        async for number in visited:
            if number == 3:
                return number
        return 0

    @workflow
    def w(wait_for_it: int) -> int:
        return wait_for_it

    with fail_after(SOON):
        assert await w.call() == 3


async def test_what_is_added_while_a_source_waits_is_visited_at_once() -> None:
    visited = Event()

    @task
    async def numbers() -> AsyncIterator[int]:
        yield 0
        await visited.wait()
        yield 1

    @task(each={"number": numbers}, more=add_one)
    async def visit(number: int) -> int:
        if number < 0:
            visited.set()
        return number

    @workflow
    def w(visit: list[int]) -> list[int]:
        return visit

    with fail_after(SOON):
        assert await w.call() == [0, -1, 1]


async def test_an_item_that_is_added_takes_a_place_of_those_that_may_be_unfinished() -> None:
    given, ended, ahead = 0, 0, 2

    @task
    async def numbers() -> AsyncIterator[int]:
        nonlocal given
        for given in range(1, 41):
            assert given - ended <= ahead + 1  # one more is at hand, and waits for a place
            yield given

    def add(result: int) -> list[int]:
        return [] if result < 0 else [-result]

    @task(each={"number": numbers}, more=add, ahead=ahead)
    async def visit(number: int) -> int:
        nonlocal ended
        await checkpoint()
        ended += number > 0
        return number

    @workflow
    def w(visit: list[int]) -> int:
        return len(visit)

    with fail_after(SOON):
        assert await w.call() == 80
