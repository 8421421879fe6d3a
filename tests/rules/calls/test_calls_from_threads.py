"""A call that blocks a thread is cancelled with its caller, also where the thread is one that may be left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from anyio import Event, create_task_group, to_thread

from flowdeco import Status, TaskTimeoutError, resource, task, workflow
from tests.support.clock import AT_ONCE, PATIENCE


@task
async def numbers() -> Any:
    yield 1
    await anyio.sleep(PATIENCE)


def one(item: object) -> object:
    return item


def timed(call: Callable[[], object]) -> Any:
    @task(timeout=PATIENCE)
    def caller() -> None:
        call()

    return caller


def yielding(call: Callable[[], object]) -> Any:
    @task
    def caller() -> Iterator[object]:
        yield call()

    return task(one, each={"item": caller})


def reading(call: Callable[[], object]) -> Any:
    @task(stream="items", needs={"items": numbers})
    def caller(items: Iterator[int]) -> None:
        for _ in items:
            call()

    return caller


def opening(call: Callable[[], object]) -> Any:
    @resource
    def caller() -> Iterator[object]:
        yield call()

    return task(one, needs={"item": caller})


def in_resource(call: Callable[[], object]) -> Any:
    @resource
    def home() -> Iterator[None]:
        yield

    @task(run_in=home)
    def caller() -> None:
        call()

    return caller


class Called:
    """What is called: it says when it has begun, and whether it was cancelled."""

    def __init__(self, kind: str) -> None:
        self.begun, self.is_cancelled = Event(), False
        self._returned = threading.Event()

        @task
        async def wait() -> None:
            self.begun.set()
            try:
                await anyio.sleep(PATIENCE)
            except anyio.get_cancelled_exc_class():
                self.is_cancelled = True
                raise

        @workflow
        async def whole(wait: None) -> None: ...

        self._call: Any = (wait if kind == "task" else whole).call_sync

    def __call__(self) -> None:
        try:
            self._call()
        finally:
            self._returned.set()

    async def wait_returned(self) -> None:
        await to_thread.run_sync(self._returned.wait, PATIENCE)


@pytest.mark.parametrize("kind", ["task", "workflow"])
@pytest.mark.parametrize("make", [timed, yielding, reading, opening, in_resource])
async def test_it_is_cancelled_with_its_caller(make: Callable[[Callable[[], object]], Any], kind: str) -> None:
    called = Called(kind)

    @workflow(needs={"given": make(called)})
    async def w(given: object) -> None: ...

    async with create_task_group() as group:
        group.start_soon(w)
        await called.begun.wait()
        group.cancel_scope.cancel()
    assert called.is_cancelled


@pytest.mark.parametrize("kind", ["task", "workflow"])
async def test_what_an_attempt_that_is_left_behind_calls_is_cancelled(kind: str) -> None:
    called = Called(kind)

    @task(timeout=AT_ONCE)
    def caller() -> None:
        called()

    @workflow
    async def w(caller: None) -> None: ...

    run = await w.run()
    assert isinstance(run.error, TaskTimeoutError)
    await called.wait_returned()
    assert called.is_cancelled is called.begun.is_set()
    assert {call.status for call in run.tasks["caller"].calls} <= {Status.CANCELLED}
