"""Calls do not wait for each other forever, and what nobody asked for is told as such."""

import asyncio
import gc
import logging
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from anyio import to_thread

from flowdeco import CallError, Limit, RunningLoopError, StrayCancellationError, task, workflow
from tests.support.guard import hard_deadline


@task
def down(depth: int) -> int:
    return depth and 1 + down.call_sync(depth - 1)


async def test_a_def_calls_a_def_fifty_deep_with_all_threads_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_thread.current_default_thread_limiter(), "total_tokens", 1)

    @task
    def other() -> int:
        return down.call_sync(50)

    @workflow
    async def w(first: int, second: int) -> int:
        return first + second

    both = w.with_options(needs={"first": other, "second": other.with_options(name="again")})
    with hard_deadline(120):
        assert await both() == 100


@pytest.mark.parametrize("is_sync", [False, True])
async def test_a_place_that_the_caller_holds_is_lent_to_what_it_calls(is_sync: bool) -> None:
    only = Limit(1)

    @task(limit=only)
    async def inner(number: int) -> int:
        return number

    @task(limit=only)
    def inner_sync(number: int) -> int:
        return number

    @task(limit=only)
    async def outer() -> list[int]:
        found: list[int] = []

        async def call(number: int) -> None:
            found.append(await (inner_sync if is_sync else inner).call(number))

        async with anyio.create_task_group() as group:  # one place for all of them, one after the other
            for number in range(20):
                group.start_soon(call, number)
        return found

    @task(name="outer", limit=only)
    def outer_sync() -> list[int]:
        return [(inner_sync if is_sync else inner).call_sync(number) for number in range(20)]

    @workflow
    async def w(outer: list[int]) -> list[int]:
        return outer

    with hard_deadline(120):
        assert sorted(await w()) == list(range(20))
        assert await w.with_options(needs={"outer": outer_sync})() == list(range(20))


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_a_cancellation_that_nobody_asked_for_is_told_as_such(kind: str) -> None:
    @task(name="called")
    async def raises() -> None:
        raise asyncio.CancelledError

    @task(name="called")
    def raises_in_thread() -> None:
        raise asyncio.CancelledError

    called = raises if kind == "async" else raises_in_thread

    @task
    async def caller() -> str:
        with pytest.raises(StrayCancellationError) as caught:
            await called.call()
        return str(caught.value)

    @workflow
    async def w(caller: str) -> str:
        return caller

    if anyio.get_cancelled_exc_class() is not asyncio.CancelledError:
        return  # to trio it is an error like any other, and nobody can make one of its own
    assert (await w()).startswith("Cannot finish task 'called': it raised ")


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["exit", "interrupt"])
@pytest.mark.parametrize("called", ["task", "workflow"])
async def test_what_leaves_the_program_in_a_blocking_call_ends_the_run_and_not_its_event_loop(
    error: BaseException, called: str
) -> None:
    @task
    async def leaving() -> None:
        raise error

    @workflow
    async def inner(leaving: None) -> None: ...

    @task
    def caller() -> None:
        leaving.call_sync() if called == "task" else inner.call_sync()

    @workflow
    async def w(caller: None) -> None: ...

    with pytest.raises(type(error)) as raised:
        await w()
    assert raised.value is error
    await anyio.lowlevel.checkpoint()


async def test_a_blocking_call_on_a_thread_whose_loop_runs_is_refused() -> None:
    @workflow
    async def w() -> None:
        down.call_sync(1)

    with pytest.raises(RunningLoopError) as caught:
        await w()
    assert str(caught.value) == (
        "Cannot call task 'down': this thread's event loop is running, and a blocking call would stop it. "
        "Use: await down.call(...)."
    )
    assert (caught.value.task, caught.value.workflow) == ("down", None)


def call_elsewhere() -> int:
    return down.call_sync(1)


def test_in_a_process_a_call_is_refused() -> None:
    far = task(call_elsewhere, run_in="process")

    @workflow(needs={"far": far})
    async def w(far: int) -> int:
        return far

    with pytest.raises(CallError) as caught:
        w.call_sync()
    assert str(caught.value) == (
        "Cannot call task 'down': this code runs in another process than its run, which would know nothing of the "
        "call. Call it in a task that runs in a thread, or call the function itself: down(...)."
    )


async def test_what_an_executor_calls_is_recorded() -> None:
    with ThreadPoolExecutor(1) as pool:
        there = task(call_elsewhere, name="there", run_in=pool)

        @workflow(needs={"there": there})
        async def w(there: int) -> int:
            return there

        run = await w.run_async()
    assert run.result == 1
    assert [call.path for call in run.tasks["there"].calls] == ["there/down#1"]


class Big:
    """Something that is to be let go."""


LINKED = pytest.mark.skipif(sys.version_info >= (3, 12), reason="a frame stays linked with those that called it")


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="nothing is counted there")
@pytest.mark.parametrize("fails", [False, pytest.param(True, marks=LINKED)])
async def test_what_calls_gave_goes_with_the_run_without_the_garbage_collector(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("flowdeco"), "disabled", True)  # what is logged, pytest keeps

    @task
    async def make() -> Big:
        return Big()

    @task
    async def caller(known: list[Any]) -> None:
        known.append(weakref.ref(await make.call()))
        if fails:
            try:
                await wrong.call()
            except ValueError:
                pass
            raise ValueError("whole")

    @task
    async def wrong() -> None:
        raise ValueError("wrong")

    @workflow
    async def w(known: list[Any], caller: None) -> None: ...

    gc.collect()
    gc.disable()
    try:
        known: list[Any] = []
        run = await w.run_async(known)
        ref, gone = weakref.ref(run), run.status == ("failed" if fails else "completed")
        assert gone
        assert known[0]() is not None
        del run
        assert ref() is None
        assert known[0]() is None
        known.clear()
        if fails:
            try:
                await w.call(known)
            except ValueError:
                pass
        else:
            await w.call(known)
        assert known[0]() is None
    finally:
        gc.enable()


async def test_a_call_that_outlives_its_run_is_made_outside_of_it() -> None:
    left = anyio.Event()
    results: list[int] = []

    @task
    async def number() -> int:
        return 1

    async def later() -> None:
        await left.wait()
        results.append(await number.call())

    group = anyio.create_task_group()

    @workflow
    async def w() -> None:
        group.start_soon(later)

    async with group:
        run = await w.run_async()
        left.set()
        assert list(run.calls) == []
    assert results == [1]


async def test_the_record_of_a_plain_call_keeps_a_thousand_calls_and_what_did_not_go_well() -> None:
    kept: list[Any] = []

    @task
    async def number(value: int) -> int:
        if value == 1_005:
            raise ValueError
        return value

    @workflow
    async def w(run: Any) -> None:
        for value in range(1_010):
            try:
                await number.call(value)
            except ValueError:
                pass
        kept.extend((call.number, call.status) for call in run.calls)

    await w.call()
    assert [each[0] for each in kept] == [*range(1, 1_001), 1_006]
    assert kept[-1][1] == "failed"
    kept.clear()
    await w.run_async()
    assert len(kept) == 1_010
