"""A resource is opened when one who needs it has everything else, and not at all if nobody comes to that."""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from anyio import Event

from flowdeco import Status, opened, resource, task, workflow
from tests.support.resources import Diary

each_kind = pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])


@each_kind
async def test_it_waits_until_a_reader_has_everything_else(is_async: bool) -> None:
    diary = Diary()
    db = diary.make("db", is_async=is_async)

    @task
    async def first() -> None:
        diary.note("first task")

    @task
    async def second(first: None) -> None:
        diary.note("second task")

    @task(needs={"db": db})
    def use(second: None, db: str) -> str:
        return db

    @task(needs={"db": db}, after=use)
    def later(db: str) -> str:
        return db

    @workflow
    def w(use: str, later: str) -> list[str]:
        return [use, later]

    assert await w.call() == ["DB", "DB"]
    assert diary.entries == ["first task", "second task", "open db", "close db"]


@each_kind
async def test_the_first_reader_that_is_ready_opens_it(is_async: bool) -> None:
    diary, opened_db = Diary(), Event()
    db = diary.make("db", is_async=is_async)

    @task
    async def slow() -> None:
        await opened_db.wait()

    @task(needs={"db": db})
    async def early(db: str) -> None:
        opened_db.set()

    @task(needs={"db": db})
    def late(slow: None, db: str) -> str:
        return db

    @workflow
    def w(early: None, late: str) -> str:
        return late

    assert await w.call() == "DB"


async def test_a_task_that_runs_in_it_opens_it_so_too() -> None:
    diary = Diary()
    db = diary.make("db", is_async=False)

    @task
    async def first() -> None:
        diary.note("first task")

    @task(run_in=db)
    def use(first: None) -> None:
        diary.note("use db")

    @workflow
    def w(use: None) -> None: ...

    await w.call()
    assert diary.entries == ["first task", "open db", "use db", "close db"]
    assert len(diary.threads["db"]) == 1


async def test_the_body_of_a_workflow_opens_it_last() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task
    async def first() -> None:
        diary.note("first task")

    @workflow(needs={"db": db})
    async def w(first: None, db: str) -> str:
        return db

    assert await w() == "DB"
    assert set(diary.entries) == {"first task", "open db", "close db"}


def is_flagged(flag: bool) -> bool:
    return flag


@each_kind
async def test_one_that_only_a_branch_needs_which_is_not_taken_is_not_opened(is_async: bool) -> None:
    diary = Diary()
    config = diary.make("config", is_async=is_async)
    db = diary.make("db", is_async=is_async, needs=None, after=config)

    @task(needs={"db": db}, when=is_flagged)
    def use(flag: bool, db: str) -> str:
        return db

    @workflow
    async def w(flag: bool, use: str = "none") -> str:
        return use

    run = await w.run(flag=False)
    assert run.result == "none"
    assert diary.entries == []
    record = run.resources["db"]
    assert (record.status, record.opened, record.closed) == (Status.SKIPPED, None, None)
    assert (await w(flag=True)) == "DB"
    assert diary.entries == ["open config", "open db", "close db", "close config"]


async def test_nobody_opens_it_after_a_failure() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task
    async def fail() -> None:
        raise ValueError

    @task(needs={"db": db})
    def use(fail: None, db: str) -> None: ...

    @workflow
    async def w(use: None) -> None: ...

    with pytest.raises(ValueError):
        await w()
    with pytest.raises(ExceptionGroup):
        await w.with_options(keep_going=True)()
    assert diary.entries == []


async def test_one_upon_the_other_is_opened_for_who_needs_the_outer_one() -> None:
    diary = Diary()

    @resource
    def inner() -> Generator[str]:
        diary.note("open inner")
        yield "inner"

    @resource
    async def outer(inner: str) -> AsyncGenerator[str]:
        diary.note("open outer")
        yield f"outer of {inner}"

    @task
    async def first() -> None:
        diary.note("first task")

    @task
    def use(first: None, outer: str) -> str:
        return outer

    @workflow
    def w(use: str) -> str:
        return use

    assert await w.call() == "outer of inner"
    assert diary.entries == ["first task", "open inner", "open outer"]


async def test_what_is_shared_is_there_from_the_outset() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True, scope="shared")

    @task
    async def first() -> None:
        diary.note("first task")

    @task(needs={"db": db}, when=is_flagged)
    def use(first: None, flag: bool, db: str) -> str:
        return db

    @workflow
    async def w(flag: bool, use: Any = None) -> Any:
        return use

    async with opened(w):
        assert await w(flag=False) is None
        assert await w(flag=True) == "DB"
    assert diary.entries == ["open db", "first task", "close db"]
