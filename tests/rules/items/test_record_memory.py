"""In a plain call, what is known of the items of a task does not grow with their number."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from flowdeco import Retry, Run, task, workflow
from tests.support.memory import size_of


class Page:
    """An item that can be referred to weakly."""


alive: weakref.WeakSet[Page] = weakref.WeakSet()


@task
async def pages(count: int) -> Any:
    for _ in range(count):
        page = Page()
        alive.add(page)
        yield page
        del page


@task(each={"page": pages}, retries=Retry(1, delay=0, jitter=0, on=ConnectionError))
async def text(page: Page) -> int:
    return 1


@task(each={"text": text})
async def words(text: int) -> int:
    return text


@workflow(after=words)
async def read(count: int, run: Run[Any]) -> tuple[int, int, int, int]:
    gc.collect()
    items = run.tasks["text"].items
    held = run._journal.items
    return len(items), len(items.kept), size_of([[log.entries, log._slowest] for log in held.values()]), len(alive)


async def test_what_is_kept_of_thousands_of_items_is_what_is_kept_of_a_few() -> None:
    total, kept, size, left = await read(count=5_000)
    assert (total, kept) == (5_000, 20)
    assert size < 200_000, "an entry for each would take ten times as much"
    assert left <= 50


async def test_the_failed_attempts_of_a_plain_call_do_not_grow_with_the_items() -> None:
    tried: set[int] = set()

    @task(each={"number": "numbers"}, retries=Retry(1, delay=0, jitter=0))
    async def shaky(number: int) -> int:
        if number not in tried:
            tried.add(number)
            raise ConnectionError(number)
        return number

    @workflow
    async def again(numbers: Any, shaky: list[int], run: Run[Any]) -> int:
        return len(run.errors)

    assert await again(numbers=range(1_000)) == 100
    assert len((await again.run(numbers=range(1_000, 1_200))).errors) == 200


async def test_a_run_that_was_asked_for_keeps_every_item() -> None:
    run = await read.run(count=300)
    assert len(run.tasks["text"].items.kept) == 300


async def test_an_error_that_fails_the_run_is_in_its_record_whatever_failed_before() -> None:
    tried: set[int] = set()

    @task(each={"number": "numbers"}, retries=Retry(1, delay=0, jitter=0), limit=1)
    async def shaky(number: int) -> int:
        if number not in tried or number == 299:
            tried.add(number)
            raise ConnectionError(number)
        return number

    @workflow
    async def again(numbers: Any, shaky: list[int]) -> None: ...

    with pytest.raises(ConnectionError) as caught:
        await again(numbers=range(300))
    run = Run.of(caught.value)
    assert run.errors[-1].error is caught.value
    assert caught.value.__notes__ == ["Raised by task 'shaky', item 299, of workflow 'again', attempt 2."]


class Numbered(Page):
    """An item of a number, for `key=`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.content = "x" * 10_000


def number_of(page: Numbered) -> int:
    return page.number


def none_more(result: int) -> None: ...


@task
async def numbered(count: int) -> Any:
    for number in range(count):
        page = Numbered(number)
        alive.add(page)
        yield page
        del page


@pytest.mark.parametrize("options", [{"key": number_of}, {"key": number_of, "more": none_more}], ids=["key", "more"])
async def test_of_an_item_that_is_told_from_others_only_the_digest_of_its_key_is_kept(options: Any) -> None:
    """These have to be remembered, or two equal ones would not be found."""

    @task(each={"page": numbered}, **options)
    async def look(page: Numbered) -> int:
        return 1

    @workflow(after=look)
    async def w(count: int, run: Run[Any]) -> tuple[int, int, int]:
        gc.collect()
        log = next(log for log in run._journal.items.values() if log.keys)
        return len(log.keys), size_of(log.keys), len(alive)

    keys, size, left = await w(count=2_000)
    assert keys == 2_000
    assert size < keys * 400
    assert left <= 50
