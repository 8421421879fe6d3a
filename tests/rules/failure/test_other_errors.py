"""What becomes of errors besides the first."""

import threading

import pytest
from anyio import CancelScope, Event, create_task_group, sleep_forever, wait_all_tasks_blocked

from flowdeco import Run, Status, task, workflow


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_two_that_fail_in_the_same_moment_are_both_in_the_record_and_in_the_notes(kind: str) -> None:
    barrier = threading.Barrier(2)
    both_wait = Event()

    @task
    async def left_async() -> None:
        await both_wait.wait()
        raise KeyError("left")

    @task
    async def right_async() -> None:
        await both_wait.wait()
        raise ValueError("right")

    @task
    async def wakes_them() -> None:
        await wait_all_tasks_blocked()
        both_wait.set()

    @task
    def left_def() -> None:
        barrier.wait(60)
        raise KeyError("left")

    @task
    def right_def() -> None:
        barrier.wait(60)
        raise ValueError("right")

    chosen = [left_async, right_async] if kind == "async" else [left_def, right_def]
    steps = [step.with_options(name=name) for step, name in zip(chosen, ["left", "right"], strict=True)]

    @workflow(after=[*steps, wakes_them])
    async def failing() -> None: ...

    run = await failing.run()
    assert run.error is not None
    others = [f for f in run.errors if f.error is not run.error]
    assert {type(f.error) for f in run.errors} == {KeyError, ValueError}
    (other,) = others
    first = next(f for f in run.errors if f.error is run.error)
    assert run.error is run.errors[0].error
    assert run.error.__notes__ == [
        f"Raised by task {first.task!r} of workflow 'failing'.",
        f"Also failed: task {other.task!r} with {other.error!r}.",
    ]


async def test_a_sibling_s_cleanup_that_fails_is_in_the_record_and_in_the_notes() -> None:
    ready = Event()

    @task
    async def bad() -> None:
        await ready.wait()
        raise ValueError("first")

    @task
    async def sibling() -> None:
        ready.set()
        try:
            await sleep_forever()
        finally:
            raise RuntimeError("cleanup")

    @workflow
    async def failing(bad: None, sibling: None) -> None: ...

    with pytest.raises(ValueError, match="first") as caught:
        await failing()
    assert caught.value.__notes__ == [
        "Raised by task 'bad' of workflow 'failing'.",
        "Also failed: task 'sibling' with RuntimeError('cleanup').",
    ]
    assert [f.task for f in Run.of(caught.value).errors] == ["bad", "sibling"]


@pytest.mark.parametrize("together", [False, True])
async def test_an_error_during_a_cancellation_from_outside_is_kept_and_replaces_it_not(together: bool) -> None:
    ready, scope = Event(), CancelScope()
    seen: list[Run[None]] = []

    @task
    async def work(run: Run[None]) -> None:
        seen.append(run)
        ready.set()
        try:
            await sleep_forever()
        finally:
            raise RuntimeError("cleanup")

    @task
    async def other() -> None:
        await sleep_forever()

    @workflow(after=[work, other] if together else work)
    async def failing() -> None: ...

    async def call() -> None:
        with scope:
            await failing()

    async with create_task_group() as group:
        group.start_soon(call)
        await ready.wait()
        scope.cancel()
    assert scope.cancelled_caught
    (run,) = seen
    assert [(f.task, f.attempt, str(f.error)) for f in run.errors] == [("work", 1, "cleanup")]
    assert (run.status, run.tasks["work"].status) == (Status.CANCELLED, Status.FAILED)
