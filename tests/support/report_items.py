"""Runs with items, calls and resources, for the tests of the report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from flowdeco import Retry, Run, Skip, resource, task, workflow


@resource
async def client() -> AsyncIterator[str]:
    yield "client"


@task
async def text(page: int, client: str) -> int:
    if page % 4 == 3:
        raise ValueError(f"no page {page}")
    if page % 10 == 4:
        raise Skip("empty")
    return page


@task
async def search(query: str) -> str:
    if query == "bad":
        raise LookupError("nothing found")
    return query


@task
async def agent() -> str:
    await search.call(query="tea")
    try:
        await search.call(query="bad")
    except LookupError:
        return await search.call(query="coffee")
    return ""


@task(each={"part": "parts"}, name="divide")
async def divide(part: int) -> float:
    return 1 / part


@workflow
async def section(parts: list[int], divide: list[float]) -> float:
    return sum(divide)


def crawl(count: int, *, retried: bool = False) -> Run[Any]:
    """A run in which of many items some fail, with a resource and calls."""
    mapped = text.with_options(each={"page": "pages"}, retries=Retry(1, delay=0, jitter=0) if retried else None)

    @workflow(tasks={"text": mapped}, keep_going=True)
    async def crawl(pages: list[int], text: list[int], agent: str) -> str:
        return agent

    return crawl.run_sync(pages=[*range(count)])


def read_sections() -> Run[Any]:
    """A run of a workflow for each of three items, of which one fails in an item of its own."""

    @task
    def chapters() -> list[list[int]]:
        return [[1, 2], [4, 0], [5]]

    @workflow(keep_going=True, tasks={"section": section.with_options(each={"parts": chapters})})
    async def book(section: list[float]) -> float:
        return sum(section)

    return book.run_sync()
