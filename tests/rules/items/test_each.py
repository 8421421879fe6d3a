"""`each=` runs a task once for every item: of a list, of whatever can be iterated, of what a task gives."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import Skip, task, value, workflow


class Indexed:
    """A sequence as of old: what it has is only known by asking for it."""

    def __init__(self, values: list[int]) -> None:
        self._values = values

    def __getitem__(self, index: int) -> int:
        return self._values[index]


@pytest.mark.parametrize(
    "kind",
    [list, tuple, dict.fromkeys, deque, set, frozenset, iter, Indexed],
    ids=lambda kind: kind.__name__,
)
async def test_an_input_that_can_be_iterated_is_mapped_in_its_order(kind: Callable[[list[int]], Any]) -> None:
    expected = [number * 10 for number in kind([3, 1, 2])]

    @task(each="numbers")
    async def tens(numbers: int) -> int:
        return numbers * 10

    @workflow
    def w(numbers: Any, tens: list[int]) -> list[int]:
        return tens

    assert await w.call(kind([3, 1, 2])) == expected


async def test_what_a_task_gives_is_mapped_under_the_name_of_a_parameter() -> None:
    @task
    async def pages() -> list[str]:
        return ["a", "bb"]

    @task(each={"page": pages})
    async def length(page: str) -> int:
        return len(page)

    @workflow
    def w(length: list[int]) -> list[int]:
        return length

    assert await w.call() == [1, 2]


async def test_a_value_is_mapped() -> None:
    @task(each={"x": value([1, 2, 3])})
    async def double(x: int) -> int:
        return 2 * x

    @workflow
    def w(double: list[int]) -> list[int]:
        return double

    assert await w.call() == [2, 4, 6]


@pytest.mark.parametrize("run_in", [None, "thread", "loop"])
async def test_a_def_is_mapped_where_it_runs(run_in: Any) -> None:
    @task(each="numbers", run_in=run_in)
    def tens(numbers: int) -> int:
        return numbers * 10

    @task(each={"x": tens}, run_in=run_in)
    def more(x: int) -> int:
        return x + 1

    @workflow
    def w(numbers: list[int], more: list[int]) -> list[int]:
        return more

    assert await w.call(list(range(500))) == [10 * number + 1 for number in range(500)]


async def test_nothing_to_map_gives_an_empty_list() -> None:
    @task(each="numbers")
    async def tens(numbers: int) -> int:
        raise AssertionError

    @task(each={"ten": tens})
    def more(ten: int) -> int:
        raise AssertionError

    @workflow
    def w(numbers: list[int], tens: list[int], more: list[int]) -> Any:
        return tens, more

    assert await w.call([]) == ([], [])


async def test_an_item_goes_on_while_others_wait() -> None:
    """Of two stages on one axis the second begins for an item as soon as the first has ended for it."""
    reached, last = anyio.Event(), 8

    @task(each="numbers")
    async def first(numbers: int) -> int:
        if numbers == last:
            await reached.wait()
        return numbers

    @task(each={"number": first})
    async def second(number: int) -> int:
        if number == last - 1:
            reached.set()
        return number

    @workflow
    def w(numbers: list[int], second: list[int]) -> list[int]:
        return second

    with anyio.fail_after(60):
        assert await w.call(list(range(last + 1))) == list(range(last + 1))


async def test_the_order_is_that_of_the_source_however_the_items_end() -> None:
    ended = [anyio.Event() for _ in range(4)]

    @task(each="numbers")
    async def wait(numbers: int) -> int:
        if numbers + 1 < len(ended):
            await ended[numbers + 1].wait()
        ended[numbers].set()
        return numbers

    @workflow
    def w(numbers: list[int], wait: list[int]) -> list[int]:
        return wait

    with anyio.fail_after(60):
        assert await w.call([0, 1, 2, 3]) == [0, 1, 2, 3]


async def test_who_needs_the_whole_begins_when_that_stage_has_ended_for_all_items() -> None:
    """Also while another stage of the same axis has not."""
    begun = anyio.Event()

    @task(each="numbers")
    async def quick(numbers: int) -> int:
        return numbers

    @task(each="numbers")
    async def slow(numbers: int) -> int:
        await begun.wait()
        return numbers

    @task
    async def total(quick: list[int]) -> int:
        begun.set()
        return sum(quick)

    @workflow
    def w(numbers: list[int], total: int, slow: list[int]) -> Any:
        return total, slow

    with anyio.fail_after(60):
        assert await w.call([1, 2, 3]) == (6, [1, 2, 3])


async def test_a_parameter_outside_of_each_gets_the_whole() -> None:
    @task
    async def names() -> list[str]:
        return ["a", "b"]

    @task
    async def rate() -> int:
        return 3

    @task(each={"name": names})
    async def shout(name: str, names: list[str], rate: int) -> Any:
        return name * rate, len(names)

    @workflow
    def w(shout: list[Any]) -> list[Any]:
        return shout

    assert await w.call() == [("aaa", 2), ("bbb", 2)]


async def test_after_a_mapped_task_waits_for_all_of_it() -> None:
    seen: list[int] = []

    @task(each="numbers")
    async def note(numbers: int) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(numbers)

    @task(after=note)
    async def count() -> int:
        return len(seen)

    @workflow
    def w(numbers: list[int], count: int) -> int:
        return count

    assert await w.call(list(range(20))) == 20


async def test_a_stage_may_need_the_whole_of_another_of_its_axis() -> None:
    @task(each="numbers")
    async def size(numbers: int) -> int:
        return numbers

    @task
    def mean(size: list[int]) -> float:
        return sum(size) / len(size)

    @task(each={"one": size})
    async def scaled(one: int, mean: float, numbers: list[int]) -> float:
        return one - mean + len(numbers)

    @workflow
    def w(numbers: list[int], scaled: list[float]) -> list[float]:
        return scaled

    count = 1001  # more than may be begun and unfinished
    assert await w.call(list(range(count))) == [number - 500 + count for number in range(count)]


async def test_skip_leaves_an_item_out() -> None:
    @task(each="numbers")
    async def odd(numbers: int) -> int:
        if numbers % 2 == 0:
            raise Skip("even")
        return numbers

    @task(each={"number": odd})
    async def text(number: int) -> str:
        return str(number)

    @workflow
    def w(numbers: list[int], odd: list[int], text: list[str]) -> Any:
        return odd, text

    assert await w.call(list(range(6))) == ([1, 3, 5], ["1", "3", "5"])


async def test_a_parameter_with_a_default_takes_that_for_a_skipped_item() -> None:
    @task(each="numbers")
    async def odd(numbers: int) -> int:
        if numbers % 2 == 0:
            raise Skip
        return numbers

    @task(each={"number": odd})
    async def text(number: int = -1) -> str:
        return str(number)

    @workflow
    def w(numbers: list[int], text: list[str]) -> Any:
        return text

    assert await w.call(list(range(4))) == ["-1", "1", "-1", "3"]


async def test_one_item_may_be_mapped_for_its_own_sake() -> None:
    """The function may lack the parameter."""
    calls: list[int] = []

    @task(each="numbers")
    async def tick(numbers: int) -> int:
        return numbers

    @workflow
    def w(numbers: list[int], tick: list[int]) -> int:
        calls.append(1)
        return len(tick)

    assert await w.call([1, 2]) == 2
    assert calls == [1]


async def test_items_of_a_def_run_at_the_same_time_also_those_that_begin_later() -> None:
    barrier = threading.Barrier(2, timeout=60)

    @task(each="numbers", ahead=2)
    def meet(numbers: int) -> int:
        barrier.wait()
        return numbers

    @workflow
    def w(numbers: list[int], meet: list[int]) -> list[int]:
        return meet

    assert await w.call(range(8)) == list(range(8))


async def test_the_items_of_a_def_and_of_an_async_def_hand_over_to_each_other() -> None:
    @task(each="numbers")
    def in_thread(numbers: int) -> int:
        return threading.get_ident()

    @task(each={"number": in_thread})
    async def on_loop(number: int) -> bool:
        return number == threading.get_ident()

    @task(each={"here": on_loop})
    def again(here: bool) -> bool:
        return here

    @workflow
    def w(numbers: list[int], again: list[bool]) -> list[bool]:
        return again

    assert await w.call(range(300)) == [False] * 300


async def test_a_chain_of_many_stages_is_gone_through_item_by_item() -> None:
    steps: list[Any] = []
    for _ in range(300):
        source = steps[-1] if steps else "numbers"

        async def step(x: int) -> int:
            return x + 1

        steps.append(task(step, name=f"step{len(steps)}", each={"x": source}))

    @workflow(needs={"last": steps[-1]})
    def w(numbers: list[int], last: list[int]) -> list[int]:
        return last

    assert await w.call([0, 5]) == [300, 305]
