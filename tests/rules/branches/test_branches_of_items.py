"""A branch that is not taken costs nothing, also where it has mapped tasks and tasks that read a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from flowdeco import Status, task, workflow
from tests.support.naming import mention
from tests.support.outcomes import plain, statuses_of

SOON = 60

each_choice = pytest.mark.parametrize("wanted", [True, False])
each_way = pytest.mark.parametrize("run_in", [None, "loop"])


def make_source(kind: str, log: list[str]) -> Any:
    """Return what gives three numbers: an input, or a task."""

    def give() -> list[int]:
        log.append("source")
        return [1, 2, 3]

    def give_each() -> Iterator[int]:
        log.append("source")
        yield from (1, 2, 3)

    return {"input": "numbers", "list": task(give, name="source"), "generator": task(give_each, name="source")}[kind]


@pytest.mark.parametrize("kind", ["input", "list", "generator"])
@each_choice
@each_way
async def test_mapped_tasks_that_only_it_needs_run_when_it_is_taken(wanted: bool, kind: str, run_in: Any) -> None:
    log: list[str] = []

    @task
    async def rate() -> int:
        log.append("rate")
        return 10

    @task(each={"number": make_source(kind, log)}, run_in=run_in)
    def double(number: int, rate: int) -> int:
        log.append("double")
        return 2 * number * rate

    @task(each={"double": double}, run_in=run_in, ahead=1)
    def text(double: int) -> str:
        return f"<{double}>"

    @task(when=plain(lambda wanted: wanted))
    async def report(text: list[str]) -> str:
        return "".join(text)

    @workflow
    async def w(wanted: bool, numbers: list[int], report: str = "none") -> str:
        return report

    mention(text, rate, report)
    with anyio.fail_after(SOON):
        run = await w.run(wanted, [1, 2, 3])
        assert await w.call(wanted, [1, 2, 3]) == run.result
    if wanted:
        assert run.result == "<20><40><60>"
        return
    assert run.result == "none"
    assert log == []
    assert set(statuses_of(run).values()) == {"skipped"}
    assert {record.reason for name, record in run.tasks.items() if name != "report"} == {"not needed"}
    assert len(run.tasks["double"].items) == 0


@pytest.mark.parametrize("taken", ["left", "right", "both", "none"])
async def test_of_two_branches_over_the_same_items_the_result_is_that_of_those_taken(taken: str) -> None:
    seen: list[str] = []

    @task(each={"number": "numbers"})
    async def slow(number: int) -> int:
        seen.append("slow")
        return number

    @task(each={"number": "numbers"})
    async def fast(number: int) -> int:
        seen.append("fast")
        return -number

    @task(when=plain(lambda taken: taken in ("left", "both")))
    async def left(slow: list[int]) -> int:
        return sum(slow)

    @task(when=plain(lambda taken: taken in ("right", "both")))
    async def right(fast: list[int]) -> int:
        return sum(fast)

    @workflow
    def w(numbers: list[int], taken: str, left: int = 0, right: int = 0) -> list[int]:
        return [left, right]

    mention(left, right, slow, fast)
    with anyio.fail_after(SOON):
        found = await w.call(range(4), taken)
    assert found == [6 if taken in ("left", "both") else 0, -6 if taken in ("right", "both") else 0]
    assert seen or taken == "none"
    assert not (seen and taken == "none")


async def test_what_the_body_needs_of_the_same_items_runs_whatever_the_branch_waits_for() -> None:
    @task(each={"number": "numbers"}, ahead=2)
    async def first(number: int) -> int:
        return number

    @task(each={"first": first})
    async def second(first: int) -> int:
        return -first

    @task(needs={"numbers": first})
    async def many(numbers: list[int]) -> bool:
        return len(numbers) > 20

    @task(when=many)
    async def report(second: list[int]) -> int:
        return sum(second)

    @workflow
    def w(numbers: list[int], first: list[int], report: int = 1) -> Any:
        return len(first), report

    mention(report, second)
    with anyio.fail_after(SOON):
        assert await w.call(range(10)) == (10, 1)
        assert await w.call(range(30)) == (30, -435)


@each_choice
@pytest.mark.parametrize("kind", ["list", "generator"])
async def test_who_reads_a_stream_for_it_begins_when_it_is_taken(wanted: bool, kind: str) -> None:
    log: list[str] = []
    source = make_source(kind, log)

    @task(each={"number": source})
    async def double(number: int) -> int:
        return 2 * number

    @task(stream="double")
    async def total(double: AsyncIterator[int]) -> int:
        return sum([each async for each in double])

    @task(stream="numbers", needs={"numbers": make_source("generator", log)})
    def other(numbers: Iterator[int]) -> int:
        return sum(numbers)

    @task(when=plain(lambda wanted: wanted))
    async def report(total: int, other: int) -> int:
        return total + other

    @workflow
    async def w(wanted: bool, report: int = 0) -> int:
        return report

    mention(total, other, report)
    with anyio.fail_after(SOON):
        assert await w.call(wanted) == (18 if wanted else 0)
    assert bool(log) == wanted


async def test_items_do_not_wait_for_a_reader_that_may_never_be_demanded() -> None:
    @task
    async def numbers() -> AsyncIterator[int]:
        for number in range(20):
            yield number

    @task(each={"number": numbers}, ahead=2)
    async def double(number: int) -> int:
        return 2 * number

    @task(stream="double")
    async def total(double: AsyncIterator[int]) -> int:
        return sum([each async for each in double])

    @task(needs={"doubles": double})
    async def many(doubles: list[int], least: int) -> bool:
        return len(doubles) >= least

    @task(when=many)
    async def report(total: int) -> int:
        return total

    @workflow
    async def w(least: int, double: list[int], report: int = 0) -> int:
        return report

    mention(total, report)
    with anyio.fail_after(SOON):
        assert await w.call(10) == 380
        assert await w.call(30) == 0


async def test_a_branch_needs_what_needs_the_whole_of_its_own_items() -> None:
    @task(each={"number": "numbers"}, ahead=1)
    async def size(number: int) -> int:
        return number

    @task(needs={"sizes": size})
    async def most(sizes: list[int]) -> int:
        return max(sizes)

    @task(each={"size": size})
    async def scaled(size: int, most: int) -> float:
        return size / most

    @task(when=plain(lambda wanted: wanted))
    async def report(scaled: list[float]) -> float:
        return sum(scaled)

    @workflow
    async def w(numbers: list[int], wanted: bool, report: float = 0) -> float:
        return report

    mention(report, scaled, most)
    with anyio.fail_after(SOON):
        assert await w.call([1, 2, 1], True) == 2
        run = await w.run([1, 2, 1], False)
    assert run.result == 0
    assert {record.status for record in run.tasks.values()} == {Status.SKIPPED}


@each_choice
async def test_an_item_whose_condition_is_true_demands_mapped_tasks(wanted: bool) -> None:
    seen: list[int] = []

    @task(each={"word": "words"})
    async def weight(word: str) -> int:
        seen.append(len(word))
        return len(word)

    def is_large(number: int, least: int) -> bool:
        return number >= least

    @task(each={"number": "numbers"}, when=is_large, needs={"weights": weight})
    async def weigh(number: int, weights: list[int]) -> int:
        return number * sum(weights)

    @workflow
    async def w(numbers: list[int], words: list[str], least: int, weigh: list[int]) -> list[int]:
        return weigh

    mention(weigh)
    with anyio.fail_after(SOON):
        found = await w.call([1, 2], ["a", "bc"], 2 if wanted else 3)
    assert (found, seen) == (([6], [1, 2]) if wanted else ([], []))
