"""What is raised in a resource at the end of its run, and what comes of what it raises itself."""

import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from anyio import Event, create_task_group, sleep, sleep_forever, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import (
    ResourceError,
    Run,
    RunCancelled,
    Skip,
    Status,
    TaskTimeoutError,
    WorkflowTimeoutError,
    resource,
    task,
    workflow,
)
from tests.support.clock import AT_ONCE, Clock, given_time
from tests.support.resources import Diary


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
async def test_the_error_of_the_run_is_raised_in_it(is_async: bool) -> None:
    diary = Diary()
    db = diary.make("db", is_async=is_async)
    error = ValueError("no")

    @task(needs={"db": db})
    def fail(db: str) -> None:
        raise error

    @workflow
    async def w(fail: None) -> None: ...

    with pytest.raises(ValueError) as caught:
        await w.call()
    assert caught.value is error is diary.raised["db"]
    assert error.__notes__ == ["Raised by task 'fail' of workflow 'w'."]
    assert diary.entries == ["open db", "close db"]


async def test_the_error_of_the_body_is_raised_in_it() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @workflow(needs={"db": db})
    async def w(db: str) -> None:
        raise KeyError(db)

    with pytest.raises(KeyError) as caught:
        await w.call()
    assert diary.raised["db"] is caught.value
    trace = caught.value.__traceback__
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
    assert trace.tb_frame.f_code.co_name == "w"  # and not in the resource


async def test_a_skipped_run_rolls_back_too() -> None:
    diary = Diary()
    db = diary.make("db", is_async=False)

    @task(needs={"db": db})
    def skip(db: str) -> None:
        raise Skip("nothing to do")

    @workflow
    def w(skip: None) -> None: ...

    assert (await w.run_async()).status is Status.SKIPPED
    assert isinstance(diary.raised["db"], Skip)


def swallowing(is_async: bool) -> Callable[..., Any]:
    def plain() -> Generator[None]:
        try:
            yield
        except BaseException:
            pass

    async def awaited() -> AsyncGenerator[None]:
        try:
            yield
        except BaseException:
            await checkpoint()

    return awaited if is_async else plain


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
async def test_what_it_makes_of_the_error_changes_nothing(is_async: bool) -> None:
    db = resource(swallowing(is_async), name="db")

    @workflow(needs={"db": db})
    async def w(db: None) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await w.call()


@pytest.mark.parametrize("kind", [ValueError, StopIteration, RuntimeError])
async def test_an_error_in_closing_is_a_note_on_that_of_the_run(kind: type[Exception]) -> None:
    @resource
    def db() -> Generator[None]:
        try:
            yield
        finally:
            raise OSError("disk full")

    @task
    def fail(db: None) -> None:
        raise KeyError("key")

    @workflow
    def w(fail: None) -> None: ...

    run = await w.run_async()
    assert isinstance(run.error, KeyError)
    assert run.error.__notes__ == [
        "Raised by task 'fail' of workflow 'w'.",
        "Also failed: closing resource 'db' with OSError('disk full').",
    ]
    assert isinstance(run.resources["db"].error, OSError)
    assert run.resources["db"].status is Status.FAILED


async def test_an_error_in_closing_fails_a_run_that_had_none() -> None:
    diary = Diary()
    outer = diary.make("outer", is_async=True)
    called: list[str] = []

    @resource(needs={"outer": outer})
    def db(outer: str) -> Generator[str]:
        yield outer
        raise OSError("disk full")

    @task
    def use(db: str) -> str:
        return db

    @workflow
    def w(use: str) -> None:
        called.append(use)

    with pytest.raises(OSError, match="disk full") as caught:
        await w.call()
    assert caught.value.__notes__ == ["Raised by resource 'db' of workflow 'w' after it was opened."]
    assert diary.raised["outer"] is caught.value, "what is still open hears of it"
    assert called == []
    run = Run.of(caught.value)
    assert (run.status, run.error) == (Status.FAILED, caught.value)
    assert [failure.task for failure in run.errors] == ["db"]


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
@given_time
async def test_run_cancelled_is_raised_where_the_run_takes_too_long(clock: Clock, is_async: bool) -> None:
    diary = Diary()
    db = diary.make("db", is_async=is_async)

    @workflow(needs={"db": db}, timeout=clock.seconds)
    async def w(db: str) -> None:
        clock.reach()
        await sleep_forever()

    with pytest.raises(WorkflowTimeoutError):
        await w.call()
    assert type(diary.raised["db"]) is RunCancelled
    assert str(diary.raised["db"]) == (
        f"workflow 'w' was cancelled: it took longer than its timeout of {clock.seconds:g} s"
    )
    assert diary.entries == ["open db", "close db"]


