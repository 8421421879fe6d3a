"""What becomes of a run in which an item fails, and of the other items."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import anyio
import pytest

from flowdeco import ItemShapeError, ItemSourceError, Outcome, Retry, Skip, UnequalLengthsError, task, workflow
from tests.support.clock import Clock, given_time
from tests.support.naming import mention


@task(each="numbers")
async def check(numbers: int) -> int:
    if numbers % 10 == 3:
        raise ValueError(f"bad {numbers}")
    return numbers


@task(each={"number": check})
async def half(number: int) -> float:
    return number / 2


async def test_the_error_of_an_item_is_that_of_the_run_and_says_which_item_it_was() -> None:
    @workflow
    def w(numbers: list[int], half: list[float]) -> None: ...

    with pytest.raises(ValueError, match="bad 3"):
        await w.call([0, 1, 2, 3])
    run = await w.run_async([0, 1, 2, 3])
    assert [(failure.task, failure.index, failure.item) for failure in run.errors] == [("check", 3, 3)]


async def test_the_first_error_cancels_the_other_items() -> None:
    begun, cancelled = [anyio.Event() for _ in range(3)], list[int]()

    @task(each="numbers")
    async def wait(numbers: int) -> None:
        begun[numbers].set()
        if numbers == 0:
            for each in begun:
                await each.wait()
            raise ValueError
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            cancelled.append(numbers)
            raise

    @workflow
    def w(numbers: list[int], wait: list[None]) -> None: ...

    with anyio.fail_after(60), pytest.raises(ValueError):
        await w.call([0, 1, 2])
    assert sorted(cancelled) == [1, 2]


async def test_with_keep_going_the_others_finish_and_all_errors_are_raised() -> None:
    ended: list[int] = []

    @task(each={"number": check})
    async def note(number: int) -> None:
        ended.append(number)

    @workflow(keep_going=True)
    def w(numbers: list[int], note: list[None]) -> None: ...

    run = await w.run_async(range(20))
    assert sorted(ended) == [number for number in range(20) if number % 10 != 3]
    error: Any = run.error
    assert type(error) is ExceptionGroup
    assert error.message == "1 task of workflow 'w' failed, with 2 errors"
    found: list[Any] = [*error.exceptions]
    assert sorted(map(str, found)) == ["bad 13", "bad 3"]
    assert run.tasks[check].status == "failed"
    assert run.tasks["note"].status == "upstream_failed"


async def test_with_keep_going_the_errors_of_earlier_stages_are_raised_beside_those_of_later_ones() -> None:
    @task(each={"number": check})
    async def odd(number: int) -> int:
        if number == 5:
            raise KeyError("five")
        return number

    @workflow(keep_going=True)
    def w(numbers: list[int], odd: list[int]) -> None: ...

    with pytest.raises(ExceptionGroup) as caught:
        await w.call([3, 13, 5, 1])
    assert caught.value.message == "2 tasks of workflow 'w' failed, with 3 errors"
    assert sorted(map(str, caught.value.exceptions)) == ["'five'", "bad 13", "bad 3"]
    assert caught.value.__notes__ == ["Raised by workflow 'w'."]


async def test_with_keep_going_the_error_of_a_source_is_raised_beside_those_of_its_items() -> None:
    @task
    def source() -> Iterator[int]:
        yield 3
        raise OSError("late")

    @task(each={"number": source})
    def bad(number: int) -> None:
        raise ValueError(number)

    @workflow(keep_going=True)
    def w(bad: list[None]) -> None: ...

    with pytest.raises(ExceptionGroup, match="2 tasks of workflow 'w' failed") as caught:
        await w.call()
    assert {type(error) for error in caught.value.exceptions} == {OSError, ValueError}


async def test_with_keep_going_the_errors_of_items_are_raised_beside_that_of_their_reader() -> None:
    @task(stream="check")
    def reader(check: Iterator[int]) -> None:
        next(check)
        raise KeyError("own")

    @workflow(keep_going=True)
    def w(numbers: list[int], reader: None, half: list[float]) -> None: ...

    with pytest.raises(ExceptionGroup, match="2 tasks of workflow 'w' failed, with 3 errors") as caught:
        await w.call([1, 3, 13])
    assert sorted(type(error).__name__ for error in caught.value.exceptions) == ["KeyError", "ValueError", "ValueError"]


async def test_with_keep_going_what_stands_in_without_the_item_is_kept_from_running_by_its_error_all_the_same() -> None:
    @workflow(keep_going=True)
    def w(numbers: list[int], half: list[float]) -> None: ...

    with pytest.raises(ExceptionGroup, match="1 task of workflow 'w' failed") as caught:
        await w.override(half=lambda: 1.0).call([1, 3])
    assert [str(error) for error in caught.value.exceptions] == ["bad 3"]


async def test_with_keep_going_a_plain_call_says_how_many_errors_of_items_it_has_not_kept() -> None:
    @workflow(keep_going=True)
    def w(numbers: list[int], half: list[float]) -> None: ...

    with pytest.raises(ExceptionGroup) as caught:
        await w.call([3] * 130)
    assert caught.value.message == (
        "1 task of workflow 'w' failed, with 100 errors and 30 more that a plain call does not keep"
    )
    run = await w.run_async([3] * 130)
    assert "with 130 errors" in str(run.error)
    assert "more" not in str(run.error)


async def test_settled_gives_the_outcome_of_every_item_in_order() -> None:
    @workflow(settled="check")
    def w(numbers: list[int], check: list[Outcome[int]]) -> Any:
        return check

    found = await w.call([2, 3, 4])
    assert [(one.index, one.status, one.value) for one in found] == [
        (0, "completed", 2),
        (1, "failed", None),
        (2, "completed", 4),
    ]
    assert found[1].item == 3
    assert str(found[1].error) == "bad 3"


async def test_settled_in_each_gives_the_outcome_of_that_item() -> None:
    @task(each={"one": check}, settled="one")
    async def look(one: Outcome[int]) -> Any:
        return one.value if one.completed else str(one.error)

    @workflow
    def w(numbers: list[int], look: list[Any]) -> Any:
        return look

    assert await w.call([2, 3, 4]) == [2, "bad 3", 4]


async def test_an_error_that_only_some_receive_as_an_outcome_is_the_run_s() -> None:
    begun: list[int] = []

    @task(each={"one": check}, settled="one")
    async def look(one: Outcome[int]) -> None: ...

    @task(after=check)
    async def later() -> None:
        begun.append(1)

    @workflow
    def w(numbers: list[int], look: list[None], half: list[float]) -> None: ...

    with pytest.raises(ValueError, match="bad 3"):
        await w.call([2, 3, 4])
    assert not begun


async def test_an_item_that_another_needs_is_upstream_failed_for_who_receives_outcomes() -> None:
    @workflow(settled="half")
    def w(numbers: list[int], half: list[Outcome[float]]) -> Any:
        return [(one.status, one.value) for one in half]

    assert await w.call([2, 3]) == [("completed", 1.0), ("upstream_failed", None)]


async def test_each_item_is_retried_and_recovered_for_itself() -> None:
    tries: dict[int, int] = {}

    def negate(numbers: int, attempt: int) -> int:
        return -numbers * attempt

    @task(each="numbers", retries=Retry(2, delay=0), recover={ValueError: negate})
    async def hard(numbers: int) -> int:
        tries[numbers] = tries.get(numbers, 0) + 1
        if tries[numbers] <= numbers:
            raise ValueError
        return numbers

    @workflow
    def w(numbers: list[int], hard: list[int]) -> Any:
        return hard

    assert await w.call(range(5)) == [0, 1, 2, -9, -12]
    assert tries == {0: 1, 1: 2, 2: 3, 3: 3, 4: 3}


@given_time
async def test_each_item_has_its_own_timeout(clock: Clock) -> None:
    @task(each="numbers", timeout=clock.seconds, recover=lambda: -1)
    async def slow(numbers: int) -> int:
        if numbers == 1:
            await anyio.sleep_forever()
        return numbers

    @workflow
    def w(numbers: list[int], slow: list[int]) -> Any:
        return slow

    found = await w.call([0, 1, 2])
    if (found[0], found[2]) == (0, 2):
        clock.reach()
    assert found == [0, -1, 2]


async def test_when_decides_for_each_item() -> None:
    def is_large(numbers: int) -> bool:
        return numbers > 1

    @task(each="numbers", when=is_large)
    async def large(numbers: int) -> int:
        return numbers

    @workflow
    def w(numbers: list[int], large: list[int]) -> Any:
        return large

    assert await w.call(range(4)) == [2, 3]


async def test_a_limit_holds_for_the_items() -> None:
    now, most = 0, 0
    full = anyio.Event()

    @task(each="numbers", limit=3)
    async def few(numbers: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 3:
            await anyio.wait_all_tasks_blocked()  # a fourth one would have begun by then
            full.set()
        await full.wait()
        now -= 1

    @workflow
    def w(numbers: list[int], few: list[None]) -> None: ...

    with anyio.fail_after(60):
        await w.call(range(50))
    assert most == 3


async def test_what_an_item_needs_as_a_whole_is_needed_by_all_items() -> None:
    @task
    async def broken() -> int:
        raise ValueError("broken")

    @task
    async def skipped() -> int:
        raise Skip("nothing")

    @task(each="numbers")
    async def with_broken(numbers: int, broken: int) -> None: ...

    @task(each="numbers")
    async def with_skipped(numbers: int, skipped: int) -> None: ...

    @task(each="numbers")
    async def with_default(numbers: int, skipped: int = 7) -> int:
        return skipped

    @workflow(settled=["with_broken", "with_skipped"])
    def w(numbers: list[int], with_broken: Any, with_skipped: Any, with_default: list[int]) -> Any:
        return [one.status for one in with_broken], [one.status for one in with_skipped], with_default

    assert await w.call([1, 2]) == (["upstream_failed"] * 2, ["skipped"] * 2, [7, 7])


async def test_a_source_that_fails_or_is_skipped_leaves_no_items() -> None:
    @task
    async def broken() -> list[int]:
        raise ValueError("broken")

    @task
    async def skipped() -> list[int]:
        raise Skip("nothing")

    @task(each={"x": broken})
    async def of_broken(x: int) -> None: ...

    @task(each={"x": of_broken})
    async def further(x: int) -> None: ...

    @task(each={"x": skipped})
    async def of_skipped(x: int) -> None: ...

    @workflow(settled=["further", "of_skipped"])
    def w(further: Any, of_skipped: Any) -> Any:
        return [(one.index, one.status) for one in further], [(one.index, one.status) for one in of_skipped]

    assert await w.call() == ([(None, "upstream_failed")], [(None, "skipped")])


# What cannot be mapped.


class Unawaited:
    """As a coroutine is that nobody awaits, without the warning."""

    def __repr__(self) -> str:
        return "<unawaited>"

    def __await__(self) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (7, "Cannot take items of input 'numbers': 7 cannot be iterated. Give a list, say."),
        (
            "abc",
            "Cannot take items of input 'numbers': 'abc' is a str, and its items would be single characters. Put",
        ),
        (
            b"abc",
            "Cannot take items of input 'numbers': b'abc' is a bytes, and its items would be single numbers. Put",
        ),
        (
            memoryview(b"a"),
            "Cannot take items of input 'numbers': <memory at ",
        ),
        (
            None,
            "Cannot take items of input 'numbers': None has no items. Give a list; where there is nothing, an empty ",
        ),
        (
            abs,
            "Cannot take items of input 'numbers': <built-in function abs> cannot be iterated. Call it, and give what ",
        ),
        (
            lambda: [1],
            "Cannot take items of input 'numbers': <function <lambda> at ",
        ),
        (
            Unawaited(),
            "Cannot take items of input 'numbers': <unawaited> was not awaited. Await it, and give what comes of it.",
        ),
        (
            re.match("a", "a"),  # has what it is asked for by a key, and no items
            "Cannot take items of input 'numbers': <re.Match object; span=(0, 1), match='a'> cannot be iterated.",
        ),
    ],
    ids=["number", "str", "bytes", "memoryview", "None", "function", "lambda", "awaitable", "match"],
)
async def test_a_source_that_gives_no_items_is_an_error(given: Any, message: str) -> None:
    @workflow
    def w(numbers: Any, half: list[float]) -> None: ...

    with pytest.raises(ItemSourceError) as caught:
        await w.call(given)
    assert str(caught.value).startswith(message)
    assert caught.value.value is given


async def test_unequal_lengths_are_an_error_that_names_both() -> None:
    @task
    async def rates() -> list[int]:
        return [1, 2]

    @task(each=["rates", "numbers"])
    async def pay(rates: int, numbers: int) -> int:
        return rates * numbers

    @workflow
    def w(numbers: list[int], pay: list[int]) -> Any:
        return pay

    assert await w.call([3, 4]) == [3, 8]
    with pytest.raises(UnequalLengthsError) as caught:
        await w.call([3])
    text = (
        "Cannot take items in step: task 'rates' has 2 of them, and input 'numbers' has 1. Give them the same length."
    )
    assert str(caught.value) == text
    assert caught.value.lengths == {"task 'rates'": 2, "input 'numbers'": 1}


async def test_an_item_is_taken_apart_by_position_or_by_name() -> None:
    @task(each={("rate", "depth"): "grid"})
    async def volume(depth: int, rate: int) -> int:
        return 10 * rate + depth

    @workflow
    def w(grid: Any, volume: list[int]) -> Any:
        return volume

    assert await w.call([(1, 2), {"depth": 4, "rate": 3}, [5, 6]]) == [12, 34, 56]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ((1, 2, 3), "Cannot take (1, 2, 3) apart: it has 3 parts for 2 parameters. Give one for each."),
        ((1,), "Cannot take (1,) apart: it has 1 part for 2 parameters. Give one for each."),
        ("ab", "Cannot take 'ab' apart: a str is not taken apart. Give a tuple of 2, or a mapping by name."),
        (b"ab", "Cannot take b'ab' apart: a bytes is not taken apart. Give a tuple of 2, or a mapping by name."),
        (
            {1},
            "Cannot take {1} apart: it is neither a sequence nor a mapping. Give a tuple of 2, or a mapping by name.",
        ),
        ({"rate": 1}, "Cannot take {'rate': 1} apart: it has no 'depth'. Give each parameter's name as a key."),
        (
            7,
            "Cannot take 7 apart: it is neither a sequence nor a mapping. Give a tuple of 2, or a mapping by name.",
        ),
    ],
)
async def test_an_item_that_cannot_be_taken_apart_fails(item: Any, reason: str) -> None:
    @task(each={("rate", "depth"): "grid"})
    async def volume(rate: int, depth: int) -> int:
        return rate * depth

    @workflow(settled="volume")
    def w(grid: Any, volume: list[Outcome[int]]) -> Any:
        return volume

    fine, failed = await w.call([(1, 2), item])
    assert fine.value == 2
    assert isinstance(failed.error, ItemShapeError)
    assert str(failed.error) == reason


async def test_a_result_is_taken_apart_for_the_next_stage() -> None:
    @task(each="numbers")
    async def both(numbers: int) -> Any:
        return (numbers, -numbers) if numbers < 3 else numbers

    @task(each={("plus", "minus"): both})
    async def text(plus: int, minus: int) -> str:
        return f"{plus}{minus}"

    @workflow(settled="text")
    def w(numbers: list[int], text: list[Outcome[str]]) -> Any:
        return [one.value for one in text], [type(one.error) for one in text]

    assert await w.call([1, 2, 3]) == (["1-1", "2-2", None], [type(None), type(None), ItemShapeError])


@pytest.mark.parametrize("exit_with", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["async", "def", "source"])
def test_an_exit_comes_out_bare(exit_with: type[BaseException], place: str) -> None:
    class Source(list[int]):
        def __len__(self) -> int:
            if place == "source":
                raise exit_with
            return 3

    def leave(numbers: int) -> None:
        if numbers == 1:
            raise exit_with

    async def leave_async(numbers: int) -> None:
        leave(numbers)

    step = task(leave if place == "def" else leave_async, name="step", each="numbers")

    @workflow(needs={"step": step})
    def w(numbers: list[int], step: list[None]) -> None: ...

    with pytest.raises(exit_with):
        w(Source([0, 1, 2]))


async def test_what_iterating_a_source_raises_fails_the_first_task_mapped_over_it() -> None:
    class Source:
        def __len__(self) -> int:
            return 3

        def __iter__(self) -> Iterator[int]:
            yield 1
            raise ValueError("torn")

        def __contains__(self, item: object) -> bool:
            return False

    @workflow(settled=["check", "half"])
    def w(numbers: Any, check: list[Outcome[Any]], half: list[Outcome[Any]]) -> Any:
        return [(one.status, str(one.error)) for one in check + half]

    assert await w.call(Source()) == [("failed", "torn"), ("upstream_failed", "torn")]


@pytest.mark.parametrize("items", [0, 1])
@pytest.mark.parametrize("keep_going", [False, True])
async def test_the_error_of_a_source_is_the_run_s_where_only_its_items_are_received_as_outcomes(
    items: int, keep_going: bool
) -> None:
    @task
    async def source() -> AsyncIterator[int]:
        for number in range(items):
            yield number
        raise ConnectionError("no line")

    @task(each={"number": source}, settled="number")
    async def one(number: Outcome[int]) -> int | None:
        return number.value

    @task(each={"one": one})
    def two(one: int) -> int:
        return one

    for step in (one, two):

        @workflow(needs={"found": step}, keep_going=keep_going)
        async def w(found: list[int]) -> list[int]:
            return found

        with pytest.raises(ExceptionGroup if keep_going else ConnectionError) as caught:
            await w()
        assert "no line" in str(getattr(caught.value, "exceptions", caught.value))


@pytest.mark.parametrize("kind", ["async def", "def"])
@pytest.mark.parametrize("is_settled", [False, True])
async def test_an_error_that_a_reader_catches_is_the_run_s_all_the_same_unless_it_is_settled(
    kind: str, is_settled: bool
) -> None:
    @task(each={"number": "numbers"})
    async def odd(number: int) -> int:
        if number == 2:
            raise ValueError(number)
        return number

    async def read_async(odd: AsyncIterator[Any]) -> int:
        with suppress(ValueError):
            return len([each async for each in odd])
        return -1

    def read(odd: Iterator[Any]) -> int:
        with suppress(ValueError):
            return len(list(odd))
        return -1

    function: Callable[..., Any] = read if kind == "def" else read_async
    reader = task(function, name="reader", stream="odd", settled="odd" if is_settled else None)

    @workflow(keep_going=True, tasks={"reader": reader})
    def w(numbers: list[int], reader: int) -> int:
        return reader

    mention(odd)
    run = await w.run_async(range(4))
    if is_settled:
        assert run.result == 4
    else:
        assert run.tasks["reader"].status == "completed"
        with pytest.raises(ExceptionGroup) as caught:
            await w.call(range(4))
        assert [repr(error) for error in caught.value.exceptions] == ["ValueError(2)"]
