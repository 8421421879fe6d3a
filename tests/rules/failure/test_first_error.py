"""The first error ends the run, and is raised as it is."""

import threading
import traceback
from typing import Any

import pytest
from anyio import Event, get_cancelled_exc_class, get_running_tasks, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Run, Status, task, workflow
from tests.conftest import Backend
from tests.support.failure import own_frames


def user_frames(error: BaseException) -> list[str]:
    """Return the names of the functions of this file in the traceback, the outermost first."""
    return [f.name for f in traceback.extract_tb(error.__traceback__) if f.filename == __file__]


@pytest.mark.parametrize("kind", ["async", "waits", "def", "timed def"])
async def test_the_first_error_is_raised_as_it_is_with_the_user_s_frames_and_few_of_ours(kind: str) -> None:
    error = ValueError("no")

    def fail() -> None:
        raise error

    async def fail_async() -> None:
        fail()

    async def fail_later() -> None:
        await checkpoint()
        fail()

    functions: dict[str, Any] = {"async": fail_async, "waits": fail_later, "def": fail, "timed def": fail}
    bad = task(functions[kind], name="bad", timeout=60 if kind == "timed def" else None)

    @workflow(after=bad)
    async def failing() -> None: ...

    with pytest.raises(ValueError) as caught:
        await failing()
    assert caught.value is error
    assert error.__notes__ == ["Raised by task 'bad' of workflow 'failing'."]
    assert user_frames(error)[-1] == "fail"
    assert len(own_frames(error)) <= 1
    run = Run.of(error)
    assert run.error is error
    assert run.status is Status.FAILED
    assert [(f.task, f.attempt, f.error) for f in run.errors] == [("bad", 1, error)]
    assert run.tasks["bad"].error is error


def test_a_plain_call_shows_one_frame_of_ours(backend: Backend) -> None:
    @task
    def bad() -> None:
        raise ValueError("no")

    @workflow(backend=backend[0], backend_options=backend[1])
    def failing(bad: None) -> None: ...

    with pytest.raises(ValueError, match="no") as caught:
        failing()
    assert own_frames(caught.value) == ["__call__"]
    assert user_frames(caught.value) == ["test_a_plain_call_shows_one_frame_of_ours", "bad"]


def test_an_error_of_the_workflow_s_own_function_says_so(backend: Backend) -> None:
    @workflow(backend=backend[0], backend_options=backend[1])
    def failing(x: int) -> float:
        return 1 / x

    with pytest.raises(ZeroDivisionError) as caught:
        failing(0)
    assert caught.value.__notes__ == ["Raised by workflow 'failing'."]
    run = Run.of(caught.value)
    assert [(f.task, f.error) for f in run.errors] == [(None, caught.value)]
    assert run.status is Status.FAILED


async def test_the_first_error_cancels_the_rest_and_nothing_new_starts() -> None:
    ready = Event()
    log: list[str] = []

    @task
    async def bad() -> None:
        await ready.wait()
        raise ValueError("no")

    @task
    async def sleeper() -> None:
        ready.set()
        try:
            await sleep_forever()
        finally:
            log.append("cancelled")

    @task
    async def never(sleeper: None, bad: None) -> None:
        log.append("never")

    @task
    async def swallows() -> None:
        try:
            await sleep_forever()
        except get_cancelled_exc_class():
            log.append("swallowed")

    @task
    async def nor_this(swallows: None) -> None:
        log.append("nor this")

    @workflow
    async def failing(never: None, nor_this: None) -> None: ...

    before = len(get_running_tasks())
    run = await failing.run()
    assert sorted(log) == ["cancelled", "swallowed"]
    assert len(get_running_tasks()) == before
    assert {name: record.status for name, record in run.tasks.items()} == {
        "bad": Status.FAILED,
        "sleeper": Status.CANCELLED,
        "never": Status.CANCELLED,
        "swallows": Status.COMPLETED,
        "nor_this": Status.CANCELLED,
    }


async def test_an_error_in_a_thread_cancels_the_rest_too() -> None:
    ready = threading.Event()
    log: list[str] = []

    @task
    def bad() -> None:
        ready.wait(60)
        raise ValueError("no")

    @task
    async def sleeper() -> None:
        ready.set()
        try:
            await sleep_forever()
        finally:
            log.append("cancelled")

    @workflow
    async def failing(bad: None, sleeper: None) -> None: ...

    with pytest.raises(ValueError, match="no"):
        await failing()
    assert log == ["cancelled"]
