"""When what happened: every change of status and every attempt."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from anyio import Event as Signal
from anyio import fail_after
from anyio.lowlevel import checkpoint

from flowdeco import Event, OptionTypeError, Retry, Run, Skip, Status, Task, UnknownTaskError, task, workflow

ENDS = {Status.COMPLETED, Status.FAILED, Status.UPSTREAM_FAILED, Status.SKIPPED, Status.CANCELLED}


def lines(run: Run[Any], task: Any = None) -> list[str]:
    return [f"{t.task or run.workflow}: {t.previous} -> {t.status} ({t.attempt})" for t in run.history(task)]


def make_tasks(count: int) -> list[Task[..., Any]]:
    """Return tasks of every kind: plain, waiting, in threads, tried again."""
    seen: set[int] = set()

    def make(number: int) -> Task[..., Any]:
        async def ready() -> int:
            return number

        async def waits() -> int:
            await checkpoint()
            return number

        def in_thread() -> int:
            return number

        async def flaky() -> int:
            await checkpoint()
            if number not in seen:
                seen.add(number)
                raise ValueError(number)
            return number

        function: Any = (ready, waits, in_thread, flaky)[number % 4]
        return task(function, name=f"t{number}", retries=Retry(1, delay=0) if function is flaky else None)

    return [make(number) for number in range(count)]


async def test_it_is_complete_and_in_order_under_a_thousand_tasks_at_once() -> None:
    tasks = make_tasks(1_000)

    @workflow(needs={"numbers": tasks})
    async def w(numbers: list[int]) -> int:
        return sum(numbers)

    run = await w.run()
    history = run.history()
    assert all(earlier.time <= later.time for earlier, later in pairwise(history))
    assert (history[0].task, history[0].status) == (None, Status.RUNNING)
    assert (history[-1].task, history[-1].status) == (None, Status.COMPLETED)
    for number, one in enumerate(tasks):
        changes = [t for t in history if t.task == one.name]
        expected = [Status.RUNNING, Status.COMPLETED]
        if number % 4 == 3:
            expected = [Status.RUNNING, Status.RETRYING, *expected]
        assert [t.status for t in changes] == expected
        assert [t.previous for t in changes] == [Status.PENDING, *expected[:-1]]
    assert len(history) == 2 + 2 * 1_000 + 2 * 250
    assert len(run.errors) == 250
    assert {(f.task, f.attempt) for f in run.errors} == {(f"t{n}", 1) for n in range(3, 1_000, 4)}
    assert all(f.time.tzinfo is UTC for f in run.errors)


async def test_what_comes_after_something_stands_after_it() -> None:
    @task
    async def first() -> int:
        return 1

    @task
    async def second(first: int) -> int:
        return first

    @workflow
    async def w(second: int) -> int:
        return second

    assert lines(await w.run()) == [
        "w: pending -> running (0)",
        "first: pending -> running (1)",
        "first: running -> completed (1)",
        "second: pending -> running (1)",
        "second: running -> completed (1)",
        "w: running -> completed (0)",
    ]


async def test_it_agrees_with_what_hooks_were_told() -> None:
    told: list[tuple[Any, ...]] = []

    def note(event: Event, /) -> None:
        told.append((event.task, event.previous, event.status))

    @task(retries=Retry(2, delay=0))
    async def bad() -> int:
        raise ValueError("no")

    @task
    async def skipped() -> int:
        raise Skip("not today")

    @task
    async def after_skip(skipped: int) -> int:
        return skipped

    @task
    async def after_bad(bad: int) -> int:
        return bad

    @workflow(settled=["after_bad", "after_skip"], on_state=note)
    async def w(after_bad: Any, after_skip: Any) -> None: ...

    run = await w.run()
    assert [(t.task, t.previous, t.status) for t in run.history() if t.task is None] == [
        t for t in told if t[0] is None
    ]
    for name in run.tasks:
        assert [(t.task, t.previous, t.status) for t in run.history(name)] == [t for t in told if t[0] == name]
    assert lines(run, "bad") == [
        "bad: pending -> running (1)",
        "bad: running -> retrying (1)",
        "bad: retrying -> running (2)",
        "bad: running -> retrying (2)",
        "bad: retrying -> running (3)",
        "bad: running -> failed (3)",
    ]
    assert [str(t.error) for t in run.history("bad") if t.error is not None] == ["no"] * 3
    assert lines(run, "after_bad") == ["after_bad: pending -> upstream_failed (0)"]
    assert run.history("after_bad")[0].error is run.errors[-1].error
    assert lines(run, "after_skip") == ["after_skip: pending -> skipped (0)"]


async def test_it_is_given_by_task_and_by_time() -> None:
    @task
    async def first() -> int:
        return 1

    @task
    async def second(first: int) -> int:
        return first

    @workflow
    async def w(second: int) -> int:
        return second

    run = await w.run()
    assert run.history(first) == run.history("first")
    assert {t.task for t in run.history(first)} == {"first"}
    whole = run.history()
    for at in [t.time for t in whole]:
        assert run.history(since=at) == [t for t in whole if t.time >= at]
        assert run.history(until=at) == [t for t in whole if t.time < at]
    assert run.history(since=whole[-1].time + timedelta(seconds=1)) == []
    with pytest.raises(UnknownTaskError):
        run.history("third")


@pytest.mark.parametrize("option", ["since", "until"])
@pytest.mark.parametrize("time", [5, "now", datetime(2026, 1, 1)], ids=repr)  # noqa: DTZ001 - that is what is refused
async def test_a_time_without_a_zone_is_refused(option: str, time: Any) -> None:
    @workflow
    async def w() -> None: ...

    run = await w.run()
    with pytest.raises(OptionTypeError) as caught:
        run.history(**{option: time})
    assert str(caught.value) == (
        f"Cannot list history of workflow 'w': {option}={time!r} is not a datetime with a time zone. "
        "Give one, as in datetime.now(UTC)."
    )


async def test_it_can_be_read_while_the_run_goes_on() -> None:
    seen: list[list[str]] = []

    @task
    async def first() -> int:
        return 1

    @task
    async def look(first: int, run: Run[Any]) -> None:
        await checkpoint()
        seen.append(lines(run))
        assert run.tasks["look"].timeline[0].end is None

    @workflow
    async def w(look: None) -> None: ...

    await w()
    assert seen == [
        [
            "w: pending -> running (0)",
            "first: pending -> running (1)",
            "first: running -> completed (1)",
            "look: pending -> running (1)",
        ]
    ]


async def test_a_cancelled_task_a_vetoed_one_and_one_that_a_value_stands_in_for() -> None:
    begun = Signal()

    @task
    async def forever() -> None:
        begun.set()
        await Signal().wait()

    def veto() -> None:
        raise ValueError("no")

    @task(on_start=veto, after="fixed")
    async def vetoed() -> None: ...

    @task
    async def fixed() -> None: ...

    @task
    async def never(vetoed: None, forever: None) -> None: ...

    @workflow
    async def w(never: None) -> None: ...

    with fail_after(60):
        run = await w.override(fixed=5).run()
    assert run.history("fixed") == []
    assert run.tasks["vetoed"].attempts == 0
    assert lines(run, "vetoed")[-1] == "vetoed: running -> failed (0)"
    assert lines(run, "forever") in (["forever: pending -> running (1)", "forever: running -> cancelled (1)"], [])
    assert lines(run, "never") == []
    assert run.tasks["never"].status is Status.CANCELLED


async def test_the_timeline_of_a_task_has_its_attempts() -> None:
    tries: list[int] = []

    @task(retries=Retry(2, delay=0))
    async def flaky() -> int:
        tries.append(1)
        await checkpoint()
        if len(tries) < 3:
            raise ValueError(len(tries))
        return 1

    @workflow
    async def w(flaky: int) -> int:
        return flaky

    run = await w.run()
    timeline = run.tasks["flaky"].timeline
    assert [(a.number, str(a.error)) for a in timeline] == [(1, "1"), (2, "2"), (3, "None")]
    ends = [a.end for a in timeline]
    assert all(end is not None and a.start < end for a, end in zip(timeline, ends, strict=True))
    assert all(a.end is not None and a.end <= b.start for a, b in pairwise(timeline))
    duration = run.tasks["flaky"].duration
    assert duration == pytest.approx((timeline[-1].end or 0) - timeline[0].start)
