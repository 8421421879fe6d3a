"""A `Limit` shared by what gives or reads items and what is done with them: who waits gives its places back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from anyio import create_task_group, fail_after
from anyio.lowlevel import checkpoint

from flowdeco import Limit, task, workflow
from tests.support.limits import PATIENCE, Gauge, is_free

MANY = 50  # more than any of these may be ahead


class Shop:
    """Tasks that share a limit; each notes that it works, and does not while it waits for others."""

    def __init__(self, capacity: int = 1, places: int = 1) -> None:
        self.api = Limit(capacity, "api")
        self.limit: Any = {self.api: places}
        self.places = places
        self.gauge = Gauge()

    def make_source(self, kind: str, limit: Any = None, **options: Any) -> Any:
        gauge, places = self.gauge, self.places

        async def give_async(count: int) -> AsyncIterator[int]:
            for number in range(count):
                with gauge.one_more(places):
                    await checkpoint()
                yield number

        def give(count: int) -> Iterator[int]:
            for number in range(count):
                with gauge.one_more(places):
                    pass
                yield number

        options |= {"run_in": "loop"} if kind == "loop" else {}
        return task(give_async if kind == "async" else give, name="pages", limit=limit or self.limit, **options)

    def make_stage(self, source: Any, *, is_async: bool = True) -> Any:
        gauge = self.gauge

        async def look_up_async(page: int) -> int:
            with gauge.one_more():
                await checkpoint()
            return page

        def look_up(page: int) -> int:
            with gauge.one_more():
                return page

        made = look_up_async if is_async else look_up
        return task(made, name="users", each={"page": source}, limit=self.api)

    def make_reader(self, kind: str, of: Any) -> Any:
        gauge, places = self.gauge, self.places

        async def count_async(users: AsyncIterator[int]) -> list[int]:
            found: list[int] = []
            async for user in users:
                with gauge.one_more(places):
                    await checkpoint()
                found.append(user)
            return found

        def count(users: Iterator[int]) -> list[int]:
            found: list[int] = []
            for user in users:
                with gauge.one_more(places):
                    found.append(user)
            return found

        made: Any = count_async if kind == "async" else count
        return task(made, name="known", stream="users", needs={"users": of}, limit=self.limit)

    async def check(self, last: Any, *, runs: int = 1) -> None:
        """Run the last of the tasks; all of them work within the places that there are."""

        @workflow(needs={"found": last})
        def w(count: int, found: list[int]) -> list[int]:
            return found

        w.check()

        async def run() -> None:
            assert await w.call(MANY) == [*range(MANY)]

        with fail_after(PATIENCE):
            async with create_task_group() as group:
                for _ in range(runs):
                    group.start_soon(run)
        assert self.gauge.most <= self.api.capacity
        assert is_free(self.api)


SOURCES = pytest.mark.parametrize("kind", ["def", "async", "loop"])
READERS = pytest.mark.parametrize("kind", ["def", "async"])


@SOURCES
@pytest.mark.parametrize("is_async", [True, False])
async def test_a_source_that_is_held_back_leaves_its_place_to_the_items(kind: str, is_async: bool) -> None:
    shop = Shop()
    await shop.check(shop.make_stage(shop.make_source(kind), is_async=is_async))


@SOURCES
async def test_a_source_that_takes_all_places_leaves_them_all(kind: str) -> None:
    shop = Shop(3, 3)
    await shop.check(shop.make_stage(shop.make_source(kind)))


@SOURCES
async def test_a_source_takes_its_places_of_several_limits_again(kind: str) -> None:
    shop, line = Shop(2, 2), Limit(1)
    await shop.check(shop.make_stage(shop.make_source(kind, {line: 1, shop.api: 2})))
    assert is_free(line)


@SOURCES
async def test_a_source_that_is_collected_first_has_given_its_place_back(kind: str) -> None:
    shop = Shop()
    await shop.check(shop.make_stage(shop.make_source(kind, stream=False)))


@READERS
async def test_a_reader_that_waits_for_the_next_item_leaves_its_place_to_the_items(kind: str) -> None:
    shop = Shop()
    await shop.check(shop.make_reader(kind, shop.make_stage(shop.make_source("def", stream=False))))


@READERS
@pytest.mark.parametrize("source", ["def", "async"])
async def test_source_items_and_reader_share_one_place(kind: str, source: str) -> None:
    shop = Shop()
    await shop.check(shop.make_reader(kind, shop.make_stage(shop.make_source(source))))


@READERS
async def test_runs_at_the_same_time_share_one_place_too(kind: str) -> None:
    shop = Shop()
    await shop.check(shop.make_reader(kind, shop.make_stage(shop.make_source(kind))), runs=3)


async def test_a_source_and_one_that_reads_it_share_one_place() -> None:
    shop = Shop()
    await shop.check(shop.make_reader("def", shop.make_source("def")))


@READERS
async def test_who_reads_batches_and_yields_them_shares_one_place_with_all(kind: str) -> None:
    shop = Shop()

    async def batch_async(users: AsyncIterator[int]) -> AsyncIterator[list[int]]:
        async for user in users:
            with shop.gauge.one_more():
                await checkpoint()
            yield [user]

    def batch(users: Iterator[int]) -> Iterator[list[int]]:
        for user in users:
            with shop.gauge.one_more():
                pass
            yield [user]

    made: Any = batch_async if kind == "async" else batch
    users = shop.make_stage(shop.make_source(kind))
    batches = task(made, name="batches", stream="users", needs={"users": users}, limit=shop.api)

    @task(each={"batch": batches}, limit=shop.api)
    async def stored(batch: list[int]) -> int:
        with shop.gauge.one_more():
            await checkpoint()
        return batch[0]

    await shop.check(stored)


@SOURCES
async def test_the_limit_that_the_defaults_of_a_workflow_give_is_given_back_too(kind: str) -> None:
    shop = Shop()
    api = Limit(1)

    @workflow(needs={"found": shop.make_stage(shop.make_source(kind))}, defaults={"limit": api})
    def w(count: int, found: list[int]) -> list[int]:
        return found

    with fail_after(PATIENCE):
        assert await w.call(MANY) == [*range(MANY)]
    assert is_free(api)


@SOURCES
async def test_a_limit_of_its_own_is_given_back_too(kind: str) -> None:
    """An item may call the workflow that it is an item of: what stands still holds nothing up."""
    shop = Shop()
    source = shop.make_source(kind, 1, ahead=1)

    @task(each={"page": source}, calls=["w"])
    async def users(page: int, count: int) -> int:
        return page if count < 3 else sum(await w.call(count - 1))

    @workflow(needs={"users": users})
    def w(count: int, users: list[int]) -> list[int]:
        return users

    with fail_after(PATIENCE):
        assert await w.call(3) == [1, 1, 1]
