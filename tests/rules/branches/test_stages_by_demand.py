"""Of what is run for the same items, each stage is demanded by itself: one that no branch taken needs does not run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from anyio import Event

from flowdeco import Run, Task, task, workflow
from tests.support.naming import mention
from tests.support.outcomes import plain, statuses_of

SOON = 60

each_kind = pytest.mark.parametrize("kind", ["input", "iterator", "list", "generator", "async generator"])


def make_source(kind: str, count: int = 3) -> Any:
    """Return what gives numbers: an input, or a task."""

    def give() -> list[int]:
        return list(range(count))

    def give_each() -> Iterator[int]:
        yield from range(count)

    async def give_later() -> AsyncIterator[int]:
        for number in range(count):
            yield number

    kinds = {"list": give, "generator": give_each, "async generator": give_later}
    return task(kinds[kind], name="source") if kind in kinds else "numbers"


def make_input(kind: str, count: int = 3) -> Any:
    return iter(range(count)) if kind == "iterator" else range(count)


def make_stage(name: str, source: Any, log: list[str], **options: Any) -> Task[..., Any]:
    """Return a task that notes for each item that it ran."""

    async def act(number: Any) -> str:
        log.append(name)
        return f"{name}{number}"

    return task(act, name=name, each={"number": source}, **options)


@pytest.mark.parametrize("taken", ["left", "right", "both", "none"])
@each_kind
async def test_of_two_branches_over_the_same_items_only_what_is_taken_runs(taken: str, kind: str) -> None:
    log: list[str] = []
    source = make_source(kind)
    slow, fast = make_stage("slow", source, log), make_stage("fast", source, log)

    @task(when=plain(lambda taken: taken in ("left", "both")), needs={"given": slow})
    async def left(given: list[str]) -> str:
        return "".join(given)

    @task(when=plain(lambda taken: taken in ("right", "both")), needs={"given": fast})
    async def right(given: list[str]) -> str:
        return "".join(given)

    @workflow
    async def w(taken: str, numbers: Any = (), left: str = "", right: str = "") -> str:
        return left + right

    mention(left, right)
    with anyio.fail_after(SOON):
        run = await w.run(taken, make_input(kind))
        expected = {"slow": taken in ("left", "both"), "fast": taken in ("right", "both")}
        assert run.result == "".join(f"{name}{i}" for name, runs in expected.items() if runs for i in range(3))
        assert {name: log.count(name) for name in expected} == {name: 3 * runs for name, runs in expected.items()}
        for name, runs in expected.items():
            assert (run.tasks[name].reason, len(run.tasks[name].items)) == ((None, 3) if runs else ("not needed", 0))
            assert statuses_of(run)[name] == ("completed" if runs else "skipped")
        assert await w.call(taken, make_input(kind)) == run.result


@pytest.mark.parametrize("wanted", [True, False])
@each_kind
async def test_what_a_branch_makes_of_items_that_are_needed_anyway_runs_when_it_is_taken(
    wanted: bool, kind: str
) -> None:
    log: list[str] = []
    first = make_stage("first", make_source(kind), log, ahead=1)
    second = make_stage("second", first, log)
    third = make_stage("third", second, log)

    @task(when=plain(lambda wanted: wanted))
    async def branch(third: list[str], first: list[str]) -> str:
        return f"{len(third)} of {len(first)}"

    @workflow
    async def w(wanted: bool, first: list[str], numbers: Any = (), branch: str = "none") -> Any:
        return first, branch

    mention(third, branch)
    with anyio.fail_after(SOON):
        found = await w.call(wanted, numbers=make_input(kind))
    assert found == (["first0", "first1", "first2"], "3 of 3" if wanted else "none")
    assert log.count("first") == 3
    assert log.count("second") == log.count("third") == (3 if wanted else 0)


async def test_what_is_demanded_late_gets_all_items_that_have_passed() -> None:
    log: list[str] = []

    @task
    async def numbers() -> AsyncIterator[int]:
        for number in range(10):
            yield number

    first = make_stage("first", numbers, log, ahead=2)
    second = make_stage("second", first, log)
    beside = make_stage("beside", numbers, log)

    @task(needs={"all_of_them": first})
    async def many(all_of_them: list[str]) -> bool:
        return len(all_of_them) == 10

    @task(when=many)
    async def branch(second: list[str], beside: list[str]) -> int:
        return len(second) + len(beside)

    @workflow
    async def w(first: list[str], branch: int = 0) -> int:
        return branch

    mention(second, beside, branch)
    with anyio.fail_after(SOON):
        assert await w.call() == 20
    assert log[:10] == ["first"] * 10


async def test_there_is_no_barrier_before_what_is_demanded_while_items_are_under_way() -> None:
    seen = Event()

    @task
    async def numbers() -> AsyncIterator[int]:
        yield 0
        await seen.wait()  # or it would be for ever
        yield 1

    @task(each={"number": numbers})
    async def first(number: int) -> int:
        return number

    @task(each={"first": first})
    async def second(first: int) -> int:
        seen.set()
        return first

    @task(when=lambda: True)
    async def branch(second: list[int]) -> list[int]:
        return second

    @workflow
    async def w(first: list[int], branch: list[int]) -> Any:
        return first, branch

    mention(second, branch)
    with anyio.fail_after(SOON):
        assert await w.call() == ([0, 1], [0, 1])


@pytest.mark.parametrize("taken", [True, False])
async def test_what_has_begun_holds_a_generator_back_and_what_nobody_has_demanded_does_not(taken: bool) -> None:
    given: list[int] = []
    most: list[int] = []
    asked = Event()

    @task
    async def numbers() -> AsyncIterator[int]:
        for number in range(20):
            given.append(number)
            yield number

    @task(each={"number": numbers}, ahead=2)
    async def first(number: int) -> int:
        if number == 10:
            asked.set()
        most.append(len(given) - number)
        return number

    @task(each={"number": numbers}, ahead=2)
    async def second(number: int) -> int:
        return number

    async def ask() -> bool:
        await asked.wait()
        return taken

    @task(when=ask)
    async def branch(second: list[int]) -> int:
        return len(second)

    @workflow
    async def w(first: list[int], branch: int = 0) -> Any:
        return len(first), branch

    mention(second, branch)
    with anyio.fail_after(SOON):
        assert await w.call() == (20, 20 if taken else 0)
    assert max(most) <= 3


@pytest.mark.parametrize("wanted", [True, False])
async def test_who_reads_the_source_as_a_stream_needs_no_stage_of_it(wanted: bool) -> None:
    log: list[str] = []
    source = make_source("generator", 5)
    stage = make_stage("stage", source, log)

    @task(stream="numbers", needs={"numbers": source})
    async def total(numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])

    @task(when=plain(lambda wanted: wanted))
    async def first(total: int) -> int:
        return total

    @task(when=plain(lambda wanted: not wanted))
    async def second(stage: list[str]) -> int:
        return len(stage)

    @workflow
    async def w(wanted: bool, first: int = 0, second: int = 0) -> Any:
        return first, second

    mention(stage, total, first, second)
    with anyio.fail_after(SOON):
        run: Run[Any] = await w.run(wanted)
    assert run.result == ((10, 0) if wanted else (0, 5))
    assert log == ([] if wanted else ["stage"] * 5)
    assert run.tasks["total"].reason == (None if wanted else "not needed")


@pytest.mark.parametrize("taken", [True, False])
async def test_what_a_branch_makes_of_items_that_are_added_gets_these_too(taken: bool) -> None:
    log: list[str] = []

    @task(each="number", more=plain(lambda result: [result + 1] if result < 5 else []))
    async def visited(number: int) -> int:
        return number

    shown = make_stage("shown", visited, log)

    @task(when=plain(lambda taken: taken))
    async def branch(shown: list[str]) -> int:
        return len(shown)

    @workflow
    async def w(taken: bool, number: list[int], visited: list[int], branch: int = 0) -> Any:
        return visited, branch

    mention(shown, branch)
    with anyio.fail_after(SOON):
        assert await w.call(taken, [0]) == ([0, 1, 2, 3, 4, 5], 6 if taken else 0)
    assert len(log) == (6 if taken else 0)


async def test_what_adds_items_is_demanded_with_any_stage_of_them() -> None:
    log: list[str] = []

    @task(each="number", more=plain(lambda result: [result + 1] if result < 3 else []))
    async def visited(number: int) -> int:
        return number

    beside = make_stage("beside", "number", log)

    @task(when=lambda: True)
    async def branch(beside: list[str]) -> int:
        return len(beside)

    @task(when=lambda: False)
    async def other(visited: list[int]) -> int:
        raise AssertionError

    @workflow
    async def w(number: list[int], branch: int = 0, other: int = 0) -> int:
        return branch

    mention(visited, beside, branch, other)
    with anyio.fail_after(SOON):
        assert await w.call([0]) == 4


@pytest.mark.parametrize("taken", [True, False])
async def test_an_item_that_fails_or_is_skipped_does_so_for_what_is_demanded_by_itself(taken: bool) -> None:
    @task(each="number")
    async def first(number: int) -> int:
        if number == 1:
            raise ValueError("one")
        return number

    @task(each={"given": first}, settled="given")
    async def second(given: Any) -> str:
        return str(given.status)

    @task(when=plain(lambda taken: taken))
    async def branch(second: list[str]) -> list[str]:
        return second

    @workflow(settled="first")
    async def w(taken: bool, number: list[int], first: Any, branch: Any = None) -> Any:
        return [str(one.status) for one in first], branch

    mention(second, branch)
    with anyio.fail_after(SOON):
        found = await w.call(taken, [0, 1, 2])
    ends = ["completed", "failed", "completed"]
    assert found == (ends, ends if taken else None)


@each_kind
@pytest.mark.parametrize("taken", ["left", "both"])
async def test_a_source_that_cannot_be_mapped_over_fails_each_branch_that_is_taken(taken: str, kind: str) -> None:
    log: list[str] = []
    source = make_source(kind)

    def note(number: int, other: int) -> None:
        log.append("ran")

    stages = [
        task(
            note,
            name=name,
            each={"number": source, "other": "others"},
            run_in="loop",
        )
        for name in ("slow", "fast")
    ]

    @task(when=lambda: True, needs={"given": stages[0]})
    async def left(given: list[Any]) -> str:
        return "left"

    @task(when=plain(lambda taken: taken == "both"), needs={"given": stages[1]})
    async def right(given: list[Any]) -> str:
        return "right"

    @workflow(keep_going=True, settled=("left", "right"))
    async def w(taken: str, others: Any, left: Any, right: Any, numbers: Any = ()) -> Any:
        return [str(left.status), str(right.status)]

    mention(left, right)
    with anyio.fail_after(SOON):
        found = await w.call(taken, [1, 2], numbers=make_input(kind))
    assert found == ["upstream_failed", "upstream_failed" if taken == "both" else "skipped"]


async def test_a_generator_that_fails_fails_what_was_demanded_and_no_more() -> None:
    log: list[str] = []

    @task
    async def numbers() -> AsyncIterator[int]:
        yield 0
        yield 1
        raise ValueError("no more")

    first, second = make_stage("first", numbers, log), make_stage("second", numbers, log)

    @task(when=lambda: True, needs={"given": first})
    async def left(given: list[Any]) -> str:
        raise AssertionError

    @task(when=lambda: False, needs={"given": second})
    async def right(given: list[Any]) -> str:
        raise AssertionError

    @workflow(keep_going=True, settled=("left", "right"))
    async def w(left: Any, right: Any) -> Any:
        return [str(left.status), str(right.status)]

    mention(left, right)
    with anyio.fail_after(SOON):
        run = await w.run()
    assert run.result == ["upstream_failed", "skipped"]
    assert statuses_of(run)["second"] == "skipped"
    assert log == ["first", "first"]


async def test_a_nested_workflow_that_is_mapped_is_demanded_by_itself_too() -> None:
    log: list[str] = []
    step = make_stage("step", "parts", log)

    @workflow
    async def inner(parts: list[int], step: list[str]) -> int:
        return len(step)

    @task(each={"parts": "rows"})
    async def size(parts: list[int]) -> int:
        return len(parts)

    @task(needs={"given": inner.with_options(each={"parts": "rows"})}, when=plain(lambda taken: taken))
    async def branch(given: list[int]) -> int:
        return sum(given)

    @workflow
    async def w(rows: list[list[int]], taken: bool, size: list[int], branch: int = 0) -> Any:
        return size, branch

    mention(step, size, branch)
    with anyio.fail_after(SOON):
        assert await w.call([[1], [2, 3]], taken=False) == ([1, 2], 0)
        assert log == []
        assert await w.call([[1], [2, 3]], taken=True) == ([1, 2], 3)


async def test_eager_has_all_of_them_run_at_once() -> None:
    log: list[str] = []
    first, second = make_stage("first", "numbers", log), make_stage("second", "numbers", log)

    @task(when=lambda: False, eager=True, needs={"given": second})
    async def branch(given: list[Any]) -> str:
        raise AssertionError

    @workflow
    async def w(numbers: list[int], first: list[str], branch: str = "none") -> str:
        return branch

    mention(first, branch)
    with anyio.fail_after(SOON):
        assert await w.call([1, 2]) == "none"
    assert sorted(log) == ["first", "first", "second", "second"]


@pytest.mark.parametrize("taken", [True, False])
async def test_items_whose_condition_is_true_demand_stages_of_another_collection_one_by_one(taken: bool) -> None:
    log: list[str] = []
    used, unused = make_stage("used", "words", log), make_stage("unused", "words", log)

    @task(each="number", when=plain(lambda number: number > 1), needs={"given": used})
    async def one(number: int, given: list[str]) -> int:
        return number * len(given)

    @task(each="number", when=plain(lambda number: number > 9), needs={"given": unused})
    async def other(number: int, given: list[str]) -> int:
        raise AssertionError

    @workflow(settled="other")
    async def w(number: list[int], words: list[str], one: list[int], other: Any) -> Any:
        return one, [str(each.status) for each in other]

    mention(one, other)
    with anyio.fail_after(SOON):
        assert await w.call([1, 2] if taken else [1], ["a", "b"]) == (
            ([4], ["skipped"] * 2) if taken else ([], ["skipped"])
        )
    assert log == (["used", "used"] if taken else [])


@pytest.mark.parametrize("wanted", [True, False])
@each_kind
async def test_a_task_with_a_condition_that_reads_a_stream_demands_it_when_that_is_true(
    wanted: bool, kind: str
) -> None:
    log: list[str] = []
    stage = make_stage("stage", make_source(kind), log)

    @task(when=plain(lambda wanted: wanted), stream="given", needs={"given": stage})
    async def read(given: AsyncIterator[str]) -> list[str]:
        return [one async for one in given]

    @workflow
    async def w(wanted: bool, numbers: Any = (), read: Any = None) -> Any:
        return read

    mention(read)
    with anyio.fail_after(SOON):
        run = await w.run(wanted, make_input(kind))
    assert run.result == (["stage0", "stage1", "stage2"] if wanted else None)
    assert len(log) == (3 if wanted else 0)
    assert run.tasks["stage"].reason == (None if wanted else "not needed")


@pytest.mark.parametrize("keep_going", [True, False])
async def test_a_task_with_a_condition_that_reads_what_has_no_items_fails_with_that(keep_going: bool) -> None:
    @task
    async def source() -> int:
        return 1

    @task(when=lambda: True, stream="source")
    async def read(source: AsyncIterator[Any]) -> None:
        raise AssertionError

    @workflow(keep_going=keep_going)
    async def w(read: Any) -> None: ...

    mention(read, source)
    with anyio.fail_after(SOON):
        run = await w.run()
    assert statuses_of(run)["read"] == "failed"
    assert "cannot be iterated" in str(run.tasks["read"].error)


async def test_what_each_names_runs_for_all_items_whatever_the_condition_says() -> None:
    log: list[str] = []
    summary = make_stage("summary", "number", log)

    @task(each={"number": "number", "text": summary}, when=plain(lambda number: number == 1))
    async def shown(number: int, text: str) -> str:
        return text

    @workflow
    async def w(number: list[int], shown: list[str]) -> list[str]:
        return shown

    mention(shown)
    with anyio.fail_after(SOON):
        assert await w.call([0, 1, 2]) == ["summary1"]
    assert log == ["summary"] * 3


@pytest.mark.parametrize("beside", [True, False])
async def test_an_endless_source_ends_when_its_reader_has_returned_and_no_branch_needs_more(beside: bool) -> None:
    @task(ahead=2)
    async def numbers() -> AsyncIterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    @task(each={"number": numbers})
    async def double(number: int) -> int:
        return 2 * number

    @task(stream="double")
    async def large(double: AsyncIterator[int]) -> int:
        async for each in double:
            if each > 6:
                return each
        raise AssertionError

    @task(each={"given": numbers if beside else double})
    async def shown(given: int) -> str:
        raise AssertionError

    @task(when=plain(lambda large: large > 100))
    async def branch(shown: list[str]) -> str:
        raise AssertionError

    @workflow
    async def w(large: int, branch: str = "none") -> Any:
        return large, branch

    mention(large, shown, branch)
    with anyio.fail_after(SOON):
        assert await w.call() == (8, "none")


@pytest.mark.parametrize("is_settled", [True, False])
async def test_a_source_that_is_read_only_on_a_condition_that_is_false_ends_with_it(is_settled: bool) -> None:
    @task
    async def numbers(wanted: bool) -> AsyncIterator[int]:
        assert wanted
        yield 1

    @task(stream="numbers", when=plain(lambda wanted: wanted), settled="numbers" if is_settled else None)
    async def read(numbers: AsyncIterator[Any]) -> str:
        raise AssertionError

    @workflow
    async def w(wanted: bool, read: str = "none") -> str:
        return read

    mention(read)
    with anyio.fail_after(SOON):
        run = await w.run(wanted=False)
    assert run.result == "none"
    assert statuses_of(run) == {"numbers": "skipped", "read": "skipped"}
