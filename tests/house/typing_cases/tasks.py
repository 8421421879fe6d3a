"""What type checkers make of `task` and of tasks."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, assert_type

from flowdeco import Task, task


@task
def plain(number: int, *, text: str = "") -> float:
    return number / 2


@task
async def awaited(number: int) -> float:
    return number / 2


@task()
def without_options(number: int) -> float:
    return number / 2


@task(name="named", timeout=5, needs={"number": "plain"}, after=[plain, "awaited"], outputs=("a", "b"))
def with_options(number: int) -> tuple[float, float]:
    return number, number


@task
def generator(number: int) -> Iterator[int]:
    yield number


@task
async def async_generator(number: int) -> AsyncIterator[int]:
    yield number


class Shop:
    def price(self, item: str) -> float:
        return 1.0


def check_a_call_of_a_task_is_that_of_its_function() -> None:
    assert_type(plain(1), float)
    assert_type(plain(1, text="a"), float)
    assert_type(without_options(1), float)
    assert_type(with_options(1), tuple[float, float])
    assert_type(generator(1), Iterator[int])
    assert_type(async_generator(1), AsyncIterator[int])


async def check_an_async_task_is_awaited_like_its_function() -> None:
    assert_type(await awaited(1), float)


def check_a_task_made_by_a_call_has_the_function_s_type() -> None:
    def function(text: str) -> int:
        return len(text)

    assert_type(task(function)("a"), int)
    assert_type(task(function, name="other", timeout=None)("a"), int)
    assert_type(task(Shop().price)("tea"), float)
    assert_type(task(lambda: 1)(), int)


def check_with_options_keeps_the_type() -> None:
    assert_type(plain.with_options(name="other", timeout=1.5)(1), float)
    assert_type(plain.with_options(needs={"number": [awaited, "plain"]}, after=awaited, outputs=None)(1), float)


def check_what_a_task_tells() -> None:
    assert_type(plain.name, str | None)
    assert_type(plain.timeout, float | None)
    assert_type(plain.outputs, tuple[str, ...])


def check_a_task_fits_where_its_function_does() -> None:
    function: Callable[[int], float] = plain
    assert_type(function(1), float)
    coroutine_function: Callable[[int], Coroutine[Any, Any, float]] = awaited
    coroutine_function(1).close()


def check_a_task_has_a_type_to_write_down() -> None:
    tasks: list[Task[..., Any]] = [plain, awaited, generator]
    assert_type(tasks[0](1), Any)


def check_a_blocking_call_of_a_task_gives_its_result() -> None:
    assert_type(plain.call_sync(1), float)
    assert_type(awaited.call_sync(1), float)
    assert_type(async_generator.call_sync(1), list[int])


async def check_a_call_of_a_task_is_awaited_and_gives_its_result() -> None:
    assert_type(await plain.call(number=1, text="a"), float)
    assert_type(await awaited.call(1), float)
    assert_type(await async_generator.call(1), list[int])
    assert_type(await plain.with_options(timeout=5).call(1), float)
