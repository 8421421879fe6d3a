"""In the thread of a resource one call is made at a time: who waits for its turn there for ever is told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from anyio import fail_after
from anyio.lowlevel import checkpoint

from flowdeco import Limit, LimitDeadlockError, resource, task, workflow
from tests.support.limits import PATIENCE, is_free


@resource
def db() -> Iterator[str]:
    yield "db"


@task(run_in=db)
def look_up(db: str) -> str:
    return db


async def test_who_calls_from_the_thread_what_runs_there_is_told() -> None:
    errors: list[LimitDeadlockError] = []

    @task(run_in=db, calls=[look_up])
    def outer(db: str) -> str:
        try:
            return look_up.call_sync()
        except LimitDeadlockError as error:
            errors.append(error)
        return look_up(db)  # the function itself

    @workflow
    async def w(outer: str) -> str:
        return outer

    with fail_after(PATIENCE):
        assert await w() == "db"
    (error,) = errors
    assert error.chain == ("outer",)
    assert str(error) == (
        "Cannot take the thread of resource 'db' for 'outer/look_up#1': it would wait for ever. 'outer' holds the "
        "thread of resource 'db' and waits for this. Call its function itself, or call it in a task that runs "
        "elsewhere."
    )


async def test_a_circle_of_the_thread_and_a_place_is_an_error() -> None:
    limit, is_held, is_in_thread = Limit(1, "api"), threading.Event(), threading.Event()

    @task(limit=limit)
    def ask() -> str:
        return "asked"

    @task(run_in=db, calls=[ask])
    def calling(db: str) -> str:
        is_in_thread.set()
        is_held.wait(PATIENCE)
        return ask.call_sync()

    async def wait() -> None:
        while not is_in_thread.is_set():
            await checkpoint()
        is_held.set()

    @task(run_in=db, limit=limit, on_start=wait)
    def holding(db: str) -> str:
        return db

    @workflow
    async def w(calling: str, holding: str) -> Any:
        return calling, holding

    with fail_after(PATIENCE):
        with pytest.raises(LimitDeadlockError, match=r"the thread of resource 'db'"):
            await w()
    assert is_free(limit)


async def test_who_holds_a_place_may_wait_for_the_thread() -> None:
    limit = Limit(1)

    @task(limit=limit, calls=[look_up])
    async def outer() -> str:
        found: str = await look_up.call()
        return found

    @task(run_in=db, limit=limit)
    def other(db: str) -> str:
        return db

    @workflow
    async def w(outer: str, other: str, look_up: str) -> Any:
        return outer, other, look_up

    with fail_after(PATIENCE):
        assert await w() == ("db", "db", "db")
    assert is_free(limit)


async def test_what_waits_for_the_thread_of_who_has_ended_has_its_turn() -> None:
    @task(run_in=db, each={"number": "numbers"})
    def use(db: str, number: int) -> int:
        return number

    @workflow
    async def w(numbers: list[int], use: list[int]) -> list[int]:
        return use

    with fail_after(PATIENCE):
        assert await w([*range(50)]) == [*range(50)]


@pytest.mark.parametrize("kind", ["def", "async"])
async def test_what_runs_in_the_thread_may_call_what_runs_elsewhere(kind: str) -> None:
    async def there_async() -> int:
        return threading.get_ident()

    def there() -> int:
        return threading.get_ident()

    made: Any = there_async if kind == "async" else there
    elsewhere = task(made, name="elsewhere", limit=1)

    @task(run_in=db, calls=[elsewhere])
    def use(db: str) -> bool:
        return bool(elsewhere.call_sync() != threading.get_ident())

    @workflow
    async def w(use: bool) -> bool:
        return use

    with fail_after(PATIENCE):
        assert await w()
