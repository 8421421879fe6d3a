"""Who reads outcomes as a stream: what they tell, and what there is where no item came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from anyio import fail_after

from flowdeco import Outcome, Skip, task, workflow
from tests.support.clock import PATIENCE


def same(number: int) -> int:
    return number


def name_key(number: int) -> str:
    return f"key {number}"


@task
async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


def end_before_an_item(how: str) -> Any:
    @task
    async def source() -> Any:
        return 5

    @task
    async def yielding() -> AsyncIterator[int]:
        if how == "skipped":
            raise Skip("nothing new")
        if how == "failed":
            raise ConnectionError("no line")
        yield 1

    return source if how == "no items" else yielding


@pytest.mark.parametrize(
    ("how", "ends"),
    [
        ("failed", ["failed", "upstream_failed", "upstream_failed"]),
        ("skipped", ["skipped", "skipped", "skipped"]),
        ("no items", [None, "failed", "upstream_failed"]),
    ],
    ids=["failed", "skipped", "no items"],
)
async def test_who_receives_outcomes_hears_of_a_source_that_gave_no_item_by_the_only_one(how: str, ends: Any) -> None:
    source = end_before_an_item(how)
    first = task(same, name="first", each={"number": source})
    second = task(same, name="second", each={"number": first})

    async def read(items: AsyncIterator[Outcome[int]]) -> list[Outcome[int]]:
        return [outcome async for outcome in items]

    def read_in_thread(items: Iterator[Outcome[int]]) -> list[Outcome[int]]:
        return list(items)

    async def listed(items: list[Outcome[int]]) -> list[Outcome[int]]:
        return items

    for step, end in zip([source, first, second], ends, strict=True):
        options: Any = {"needs": {"items": step}, "settled": "items"}
        functions: list[Any] = [read, read_in_thread]
        readers: list[Any] = [task(each, stream="items", **options) for each in functions]
        readers += [] if step is source else [task(listed, **options)]
        for reader in readers if end is not None else ():

            @workflow(needs={"found": reader})
            async def w(found: list[Outcome[int]]) -> list[Outcome[int]]:
                return found

            with fail_after(PATIENCE):
                [outcome] = await w()
            assert (str(outcome.status), outcome.index) == (end, None)
            assert outcome.failed is (how != "skipped")


async def test_an_outcome_that_is_read_says_which_item_it_is_of() -> None:
    @task(each={"number": numbers}, key=name_key)
    async def keyed(number: int) -> int:
        if number == 1:
            raise ValueError("one")
        if number == 2:
            raise Skip("two")
        return number

    @task(stream="keyed", settled="keyed")
    async def read(keyed: AsyncIterator[Outcome[int]]) -> list[Outcome[int]]:
        return [outcome async for outcome in keyed]

    @task(stream={"keyed": "ended"}, settled="keyed")
    def read_in_thread(keyed: Iterator[Outcome[int]]) -> list[Outcome[int]]:
        return sorted(keyed, key=lambda outcome: outcome.index or 0)

    @workflow
    async def w(count: int, read: list[Outcome[int]], read_in_thread: list[Outcome[int]]) -> Any:
        return [[(each.index, each.item, each.key) for each in found] for found in (read, read_in_thread)]

    told = [(0, None, "key 0"), (1, 1, "key 1"), (2, 2, "key 2")]
    assert await w(3) == [told, told]
    assert (await w.run(3)).result == [[(0, 0, "key 0"), *told[1:]]] * 2
