"""`async with w.start(...) as run`: a run that is followed, and stopped, while it goes on."""

from typing import Any

import anyio
import pytest
from anyio import Event as Signal
from anyio import create_task_group, fail_after, get_running_tasks, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import (
    Event,
    GraphError,
    InputError,
    Retry,
    Run,
    RunError,
    Skip,
    Status,
    WorkflowTimeoutError,
    task,
    workflow,
)


def say(event: Event) -> str:
    return f"{event.task or event.workflow} {event.status}"


async def read(run: Run[Any]) -> list[str]:
    return [say(event) async for event in run.events()]


@task
async def page(url: str) -> str:
    await checkpoint()
    return f"<{url}>"


@task
def words(page: str) -> int:
    return len(page)


@workflow
async def summary(url: str, words: int) -> str:
    return f"{words} words"


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

    with fail_after(10):
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


async def test_cancel_stops_the_run_and_nothing_is_raised() -> None:
    begun = Signal()

    @task
    async def forever() -> None:
        begun.set()
        await sleep_forever()

    @workflow
    async def w(forever: None) -> None: ...

    before = len(get_running_tasks())
    with fail_after(10):
        async with w.start() as run:
            await begun.wait()
            run.cancel()
            run.cancel()
            assert (await read(run))[-2:] == ["forever cancelled", "w cancelled"]
    assert run.status is Status.CANCELLED
    assert run.error is None
    assert len(get_running_tasks()) == before
    run.cancel()
    assert run.status is Status.CANCELLED


async def test_a_run_can_be_cancelled_before_it_began() -> None:
    async with summary.start("x") as run:
        run.cancel()
    assert run.status is Status.CANCELLED


async def test_a_run_can_be_cancelled_by_its_own_task() -> None:
    @task
    async def suicidal(run: Run[Any]) -> None:
        run.cancel()
        await sleep_forever()

    @workflow
    async def w(suicidal: None) -> None: ...

    with fail_after(10):
        async with w.start() as live:
            pass
    assert live.status is Status.CANCELLED


async def test_a_cancellation_from_outside_passes() -> None:
    begun = Signal()

    @task
    async def forever() -> None:
        begun.set()
        await sleep_forever()

    @workflow
    async def w(forever: None) -> None: ...

    runs: list[Run[None]] = []

    async def follow() -> None:
        async with w.start() as run:
            runs.append(run)

    with fail_after(10):
        async with create_task_group() as group:
            group.start_soon(follow)
            await begun.wait()
            group.cancel_scope.cancel()
    assert runs[0].status is Status.CANCELLED


async def test_the_workflow_s_timeout_holds() -> None:
    @task
    async def forever() -> None:
        await sleep_forever()

    @workflow(timeout=0.01)
    async def w(forever: None) -> None: ...

    with pytest.raises(WorkflowTimeoutError):
        async with w.start():
            pass


async def test_inputs_and_graph_are_checked_by_the_call_itself() -> None:
    @workflow(needs={"x": "nothing"})
    async def wrong(x: int) -> None: ...

    with pytest.raises(InputError):
        summary.start(address="x")
    with pytest.raises(GraphError):
        wrong.start()


async def test_what_is_not_live_can_be_neither_followed_nor_cancelled() -> None:
    run = await summary.run("x")
    with pytest.raises(RunError) as caught:
        run.cancel()
    way_out = "it is not live. Start it with: async with summary.start(...)."
    assert str(caught.value) == f"Cannot cancel run of workflow 'summary': {way_out}"
    assert caught.value.workflow == "summary"
    with pytest.raises(RunError) as caught:
        await read(run)
    assert str(caught.value) == f"Cannot follow run of workflow 'summary': {way_out}"


async def test_the_same_workflow_may_be_live_many_times_at_once() -> None:
    results: list[Any] = []

    async def follow(url: str) -> None:
        async with summary.start(url) as run:
            events = await read(run)
            assert len(events) == 6
        results.append(run.result)

    async with create_task_group() as group:
        for number in range(20):
            group.start_soon(follow, "x" * number)
    assert sorted(results) == sorted(f"{number + 2} words" for number in range(20))


async def test_overrides_and_other_options_can_be_started() -> None:
    async with summary.override(page="abc").with_options(name="other").start("x") as run:
        assert await read(run) == ["other running", "words running", "words completed", "other completed"]
    assert run.result == "3 words"


async def test_hooks_hear_the_same_as_readers() -> None:
    heard: list[str] = []

    def hear(event: Event) -> None:
        heard.append(say(event))

    loud = summary.with_options(on_state=hear)
    async with loud.start("x") as run:
        assert await read(run) == heard
        await wait_all_tasks_blocked()


async def test_a_workflow_within_is_one_node() -> None:
    @workflow(tasks=[summary])
    async def outer(url: str, summary: str) -> str:
        return summary

    async with outer.start("x") as run:
        assert await read(run) == ["outer running", "summary running", "summary completed", "outer completed"]


def test_start_can_be_called_before_there_is_an_event_loop() -> None:
    live = summary.start("x")

    async def main() -> list[str]:
        async with live as run:
            return await read(run)

    assert len(anyio.run(main)) == 6
