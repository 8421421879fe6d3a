"""A task that yields a connection, where a resource is meant: the error downstream says so."""

import sqlite3
from collections.abc import Generator
from typing import Any

import pytest

from flowdeco import task, workflow

HINT = (
    "What task 'db' yields is gathered in a list, which this is. To open something for others and close it afterwards, "
    "decorate 'db' with @resource."
)


@task
def db() -> Generator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


@task
def rows(db: Any) -> Any:
    return db.execute("SELECT 1")


@task
def insert(db: Any) -> None:
    with db:
        pass


@task
def other(db: Any) -> Any:
    return db.nothing


def give(use: Any) -> Any:
    return use


@pytest.mark.parametrize("step", [rows, insert], ids=["attribute", "with"])
async def test_the_error_of_who_takes_it_for_what_was_yielded(step: Any) -> None:
    w = workflow(give, name="w", needs={"use": step})
    with pytest.raises((AttributeError, TypeError)) as caught:
        await w.call()
    assert caught.value.__notes__ == [f"Raised by task {step.name!r} of workflow 'w'.", HINT]


async def test_the_error_of_the_body() -> None:
    @workflow
    async def w(db: Any) -> Any:
        return db.execute("SELECT 1")

    with pytest.raises(AttributeError) as caught:
        await w()
    assert caught.value.__notes__ == ["Raised by workflow 'w'.", HINT]


async def test_no_other_error() -> None:
    with pytest.raises(AttributeError) as caught:
        await workflow(give, name="w", needs={"use": other}).call()
    assert caught.value.__notes__ == ["Raised by task 'other' of workflow 'w'."]
