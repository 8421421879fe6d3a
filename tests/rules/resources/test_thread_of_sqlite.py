"""A connection of SQLite that is used in another thread than its own: the error says what `run_in=` is for."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest

from flowdeco import resource, task, value, workflow


@resource
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


@resource
async def loop_db() -> AsyncIterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


@task
def made() -> str:
    return "a connection"


@task
def save(db: Any) -> None:
    db.execute("SELECT 1")


@task
async def save_async(db: Any) -> None:
    db.execute("SELECT 1")


@task
def save_loop(loop_db: Any) -> None:
    loop_db.execute("SELECT 1")


@task(each={"number": value([1])})
def save_each(number: int, db: Any) -> None:
    db.execute("SELECT 1")


@task
def save_made(made: Any) -> None:
    raise sqlite3.ProgrammingError("SQLite objects created in a thread can only be used in that same thread. And so on")


@task
def save_other(db: Any) -> None:
    raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


LOOP = "Resource 'loop_db' is opened on the event loop. Make 'loop_db' a def, which is opened in a thread of its own."
MADE = "If task 'made' has made it, decorate 'made' with @resource, which is opened in a thread of its own."
OWN = "Resource 'db' is opened in a thread of its own."
CASES: list[tuple[Any, str]] = [
    (save, f"{OWN} With run_in=db, task 'save' runs there, too."),
    (save_each, f"{OWN} With run_in=db, task 'save_each' runs there, too."),
    (save_async, f"{OWN} Make 'save_async' a def with run_in=db, which runs there."),
    (save_loop, f"{LOOP} With run_in=loop_db, task 'save_loop' runs there, too."),
    (save_made, f"{MADE} With run_in=made, task 'save_made' runs there, too."),
]


@pytest.mark.parametrize(("step", "hint"), CASES, ids=[step.name for step, _ in CASES])
async def test_the_error_of_a_task(step: Any, hint: str) -> None:
    def give(use: Any) -> Any:
        return use

    with pytest.raises(sqlite3.ProgrammingError) as caught:
        await workflow(give, name="w", needs={"use": step}).call()
    assert caught.value.__notes__[1:] == [hint]


async def test_the_error_of_the_body() -> None:
    @workflow
    async def w(db: Any) -> None:
        db.execute("SELECT 1")

    with pytest.raises(sqlite3.ProgrammingError) as caught:
        await w()
    assert caught.value.__notes__[1:] == [f"{OWN} Use it in a task that is a def and has run_in=db: that runs there."]


async def test_no_other_error() -> None:
    @workflow
    def w(save_other: None) -> None: ...

    with pytest.raises(sqlite3.ProgrammingError) as caught:
        await w.call()
    assert caught.value.__notes__[1:] == []
