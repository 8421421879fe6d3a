"""`check(types=True)` knows what a call gives."""

import functools
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from typing import Any

import pytest

from flowdeco import task, workflow
from tests.support.types_of_edges import fits, number, problems_of, text


def test_the_result_of_a_coroutine_function_is_what_it_returns() -> None:
    async def give() -> int:
        return 1

    def take_int(x: int) -> None: ...
    def take_str(x: str) -> None: ...

    assert fits(take_int, x=task(give))
    assert not fits(take_str, x=task(give))
    assert not fits(take_str, x=task(functools.partial(give)))


def test_an_awaitable_that_a_function_says_it_returns_is_awaited() -> None:
    async def inner() -> int:
        return 1

    def coroutine() -> Coroutine[Any, Any, int]:
        return inner()

    def awaitable() -> Awaitable[int]:
        return inner()

    def take_int(x: int) -> None: ...
    def take_str(x: str) -> None: ...

    for function in (coroutine, awaitable):
        assert fits(take_int, x=task(function))
        assert not fits(take_str, x=task(function))


def generator() -> Generator[int, None, str]:
    yield 1
    return "end"


def iterator() -> Iterator[int]:
    yield 1


def iterable() -> Iterable[int]:
    yield 1


async def async_generator() -> AsyncGenerator[int, None]:
    yield 1


async def async_iterator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [generator, iterator, iterable, async_generator, async_iterator])
def test_the_result_of_a_function_that_yields_is_a_list_of_the_items(function: Callable[[], Any]) -> None:
    def take_list(x: list[int]) -> None: ...
    def take_sequence(x: Sequence[float]) -> None: ...
    def take_strings(x: list[str]) -> None: ...
    def take_iterator(x: Iterator[int]) -> None: ...

    assert fits(take_list, x=task(function))
    assert fits(take_sequence, x=task(function))
    assert not fits(take_strings, x=task(function))
    assert not fits(take_iterator, x=task(function))


class Record:
    """A class that is a task itself."""

    number: str

    def __init__(self, x: int) -> None:
        self.x = x

    def method(self, x: int) -> str:
        return str(x)

    def __call__(self, x: int) -> bytes:
        return bytes(x)


def test_classes_methods_and_callable_objects_are_compared() -> None:
    def take_record(x: Record) -> None: ...
    def take_str(x: str) -> None: ...
    def take_bytes(x: bytes) -> None: ...

    record = Record(1)
    functions: list[Any] = [Record, record.method, record]
    for function, right in zip(functions, (take_record, take_str, take_bytes), strict=True):
        made = task(function, needs={"x": number})
        assert [take for take in (take_record, take_str, take_bytes) if fits(take, x=made)] == [right]
        assert not fits(function, x=text)


def test_a_wrapper_is_compared_by_what_it_wraps() -> None:
    def take_str(x: str) -> None: ...

    @functools.wraps(take_str)
    def wrapper(*args: Any) -> Any:
        return take_str(*args)

    assert fits(wrapper, x=text)
    assert not fits(wrapper, x=number)
    assert not fits(functools.lru_cache(take_str), x=number)


def test_a_workflow_within_a_workflow_is_compared_on_both_sides() -> None:
    @workflow(needs={"number": None})
    async def inside(number: str) -> bytes:
        return number.encode()

    @workflow
    def w(inside: bytes) -> bytes:
        return inside

    @workflow
    def other(inside: int) -> int:
        return inside

    assert [(p.function, p.parameter) for p in problems_of(w)] == [("inside", "number")]
    assert [(p.function, p.parameter) for p in problems_of(other)] == [("other", "inside"), ("inside", "number")]
