"""An iterator that is handed over is advanced as a task that yields is: one by one, held back, and closed."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after

from flowdeco import DigestError, UnequalLengthsError, task, workflow

SOON = 60


@task(each={"number": "numbers"}, ahead=3)
async def double(number: int) -> int:
    return 2 * number


@workflow
def w(numbers: Any, double: list[int]) -> list[int]:
    return double


async def awaited() -> AsyncIterator[int]:
    for number in range(5):
        yield number


class Rows:
    """What can be iterated, and has no length."""

    def __iter__(self) -> Iterator[int]:
        return iter(range(5))


MAKE: list[Callable[[], Any]] = [awaited, Rows, lambda: iter(range(5)), lambda: map(int, "01234"), lambda: range(5)]


@pytest.mark.parametrize("make", MAKE)
async def test_an_input_may_give_its_items_one_by_one(make: Callable[[], Any]) -> None:
    with fail_after(SOON):
        assert await w.call(make()) == [0, 2, 4, 6, 8]


async def test_a_plain_call_takes_an_iterator_too(backend: Any) -> None:
    name, options = backend
    chosen = w.with_options(backend=name, backend_options=options)
    assert await anyio.to_thread.run_sync(lambda: threading_call(chosen)) == [0, 2, 4]


def threading_call(chosen: Any) -> Any:
    """A plain call on a thread without an event loop."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(chosen(iter(range(3)))))
    thread.start()
    thread.join(SOON)
    return results[0]


async def test_an_endless_input_is_held_back_and_can_be_cancelled() -> None:
    given: list[int] = []
    closed, reached = threading.Event(), Event()

    def numbers() -> Iterator[int]:
        try:
            for number in count():
                given.append(number)
                yield number
        finally:
            closed.set()

    @task(each={"number": "numbers"}, ahead=3)
    async def wait(number: int) -> None:
        if number == 2:
            reached.set()
        await anyio.sleep_forever()

    @workflow
    def waiting(numbers: Any, wait: Any) -> None: ...

    with fail_after(SOON), CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(waiting.call, numbers())
            await reached.wait()
            scope.cancel()
    assert given == [0, 1, 2]
    assert closed.is_set()


async def test_the_error_of_an_input_fails_what_is_mapped_over_it() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise ConnectionError("no line")

    with pytest.raises(ConnectionError, match="no line"), fail_after(SOON):
        await w.call(numbers())


async def test_an_iterator_goes_in_step_with_a_list() -> None:
    @task(each=["a", "b"])
    async def pair(a: int, b: str) -> str:
        return f"{a}{b}"

    @workflow
    def pairs(a: Any, b: Any, pair: list[str]) -> list[str]:
        return pair

    assert await pairs.call(iter([1, 2]), ["x", "y"]) == ["1x", "2y"]
    with pytest.raises(UnequalLengthsError, match="input 'b' has 1 of them, and input 'a' has more"), fail_after(SOON):
        await pairs.call(count(), ["x"])


async def test_an_iterator_can_be_added_to() -> None:
    def count_on(result: int) -> list[int] | None:
        return [result + 1] if result < 5 else None

    @task(each={"number": "numbers"}, more=count_on)
    async def visit(number: int) -> int:
        return number

    @workflow
    def grown(numbers: Any, visit: list[int]) -> list[int]:
        return visit

    with fail_after(SOON):
        assert sorted(await grown.call(iter([1, 3]))) == [1, 2, 3, 4, 5]
    with pytest.raises(DigestError), fail_after(SOON):
        await grown.call(iter([object()]))


async def test_what_a_nested_workflow_returns_may_give_its_items_one_by_one() -> None:
    @workflow
    def numbers() -> Iterator[int]:
        return map(int, "012")

    @task(each={"number": numbers})
    async def triple(number: int) -> int:
        return 3 * number

    @workflow
    def outer(triple: list[int]) -> list[int]:
        return triple

    with fail_after(SOON):
        assert await outer.call() == [0, 3, 6]
