"""What options, overrides and kinds of functions mean where a task is run for items."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import Any

import anyio
import pytest

from flowdeco import MissingDependencyError, Run, State, Status, task, value, workflow


@task(each="numbers")
async def tens(numbers: int) -> int:
    return 10 * numbers


@task(each={"ten": tens})
async def text(ten: int) -> str:
    return f"<{ten}>"


@workflow
def w(numbers: list[int], tens: list[int], text: list[str]) -> Any:
    return tens, text


async def test_a_function_that_overrides_is_called_for_each_item() -> None:
    def negate(numbers: int) -> int:
        return -numbers

    assert await w.override(tens=negate).call([1, 2]) == ([-1, -2], ["<-1>", "<-2>"])


async def test_a_value_that_overrides_stands_for_all_items() -> None:
    assert await w.override(tens=[7, 8, 9]).call([1]) == ([7, 8, 9], ["<7>", "<8>", "<9>"])


async def test_a_source_can_be_overridden() -> None:
    @task
    async def source() -> list[int]:
        raise AssertionError

    @task(each={"number": source})
    async def double(number: int) -> int:
        return 2 * number

    @workflow
    def doubled(double: list[int]) -> list[int]:
        return double

    assert await doubled.override(source=[1, 2]).call() == [2, 4]


async def test_with_options_maps_a_task_and_changes_what_it_is_mapped_over() -> None:
    @task
    async def double(number: int) -> int:
        return 2 * number

    some = double.with_options(each={"number": value([1, 2])})
    others = some.with_options(each={"number": value([3])}, name="others")

    @workflow(needs={"some": some, "others": others})
    def both(some: list[int], others: list[int]) -> Any:
        return some, others

    assert await both.call() == ([2, 4], [6])


async def test_an_output_of_each_result_is_mapped_and_listed() -> None:
    @task(each="numbers", outputs=("low", "high"))
    async def bounds(numbers: int) -> dict[str, int]:
        return {"low": numbers - 1, "high": numbers + 1}

    @task(each=["low", "high"])
    async def span(low: int, high: int) -> int:
        return high - low

    @workflow
    def spans(numbers: list[int], low: list[int], span: list[int]) -> Any:
        return low, span

    assert await spans.call([5, 6]) == ([4, 5], [2, 2])


@pytest.mark.parametrize("run_in", ["process", "executor"])
async def test_items_run_elsewhere(run_in: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        root = task(pow, name="root", each={"base": value([2, 3])}, needs={"exp": value(2), "mod": value(None)})
        elsewhere = root.with_options(run_in=pool if run_in == "executor" else "process")

        @workflow(needs={"roots": elsewhere})
        def squares(roots: list[int]) -> list[int]:
            return roots

        assert await squares.call() == [4, 9]


async def test_generators_give_a_list_for_each_item() -> None:
    @task(each="numbers")
    def up_to(numbers: int) -> Any:
        yield from range(numbers)

    @task(each={"numbers": up_to})
    async def total(numbers: list[int]) -> Any:
        for number in numbers:
            yield number + 1

    @workflow
    def totals(numbers: list[int], total: Any) -> Any:
        return total

    assert await totals.call([0, 1, 3]) == [[], [1], [1, 2, 3]]


async def test_methods_and_partials_are_mapped() -> None:
    class Scale:
        def __init__(self, factor: int) -> None:
            self.factor = factor

        async def times(self, number: int) -> int:
            return number * self.factor

    async def plus(more: int, number: int) -> int:
        return number + more

    times = task(Scale(3).times, each={"number": value([1, 2])})
    added = task(partial(plus, 5), name="added", each={"number": times})

    @workflow(needs={"added": added})
    def numbers(added: list[int]) -> list[int]:
        return added

    assert await numbers.call() == [8, 11]


async def test_every_item_has_context_variables_of_its_own() -> None:
    seen: ContextVar[int] = ContextVar("seen", default=0)

    @task(each="numbers")
    async def look(numbers: int) -> int:
        before = seen.get()
        seen.set(numbers)
        await anyio.lowlevel.checkpoint()
        return before * 100 + seen.get()

    @workflow
    def looks(numbers: list[int], look: list[int]) -> list[int]:
        return look

    assert await looks.call([1, 2, 3]) == [1, 2, 3]


async def test_items_write_to_the_state() -> None:
    class Sum(State):
        total: int = 0

    @task(each="numbers")
    def add(numbers: int, state: Sum) -> None:
        state.update("total", lambda total: total + numbers)

    @workflow(state=Sum)
    def adds(numbers: list[int], add: list[None], state: Sum) -> int:
        return state.total

    assert await adds.call(range(100)) == 4950


async def test_a_kept_run_has_all_items_and_the_whole() -> None:
    run: Run[Any] = await w.run_async([1, 2])
    assert run.tasks[tens].result == [10, 20]
    assert [(item.index, item.status, item.result) for item in run.tasks["text"].items] == [
        (0, Status.COMPLETED, "<10>"),
        (1, Status.COMPLETED, "<20>"),
    ]


async def test_hooks_are_told_of_each_item() -> None:
    told: list[Any] = []

    def tell(index: int, item: int, result: int) -> None:
        told.append((index, item, result))

    @task(each={"x": tens}, on_success=tell)
    async def double(x: int) -> int:
        return 2 * x

    @workflow
    def doubles(numbers: list[int], double: list[int]) -> None: ...

    await doubles.call([1, 2])
    assert told == [(0, 1, 20), (1, 2, 40)]


async def test_strict_hooks_fail_the_item_they_are_told_of() -> None:
    def veto(index: int) -> None:
        if index == 1:
            raise RuntimeError("no")

    @task(each="numbers", on_start=veto)
    async def note(numbers: int) -> int:
        return numbers

    @workflow(settled="note", hook_errors="raise")
    def notes(numbers: list[int], note: Any) -> Any:
        return [one.value for one in note], [str(one.error) for one in note if one.failed]

    values, errors = await notes.call([5, 6, 7])
    assert values == [5, None, 7]
    assert errors[0].startswith("no")


async def test_a_workflow_that_runs_within_another_has_items_of_its_own() -> None:
    @workflow
    def inner(numbers: list[int], tens: list[int]) -> int:
        return sum(tens)

    @workflow
    def outer(numbers: list[int], inner: int, text: list[str]) -> Any:
        return inner, text

    assert await outer.call([1, 2]) == (30, ["<10>", "<20>"])


async def test_defaults_of_the_workflow_hold_for_each_item() -> None:
    tries: list[int] = []

    @task(each="numbers")
    async def hard(numbers: int) -> int:
        tries.append(numbers)
        if tries.count(numbers) == 1:
            raise ValueError
        return numbers

    @workflow(defaults={"retries": 1})
    def tried(numbers: list[int], hard: list[int]) -> list[int]:
        return hard

    assert await tried.call([1, 2]) == [1, 2]
    assert sorted(tries) == [1, 1, 2, 2]


def test_a_plain_call_of_a_def_workflow_maps_as_well() -> None:
    assert w([1]) == ([10], ["<10>"])


def test_what_is_mapped_over_and_named_by_nothing_is_missing() -> None:
    @workflow
    def lacks(tens: list[int]) -> None: ...

    with pytest.raises(MissingDependencyError, match="task 'tens' needs 'numbers', and no task or input has that name"):
        lacks()
