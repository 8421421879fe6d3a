"""A resource is opened once for all who name it, and closed at the end of the run, the last one opened first."""

import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from anyio import CancelScope, create_task_group
from anyio.lowlevel import checkpoint

from flowdeco import Run, resource, task, value, workflow
from tests.support.resources import Diary

pytestmark = pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])


async def test_all_who_name_it_receive_the_same_and_it_is_opened_once(is_async: bool) -> None:
    diary = Diary()
    db = diary.make("db", is_async=is_async)

    @task
    def read(db: str) -> str:
        return f"read {db}"

    @task
    async def write(db: str) -> str:
        return f"write {db}"

    @workflow
    def w(read: str, write: str) -> list[str]:
        return [read, write, *diary.entries]

    assert db.name == "db"
    assert await w.call() == ["read DB", "write DB", "open db", "close db"]
    assert await w.call() == ["read DB", "write DB", "open db", "close db", "open db", "close db"]


async def test_the_last_one_opened_is_closed_first(is_async: bool) -> None:
    diary = Diary()
    first = diary.make("first", is_async=is_async)

    @resource
    def second(first: str) -> Generator[str]:
        diary.note("open second")
        yield f"{first} and second"
        diary.note("close second")

    @resource
    async def third(second: str) -> AsyncGenerator[str]:
        diary.note("open third")
        yield f"{second} and third"
        diary.note("close third")

    @task
    def use(third: str) -> str:
        return third

    @workflow
    def w(use: str) -> str:
        return use

    assert first is not None
    assert await w.call() == "FIRST and second and third"
    assert diary.entries == ["open first", "open second", "open third", "close third", "close second", "close first"]


async def test_the_body_of_an_async_workflow_gets_it_open(is_async: bool) -> None:
    diary = Diary()
    db = diary.make("db", is_async=is_async)

    @workflow(needs={"db": db})
    async def w(db: str) -> tuple[str, list[str]]:
        await checkpoint()
        return db, list(diary.entries)

    assert await w.call() == ("DB", ["open db"])
    assert diary.entries == ["open db", "close db"]


async def test_it_needs_inputs_tasks_and_the_state(is_async: bool) -> None:
    @task
    def port() -> int:
        return 80

    def plain(host: str, port: int, state: Any, run: Run[Any], scheme: str = "http") -> Generator[str]:
        state["opened"] = run.workflow
        yield f"{scheme}://{host}:{port}"

    async def awaited(host: str, port: int, state: Any, run: Run[Any], scheme: str = "http") -> AsyncGenerator[str]:
        state["opened"] = run.workflow
        yield f"{scheme}://{host}:{port}"

    url = resource(awaited if is_async else plain, name="url", needs={"port": port})

    @task
    def use(url: str) -> str:
        return url

    @workflow
    def w(host: str, use: str) -> str:
        return use

    assert url.needs == {"port": port}
    run = await w.run_async(host="localhost")
    assert run.result == "http://localhost:80"
    assert run.state["opened"] == "w"


async def test_what_is_entered_is_left_in_the_same_thread_or_task(is_async: bool) -> None:
    diary = Diary()
    lock = threading.RLock()

    @resource(name="held")
    def held_lock() -> Generator[None]:
        diary.note("open held")
        with lock:
            yield
        diary.note("close held")

    @resource(name="held")
    async def held_scope() -> AsyncGenerator[None]:
        diary.note("open held")
        async with create_task_group():
            with CancelScope():
                yield
        diary.note("close held")

    held = held_scope if is_async else held_lock

    @task
    async def use(held: None) -> bool:
        await checkpoint()
        diary.note("use other")
        return is_async or not lock.acquire(blocking=False)

    @workflow
    def w(use: bool) -> bool:
        return use

    assert held.scope == "run"
    assert await w.call()
    assert len(diary.threads["held"]) == 1
    assert is_async or diary.threads["held"] != diary.threads["other"]


def _plain_manager(diary: Diary) -> Callable[..., Any]:
    @contextmanager
    def opened() -> Generator[str]:
        diary.note("open it")
        yield "it"
        diary.note("close it")

    return opened


def _async_manager(diary: Diary) -> Callable[..., Any]:
    @asynccontextmanager
    async def opened() -> AsyncGenerator[str]:
        diary.note("open it")
        await checkpoint()
        yield "it"
        await checkpoint()
        diary.note("close it")

    return opened


@pytest.mark.parametrize("make", [_plain_manager, _async_manager])
async def test_a_function_may_return_a_context_manager(is_async: bool, make: Callable[[Diary], Any]) -> None:
    diary = Diary()
    manager = make(diary)

    async def awaited() -> Any:
        await checkpoint()
        return manager()

    opened = resource(awaited if is_async else manager)

    @workflow(needs={"it": opened, "two": value(2)})
    async def w(it: str, two: int) -> list[str]:
        return [it, *diary.entries] * two

    assert await w.call() == ["it", "open it"] * 2
    assert diary.entries == ["open it", "close it"]


async def test_called_it_runs_its_function_and_nothing_else(is_async: bool) -> None:
    diary = Diary()
    db = diary.make("db", is_async=is_async)
    opened = db()
    assert diary.entries == []
    assert (await anext(opened) if is_async else next(opened)) == "DB"
    await opened.aclose() if is_async else opened.close()
    assert diary.entries == ["open db", "close db"]