async def test_a_task_group_that_it_holds_open_does_not_wrap_the_error() -> None:
    @resource
    async def group() -> AsyncGenerator[Any]:
        async with create_task_group() as made:
            yield made

    @workflow
    async def w(group: Any) -> None:
        group.start_soon(sleep_forever)
        raise KeyError("key")

    with pytest.raises(KeyError) as caught:
        await w.call()
    assert caught.value.__notes__ == ["Raised by workflow 'w'."]


async def test_a_failure_of_its_background_work_fails_the_run() -> None:
    may_fail, ended = Event(), list[str]()

    async def work() -> None:
        await may_fail.wait()
        raise ConnectionError("lost")

    @resource
    async def client() -> AsyncGenerator[str]:
        async with create_task_group() as group:
            group.start_soon(work)
            yield "client"

    @task
    async def use(client: str) -> None:
        may_fail.set()
        try:
            await sleep_forever()
        finally:
            ended.append("use")

    @workflow
    async def w(use: None) -> None: ...

    with pytest.raises(ExceptionGroup) as caught:
        await w.call()
    assert [str(error) for error in caught.value.exceptions] == ["lost"]
    assert ended == ["use"]
    run = Run.of(caught.value)
    assert run.resources["client"].error is caught.value
    assert run.tasks["use"].status is Status.CANCELLED


async def test_its_background_work_may_fail_while_the_body_runs() -> None:
    @resource
    async def client() -> AsyncGenerator[Any]:
        async with create_task_group() as group:
            yield group

    async def fail() -> None:
        raise ConnectionError("lost")

    @workflow
    async def w(client: Any) -> None:
        client.start_soon(fail)
        await sleep_forever()

    with pytest.raises(ExceptionGroup):
        await w.call()


async def test_it_may_not_come_to_its_end_before_its_run() -> None:
    @resource
    async def client() -> AsyncGenerator[Any]:
        async with create_task_group() as group:
            yield group

    @workflow
    async def w(client: Any) -> None:
        client.cancel_scope.cancel()
        await sleep_forever()

    with pytest.raises(ResourceError) as caught:
        await w.call()
    assert caught.value.resource == "client"
    assert str(caught.value) == (
        "Cannot go on with resource 'client': it came to its end while it was in use. "
        "Keep what it has entered open until it is closed."
    )


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
async def test_one_that_never_yields_is_an_error(is_async: bool) -> None:
    def plain() -> Generator[None]:
        if threading.active_count() < 0:
            yield

    async def awaited() -> AsyncGenerator[None]:
        if threading.active_count() < 0:
            yield

    db = resource(awaited if is_async else plain, name="db")

    @workflow(needs={"db": db})
    async def w(db: None) -> None: ...

    with pytest.raises(ResourceError) as caught:
        await w.call()
    assert str(caught.value) == (
        "Cannot open resource 'db': its function came to its end without a yield. Yield what is to be used, once."
    )


@pytest.mark.parametrize("fails", [False, True], ids=["completed", "failed"])
@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
async def test_one_that_yields_twice_is_an_error(is_async: bool, fails: bool) -> None:
    closed: list[str] = []

    def plain() -> Generator[None]:
        for _ in range(2):
            try:
                yield
            except KeyError:
                pass
            except GeneratorExit:
                closed.append("db")
                raise

    async def awaited() -> AsyncGenerator[None]:
        for _ in range(2):
            try:
                yield
            except KeyError:
                pass
            except GeneratorExit:
                closed.append("db")
                raise

    db = resource(awaited if is_async else plain, name="db")

    @workflow(needs={"db": db})
    async def w(db: None) -> None:
        if fails:
            raise KeyError

    run = await w.run_async()
    text = (
        "Cannot close resource 'db': its function yields a second time. "
        "Yield once what is to be used, and close it after that."
    )
    assert str(run.resources["db"].error) == text
    assert type(run.error) is (KeyError if fails else ResourceError)
    assert closed == ["db"]


