"""What the items of a run were and gave goes with the run, and does not wait for the garbage collector."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from flowdeco import Outcome, task, workflow

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.version_info >= (3, 12),
    reason="there is no reference count, or a frame in a traceback keeps its callers",
)


class Page:
    """Something large."""


class FailureError(Exception):
    """An error that can be referred to weakly."""


alive: weakref.WeakSet[Any] = weakref.WeakSet()


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    alive.clear()
    gc.disable()
    yield
    gc.enable()


@task(each="numbers")
async def load(numbers: int) -> Page:
    page = Page()
    alive.add(page)
    return page


@task(each="numbers")
def load_in_thread(numbers: int) -> Page:
    page = Page()
    alive.add(page)
    return page


@task(each={"page": load, "other": load_in_thread})
async def look(page: Page, other: Page) -> Page:
    return page


@task(each={"page": load})
async def fail(page: Page) -> None:
    raise FailureError


async def test_of_a_call_that_completes() -> None:
    @workflow
    async def w(numbers: list[int], look: list[Page], load: list[Page]) -> int:
        return len(look)

    assert await w.call(range(3)) == 3
    await anyio.lowlevel.checkpoint()
    assert len(alive) == 0


async def test_of_a_call_that_fails() -> None:
    @workflow
    async def w(numbers: list[int], fail: list[None]) -> None: ...

    try:
        await w.call(range(3))
    except FailureError as error:
        del error
    await anyio.lowlevel.checkpoint()
    assert len(alive) == 0


async def test_of_a_call_in_which_errors_are_received() -> None:
    @workflow(settled="fail")
    async def w(numbers: list[int], fail: list[Outcome[None]]) -> int:
        return sum(outcome.failed for outcome in fail)

    assert await w.call(range(3)) == 3
    await anyio.lowlevel.checkpoint()
    assert len(alive) == 0


async def test_of_a_run_that_is_kept_with_it() -> None:
    @workflow
    async def w(numbers: list[int], look: list[Page]) -> None: ...

    run = await w.run_async(range(3))
    assert len(alive) == 6
    del run
    await anyio.lowlevel.checkpoint()
    assert len(alive) == 0
