"""Those who look on at a run are told of its calls, by their paths; errors say where they were raised."""

import io
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import anyio
import pytest

from flowdeco import Event, Run, task, workflow
from flowdeco.progress import Progress
from tests.support.clock import PATIENCE


@task
async def read(name: str) -> str:
    if name == "gone":
        raise OSError(name)
    return name


@task
def search(query: str) -> str:
    return read.call_sync(query)


@task
async def agent() -> str:
    return await search.call("tea")


def make(*, is_sync: bool = False, **options: Any) -> Any:
    @workflow(**options)
    async def w(agent: str) -> str:
        return agent + await read.call("body")

    @workflow(name="w", **options)
    def w_sync(agent: str) -> str:
        return agent + read.call_sync("body")

    return w_sync if is_sync else w


TOLD = [
    (None, "running"),
    ("agent", "running"),
    ("agent/search#1", "running"),
    ("agent/search#1/read#1", "running"),
    ("agent/search#1/read#1", "completed"),
    ("agent/search#1", "completed"),
    ("agent", "completed"),
    ("read#1", "running"),
    ("read#1", "completed"),
    (None, "completed"),
]


async def test_events_tell_of_calls() -> None:
    async with make().start() as run:
        events = [(event.task, event.status) async for event in run.events()]
    assert events == TOLD


@pytest.mark.parametrize("is_sync", [False, True])
@pytest.mark.parametrize("is_awaited", [False, True])
async def test_a_hook_of_the_workflow_is_told_of_calls(is_awaited: bool, is_sync: bool) -> None:
    told: list[Any] = []

    def hook(event: Event) -> None:
        assert event.workflow == "w"
        assert event.run.workflow == "w"
        told.append((event.task, event.status))

    async def hook_async(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        hook(event)

    await make(is_sync=is_sync, on_state=hook_async if is_awaited else hook).call()
    assert told == TOLD


@pytest.mark.parametrize("is_awaited", [False, True])
def test_a_hook_is_told_of_the_calls_of_a_def_body_that_is_called_plainly(is_awaited: bool) -> None:
    told: list[Any] = []

    def hook(event: Event) -> None:
        told.append((event.task, event.status))

    async def hook_async(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        hook(event)

    make(is_sync=True, on_state=hook_async if is_awaited else hook)()
    assert told == TOLD


@pytest.mark.parametrize("is_awaited", [False, True])
async def test_a_called_task_has_its_own_hooks(is_awaited: bool) -> None:
    told: list[Any] = []

    async def hook_async(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        told.append((event.kind, event.task, event.status, event.result))

    def hook(event: Event) -> None:
        told.append((event.kind, event.task, event.status, event.result))

    chosen = hook_async if is_awaited else hook
    called = read.with_options(on_start=chosen, on_state=chosen, on_success=chosen)

    @workflow
    async def w() -> str:
        return await called.call("tea")

    await w.call()
    assert told == [
        ("state", "read#1", "running", None),
        ("start", "read#1", "running", None),
        ("state", "read#1", "completed", "tea"),
        ("success", "read#1", "completed", "tea"),
    ]


async def test_the_log_tells_of_calls(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "flowdeco"):
        await make().call()
    assert [(record.task, record.status) for record in caplog.records] == TOLD  # type: ignore[attr-defined]


async def test_progress_shows_calls() -> None:
    file = io.StringIO()
    await make(on_state=Progress(file=file)).call()
    assert [line.partition(" in ")[0] for line in file.getvalue().splitlines()] == [
        "w: started, 1 task",
        "w: agent/search#1/read#1 completed",
        "w: agent/search#1 completed",
        "w: agent completed",
        "w: read#1 completed",
        "w: completed",
    ]


async def test_a_failed_attempt_of_a_call_is_among_those_of_the_run() -> None:
    @task
    async def caller() -> str:
        try:
            return await read.call("gone")
        except OSError:
            return "caught"

    @workflow
    async def w(caller: str) -> str:
        return caller

    run = await w.run_async()
    assert (run.status, run.result) == ("completed", "caught")
    assert [(failure.task, failure.attempt) for failure in run.errors] == [("caller/read#1", 1)]
    assert run.errors[0].error is run.tasks["caller"].calls[0].error


async def test_an_error_says_which_call_has_raised_it() -> None:
    failing = read.with_options(retries=1)

    @task
    async def finds() -> str:
        return await failing.call("gone")

    @task
    async def caller() -> str:
        return await finds.call()

    @workflow
    async def w(caller: str) -> str:
        return caller

    run: Run[Any] = await w.run_async()
    error = run.error
    assert error is not None
    assert error.__notes__ == [
        "Raised by call 'caller/finds#1/read#1' in workflow 'w', attempt 2.",
        "Raised by task 'caller' of workflow 'w'.",
    ]
    assert Run.of(error) is run


async def test_the_calls_of_an_attempt_begin_anew() -> None:
    failures = [OSError("first")]

    @task(retries=1)
    async def caller() -> str:
        await read.call("a")
        if failures:
            await read.call("b")
            raise failures.pop()
        return await read.call("c")

    @workflow
    async def w(caller: str) -> str:
        return caller

    run = await w.run_async()
    assert [(call.name, call.caller_attempt, call.result) for call in run.tasks["caller"].calls] == [
        ("read#1", 1, "a"),
        ("read#2", 1, "b"),
        ("read#1", 2, "a"),
        ("read#2", 2, "c"),
    ]


@pytest.mark.parametrize("hook_errors", ["log", "raise"])
async def test_a_hook_may_call_a_task_that_has_hooks_itself(hook_errors: Any) -> None:
    told: list[Any] = []

    def note(task: str) -> None:
        told.append(task)

    careful = read.with_options(name="careful", on_start=note)

    async def hook(status: str) -> None:
        await anyio.lowlevel.checkpoint()
        if status == "running":
            told.append(await careful.call("tea"))

    @task(on_state=hook)
    async def caller() -> str:
        return "done"

    @workflow(hook_errors=hook_errors)
    async def w(caller: str) -> str:
        return caller

    with anyio.fail_after(60):
        assert await w.call() == "done"
    assert told == ["caller/careful#1", "tea"]


async def test_they_are_told_while_it_runs_of_what_a_thread_of_the_caller_s_own_calls() -> None:
    release = threading.Event()

    @task
    def slow() -> str:
        release.wait(PATIENCE)
        return "done"

    @workflow
    def apart(slow: str) -> str:
        return slow

    @task
    def asked() -> str:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_context().run, apart.call_sync).result()

    @workflow(tasks=[asked])
    async def ask(asked: str) -> str:
        return asked

    with anyio.fail_after(PATIENCE):
        async with ask.start() as run:
            async for event in run.events():
                if (event.task, event.status) == ("asked/apart#1/slow", "running"):
                    release.set()
    assert run.result == "done"
