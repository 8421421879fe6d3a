"""Items wait for who reads them as a stream, but never for one that waits itself for what they hold up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from anyio import fail_after

from flowdeco import Outcome, Skip, task, workflow

decorate: Any = task

SOON = 60
COUNT = 12


@task(ahead=2)
async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


@task(each={"number": numbers}, outputs=("tens", "ones"))
async def double(number: int) -> dict[str, int]:
    return {"tens": number // 10, "ones": number % 10}


@task(each={"number": numbers})
async def square(number: int) -> int:
    return number**2


async def read_async(first: AsyncIterator[Any], second: AsyncIterator[Any]) -> list[int]:
    return [len([each async for each in first]), len([each async for each in second])]


def read(first: Iterator[Any], second: Iterator[Any]) -> list[int]:
    return [len(list(first)), len(list(second))]


READERS = pytest.mark.parametrize("function", [read_async, read], ids=["async def", "def"])


async def run(reader: Any, count: int = COUNT) -> Any:
    @workflow(needs={"given": reader})
    def w(count: int, given: Any) -> Any:
        return given

    with fail_after(SOON):
        return await w.call(count)


@READERS
@pytest.mark.parametrize(
    ("first", "second"),
    [(double, square), (square, numbers), (numbers, square), ("tens", "ones"), (square, square)],
    ids=["two stages", "stage, source", "source, stage", "two outputs", "twice"],
)
async def test_two_streams_of_one_axis_can_be_read_one_after_the_other(function: Any, first: Any, second: Any) -> None:
    needs = {"first": first, "second": second}
    assert await run(decorate(function, name="reader", stream=("first", "second"), needs=needs)) == [COUNT, COUNT]


@READERS
async def test_two_axes_of_one_generator_can_be_read_one_after_the_other(function: Any) -> None:
    @task
    def names(count: int) -> list[str]:
        return [str(number) for number in range(count)]

    @task(each={"number": numbers, "name": names})
    async def named(number: int, name: str) -> str:
        return name

    for needs in ({"first": named, "second": square}, {"first": square, "second": named}):
        assert await run(decorate(function, name="reader", stream=("first", "second"), needs=needs)) == [COUNT, COUNT]


@READERS
async def test_two_readers_can_read_two_axes_in_opposite_orders(function: Any) -> None:
    @task(ahead=2)
    async def others(count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number

    @task(each={"other": others})
    async def half(other: int) -> int:
        return other // 2

    def pair(one: list[int], two: list[int]) -> list[list[int]]:
        return [one, two]

    one = decorate(function, name="one", stream=("first", "second"), needs={"first": half, "second": square})
    two = decorate(function, name="two", stream=("first", "second"), needs={"first": square, "second": half})
    both = decorate(pair, name="both", needs={"one": one, "two": two})
    assert await run(both) == [[COUNT, COUNT]] * 2


@READERS
async def test_a_reader_can_wait_for_another_one(function: Any) -> None:
    one = decorate(function, name="one", stream=("first", "second"), needs={"first": double, "second": square})
    needs = {"first": square, "second": double}
    two = decorate(function, name="two", stream=("first", "second"), needs=needs, after=one)
    assert await run(two) == [COUNT, COUNT]

    @task(stream="square")
    async def total(square: AsyncIterator[int]) -> int:
        return sum([each async for each in square])

    @task(stream="square", after=total)
    async def again(square: AsyncIterator[int]) -> int:
        return sum([each async for each in square])

    assert await run(again) == sum(number**2 for number in range(COUNT))


async def test_what_a_reader_yields_can_go_with_the_whole_of_what_it_reads() -> None:
    @task(stream="square", ahead=2)
    async def handed_on(square: AsyncIterator[int]) -> AsyncIterator[int]:
        async for each in square:
            yield each

    @task(each={"value": handed_on})
    async def share(value: int, square: list[int]) -> float:
        return value / sum(square)

    assert sum(await run(share)) == pytest.approx(1)


async def test_a_reader_can_read_what_another_one_yields_after_what_that_reads() -> None:
    @task(stream="square", ahead=2)
    async def handed_on(square: AsyncIterator[int]) -> AsyncIterator[int]:
        async for each in square:
            yield each

    @task(stream=("handed_on", "square"))
    async def reader(handed_on: AsyncIterator[int], square: AsyncIterator[int]) -> list[int]:
        second = [each async for each in square]
        return [len([each async for each in handed_on]), len(second)]

    assert await run(reader) == [COUNT, COUNT]


async def test_a_reader_that_only_a_branch_needs_can_wait_for_a_condition_on_the_whole() -> None:
    @task
    def is_much(square: list[int]) -> bool:
        return sum(square) > 10

    @task(stream="square")
    async def reader(square: AsyncIterator[int]) -> int:
        return len([each async for each in square])

    @task(when=is_much)
    def branch(reader: int) -> int:
        return reader

    assert await run(branch) == COUNT
    with pytest.raises(Skip, match="is_much gave false"):
        await run(branch, 2)


@task(stream="square", ahead=2)
async def running(square: AsyncIterator[int]) -> AsyncIterator[int]:
    total = 0
    async for each in square:
        total += each
        yield total


async def test_what_a_reader_makes_of_items_can_go_in_step_with_these() -> None:
    @task(each={"one": square, "total": running})
    async def joined(one: int, total: int) -> int:
        return total - one

    assert (await run(joined))[:4] == [0, 0, 1, 5]


async def test_what_yields_when_it_has_read_all_can_go_in_step_with_the_source() -> None:
    @task(stream="square")
    async def turned(square: AsyncIterator[int]) -> AsyncIterator[int]:
        for each in [each async for each in square][::-1]:
            yield each

    @task(each={"number": numbers, "last": turned})
    async def joined(number: int, last: int) -> int:
        return last

    assert (await run(joined))[-3:] == [4, 1, 0]


async def test_sources_in_step_that_have_nothing_to_do_with_each_other_are_held_back() -> None:
    begun: list[int] = []

    @task(ahead=2)
    async def others(count: int) -> AsyncIterator[int]:
        for number in range(count):
            begun.append(number)
            yield number

    @task(each={"number": numbers, "other": others})
    async def most(number: int, other: int) -> int:
        return len(begun) - number

    assert max(await run(most)) <= 4


async def test_two_streams_of_outcomes_can_be_read_one_after_the_other() -> None:
    @task(stream=("square", "double"), settled=("square", "double"))
    async def reader(square: AsyncIterator[Outcome[int]], double: AsyncIterator[Outcome[int]]) -> list[int]:
        return [len([each async for each in square]), len([each async for each in double])]

    assert await run(reader) == [COUNT, COUNT]


async def test_streams_of_axes_that_have_nothing_to_do_with_each_other_hold_back_both() -> None:
    begun: list[int] = []

    @task(ahead=2)
    async def others(count: int) -> AsyncIterator[int]:
        for number in range(count):
            begun.append(number)
            yield number

    @task(stream=("square", "others"))
    async def reader(square: AsyncIterator[int], others: AsyncIterator[int]) -> int:
        assert len([each async for each in square]) == COUNT
        assert len(begun) <= 3
        return len([each async for each in others])

    assert await run(reader) == COUNT
