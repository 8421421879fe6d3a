"""The first error ends the run, and is raised as it is."""

import asyncio
import copy
import threading
import traceback
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import (
    Event,
    create_task_group,
    get_cancelled_exc_class,
    get_running_tasks,
    sleep_forever,
    wait_all_tasks_blocked,
)
from anyio.lowlevel import checkpoint

import flowdeco
from flowdeco import OutputError, Run, Status, StrayCancellationError, task, workflow
from tests.conftest import Backend

OWN = str(Path(flowdeco.__file__).parent)


def own_frames(error: BaseException) -> list[str]:
    """Return the names of the library's functions in the traceback."""
    return [f.name for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(OWN)]


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
        ready.wait(10)
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
        barrier.wait(10)
        raise KeyError("left")

    @task
    def right_def() -> None:
        barrier.wait(10)
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


async def test_an_error_during_a_cancellation_from_outside_is_not_lost() -> None:
    ready = Event()

    @task
    async def work() -> None:
        ready.set()
        try:
            await sleep_forever()
        finally:
            raise RuntimeError("cleanup")

    @task
    async def other() -> None:
        await sleep_forever()

    @workflow
    async def failing(work: None, other: None) -> None: ...

    with pytest.raises(BaseExceptionGroup) as caught:
        async with create_task_group() as group:
            group.start_soon(failing)
            await ready.wait()
            group.cancel_scope.cancel()
    assert [str(e) for e in caught.value.exceptions] == ["cleanup"]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("kind", ["async", "waits", "def"])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_raises_the_cancellation_exception_by_itself_has_failed(kind: str, together: bool) -> None:
    def fail() -> None:
        raise asyncio.CancelledError

    async def fail_async() -> None:
        fail()

    async def fail_later() -> None:
        await checkpoint()
        fail()

    functions: dict[str, Any] = {"async": fail_async, "waits": fail_later, "def": fail}
    bad = task(functions[kind], name="bad")

    @task
    async def other() -> None:
        if together:
            await sleep_forever()

    @workflow(after=[bad, other])
    async def stray() -> None: ...

    with pytest.raises(StrayCancellationError) as caught:
        await stray()
    assert str(caught.value) == "Cannot finish task 'bad': it raised CancelledError, but nobody cancelled it."
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert caught.value.task == "bad"
    assert asyncio.current_task() is not None


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_cancellation_that_one_task_dealt_with_is_not_taken_for_the_next_task_s() -> None:
    @task
    async def deals_with_it() -> None:
        try:
            async with asyncio.timeout(0.01):
                await sleep_forever()
        except TimeoutError:
            return

    @task
    async def bad(deals_with_it: None) -> None:
        raise asyncio.CancelledError

    @workflow
    async def stray(bad: None) -> None: ...

    with pytest.raises(StrayCancellationError):
        await stray()


async def test_a_cancellation_that_a_task_kept_from_an_earlier_scope_is_a_failure() -> None:
    kept: list[BaseException] = []

    @task
    async def bad() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            try:
                await checkpoint()
            except BaseException as error:
                kept.append(error)
                raise
        await checkpoint()
        raise kept[0]

    @task
    async def other() -> None:
        await sleep_forever()

    @workflow
    async def stray(bad: None, other: None) -> None: ...

    with pytest.raises(StrayCancellationError):
        await stray()


@pytest.mark.parametrize("kind", ["async", "def", "timed def", "awaitable"])
@pytest.mark.parametrize("error", [StopIteration(1), StopAsyncIteration(2)])
async def test_a_stop_iteration_out_of_a_task_is_not_lost(kind: str, error: Exception) -> None:
    error = copy.copy(error)

    def fail() -> Any:
        raise error

    async def fail_async() -> None:
        raise error

    class Awaitable:
        def __await__(self) -> Any:
            yield from self.steps()

        def steps(self) -> Any:
            raise error

    functions: dict[str, Any] = {"async": fail_async, "def": fail, "timed def": fail, "awaitable": Awaitable}
    bad = task(functions[kind], name="bad", timeout=60 if kind == "timed def" else None)

    @workflow(after=bad)
    async def stops() -> None: ...

    with pytest.raises((RuntimeError, StopAsyncIteration)) as caught:
        await stops()
    assert error in (caught.value, caught.value.__cause__)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("kind", ["async", "def"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_keyboard_interrupt_and_system_exit_pass_bare(
    kind: str, together: bool, error: BaseException, backend: Backend
) -> None:
    error = copy.copy(error)
    ended: list[str] = []

    @task
    async def fail_async() -> None:
        await checkpoint()
        raise error

    @task
    def fail_def() -> None:
        raise error

    @task
    async def other() -> None:
        try:
            if together:
                await sleep_forever()
        finally:
            ended.append("other")

    bad = {"async": fail_async, "def": fail_def}[kind]

    @workflow(after=[other, bad], backend=backend[0], backend_options=backend[1])
    def leaves() -> None: ...

    with pytest.raises(type(error)) as caught:
        leaves()
    assert caught.value is error
    assert ended == ["other"]
    with pytest.raises(type(error)):
        leaves.run()


@pytest.mark.parametrize("kind", ["async", "def"])
@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"train": 1}, "the result has no 'test'"),
        ([1, 2, 3], "the result has 3 items"),
        (5, "the result is of type int"),
        ("ab", "the result is of type str"),
    ],
)
async def test_outputs_that_do_not_fit_the_result_are_an_error_of_the_task(
    kind: str, result: object, reason: str
) -> None:
    async def split_async() -> object:
        return result

    def split_def() -> object:
        return result

    split = task(split_async if kind == "async" else split_def, name="split", outputs=("train", "test"))

    @workflow(tasks=[split])
    async def fit(train: object) -> object:
        return train

    with pytest.raises(OutputError) as caught:
        await fit()
    assert str(caught.value) == (
        f"Cannot take the outputs 'train', 'test' of task 'split': {reason}. "
        "Return a mapping with these keys, or a sequence of 2."
    )
    assert caught.value.outputs == ("train", "test")
    assert caught.value.result == result
    assert Run.of(caught.value).tasks["split"].status is Status.FAILED


@pytest.mark.parametrize("kind", ["async", "def"])
@pytest.mark.parametrize("result", [{"train": 1, "test": 2, "more": 3}, (1, 2)])
async def test_outputs_are_available_under_their_names(kind: str, result: object) -> None:
    async def split_async() -> object:
        return result

    def split_def() -> object:
        return result

    split = task(split_async if kind == "async" else split_def, name="split", outputs=("train", "test"))

    @task
    async def fitted(train: int, test: int) -> int:
        return 10 * train + test

    @workflow(tasks=[split])
    async def fit(fitted: int, test: int, split: object) -> tuple[int, int, object]:
        return fitted, test, split

    assert await fit() == (12, 2, result)
