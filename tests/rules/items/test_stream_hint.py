"""A stream that is taken for a list, or read with the other kind of loop: the error says what it is."""

from typing import Any

import anyio
import pytest

from flowdeco import task, workflow

OF_ASYNC = (
    "The items of 'number' come one by one, as stream= says: an async def receives an AsyncIterator, and reads it "
    "once, with 'async for item in number'. Without stream=, it is a list."
)
OF_PLAIN = (
    "The items of 'number' come one by one, as stream= says: a def receives an Iterator, and reads it once, with 'for "
    "item in number'. Without stream=, it is a list."
)


@task(each={"x": "xs"})
async def number(x: int) -> int:
    return x


async def loop(number: Any) -> Any:
    for each in number:
        return each
    return None


async def take_all(number: Any) -> Any:
    return list(number)


async def awaited(number: Any) -> Any:
    return await number


async def add(number: Any) -> Any:
    return number + 1


async def unpack(number: Any) -> Any:
    first, second = number
    return first, second


async def yielding(number: Any) -> Any:
    for each in number:
        yield each


def count(number: Any) -> int:
    return len(number)


def first(number: Any) -> Any:
    return number[0]


def append(number: Any) -> None:
    number.append(1)


def loop_async(number: Any) -> Any:
    async def collect() -> list[Any]:
        return [each async for each in number]

    return anyio.run(collect)


async def error_of(function: Any) -> BaseException:
    reader = task(function, name="reader", stream="number")

    @workflow(needs={"reader": reader})
    def w(xs: list[int], reader: Any) -> None: ...

    with pytest.raises((TypeError, AttributeError)) as caught:
        await w.call([1, 2])
    return caught.value


@pytest.mark.parametrize("function", [loop, take_all, awaited, add, unpack, yielding])
async def test_an_async_def_reads_with_async_for(function: Any) -> None:
    assert (await error_of(function)).__notes__ == ["Raised by task 'reader' of workflow 'w'.", OF_ASYNC]


@pytest.mark.parametrize("function", [count, first, append, loop_async])
async def test_a_def_reads_with_for(function: Any) -> None:
    assert (await error_of(function)).__notes__ == ["Raised by task 'reader' of workflow 'w'.", OF_PLAIN]


def elsewhere(number: Any) -> None:
    [].nothing  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("function", [elsewhere])
async def test_another_error_says_nothing_of_it(function: Any) -> None:
    assert (await error_of(function)).__notes__ == ["Raised by task 'reader' of workflow 'w'."]


async def test_nor_does_that_of_a_task_without_a_stream() -> None:
    @task
    def reader(number: Any) -> None:
        raise TypeError("'Items' object is not subscriptable")

    @workflow
    def w(xs: list[int], reader: Any) -> None: ...

    with pytest.raises(TypeError) as caught:
        await w.call([1, 2])
    assert caught.value.__notes__ == ["Raised by task 'reader' of workflow 'w'."]


async def test_where_all_errors_come_together_each_says_it() -> None:
    reader = task(count, name="reader", stream="number")

    @workflow(keep_going=True, needs={"reader": reader})
    def w(xs: list[int], reader: Any) -> None: ...

    with pytest.raises(ExceptionGroup) as caught:
        await w.call([1, 2])
    (error,) = caught.value.exceptions
    assert error.__notes__ == ["Raised by task 'reader' of workflow 'w'.", OF_PLAIN]
