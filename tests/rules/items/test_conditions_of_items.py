"""What only items need whose `when=` is true waits until it is true for one of them."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from flowdeco import Skip, Status, task, workflow


def make(limit: int, *, fails: str = "", run_in: Any = None, **options: Any) -> Any:
    """Return a workflow over numbers, of which those above a limit need the rate."""

    @task
    async def rate() -> int:
        if fails == "error":
            raise ValueError("no rate")
        if fails == "skip":
            raise Skip("no rate")
        return 10

    def large(number: int, low: int) -> bool:
        return number > limit + low

    @task
    async def low() -> int:
        return 0

    @task(each={"number": "numbers"}, when=large, run_in=run_in, **options)
    def times(number: int, rate: int) -> int:
        return number * rate

    @workflow
    def w(numbers: list[int], times: list[int]) -> list[int]:
        return times

    return w


@pytest.mark.parametrize("run_in", [None, "loop"])
async def test_it_runs_when_one_condition_is_true(run_in: Any) -> None:
    run = await make(2, run_in=run_in).run_async(range(5))
    assert run.result == [30, 40]
    assert run.tasks["rate"].status == Status.COMPLETED


@pytest.mark.parametrize("run_in", [None, "loop"])
async def test_it_does_not_run_when_none_is(run_in: Any) -> None:
    run = await make(7, run_in=run_in).run_async(range(5))
    assert run.result == []
    assert run.tasks["rate"].status == Status.SKIPPED
    assert run.tasks["rate"].reason == "not needed"
    assert run.tasks["low"].status == Status.COMPLETED


async def test_it_does_not_run_where_there_is_nothing_to_map() -> None:
    run = await make(2).run_async([])
    assert run.tasks["rate"].status == Status.SKIPPED


async def test_eager_has_it_run_in_any_case() -> None:
    run = await make(7, eager=True).run_async(range(5))
    assert run.tasks["rate"].status == Status.COMPLETED


async def test_more_items_than_may_be_under_way_wait_for_it() -> None:
    assert await make(-1, ahead=3).call(range(50)) == [10 * number for number in range(50)]


async def test_an_item_goes_on_without_it_where_its_condition_is_false() -> None:
    seen = anyio.Event()

    @task
    async def rate() -> int:
        await seen.wait()
        return 10

    def is_large(number: int) -> bool:
        return number > 2

    @task(each={"number": "numbers"}, when=is_large)
    async def times(number: int, rate: int) -> int:
        return number * rate

    @task(each={"time": times, "number": "numbers"})
    async def look(number: int, time: int = -1) -> int:
        if number == 2:
            seen.set()
        return time

    @workflow
    def w(numbers: list[int], look: list[int]) -> list[int]:
        return look

    with anyio.fail_after(60):
        assert await w.call(range(5)) == [-1, -1, -1, 30, 40]


async def test_its_error_is_that_of_the_run_and_its_skip_that_of_the_items() -> None:
    with pytest.raises(ValueError, match="no rate"):
        await make(2, fails="error").call(range(5))
    run = await make(2, fails="skip").run_async(range(5))
    assert run.result == []
    assert [item.reason for item in run.tasks["times"].items][3:] == ["'rate' was skipped: no rate"] * 2


async def test_a_run_that_is_cancelled_leaves_no_item_that_waits_for_it() -> None:
    @task
    async def rate() -> int:
        scope.cancel()
        await anyio.sleep_forever()
        return 1

    def is_wanted(number: int) -> bool:
        return number >= 0

    @task(each={"number": "numbers"}, when=is_wanted)
    async def times(number: int, rate: int) -> int:
        return number * rate

    @workflow
    def w(numbers: list[int], times: list[int]) -> list[int]:
        return times

    with anyio.fail_after(60), anyio.CancelScope() as scope:
        await w.call(range(5))
    assert scope.cancelled_caught
