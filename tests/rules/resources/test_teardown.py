"""However a run ends, what it has opened is closed, in reverse order, with all that its closing awaits."""

import signal
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, sleep_forever, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import (
    Retry,
    RunCancelled,
    Status,
    TaskTimeoutError,
    Workflow,
    WorkflowTimeoutError,
    resource,
    task,
    workflow,
)
from tests.conftest import BACKENDS, Backend
from tests.support.clock import PATIENCE, Clock, given_time
from tests.support.resources import Diary

ORDER = ["open outer", "open middle", "open inner", "close inner", "close middle", "close outer"]
NAMES = ["outer", "middle", "inner"]
PLACES = ["task", "thread", "body"]


class Theatre:
    """A workflow with three resources, one upon the other, and something that goes on while they are open.

    Args:
        place: where that is: in a task, in a task's thread, in the workflow's own function.
        act: what it does; `None`: it waits until it is cancelled.
    """

    def __init__(self, place: str, act: Callable[[], object] | None = None) -> None:
        self.diary = diary = Diary()
        self.begun = Event()
        self.in_thread = threading.Event()
        outer = diary.make("outer", is_async=True)
        middle = diary.make("middle", is_async=False, after=outer)
        self.inner = diary.make("inner", is_async=True, after=middle)
        use: Any = self._use_in_thread(act) if place == "thread" else self._use(act)
        self.workflow: Workflow[Any, Any]
        if place == "body":
            self.workflow = workflow(use, name="w", needs={"inner": self.inner})
        else:

            @workflow(name="w", after=task(use, name="use", needs={"inner": self.inner}))
            async def w() -> str:
                return "done"

            self.workflow = w

    def _use(self, act: Callable[[], object] | None) -> Callable[..., Any]:
        async def use(inner: str) -> None:
            self.begun.set()
            await checkpoint()
            if act is not None:
                act()
            else:
                await sleep_forever()

        return use

    def _use_in_thread(self, act: Callable[[], object] | None) -> Callable[..., Any]:
        def use(inner: str) -> None:
            anyio.from_thread.run_sync(self.begun.set)
            if act is not None:
                act()
            else:
                self.in_thread.wait(60)

        return use

    def check(self, raised: type[BaseException] | None) -> None:
        """Fail unless all was closed in order, and this was raised in each."""
        assert self.diary.entries == ORDER
        expected = {} if raised is None else dict.fromkeys(reversed(NAMES), raised)
        assert {name: type(error) for name, error in self.diary.raised.items()} == expected


def nothing() -> None:
    pass


def fail() -> None:
    raise ValueError


def leave() -> None:
    raise SystemExit(3)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", PLACES)
async def test_after_success(place: str) -> None:
    theatre = Theatre(place, nothing)
    await theatre.workflow.call()
    theatre.check(None)


@pytest.mark.parametrize("place", PLACES)
async def test_after_failure(place: str) -> None:
    theatre = Theatre(place, fail)
    with pytest.raises(ValueError):
        await theatre.workflow.call()
    theatre.check(ValueError)


@pytest.mark.parametrize("place", PLACES)
async def test_after_sys_exit(place: str) -> None:
    theatre = Theatre(place, leave)
    with pytest.raises(SystemExit) as caught:
        await theatre.workflow.call()
    assert caught.value.code == 3
    theatre.check(SystemExit)


@pytest.mark.parametrize("place", PLACES)
@given_time
async def test_after_a_timeout(clock: Clock, place: str) -> None:
    def wait_in_thread() -> None:
        clock.reach()
        for _ in range(int(PATIENCE / 0.002)):
            anyio.from_thread.check_cancelled()
            threading.Event().wait(0.002)

    theatre = Theatre(place, wait_in_thread if place == "thread" else None)
    with pytest.raises(WorkflowTimeoutError):
        await theatre.workflow.with_options(timeout=clock.seconds).call()
    if theatre.begun.is_set():
        clock.reach()
    theatre.check(RunCancelled)


@pytest.mark.parametrize("place", PLACES)
async def test_after_a_cancelled_scope(place: str) -> None:
    theatre = Theatre(place)
    with CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(theatre.workflow.call)
            await theatre.begun.wait()
            scope.cancel()
            theatre.in_thread.set()
    theatre.check(RunCancelled)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("anyio_backend", BACKENDS[:2], indirect=True)
async def test_after_a_native_cancellation(place: str) -> None:
    import asyncio

    theatre = Theatre(place)
    caller = asyncio.create_task(theatre.workflow.call())
    await theatre.begun.wait()
    caller.cancel()
    theatre.in_thread.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    theatre.check(RunCancelled)


