"""Sources in step of which one fails, or has fewer items than the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from anyio import Event, fail_after

from flowdeco import Outcome, UnequalLengthsError, task, workflow
from tests.support.clock import PATIENCE


def make_numbers(kind: str, closed: list[str]) -> Any:
    """A source that has more to give than the other one."""

    @task(name="numbers")
    def plain() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append("numbers")

    @task(name="numbers")
    async def awaiting() -> AsyncIterator[int]:
        try:
            for number in range(1000):
                yield number
        finally:
            closed.append("numbers")

    return {"def": plain, "async": awaiting, "list": task(lambda: [*range(1000)], name="numbers")}[kind]


@pytest.mark.parametrize("kind", ["def", "async", "list"])
async def test_the_error_of_one_counts_and_not_that_the_other_has_more(kind: str) -> None:
    closed: list[str] = []

    @task
    async def letters() -> AsyncIterator[str]:
        yield "a"
        yield "b"
        raise ConnectionError("no line")

    @task(each={"number": make_numbers(kind, closed), "letter": letters}, ahead=5)
    async def joined(number: int, letter: str) -> str:
        return f"{number}{letter}"

    @workflow
    async def w(joined: list[str]) -> list[str]:
        return joined

    @workflow(settled="joined")
    async def told(joined: list[Outcome[str]]) -> list[tuple[Any, str]]:
        return [(outcome.value, str(outcome.status)) for outcome in joined]

    with fail_after(PATIENCE), pytest.raises(ConnectionError, match="no line") as caught:
        await w()
    assert caught.value.__notes__ == ["Raised by task 'letters' of workflow 'w'."]
    with fail_after(PATIENCE):
        assert await told() == [("0a", "completed"), ("1b", "completed"), (None, "upstream_failed")]
    assert closed == ([] if kind == "list" else ["numbers", "numbers"])


@pytest.mark.parametrize("kind", ["def", "async", "list"])
async def test_where_outcomes_are_received_items_under_way_go_on_when_one_has_fewer(kind: str) -> None:
    ended, closed = Event(), list[str]()

    @task
    async def letters() -> AsyncIterator[str]:
        yield "a"
        yield "b"
        ended.set()

    @task(each={"number": make_numbers(kind, closed), "letter": letters})
    async def joined(number: int, letter: str) -> str:
        await ended.wait()
        for _ in range(5):
            await anyio.wait_all_tasks_blocked()
        return f"{number}{letter}"

    @task(each={"joined": joined})
    async def shouted(joined: str) -> str:
        return joined.upper()

    @task(stream="shouted", settled="shouted")
    async def read(shouted: AsyncIterator[Outcome[str]]) -> list[tuple[Any, str]]:
        return [(outcome.value, str(outcome.status)) async for outcome in shouted]

    @task(stream="joined", settled="joined")
    def read_first(joined: Iterator[Outcome[str]]) -> list[tuple[Any, str]]:
        return [(outcome.value, str(outcome.status)) for outcome in joined]

    @workflow(settled="shouted")
    async def w(shouted: list[Outcome[str]], read: Any, read_first: Any) -> Any:
        assert isinstance(shouted[-1].error, UnequalLengthsError)
        return [(outcome.value, str(outcome.status)) for outcome in shouted], read, read_first

    with fail_after(PATIENCE):
        listed, streamed, first = await w()
    assert listed == streamed == [("0A", "completed"), ("1B", "completed"), (None, "upstream_failed")]
    assert first == [("0a", "completed"), ("1b", "completed"), (None, "failed")]
    assert closed == ([] if kind == "list" else ["numbers"])


@pytest.mark.parametrize("keep_going", [False, True])
async def test_so_do_stages_that_need_the_whole_of_another(keep_going: bool) -> None:
    @task
    async def letters() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    @task(each={"number": make_numbers("async", []), "letter": letters})
    async def joined(number: int, letter: str) -> str:
        return f"{number}{letter}"

    @task(settled="joined")
    def count(joined: list[Outcome[str]]) -> int:
        return len(joined)

    @task(each={"joined": joined})
    async def numbered(joined: str, count: int) -> str:
        return f"{joined} of {count}"

    @workflow(settled="numbered", keep_going=keep_going)
    async def w(numbered: list[Outcome[str]]) -> list[tuple[Any, str]]:
        return [(outcome.value, str(outcome.status)) for outcome in numbered]

    @workflow(keep_going=True)
    async def strict(numbered: list[str]) -> list[str]:
        return numbered

    with fail_after(PATIENCE):
        assert await w() == [("0a of 3", "completed"), ("1b of 3", "completed"), (None, "upstream_failed")]
        run = await strict.run()
    group: Any = run.error
    [error] = group.exceptions
    assert isinstance(error, UnequalLengthsError)
    assert error.__notes__ == ["Raised by task 'joined' of workflow 'strict'."]
    assert {name: str(run.tasks[name].status) for name in ("joined", "count", "numbered")} == {
        "joined": "failed",
        "count": "completed",
        "numbered": "upstream_failed",
    }
