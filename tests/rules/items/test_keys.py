"""`key=` names an item, for the record."""

from __future__ import annotations

from typing import Any

import pytest

from flowdeco import ItemKeyError, task, workflow


async def keys_of(step: Any, *numbers: Any) -> list[Any]:
    @workflow(needs={"step": step})
    def w(numbers: Any, step: Any) -> None: ...

    run = await w.run_async(numbers)
    return [item.key for item in run.tasks[step].items]


async def test_it_is_called_with_what_the_task_receives() -> None:
    def name(numbers: int) -> str:
        return f"n{numbers}"

    def follow(ten: int) -> int:
        return ten + 1

    @task(each="numbers", key=name)
    async def tens(numbers: int) -> int:
        return 10 * numbers

    @task(each={"ten": tens}, key=follow)
    def more(ten: int) -> int:
        return ten

    assert await keys_of(tens, 3, 4) == ["n3", "n4"]
    assert await keys_of(more, 3, 4) == [31, 41]


async def test_it_may_ask_for_the_item_its_index_and_inputs() -> None:
    def name(low: int, item: Any, index: int, numbers: Any) -> Any:
        return low, item, index, len(numbers)

    @task(each={("low", "high"): "numbers"}, key=name)
    async def span(low: int, high: int) -> int:
        return high - low

    assert await keys_of(span, (1, 2), (3, 5)) == [(1, (1, 2), 0, 2), (3, (3, 5), 1, 2)]


async def test_a_failed_item_is_known_by_its_key() -> None:
    def negate(numbers: int) -> int:
        return -numbers

    @task(each="numbers", key=negate, retries=1)
    async def check(numbers: int) -> None:
        raise ValueError

    @workflow
    def w(numbers: Any, check: Any) -> None: ...

    run = await w.run_async([7])
    assert [(failure.index, failure.key) for failure in run.errors] == [(0, -7), (0, -7)]


async def test_two_items_with_the_same_key_are_an_error() -> None:
    def remainder(numbers: int) -> int:
        return numbers % 3

    @task(each="numbers", key=remainder)
    async def check(numbers: int) -> None: ...

    @workflow
    def w(numbers: Any, check: Any) -> None: ...

    with pytest.raises(ItemKeyError) as caught:
        await w.call([0, 1, 2, 3])
    text = "Cannot run task 'check' for item 3: its key= gives 0, as for item 0. Give each item a key of its own."
    assert str(caught.value) == text
    assert caught.value.indices == (0, 3)
