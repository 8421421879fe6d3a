"""What type checkers make of `resource`, of resources and of `opened`."""

from collections.abc import AsyncGenerator, Generator
from typing import assert_type

from flowdeco import Resource, opened, resource, task, workflow


@resource
def db(path: str) -> Generator[int]:
    yield len(path)


@resource(scope="shared", close_timeout=None)
async def client(url: str) -> AsyncGenerator[str]:
    yield url


@task(run_in=db)
def use(db: int, client: str) -> str:
    return client * db


@workflow
def w(path: str, use: str) -> str:
    return use


def check_calls() -> None:
    assert_type(db("a"), Generator[int])
    assert_type(db.with_options(retries=2, scope="run")(path="a"), Generator[int])
    assert_type(client("a"), AsyncGenerator[str])
    assert isinstance(db, Resource)


def check_opened() -> None:
    with w.opened(url="x") as opened_w:
        assert_type(opened_w(path="a"), str)
    with opened(w, url="x"):
        assert_type(w(path="a"), str)


@workflow
async def other(path: str) -> int:
    return len(path)


async def check_opened_together() -> None:
    async with opened(w, other, url="x") as (one, two):
        assert_type(await one.call("a"), str)
        assert_type(await two("a"), int)
    async with opened(w, url="x") as (alone,):
        assert_type(await alone.call("a"), str)
