"""What can be started, how often, and what is heard of it."""

from typing import Any

import anyio
import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from flowdeco import Event, GraphError, InputError, RunError, task, workflow
from tests.support.live import read, say, summary


async def test_inputs_and_graph_are_checked_by_the_call_itself() -> None:
    @task
    def lost(nothing: int) -> int:
        return nothing

    @workflow(needs={"x": lost})
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


async def test_a_workflow_within_is_told_of_with_its_tasks() -> None:
    @workflow(tasks=[summary])
    async def outer(url: str, summary: str) -> str:
        return summary

    async with outer.start("x") as run:
        assert await read(run) == [
            "outer running",
            "summary running",
            "summary/page running",
            "summary/page completed",
            "summary/words running",
            "summary/words completed",
            "summary completed",
            "outer completed",
        ]


def test_start_can_be_called_before_there_is_an_event_loop() -> None:
    live = summary.start("x")

    async def main() -> list[str]:
        async with live as run:
            return await read(run)

    assert len(anyio.run(main)) == 6
