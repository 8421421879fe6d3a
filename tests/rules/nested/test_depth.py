"""Workflows are nested as deep as one likes."""

from functools import cache
from typing import Any

import anyio
import pytest

from flowdeco import CycleError, Run, Status, WorkflowTimeoutError, task, workflow
from tests.conftest import Backend
from tests.support.clock import Clock, given_time
from tests.support.modules import make_module

DEPTH = 1_000
# Deep enough for what calls itself to fail, where each level takes its time.
DEEP = 300


@cache
def make_nest(kind: str, depth: int = DEPTH) -> Any:
    """Return the outermost of workflows that each run the one before, and add one to what that gives."""
    lines = ["import anyio", "@task", "async def leaf(seconds):", "    await anyio.sleep(seconds)", "    return 0"]
    within = "leaf"
    for level in range(depth):
        lines += ["@workflow", f"{kind} w{level}(seconds, {within}): return {within} + 1"]
        within = f"w{level}"
    return getattr(make_module("nest", "\n".join(lines)), within)


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_1_000_levels_are_checked_drawn_and_run(kind: str) -> None:
    w = make_nest(kind)
    w.check(types=True)
    assert str(w.graph).count("\n") == 3
    assert "w998" in w.graph.to_mermaid()
    assert await w.call(seconds=0) == DEPTH
    run = await w.run_async(seconds=0)
    for level in reversed(range(DEPTH - 1)):
        run = run.tasks[f"w{level}"].run
    assert run.tasks["leaf"].result == 0


def test_1_000_levels_run_in_a_plain_call(backend: Backend) -> None:
    name, options = backend
    w = make_nest("def").with_options(backend=name, backend_options=options)
    assert w(seconds=0) == DEPTH


@given_time
async def test_many_levels_end_together_at_a_timeout(clock: Clock) -> None:
    async def wait(seconds: float) -> None:
        clock.reach()
        await anyio.sleep(seconds)

    w = make_nest("async def", 100).override(leaf=wait).with_options(timeout=clock.seconds)
    with pytest.raises(WorkflowTimeoutError):
        await w(seconds=3600)


async def test_many_levels_are_cancelled_and_fail_together() -> None:
    w = make_nest("async def", DEEP)
    begun = anyio.Event()

    async def wait(seconds: float) -> None:
        begun.set()
        await anyio.sleep(seconds)

    async with w.override(leaf=wait).start(seconds=3600) as run:
        await begun.wait()
        run.cancel()
    assert run.status is Status.CANCELLED

    def fail(seconds: float) -> None:
        raise ValueError(seconds)

    with pytest.raises(ValueError, match="0") as caught:
        await w.override(leaf=fail)(seconds=0)
    assert caught.value.__notes__[0] == "Raised by task 'leaf' of workflow 'w0'."
    assert len(caught.value.__notes__) == DEEP
    assert Run.of(caught.value).workflow == w.__name__


def test_an_override_reaches_the_innermost_of_many_levels() -> None:
    assert make_nest("def", DEEP).override(leaf=5)(seconds=0) == DEEP + 5


def test_a_workflow_that_runs_itself_through_1_000_others_is_a_circle() -> None:
    module_text = "\n".join(f"@workflow\ndef w{i}(w{(i + 1) % DEPTH}): ..." for i in range(DEPTH))
    w = make_module("circle", module_text).w0
    with pytest.raises(CycleError, match="workflows run each other in a circle: w0 -> w1") as caught:
        w.check()
    assert len(caught.value.path) == DEPTH + 1


def test_each_of_many_runs_two_of_the_others_and_the_work_does_not_double() -> None:
    lines = ["@task", "def leaf(): return 1", "@workflow", "def w0(leaf): return leaf"]
    lines += ["@workflow", "def w1(w0): return w0"]
    for level in range(2, 60):  # as many runs as the 60th Fibonacci number, if each ran its own
        lines += ["@workflow", f"def w{level}(w{level - 1}, w{level - 2}): return w{level - 1} + w{level - 2}"]
    w = make_module("doubling", "\n".join(lines)).w59
    w.check()
    first, second = 1, 1
    for _ in range(58):
        first, second = second, first + second
    assert w() == second


def test_many_overrides_of_overrides_and_changes_of_options() -> None:
    @task
    def leaf() -> int:
        return 0

    @workflow
    def inner(leaf: int) -> int:
        return leaf

    @workflow
    def outer(inner: int) -> int:
        return inner

    w = outer
    for number in range(DEEP):
        w = w.override(leaf=number).with_options(timeout=None) if number < 2 else w.override(leaf=number)
    assert w() == DEEP - 1
    w = w.with_options(timeout=60)
    assert (w(), w.timeout) == (DEEP - 1, 60)
    for number in range(DEEP):
        w = outer.with_options(timeout=number + 1) if not number else w.with_options(timeout=number + 1)
    assert (w(), w.timeout) == (0, DEEP)
