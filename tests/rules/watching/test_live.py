"""`async with w.start(...) as run`: a run that is followed while it goes on."""

from typing import Any

import pytest
from anyio import Event as Signal
from anyio import fail_after, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Retry, Run, Skip, Status, task, workflow
from tests.support.live import read, say, summary, words
from tests.support.naming import mention

mention(words)


@workflow(name="plain")
def plain_summary(url: str, words: int) -> str:
    return f"{words} words"


WHOLE = ["page running", "page completed", "words running", "words completed"]


@pytest.mark.parametrize("w", [summary, plain_summary], ids=["async def", "def"])
async def test_the_events_of_a_run_are_complete_and_in_order(w: Any) -> None:
    async with w.start(url="x") as run:
        assert await read(run) == [f"{w.name} running", *WHOLE, f"{w.name} completed"]
    assert run.status is Status.COMPLETED
    assert run.result == "3 words"
    assert run.tasks["words"].result == 3


async def test_leaving_the_block_waits_for_the_run() -> None:
    gate, begun = Signal(), Signal()

    @task
    async def slow() -> str:
        begun.set()
        await gate.wait()
        return "done"

    @workflow
    async def w(slow: str) -> str:
        return slow

    with fail_after(60):
        async with w.start() as run:
            await begun.wait()
            assert run.status is Status.RUNNING
            assert run.tasks["slow"].status is Status.RUNNING
            gate.set()
        assert run.result == "done"


async def test_a_late_reader_and_a_second_one_miss_nothing() -> None:
    async with summary.start("x") as run:
        first = await read(run)
        assert await read(run) == first
    assert await read(run) == first
    assert len(first) == 6


async def test_a_slow_reader_holds_nothing_up_and_loses_nothing() -> None:
    async with summary.start("x") as run:
        events = run.events()
        seen = [say(await anext(events))]
        while run.status is not Status.COMPLETED:  # the run ends while the reader has read one event only
            await checkpoint()
        seen += [say(event) async for event in events]
    assert seen == ["summary running", *WHOLE, "summary completed"]


async def test_a_reader_may_leave_early() -> None:
    async with summary.start("x") as run:
        async for event in run.events():
            if event.task == "page":
                break
    assert run.status is Status.COMPLETED


async def test_it_raises_what_a_call_would_and_not_in_a_group() -> None:
    error = ValueError("no")

    @task(retries=Retry(1, delay=0))
    async def bad() -> None:
        raise error

    @workflow
    async def w(bad: None) -> None: ...

    seen: list[str] = []
    with pytest.raises(ValueError) as caught:
        async with w.start() as run:
            seen += await read(run)
    run = Run.of(error)
    assert caught.value is error
    assert error.__notes__ == ["Raised by task 'bad' of workflow 'w', attempt 2."]
    assert seen == ["w running", "bad running", "bad retrying", "bad running", "bad failed", "w failed"]


async def test_a_skipped_run_raises_the_skip() -> None:
    @task
    async def news() -> str:
        raise Skip("none today")

    @workflow
    async def w(news: str) -> str:
        return news

    runs: list[Run[str]] = []
    with pytest.raises(Skip, match="none today"):
        async with w.start() as run:
            runs.append(run)
    assert runs[0].status is Status.SKIPPED


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
async def test_an_interrupt_comes_out_bare(kind: type[BaseException]) -> None:
    @task
    async def stop() -> None:
        raise kind

    @workflow
    async def w(stop: None) -> None: ...

    with pytest.raises(kind):
        async with w.start():
            await sleep_forever()


async def test_an_exception_in_the_block_cancels_the_run_and_is_raised_as_it_is() -> None:
    begun = Signal()

    @task
    async def forever() -> None:
        begun.set()
        await sleep_forever()

    @workflow
    async def w(forever: None) -> None: ...

    runs: list[Run[None]] = []
    with pytest.raises(KeyError, match="mine"):
        async with w.start() as run:
            runs.append(run)
            await begun.wait()
            raise KeyError("mine")
    assert runs[0].status is Status.CANCELLED
    assert runs[0].tasks["forever"].status is Status.CANCELLED
