"""A `Limit` shared by what gives or reads items and what is done with them: with too few places, an error at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from anyio import fail_after

from flowdeco import EachError, Limit, task, workflow

SOON = 20
MANY = 50  # more than any of these may be ahead


def make_source(limit: Limit | None, **options: Any) -> Any:
    @task(limit=limit, **options)
    def pages(count: int) -> Iterator[int]:
        yield from range(count)

    return pages


def make_async_source(limit: Limit | None, **options: Any) -> Any:
    @task(limit=limit, **options)
    async def pages(count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number

    return pages


SOURCES = pytest.mark.parametrize("make", [make_source, make_async_source])


@SOURCES
def test_a_source_and_its_items_need_places_for_both(make: Callable[..., Any]) -> None:
    api = Limit(1, name="api")

    @task(each={"page": make(api)}, limit=api)
    async def users(page: int) -> int:
        return page

    @workflow
    def w(count: int, users: list[int]) -> list[int]:
        return users

    with pytest.raises(EachError) as caught:
        w.check()
    assert str(caught.value) == (
        "Cannot build workflow 'w': task 'users' would wait for ever for limit 'api'. It has 1 place; 'pages' holds 1 "
        "from the first item to the last, also while waiting for what is done with the items, and 'users' needs 1. "
        "Make it a Limit(2), give 'pages' another one, or collect the items first: stream=False on what yields, and no "
        "stream= on what reads."
    )
    assert caught.value.function == "users"


@SOURCES
async def test_a_source_and_its_items_share_places_enough(make: Callable[..., Any]) -> None:
    api = Limit(2)

    @task(each={"page": make(api)}, limit=api)
    async def users(page: int) -> int:
        return page

    @workflow
    def w(count: int, users: list[int]) -> list[int]:
        return users

    with fail_after(SOON):
        assert await w.call(MANY) == [*range(MANY)]


@SOURCES
async def test_a_source_that_is_collected_first_has_given_its_place_back(make: Callable[..., Any]) -> None:
    api = Limit(1)

    @task(each={"page": make(api, stream=False)}, limit=api)
    async def users(page: int) -> int:
        return page

    @workflow
    def w(count: int, users: list[int]) -> list[int]:
        return users

    with fail_after(SOON):
        assert await w.call(MANY) == [*range(MANY)]


@SOURCES
async def test_a_source_that_nothing_holds_back_comes_to_its_end_and_gives_its_place_back(
    make: Callable[..., Any],
) -> None:
    api = Limit(1)

    source = make(api)

    @task(each={"page": source}, limit=api)
    async def users(page: int) -> int:
        return page

    @workflow(needs={"pages": source})
    def w(count: int, users: list[int], pages: list[int]) -> int:
        return len(users) + len(pages)

    with fail_after(SOON):
        assert await w.call(MANY) == 2 * MANY


def test_a_reader_and_the_items_that_it_reads_need_places_for_both() -> None:
    api = Limit(1)

    @task(each={"page": "pages"}, limit=api)
    async def users(page: int) -> int:
        return page

    @task(stream="users", limit=api)
    def count(users: Iterator[int]) -> int:
        return sum(users)

    @workflow
    def w(pages: list[int], count: int) -> int:
        return count

    with pytest.raises(EachError, match=r"'users' would wait for ever for the Limit that they share.* 'count' holds 1"):
        w.check()


async def test_a_reader_that_begins_when_all_items_have_ended_may_use_their_place() -> None:
    api = Limit(1)

    @task(each={"page": "pages"}, limit=api)
    async def users(page: int) -> int:
        return page

    @task
    def total(users: list[int]) -> int:
        return sum(users)

    @task(stream="users", limit=api)
    def share(users: Iterator[int], total: int) -> float:
        return sum(user / total for user in users)

    @workflow
    def w(pages: list[int], share: float) -> float:
        return share

    with fail_after(SOON):
        assert await w.call([1, 3]) == 1.0


def test_source_and_reader_together_leave_a_place_for_the_items() -> None:
    api = Limit(2)

    @task(each={"page": make_source(api)}, limit=api)
    async def users(page: int) -> int:
        return page

    @task(stream="users", limit=api)
    async def known(users: AsyncIterator[int]) -> int:
        return len([user async for user in users])

    @workflow
    def w(count: int, known: int) -> int:
        return known

    with pytest.raises(EachError, match=r"'pages' and 'known' hold 2 .* Make it a Limit\(3\)"):
        w.check()


def test_a_reader_of_a_source_needs_a_place_beside_it() -> None:
    api = Limit(1)
    pages = make_source(api)

    @task(stream="pages", needs={"pages": pages}, limit=api)
    def total(pages: Iterator[int]) -> int:
        return sum(pages)

    @workflow
    def w(count: int, total: int) -> int:
        return total

    with pytest.raises(EachError, match=r"'total' would wait for ever .* 'pages' holds 1"):
        w.check()


def test_what_is_held_back_by_the_batches_that_a_reader_yields_counts_with_them() -> None:
    api = Limit(1)

    @task(each={"page": make_source(api)})
    async def users(page: int) -> int:
        return page

    @task(stream="users")
    def batches(users: Iterator[int]) -> Iterator[list[int]]:
        yield from ([user] for user in users)

    @task(each={"batch": batches}, limit=api)
    async def stored(batch: list[int]) -> int:
        return len(batch)

    @workflow
    def w(count: int, stored: list[int]) -> int:
        return sum(stored)

    with pytest.raises(EachError, match=r"'stored' would wait for ever .* 'pages' holds 1"):
        w.check()


def test_a_limit_that_the_defaults_of_the_workflow_give_counts() -> None:
    @task(each={"page": make_source(None)})
    async def users(page: int) -> int:
        return page

    @workflow(defaults={"limit": Limit(1)})
    def w(count: int, users: list[int]) -> list[int]:
        return users

    with pytest.raises(EachError, match=r"'users' would wait for ever"):
        w.check()


def test_places_of_several_limits_are_counted_by_limit() -> None:
    api, line = Limit(4), Limit(1)

    @task(each={"page": make_source(api)}, limit={api: 4, line: 1})
    async def users(page: int) -> int:
        return page

    @workflow
    def w(count: int, users: list[int]) -> list[int]:
        return users

    with pytest.raises(EachError, match=r"It has 4 places; 'pages' holds 1 .* 'users' needs 4. Make it a Limit\(5\)"):
        w.check()


async def test_of_two_readers_of_which_a_condition_leaves_out_one_only_one_counts() -> None:
    api = Limit(2)

    def is_short(count: int) -> bool:
        return count < 10

    def is_long(count: int) -> bool:
        return count >= 10

    @task(each={"page": make_source(None)}, limit=api)
    async def users(page: int) -> int:
        return page

    @task(stream="users", limit=api, when=is_short)
    def short(users: Iterator[int]) -> int:
        return sum(users)

    @task(stream="users", limit=api, when=is_long)
    def long(users: Iterator[int]) -> int:
        return len(list(users))

    @workflow(needs={"found": [short, long]})
    def w(count: int, found: list[int]) -> list[int]:
        return found

    with fail_after(SOON):
        assert await w.call(MANY) == [MANY]
