"""`w.start()` in a run is a recorded call of whoever makes it, whose run is followed live."""

from typing import Any

import anyio
import pytest

from flowdeco import CallError, Event, InputError, Limit, Run, Status, task, workflow
from tests.support.naming import mention


@task
async def size(line: str) -> int:
    if line == "bad":
        raise ValueError(line)
    if line == "slow":
        await anyio.sleep_forever()
    return len(line)


@workflow
async def page(line: str, size: int) -> int:
    return size


@workflow
def page_sync(line: str, size: int) -> int:
    return size


mention(size)


def name(event: Event) -> str:
    return f"{event.task} {event.status}"


@pytest.mark.parametrize("started", [page, page_sync])
async def test_it_is_a_call_in_the_record_of_whoever_starts_it(started: Any) -> None:
    own: list[str] = []

    @task
    async def agent() -> int | None:
        async with started.start("ab") as run:
            own.extend([name(event) async for event in run.events()])
        return run.result  # type: ignore[no-any-return]

    @workflow
    async def w(agent: int) -> int:
        async with started.start("c") as run:
            pass
        return agent + run.result  # type: ignore[no-any-return]

    mention(agent)
    async with w.start() as run:
        events = [name(event) async for event in run.events()]
    assert run.result == 3
    called = started.__name__
    assert own == ["None running", "size running", "size completed", "None completed"]
    assert events == [
        "None running",
        "agent running",
        f"agent/{called}#1 running",
        f"agent/{called}#1/size running",
        f"agent/{called}#1/size completed",
        f"agent/{called}#1 completed",
        "agent completed",
        f"{called}#1 running",
        f"{called}#1/size running",
        f"{called}#1/size completed",
        f"{called}#1 completed",
        "None completed",
    ]
    record = run.tasks["agent"].calls[0]
    assert (record.status, record.result, record.run.tasks["size"].result) == (Status.COMPLETED, 2, 2)
    assert [call.result for call in run.calls] == [1]


async def test_the_run_of_the_caller_lends_its_state_and_what_stands_in_for_tasks() -> None:
    states: list[Any] = []

    @workflow(name="other")
    async def other(line: str) -> int:
        return 7

    @workflow(calls=[page])
    async def w(run: Run[Any]) -> int | None:
        async with page.start("ab") as within:
            states.append((run.state, within.state))
        return within.result

    assert await w.override({page: other}).call() == 7
    assert states[0][0] is states[0][1]
    with pytest.raises(CallError, match=r"Cannot return the run of workflow 'page': something that has none stands in"):
        await w.override({page: 7}).call()


async def test_what_it_fails_with_is_raised_at_the_end_of_the_block_and_stands_in_the_record() -> None:
    caught: list[str] = []

    @task
    async def agent() -> None:
        try:
            async with page.start("bad"):
                pass
        except ValueError as error:
            caught.extend(error.__notes__)

    @workflow
    async def w(agent: None) -> None: ...

    mention(agent)
    run = await w.run()
    assert run.status == "completed"
    assert caught == ["Raised by task 'size' of workflow 'page'.", "Raised by call 'agent/page#1' in workflow 'w'."]
    record = run.tasks["agent"].calls[0]
    assert (record.status, str(record.error), record.run.status) == (Status.FAILED, "bad", "failed")
    assert [failure.task for failure in run.errors] == ["agent/page#1"]


async def test_one_that_is_cancelled_by_its_starter_is_cancelled_in_the_record() -> None:
    @task
    async def agent() -> str:
        async with page.start("slow") as run:
            run.cancel()
        return run.status

    @workflow
    async def w(agent: str) -> str:
        return agent

    mention(agent)
    with anyio.fail_after(60):
        run = await w.run()
    assert run.result == "cancelled"
    assert run.tasks["agent"].calls[0].status == "cancelled"


async def test_it_ends_with_a_caller_that_is_cancelled_or_raises_in_the_block() -> None:
    begun = anyio.Event()
    runs: list[Run[Any]] = []

    @task
    async def agent() -> None:
        async with page.start("slow") as run:
            runs.append(run)
            begun.set()
            await anyio.sleep_forever()

    @task
    async def breaks() -> None:
        async with page.start("slow") as run:
            runs.append(run)
            await begun.wait()
            raise LookupError("enough")

    @workflow
    async def w(agent: None, breaks: None) -> None: ...

    mention(agent, breaks)
    with anyio.fail_after(60):
        run = await w.run()
    assert str(run.error) == "'enough'" or repr(run.error) == "LookupError('enough')"
    assert [each.status for each in runs] == ["cancelled", "cancelled"]
    assert {record.calls[0].status for record in run.tasks.values()} == {Status.CANCELLED}


async def test_the_places_of_its_caller_are_lent_to_it() -> None:
    one = Limit(1)
    limited = size.with_options(name="limited", limit=one)

    @workflow(tasks={"limited": limited})
    async def inner(line: str, limited: int) -> int:
        return limited

    @task(limit=one)
    async def agent() -> int | None:
        async with inner.start("ab") as run:
            pass
        return run.result

    @workflow
    async def w(agent: int) -> int:
        return agent

    mention(agent)
    with anyio.fail_after(60):
        assert await w() == 2


async def test_inputs_are_checked_by_the_call_itself() -> None:
    @workflow
    async def w() -> None:
        with pytest.raises(InputError):
            page.start(address="x")

    await w()


async def test_entered_after_the_run_it_was_made_in_it_is_a_run_by_itself() -> None:
    made: list[Any] = []

    @workflow
    async def w() -> None:
        made.append(page.start("ab"))

    outer = await w.run()
    async with made[0] as run:
        assert await anext(run.events())
    assert run.result == 2
    assert len(outer.calls) == 0
