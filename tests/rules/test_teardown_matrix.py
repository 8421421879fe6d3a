"""However a run ends, and whatever it is at: nothing that it has begun is left when the call returns."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group

from flowdeco import TaskTimeoutError, task, workflow
from tests.conftest import ASYNCIO, TRIO, Backend
from tests.support.clock import AT_ONCE, Clock, given_time
from tests.support.guard import hard_deadline
from tests.support.left import list_tasks, list_threads
from tests.support.teardown import PLACES, Traces

LOOPS = {"asyncio": ASYNCIO, "trio": TRIO}

# Calls a workflow that is at something, and says how it has ended.
Way = Callable[[Traces, Any], Coroutine[Any, Any, Any]]
WAYS: dict[str, Way] = {}


def way(function: Way) -> Way:
    WAYS[function.__name__] = function
    return function


def end_beside(traces: Traces, step: Any, act: Callable[[], Any], *, in_thread: bool = False, **options: Any) -> Any:
    """Return a workflow in which a task does something when all is in its place."""

    async def wait() -> None:
        await traces.there.wait()
        let_closing_end(traces)

    async def end() -> None:
        act()
        if options:
            await anyio.sleep_forever()

    def end_in_thread() -> None:
        act()

    ends: Any = task(end_in_thread if in_thread else end, name="end", after=task(wait), **options)

    @workflow(after=[step, ends])
    async def w() -> str:
        return "done"

    return w


def let_closing_end(traces: Traces) -> None:
    """Let what is being closed come to its end, which nothing interrupts, a moment after that of the run."""
    if traces.begun["resource"] and not (traces.open["task"] or traces.begun["opening"]):
        threading.Timer(0.005, traces.released.set).start()


def nothing() -> None: ...


def leave() -> None:
    raise SystemExit(3)


def fail() -> None:
    raise ValueError


@way
async def success(traces: Traces, step: Any) -> None:
    assert await end_beside(traces, step, traces.release).call() == "done"


@way
async def failure(traces: Traces, step: Any) -> None:
    with pytest.raises(ValueError):
        await end_beside(traces, step, fail).call()


@way
async def timeout_of_the_workflow(traces: Traces, step: Any) -> None:
    async def watch() -> None:  # from outside: within the run, nobody could do so when its time is over
        await traces.there.wait()
        let_closing_end(traces)

    w = end_beside(traces, step, nothing, timeout=60).with_options(timeout=traces.seconds)
    async with create_task_group() as group:
        group.start_soon(watch)
        with pytest.raises(TimeoutError):
            await w.call()
        group.cancel_scope.cancel()


@way
async def timeout_of_a_task(traces: Traces, step: Any) -> None:
    with pytest.raises(TaskTimeoutError):
        await end_beside(traces, step, nothing, timeout=AT_ONCE).call()


@way
async def sys_exit(traces: Traces, step: Any) -> None:
    with pytest.raises(SystemExit):
        await end_beside(traces, step, leave).call()


@way
async def sys_exit_in_a_thread(traces: Traces, step: Any) -> None:
    with pytest.raises(SystemExit):
        await end_beside(traces, step, leave, in_thread=True).call()


@way
async def sys_exit_in_the_body(traces: Traces, step: Any) -> None:
    called = workflow(_nothing, name="called", after=step)

    @workflow(calls=called)
    async def w() -> None:
        async with create_task_group() as group:
            group.start_soon(called.call)
            await traces.there.wait()
            let_closing_end(traces)
            leave()

    with pytest.raises(SystemExit):
        await w.call()


@way
async def ctrl_c(traces: Traces, step: Any) -> None:
    await end_beside(traces, step, lambda: signal.raise_signal(signal.SIGINT)).call()


@way
async def scope(traces: Traces, step: Any) -> None:
    with CancelScope() as outside:
        await end_beside(traces, step, outside.cancel).call()
    assert outside.cancelled_caught


@way
async def native(traces: Traces, step: Any) -> None:
    caller = asyncio.ensure_future(end_beside(traces, step, lambda: caller.cancel()).call())
    await asyncio.wait([caller])
    assert caller.cancelled()


@way
async def cancel(traces: Traces, step: Any) -> None:
    async with end_beside(traces, step, nothing, timeout=60).start() as run:
        await traces.there.wait()
        run.cancel()
    assert run.status == "cancelled"


async def _nothing() -> None: ...


def list_cases() -> list[Any]:
    return [
        pytest.param(loop, way, place, id=f"{name}-{way}-{place}")
        for name, loop in LOOPS.items()
        for way in WAYS
        for place in PLACES
        if name == "asyncio" or way != "native"
    ]


@pytest.mark.parametrize(("backend", "way", "place"), list_cases())
@given_time
def test_nothing_is_left(clock: Clock, backend: Backend, way: str, place: str) -> None:
    traces: list[Traces] = []

    async def main() -> None:
        traces.append(Traces(clock.seconds))
        before = list_tasks()
        try:
            await WAYS[way](traces[0], PLACES[place](traces[0]))
        finally:
            left = traces[0].list_left()
            tasks = list_tasks() - before
            if way != "timeout_of_the_workflow" or traces[0].there.is_set():
                clock.reach()
        assert not left
        assert not tasks
        assert traces[0].there.is_set()

    threads = list_threads()
    with hard_deadline(120):
        if way == "ctrl_c":
            with pytest.raises(KeyboardInterrupt):
                anyio.run(main, backend=backend[0], backend_options=backend[1])
        else:
            anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert not traces[0].list_left()
    assert list_threads(threads) <= threads
