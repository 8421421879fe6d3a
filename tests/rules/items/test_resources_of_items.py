"""What is opened and closed waits for the first item that has everything else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from flowdeco import Skip, Status, resource, task, workflow
from tests.support.resources import Diary

each_way = pytest.mark.parametrize("run_in", [None, "loop"])
each_kind = pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])


@each_way
@each_kind
async def test_it_is_opened_when_the_first_item_has_everything_else(is_async: bool, run_in: Any) -> None:
    diary = Diary()
    db = diary.make("db", is_async=is_async)

    @task(run_in=run_in)
    def rate() -> int:
        diary.note("rate")
        return 2

    @task(each={"number": "numbers"}, run_in=run_in)
    def first(number: int) -> int:
        diary.note("first")
        return number

    @task(each={"first": first}, needs={"db": db}, run_in=run_in)
    def use(first: int, rate: int, db: str) -> str:
        return f"{db}{first * rate}"

    @workflow
    def w(numbers: list[int], use: list[str]) -> list[str]:
        return use

    assert await w.call([1]) == ["DB2"]
    assert sorted(diary.entries[:2]) == ["first", "rate"]
    assert diary.entries[2:] == ["open db", "close db"]


@each_way
async def test_many_items_wait_for_it_and_it_is_opened_once(run_in: Any) -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task(each={"number": "numbers"}, needs={"db": db}, run_in=run_in, ahead=3)
    def use(number: int, db: str) -> int:
        assert db == "DB"
        return number

    @task(each={"use": use})
    async def more(use: int) -> int:
        return use + 1

    @workflow
    def w(numbers: list[int], more: list[int]) -> list[int]:
        return more

    assert await w.call(range(50)) == list(range(1, 51))
    assert (await w.run_async(range(50))).result == list(range(1, 51))
    assert diary.entries == ["open db", "close db"] * 2


async def test_it_is_not_opened_where_no_item_comes_to_it() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task(each={"number": "numbers"})
    async def first(number: int) -> int:
        raise Skip("not this one")

    @task(each={"first": first}, needs={"db": db})
    async def use(first: int, db: str) -> str:
        return db

    @workflow
    def w(numbers: list[int], use: list[str]) -> list[str]:
        return use

    for numbers in ([], [1, 2]):
        run = await w.run_async(numbers)
        assert run.result == []
        assert run.tasks["db"].status == Status.SKIPPED
        assert run.tasks["db"].reason == "not needed"
    assert diary.entries == []


@each_way
@pytest.mark.parametrize("limit", [0, 9])
async def test_it_is_opened_only_where_a_condition_is_true_and_the_rest_is_there(limit: int, run_in: Any) -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task
    async def rate() -> int:
        diary.note("rate")
        return 2

    def is_large(number: int) -> bool:
        return number > limit

    @task(each={"number": "numbers"}, when=is_large, needs={"db": db}, run_in=run_in)
    def use(number: int, rate: int, db: str) -> str:
        return f"{db}{number * rate}"

    @workflow
    def w(numbers: list[int], use: list[str]) -> list[str]:
        return use

    found = await w.call(range(3))
    if limit:
        assert (found, diary.entries) == ([], [])
    else:
        assert (found, diary.entries) == (["DB2", "DB4"], ["rate", "open db", "close db"])


async def test_a_condition_that_needs_it_is_asked_with_it() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task(each={"number": "numbers"})
    async def first(number: int) -> int:
        diary.note("first")
        return number

    def is_known(first: int, db: str) -> bool:
        return first > 1 and db == "DB"

    @task(each={"first": first}, when=is_known, needs={"db": db})
    async def use(first: int) -> int:
        return first

    @workflow
    def w(numbers: list[int], use: list[int]) -> list[int]:
        return use

    assert await w.call([1, 2]) == [2]
    assert diary.entries[0] == "first"
    diary.entries.clear()
    assert await w.call([]) == []
    assert diary.entries == []


async def test_what_runs_in_it_opens_it_so_too() -> None:
    diary = Diary()
    db = diary.make("db", is_async=False)

    @task(each={"number": "numbers"})
    async def first(number: int) -> int:
        diary.note("first")
        return number

    @task(each={"first": first}, run_in=db)
    def use(first: int) -> int:
        diary.note("use")
        return first

    @workflow
    def w(numbers: list[int], use: list[int]) -> list[int]:
        return use

    assert await w.call([1]) == [1]
    assert diary.entries == ["first", "open db", "use", "close db"]
    diary.entries.clear()
    assert await w.call([]) == []
    assert diary.entries == []


@each_way
async def test_its_error_is_that_of_the_run_and_no_item_begins(run_in: Any) -> None:
    is_down = True

    @resource
    async def db() -> AsyncIterator[str]:
        if is_down:
            raise ValueError("no db")
        yield ""

    @task(each={"number": "numbers"}, run_in=run_in, ahead=2)
    def use(number: int, db: str) -> int:
        raise AssertionError

    def body(numbers: list[int], use: Any) -> Any:
        return use

    with pytest.raises(ValueError, match="no db"):
        await workflow(body, needs={"use": use}).call(range(5))
    outcomes = await workflow(body, needs={"use": use}, settled="use").call(range(5))
    assert [outcome.status for outcome in outcomes] == [Status.UPSTREAM_FAILED] * 5


async def test_who_reads_a_stream_opens_it_when_the_items_begin() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task
    async def source() -> list[int]:
        diary.note("source")
        return [1, 2]

    @task(each={"number": source})
    async def double(number: int) -> int:
        return 2 * number

    @task(stream="double", needs={"db": db})
    async def use(double: AsyncIterator[int], db: str) -> list[Any]:
        return [db, *[each async for each in double]]

    @workflow
    def w(use: list[Any]) -> list[Any]:
        return use

    assert await w.call() == ["DB", 2, 4]
    assert diary.entries == ["source", "open db", "close db"]


async def test_who_reads_a_stream_on_a_condition_opens_it_when_that_is_true() -> None:
    diary = Diary()
    db = diary.make("db", is_async=False)

    def is_wanted(wanted: bool) -> bool:
        return wanted

    @task
    def numbers() -> Iterator[int]:
        yield from (1, 2)

    @task(stream="numbers", when=is_wanted, needs={"db": db})
    def use(numbers: Iterator[int], db: str) -> list[Any]:
        return [db, *numbers]

    @workflow
    def w(wanted: bool, use: Any = None) -> Any:
        return use

    assert await w.call(False) is None
    assert diary.entries == []
    assert await w.call(True) == ["DB", 1, 2]
    assert diary.entries == ["open db", "close db"]


async def test_a_run_that_is_cancelled_leaves_no_item_that_waits_for_it() -> None:
    @resource
    async def db() -> AsyncIterator[int]:
        scope.cancel()
        await anyio.sleep_forever()
        yield 1

    @task(each={"number": "numbers"})
    async def use(number: int, db: int) -> int:
        raise AssertionError

    @workflow
    def w(numbers: list[int], use: list[int]) -> list[int]:
        return use

    with anyio.fail_after(60), anyio.CancelScope() as scope:
        await w.call(range(5))
    assert scope.cancelled_caught


async def test_the_record_says_that_it_was_the_task_which_demanded_it_whatever_item_did() -> None:
    @resource
    async def opened() -> AsyncIterator[str]:
        yield "opened"

    @task(each={"number": "numbers"})
    async def use(number: int, opened: str) -> int:
        return number

    @workflow
    def w(numbers: list[int], use: list[int]) -> list[int]:
        return use

    run = await w.run_async([1, 2, 3])
    assert run.critical_path()[-1] == "use"
    assert "opened" in run.to_html()
