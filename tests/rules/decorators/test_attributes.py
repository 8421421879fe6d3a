"""To those who read it, a task is its function: what it takes, and whether what it gives is awaited."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from starlette._utils import is_async_callable

from flowdeco import Task, task
from tests.support.decorators import handing_on
from tests.support.signature import AsyncCaller, Caller, coroutine, doubled, mixed


def many(a: int, b: int = 2, /, c: int = 3, *, d: int, e: int = 5) -> None: ...


def bare(a: int) -> None: ...


def items(a: str) -> Iterator[str]:
    yield a


async def async_items(a: str) -> AsyncIterator[str]:
    yield a


class Shop:
    """Tasks that are methods."""

    @task
    async def awaited(self, a: str) -> str:
        return a

    @task
    @staticmethod
    async def static(a: str) -> str:
        return a


ASKED: list[Callable[[Any], bool]] = [
    inspect.iscoroutinefunction,
    asyncio.iscoroutinefunction,
    is_async_callable,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
]
FUNCTIONS = [
    mixed,
    coroutine,
    items,
    async_items,
    functools.partial(coroutine, "a"),
    functools.partial(mixed, "a"),
    Caller().method,
    Caller().async_method,
    functools.partial(Caller().async_method, "a"),
    Caller(),
    Caller,
    doubled(coroutine),
    handing_on(items),
    len,
]


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
def test_a_task_is_a_coroutine_function_or_a_generator_where_its_function_is(
    ask: Callable[[Any], bool], number: int
) -> None:
    function: Any = FUNCTIONS[number]
    made = task(function)
    assert ask(made) == ask(made.with_options(name="made")) == ask(functools.partial(made)) == ask(function)


def test_an_object_that_is_awaited_makes_a_coroutine_function() -> None:
    assert is_async_callable(AsyncCaller())
    assert inspect.iscoroutinefunction(task(AsyncCaller()))


@pytest.mark.parametrize("ask", [inspect.iscoroutinefunction, asyncio.iscoroutinefunction, is_async_callable])
def test_a_task_in_a_class_is_a_coroutine_function(ask: Callable[[Any], bool]) -> None:
    assert ask(Shop.awaited)
    assert ask(Shop().awaited)
    assert ask(Shop.static)
    assert ask(Shop().static)


@pytest.mark.parametrize("function", [many, bare, mixed])
def test_the_defaults_of_a_task_are_those_of_its_function(function: Any) -> None:
    made: Any = task(function)
    assert (made.__defaults__, made.__kwdefaults__) == (function.__defaults__, function.__kwdefaults__)
    assert made.__code__ is function.__code__


def test_defaults_are_read_anew_each_time() -> None:
    def function(a: int = 1) -> None: ...

    made: Any = task(function)
    function.__defaults__ = (5,)
    assert made.__defaults__ == (5,)


@pytest.mark.parametrize("name", ["__code__", "__defaults__", "__kwdefaults__"])
def test_a_task_does_not_have_what_its_function_does_not_have(name: str) -> None:
    assert not hasattr(task(Caller()), name)
    assert not hasattr(Task, name)
