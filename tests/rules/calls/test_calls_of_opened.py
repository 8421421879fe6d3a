"""A workflow that needs a shared resource, called in a run: with what a block has opened, or not at all."""

from collections.abc import Callable, Generator
from typing import Any

import pytest

from flowdeco import ResourceError, Workflow, resource, task, workflow

opened: list[str] = []


@resource(scope="shared")
def server(base: str) -> Generator[str]:
    opened.append(base)
    yield f"server {base}"


@task
def page(path: str, server: str) -> str:
    return f"{server}/{path}"


@workflow
def site(path: str, page: str) -> str:
    return page


@pytest.fixture(autouse=True)
def nothing_opened() -> None:
    opened.clear()


def call_plainly(w: Workflow[Any, Any]) -> Any:
    return w.call_sync("tea")


def run_plainly(w: Workflow[Any, Any]) -> Any:
    return w.run_sync("tea")


WAYS: list[Callable[[Workflow[Any, Any]], Any]] = [call_plainly, run_plainly]


async def test_one_that_was_not_opened_is_refused_in_an_async_caller() -> None:
    @workflow(calls=[site])
    async def ask() -> str:
        return await site.call("tea")

    ask.check()
    with pytest.raises(ResourceError, match="workflow 'site': its resource 'server' is shared, and was not"):
        await ask()
    assert opened == []


@pytest.mark.parametrize("way", WAYS)
async def test_nor_is_it_called_by_a_def(way: Callable[[Workflow[Any, Any]], Any]) -> None:
    @task
    def asked() -> Any:
        return way(site)

    @workflow
    async def ask(asked: Any) -> Any:
        return asked

    with pytest.raises(ResourceError, match="its resource 'server' is shared, and was not opened"):
        await ask()
    assert opened == []


async def test_where_another_face_of_it_was_opened_the_error_says_what_to_call() -> None:
    async with site.opened(base="b"):
        with pytest.raises(ResourceError, match=r"what this gives: with site.opened\(\) as ..., or call it"):
            await site.call("tea")


async def test_what_stands_in_for_it_needs_nothing_opened() -> None:
    @workflow(calls=[site])
    async def ask() -> str:
        return await site.call("tea")

    assert await ask.override(site="a page")() == "a page"


async def test_in_a_block_it_is_called_with_what_is_open() -> None:
    @task
    def asked(path: str) -> str:
        return inside.call_sync(path)

    @workflow
    async def ask(path: str, asked: str) -> list[str]:
        return [asked, await inside.call(path), await inside.with_options(timeout=60).call(path)]

    async with site.opened(base="x") as inside:
        assert await ask("tea") == ["server x/tea"] * 3
    assert opened == ["x"]
