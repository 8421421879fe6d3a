"""Graphs of all shapes, in which some tasks fail or the caller is cancelled, end in a state that makes sense."""

from collections.abc import Callable
from typing import Any

import anyio
from anyio import CancelScope, from_thread, get_running_tasks
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Run, Status, Task, task, workflow
from tests.conftest import Backend
from tests.support.example import examples

Node = tuple[str, list[int], str]

WAYS = ["async", "waits", "waits twice", "def", "def timed"]
ENDS = ["well", "well", "well", "well", "fails", "fails at cleanup", "cancels the caller"]


class Failed(Exception):
    """What a failing task raises; its argument is the task's index."""


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    """For each node how it runs, the earlier nodes that it needs, and how it ends."""
    count = draw(st.integers(1, 12))
    return [
        (
            draw(st.sampled_from(WAYS)),
            draw(st.lists(st.integers(0, i - 1), unique=True, max_size=3)) if i else [],
            draw(st.sampled_from(ENDS)),
        )
        for i in range(count)
    ]


def make_function(index: int, way: str, end: str, scope: CancelScope) -> Callable[..., Any]:
    """Return a function that runs and ends like this."""

    def plain(parts: list[int]) -> int:
        if end == "cancels the caller":
            from_thread.run_sync(scope.cancel)
        if end.startswith("fails"):
            raise Failed(index)
        return index

    async def on_loop(parts: list[int]) -> int:
        try:
            for _ in range(["async", "waits", "waits twice"].index(way)):
                await checkpoint()
        finally:
            if end == "fails at cleanup":
                raise Failed(index)
        if end == "cancels the caller":
            scope.cancel()
        if end == "fails":
            raise Failed(index)
        return index

    return plain if way.startswith("def") else on_loop


async def run_graph(graph: list[Node]) -> tuple[Run[Any] | None, CancelScope, list[Run[Any]]]:
    scope = CancelScope()
    seen: list[Run[Any]] = []
    tasks: dict[str, Task[..., Any]] = {}

    @task
    async def note(run: Run[Any]) -> None:
        seen.append(run)

    for index, (way, needs, end) in enumerate(graph):
        tasks[f"n{index}"] = task(
            make_function(index, way, end, scope),
            name=f"n{index}",
            needs={"parts": [tasks[f"n{i}"] for i in needs]},
            after=note,
            timeout=60 if way == "def timed" else None,
        )

    @workflow(needs={"results": list(tasks.values())})
    async def everything(results: list[int]) -> list[int]:
        return results

    alive = len(get_running_tasks())
    run: Run[Any] | None = None
    with scope:
        run = await everything.run()
    assert len(get_running_tasks()) == alive
    return run, scope, seen


@given(graph=graphs())
@examples(0.6)
def test_whatever_fails_the_run_ends_with_a_real_error_or_a_cancellation_and_a_record_that_fits(
    graph: list[Node], backend: Backend
) -> None:
    run, scope, seen = anyio.run(run_graph, graph, backend=backend[0], backend_options=backend[1])
    (record,) = seen
    statuses = [record.tasks[f"n{i}"].status for i in range(len(graph))]
    failures = {f.error.args[0] for f in record.errors if isinstance(f.error, Failed)}
    assert len(failures) == len(record.errors)
    assert failures == {i for i, status in enumerate(statuses) if status is Status.FAILED}
    for index, (_, needs, end) in enumerate(graph):
        if statuses[index] in (Status.COMPLETED, Status.FAILED):
            assert all(statuses[i] is Status.COMPLETED for i in needs)
        if statuses[index] is Status.COMPLETED:
            assert record.tasks[f"n{index}"].result == index
            assert not end.startswith("fails")
    if run is None:
        assert scope.cancelled_caught
        assert record.status is Status.CANCELLED
        # A failure does not replace the cancellation, whether it came of it or just before it was heard of.
        assert all(str(graph[i][2]).startswith("fails") for i in map(int, failures))
    elif failures:
        assert run is record
        assert run.error in [f.error for f in run.errors]
        assert run.status is Status.FAILED
    else:
        assert run.result == list(range(len(graph)))
        assert set(statuses) == {Status.COMPLETED}
