"""What gives each item once, as an iterator does, is taken by one alone: two would get some of the items each."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from anyio import fail_after

from flowdeco import ItemSourceError, task, workflow
from tests.support.clock import PATIENCE


@task(each={"number": "numbers"})
async def double(number: int) -> int:
    return 2 * number


@task
async def total(numbers: Any) -> int:
    return 3


@task(each={"one": "numbers", "other": "others"})
async def pair(one: int, other: int) -> tuple[int, int]:
    return one, other


def generator() -> Iterator[int]:
    yield from range(3)


async def awaited() -> AsyncIterator[int]:
    for number in range(3):
        yield number


MAKE: list[Callable[[], Any]] = [generator, awaited, lambda: iter([1, 2]), lambda: map(int, "12")]
KINDS = pytest.mark.parametrize("make", MAKE, ids=["generator", "async", "iterator", "map"])


async def refused(w: Any, *inputs: Any) -> str:
    with pytest.raises(ItemSourceError) as caught, fail_after(PATIENCE):
        await w.call(*inputs)
    assert caught.value.value is inputs[0]
    return str(caught.value)


@KINDS
async def test_who_takes_it_whole_beside_a_task_that_goes_over_it_is_named(make: Any) -> None:
    @workflow
    def w(numbers: Any, double: list[int], total: int) -> Any:
        return double, total

    given = make()
    assert await refused(w, given) == (
        f"Cannot take items of input 'numbers': {given!r} gives each of them once, and task 'total' takes the same. "
        "Give a list."
    )
    assert await w.call([1, 2]) == ([2, 4], 3)


async def test_the_function_of_the_workflow_has_it_as_a_list_beside_what_was_made_of_it() -> None:
    @workflow
    def w(numbers: Any, double: list[int]) -> Any:
        return numbers, double

    assert await w.call(iter([1, 2])) == ([1, 2], [2, 4])


@KINDS
async def test_it_is_not_given_twice(make: Any) -> None:
    @workflow
    def w(numbers: Any, others: Any, pair: list[Any]) -> Any:
        return pair

    given = make()
    assert "gives each of them once, and task 'pair' takes the same. Give a list." in await refused(w, given, given)
    assert await w.call(iter([1]), iter([2])) == [(1, 2)]


@KINDS
async def test_nor_are_items_taken_of_it_for_two_collections(make: Any) -> None:
    @workflow
    def w(numbers: Any, others: list[int], double: list[int], pair: list[Any]) -> Any:
        return double, pair

    said = await refused(w, make(), [1, 2, 3])
    assert "takes the same. Give a list." in said
    assert "task 'double'" in said or "task 'pair'" in said


async def test_all_that_go_over_it_together_are_one() -> None:
    @task(each={"number": "numbers", "twice": double})
    async def both(number: int, twice: int) -> int:
        return number + twice

    @workflow
    def w(numbers: Any, double: list[int], both: list[int]) -> Any:
        return double, both

    assert await w.call(iter([1, 2])) == ([2, 4], [3, 6])


async def test_what_is_more_than_its_items_may_be_taken_besides() -> None:
    class File(io.StringIO):
        name = "numbers.txt"

    @task(each={"line": "file"})
    async def parse(line: str) -> int:
        return int(line)

    @task
    async def title(file: File) -> str:
        return file.name

    @workflow
    def w(file: Any, parse: list[int], title: str) -> Any:
        return parse, title

    assert await w.call(File("1\n2\n")) == ([1, 2], "numbers.txt")