@pytest.mark.parametrize("anyio_backend", BACKENDS[:2], indirect=True)
async def test_a_second_native_cancellation_does_not_interrupt_the_closing() -> None:
    import asyncio

    closing, release, closed = Event(), Event(), list[str]()

    @resource
    async def slow() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            closing.set()
            await release.wait()
            closed.append("slow")

    begun = Event()

    @workflow
    async def w(slow: None) -> None:
        begun.set()
        await sleep_forever()

    caller = asyncio.create_task(w.call())
    await begun.wait()
    caller.cancel()
    await closing.wait()
    caller.cancel()
    await checkpoint()
    assert not caller.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert closed == ["slow"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_after_ctrl_c(place: str, backend: Backend) -> None:
    name, options = backend
    theatres: list[Theatre] = []

    async def run() -> None:
        theatre = Theatre(place, lambda: signal.raise_signal(signal.SIGINT) if place != "thread" else interrupt())
        theatres.append(theatre)
        await theatre.workflow.call()

    with pytest.raises(KeyboardInterrupt):
        anyio.run(run, backend=name, backend_options=options)
    diary = theatres[0].diary
    assert diary.entries == ORDER
    assert set(map(type, diary.raised.values())) <= {RunCancelled, KeyboardInterrupt}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("act", [nothing, fail])
def test_in_a_plain_call(backend: Backend, act: Callable[[], None]) -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task(needs={"db": db})
    def use(db: str) -> None:
        act()

    @workflow(backend=backend[0], backend_options=backend[1])
    def w(use: None) -> None:
        diary.note("body w")

    try:
        w()
    except ValueError:
        pass
    assert diary.entries == ["open db", "close db", *(["body w"] if act is nothing else [])]


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
async def test_what_is_being_opened_when_the_run_fails_is_cancelled(is_async: bool) -> None:
    begun, ended = Event(), list[str]()

    async def awaited() -> AsyncGenerator[None]:
        begun.set()
        try:
            await sleep_forever()
        finally:
            ended.append("opening")
        yield

    def plain() -> Generator[None]:
        anyio.from_thread.run_sync(begun.set)
        try:
            while True:
                anyio.from_thread.check_cancelled()
        except BaseException:
            ended.append("opening")
            raise
        yield  # type: ignore[unreachable]

    slow = resource(awaited if is_async else plain, name="slow")

    @task
    async def fail() -> None:
        await begun.wait()
        raise ValueError

    @task(needs={"slow": slow})
    def use(slow: None) -> None: ...

    @workflow
    def w(use: None, fail: None) -> None: ...

    run = await w.run_async()
    assert isinstance(run.error, ValueError)
    assert ended == ["opening"]
    assert run.resources["slow"].status is Status.CANCELLED
    assert run.resources["slow"].opened is None


async def test_what_is_opened_in_spite_of_a_cancellation_is_closed_at_once() -> None:
    begun, release, entries = threading.Event(), threading.Event(), list[str]()

    @resource
    def slow() -> Generator[None]:
        begun.set()
        release.wait(60)
        try:
            yield
        except RunCancelled:
            entries.append("rolled back")
            raise

    @task
    def use(slow: None) -> None:
        entries.append("used")

    @workflow
    def w(use: None) -> None: ...

    with CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(w.call)
            await to_thread.run_sync(begun.wait, 60)
            scope.cancel()
            release.set()
    assert entries == ["rolled back"]


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
@given_time
async def test_opening_has_its_time_and_its_retries(clock: Clock, is_async: bool) -> None:
    attempts: list[int] = []
    release = threading.Event()

    async def awaited() -> AsyncGenerator[str]:
        attempts.append(1)
        if len(attempts) < 3:
            await sleep_forever()
        yield "open"

    def plain() -> Generator[str]:
        attempts.append(1)
        if len(attempts) < 3:
            release.wait(60)
        yield "open"

    slow = resource(
        awaited if is_async else plain, name="slow", timeout=clock.seconds, retries=Retry(2, delay=0, jitter=0)
    )

    @task(needs={"slow": slow})
    def use(slow: str) -> str:
        release.set()
        return slow

    @workflow
    def w(use: str) -> str:
        return use

    try:
        with fail_after(PATIENCE):
            run = await w.run_async()
    finally:
        release.set()
    if len(attempts) == 3 and run.error is None:
        clock.reach()
    assert run.result == "open"
    assert (len(attempts), run.resources["slow"].attempts) == (3, 3)
    assert [type(failure.error) for failure in run.errors] == [TaskTimeoutError] * 2
    text = f"Cannot open resource 'slow': it took longer than its timeout of {clock.seconds:g} s."
    assert str(run.errors[0].error).startswith(text)


@given_time
async def test_what_is_opened_too_late_is_closed_in_its_thread(clock: Clock) -> None:
    release, closed = threading.Event(), threading.Event()
    raised: list[BaseException] = []

    @resource(timeout=clock.seconds)
    def slow() -> Generator[None]:
        clock.reach()
        release.wait(60)
        try:
            yield
        except BaseException as error:
            raised.append(error)
            raise
        finally:
            closed.set()

    @task
    def use(slow: None) -> None: ...

    @workflow
    def w(use: None) -> None: ...

    with pytest.raises(TaskTimeoutError, match="Its thread still runs") as caught:
        await w.call()
    assert caught.value.__notes__ == ["Raised by resource 'slow' of workflow 'w'."]
    assert clock.is_reached  # or there is nothing to wait for
    release.set()
    assert await to_thread.run_sync(closed.wait, 60)
    assert [type(error) for error in raised] == [RunCancelled]


async def test_who_needs_what_could_not_be_opened_does_not_run() -> None:
    @resource
    def broken() -> Generator[None]:
        if threading.active_count():
            raise ConnectionError("refused")
        yield

    @task
    def use(broken: None) -> None: ...

    @workflow(keep_going=True)
    def w(use: None) -> None: ...

    run = await w.run_async()
    assert run.tasks["use"].status is Status.UPSTREAM_FAILED
    assert run.resources["broken"].status is Status.FAILED
    assert str(run.resources["broken"].error) == "refused"


async def test_a_run_may_fail_before_the_thread_of_what_is_being_opened_has_begun() -> None:
    @resource
    def db() -> Generator[None]:
        yield

    @task
    async def fail() -> None:
        await checkpoint()
        raise ValueError

    @task
    def use(db: None) -> None: ...

    @workflow
    async def w(use: None, fail: None) -> None: ...

    for _ in range(20):
        with pytest.raises(ValueError):
            await w()
