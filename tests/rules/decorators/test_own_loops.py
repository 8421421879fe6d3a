"""A `functools.wraps` wrapper that runs the coroutine itself: what it gives is the result."""

import asyncio
import functools
import inspect
from asyncio import run
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import task, workflow
from tests.support.naming import mention


def by_module(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return asyncio.run(function(*args, **kwargs))

    return wrapper


def by_name(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return run(function(*args, **kwargs))

    return wrapper


def by_anyio(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return anyio.run(functools.partial(function, *args, **kwargs), backend="trio")

    return wrapper


def by_runner(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with asyncio.Runner() as runner:
            return runner.get_loop().run_until_complete(function(*args, **kwargs))

    return wrapper


def around(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def twice(function: Callable[..., Any]) -> Callable[..., Any]:
    return around(by_module(function))


@task
async def number() -> int:
    await anyio.lowlevel.checkpoint()
    return 4


async def one_more(number: int) -> int:
    await anyio.lowlevel.checkpoint()
    return number + 1


mention(number)
WRAPPERS = [by_module, by_name, by_anyio, by_runner, twice]


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_a_plain_call_of_such_a_workflow_gives_the_result(wrap: Any) -> None:
    w = workflow(wrap(one_more))
    assert w() == w.call_sync() == w.run().result == 5
    assert not inspect.iscoroutinefunction(w)


@pytest.mark.parametrize("wrap", WRAPPERS)
async def test_awaited_it_runs_in_a_thread_as_any_def(wrap: Any) -> None:
    assert await workflow(wrap(one_more)).call() == 5

    @workflow(tasks={"more": task(wrap(one_more)), "nested": workflow(wrap(one_more))})
    async def w(more: int, nested: int) -> Any:
        return more, nested

    assert await w() == (5, 5)


async def test_a_wrapper_that_hands_the_coroutine_on_is_awaited_still() -> None:
    assert await workflow(around(one_more))() == 5
    assert inspect.iscoroutinefunction(workflow(around(one_more)))