async def test_what_its_with_leaves_open_is_refused() -> None:
    opened: list[sqlite3.Connection] = []

    @resource
    def db() -> sqlite3.Connection:
        opened.append(sqlite3.connect(":memory:", check_same_thread=False))
        return opened[0]

    @task
    def use(db: sqlite3.Connection) -> None: ...

    @workflow
    def w(use: None) -> None: ...

    with pytest.raises(ResourceError, match="and with does not close one of these"):
        await w.call()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


async def test_what_is_no_context_manager_is_refused() -> None:
    @resource
    def db() -> int:
        return 3

    @task
    def use(db: int) -> None: ...

    @workflow
    def w(use: None) -> None: ...

    with pytest.raises(ResourceError) as caught:
        await w.call()
    assert str(caught.value) == (
        "Cannot open resource 'db': its function returned 3, which is no context manager. "
        "Yield what is to be used, once, and close it after that."
    )


async def test_closing_has_its_time() -> None:
    @resource(close_timeout=AT_ONCE)
    async def slow() -> AsyncGenerator[None]:
        yield
        await sleep_forever()

    @workflow
    async def w(slow: None) -> int:
        return 1

    with pytest.raises(TaskTimeoutError) as caught:
        await w.call()
    assert str(caught.value) == f"Cannot close resource 'slow': it took longer than its close_timeout of {AT_ONCE:g} s."
    assert (caught.value.task, caught.value.timeout, caught.value.abandoned) == ("slow", AT_ONCE, False)


async def test_a_thread_that_takes_too_long_to_close_is_left_behind() -> None:
    release = threading.Event()

    @resource(close_timeout=AT_ONCE)
    def slow() -> Generator[None]:
        yield
        release.wait(60)

    @workflow
    async def w(slow: None) -> int:
        return 1

    try:
        with pytest.raises(TaskTimeoutError, match="Its thread still runs") as caught:
            await w.call()
        assert caught.value.abandoned
    finally:
        release.set()


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
async def test_a_context_manager_hears_of_the_error(is_async: bool) -> None:
    raised: list[BaseException] = []

    @contextmanager
    def opened() -> Generator[None]:
        try:
            yield
        except KeyError as error:
            raised.append(error)
            raise

    async def awaited() -> Any:
        return opened()

    db = resource(awaited if is_async else opened, name="db")

    @workflow(needs={"db": db})
    async def w(db: None) -> None:
        raise KeyError

    with pytest.raises(KeyError) as caught:
        await w.call()
    assert raised == [caught.value]


async def test_a_rollback_may_await_in_a_run_that_is_cancelled() -> None:
    rolled_back: list[str] = []

    @resource
    async def transaction() -> AsyncGenerator[None]:
        try:
            yield
        except BaseException:
            await sleep(0.001)
            await checkpoint()
            rolled_back.append("yes")
            raise

    @workflow
    async def w(transaction: None) -> None:
        await sleep_forever()

    runs: list[Run[None]] = []
    async with create_task_group() as group:
        async with w.start() as run:
            runs.append(run)
            await checkpoint()
            run.cancel()
        group.cancel_scope.cancel()
    assert rolled_back == ["yes"]
    run = runs[0]
    assert run.status is Status.CANCELLED
    assert run.resources["transaction"].closed is not None
    assert run.resources["transaction"].error is None


@given_time
async def test_a_call_that_was_left_behind_does_not_hold_up_the_closing_for_longer_than_it_may_take(
    clock: Clock,
) -> None:
    release, closed = threading.Event(), threading.Event()

    @resource(close_timeout=AT_ONCE)
    def db() -> Generator[None]:
        try:
            yield
        finally:
            closed.set()

    @task(run_in=db, timeout=clock.seconds, recover=lambda: None)
    def slow(db: None) -> None:
        clock.reach()
        release.wait(60)

    @workflow
    async def w(slow: None) -> None: ...

    with pytest.raises(TaskTimeoutError, match=r"Cannot close resource .db..* Its thread still runs"):
        await w.call()
    release.set()
    assert await to_thread.run_sync(closed.wait, 60), "it is closed all the same, in its thread, when that is free"
