"""`override` where tasks run once for each item: of a task, of a source, of one output, also within other workflows."""

from typing import Any

import pytest

from flowdeco import Outcome, OutputError, UnequalLengthsError, UnknownTaskError, task, value, workflow
from tests.support.naming import mention


@task
async def numbers(most: int) -> list[int]:
    return list(range(most))


@task(each={"number": numbers}, outputs=("low", "high"))
async def bounds(number: int) -> dict[str, int]:
    return {"low": number - 1, "high": number + 1}


@task(each=["low", "high"])
async def span(low: int, high: int) -> int:
    return high - low


def double(number: int) -> tuple[int, int]:
    return number, 2 * number


def negative(number: int) -> int:
    return -number


@workflow
async def w(most: int, low: list[int], high: list[int], span: list[int]) -> Any:
    return low, high, span


async def test_a_value_is_the_whole_list_and_its_items_go_on_one_by_one() -> None:
    fake = w.override(bounds=[{"low": 5, "high": 7}, (1, 4)])
    assert await fake(2) == ([5, 1], [7, 4], [2, 3])
    assert await w.override(bounds=[])(2) == ([], [], [])


async def test_a_value_for_one_output_is_the_list_of_that() -> None:
    assert await w.override(low=[0, 0])(2) == ([0, 0], [1, 2], [1, 2])
    with pytest.raises(UnequalLengthsError, match="task 'low' has 1 of them, and 'high' of task 'bounds' has 2"):
        await w.override(low=[0])(2)


async def test_a_function_runs_for_each_item_whatever_it_takes_of_them() -> None:
    assert await w.override(bounds=double)(3) == ([0, 1, 2], [0, 2, 4], [0, 1, 2])
    assert await w.override(bounds=lambda: (1, 2))(3) == ([1, 1, 1], [2, 2, 2], [1, 1, 1])
    assert await w.override(low=negative)(2) == ([0, -1], [1, 2], [1, 3])


async def test_a_task_comes_with_its_own_each() -> None:
    mapped = task(double, name="mapped", each={"number": value([7])}, outputs=("low", "high"))
    whole = task(lambda: ([1, 2], [4, 8]), name="whole", outputs=("low", "high"))
    assert await w.override(bounds=mapped)(2) == ([7], [14], [7])
    assert await w.override(bounds=whole)(2) == ([1, 2], [4, 8], [3, 6])


async def test_a_source_may_be_a_value_a_function_or_one_that_yields() -> None:
    def yielding(most: int) -> Any:
        yield from (10 * number for number in range(most))

    def listing(most: int) -> list[int]:
        return [most]

    assert await w.override(numbers=[3])(9) == ([2], [4], [2])
    assert await w.override(numbers=listing)(9) == ([8], [10], [2])
    assert await w.override(numbers=yielding)(2) == ([-1, 9], [1, 11], [2, 2])
    with pytest.raises(UnknownTaskError, match="'most' is an input"):
        w.override(most=3)


async def test_those_within_are_reached() -> None:
    @workflow
    async def outer(most: int, w: Any) -> Any:
        return w

    mention(w)
    assert await outer.override(numbers=[3])(9) == ([2], [4], [2])
    assert await outer.override(bounds=[(1, 4)])(9) == ([1], [4], [3])


async def test_a_workflow_for_each_item_is_replaced_for_each_item() -> None:
    @workflow(each={"number": numbers})
    async def one(number: int) -> int:
        return number

    @workflow(tasks=[one])
    async def outer(most: int, one: list[int]) -> list[int]:
        return one

    mention(numbers)
    assert await outer(3) == [0, 1, 2]
    assert await outer.override(one=negative)(3) == [0, -1, -2]
    assert await outer.override(one=lambda: 5)(3) == [5, 5, 5]
    assert await outer.override(one=[8])(3) == [8]


async def test_what_is_settled_is_an_outcome_also_of_a_value() -> None:
    @task(each={"number": numbers})
    async def half(number: int) -> float:
        return number / 2

    @task(each={"half": half}, settled="half")
    async def told(half: Outcome[float]) -> Any:
        return half.task, half.value

    @workflow(settled="half", tasks=[half, told])
    async def both(most: int, half: list[Outcome[float]], told: list[Any]) -> Any:
        return [(each.task, each.index, each.value) for each in half], told

    real = [("half", 0, 0.0), ("half", 1, 0.5)], [("half", 0.0), ("half", 0.5)]
    assert await both(2) == real
    assert await both.override(half=[0.0, 0.5])(9) == real


async def test_an_item_of_what_a_task_gives_may_be_received_as_an_outcome() -> None:
    @task(each={"number": numbers}, settled="number")
    async def told(number: Outcome[int]) -> Any:
        return number.task, number.index, number.value

    @workflow(tasks=[told])
    async def outer(most: int, told: list[Any]) -> Any:
        return told

    assert await outer(2) == [("numbers", 0, 0), ("numbers", 1, 1)]
    assert await outer.override(numbers=[7])(2) == [("numbers", 0, 7)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            [{"low": 5}],
            (
                "Cannot take the outputs 'low', 'high' of task 'bounds': the result has no 'high'. "
                "Return a mapping with these keys, or a sequence of 2."
            ),
        ),
        (
            5,
            (
                "Cannot take the outputs of task 'bounds' for each item: 5 is no list. "
                "Give a list with one result for each item."
            ),
        ),
    ],
    ids=["part", "number"],
)
def test_a_value_that_lacks_outputs_is_refused_when_it_is_given(given: Any, reason: str) -> None:
    with pytest.raises(OutputError) as caught:
        w.override(bounds=given)
    assert str(caught.value) == reason
