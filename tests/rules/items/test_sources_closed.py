"""However a run ends, what gives its items is closed, where it was advanced, before the call returns."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, get_running_tasks, sleep_forever

from flowdeco import WorkflowTimeoutError, task, workflow
from tests.conftest import Backend
from tests.support.clock import Clock, given_time

SOON = 60


class Watch:
    """Where a source was when it began, and when it was closed."""

    def __init__(self) -> None:
        self.held = threading.Event()
        self.begun: list[Any] = []
        self.closed: list[Any] = []

    def plain(self) -> Iterator[int]:
        self.begun.append(threading.get_ident())
        try:
            yield from count()
        finally:
            self.closed.append(threading.get_ident())

    async def awaited(self) -> AsyncIterator[int]:
        self.begun.append(anyio.get_current_task().id)
        try:
            for number in count():
                yield number
        finally:
            self.closed.append(anyio.get_current_task().id)

    async def working(self) -> AsyncIterator[int]:
        """One that is in the middle of a step, and not held back."""
        self.begun.append(anyio.get_current_task().id)
        try:
            yield 0
            await sleep_forever()
        finally:
            self.closed.append(anyio.get_current_task().id)

    def check(self) -> None:
        assert len(self.begun) == 1
        assert self.closed == self.begun


KINDS = pytest.mark.parametrize("kind", ["plain", "awaited", "working"])
READERS = pytest.mark.parametrize("reader", ["each", "async def", "def", "handed over"])


def make(watch: Watch, kind: str, reader: str, **options: Any) -> Callable[[], Any]:
    """A workflow in which a source is advanced, and then all wait; what calls it."""
    function = getattr(watch, kind)
    source = task(function, name="source")

    @task(each={"number": "numbers" if reader == "handed over" else source}, ahead=2)
    async def waits(number: int) -> None:
        watch.held.set()
        await sleep_forever()

    @task(stream={"numbers": "ended"}, needs={"numbers": source})
    async def awaits_items(numbers: AsyncIterator[int]) -> None:
        await anext(numbers)
        watch.held.set()
        await sleep_forever()

    @task(stream={"numbers": "ended"}, needs={"numbers": source})
    def waits_for_items(numbers: Iterator[int]) -> None:
        next(numbers)
        watch.held.set()
        while True:
            anyio.from_thread.check_cancelled()
            threading.Event().wait(0.001)

    @workflow(**options)
    def w(end: Any) -> None: ...

    @workflow(**options)
    def handed(numbers: Any, end: Any) -> None: ...

    readers: dict[str, Any] = {"async def": awaits_items, "def": waits_for_items}
    end = readers.get(reader, waits)
    if reader == "handed over":
        chosen = handed.with_options(tasks={"end": end})
        return lambda: chosen.call(function())
    return w.with_options(tasks={"end": end}).call


@READERS
@KINDS
async def test_when_a_scope_around_the_call_is_cancelled(kind: str, reader: str) -> None:
    watch, before = Watch(), len(get_running_tasks())
    call = make(watch, kind, reader)
    with fail_after(SOON), CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(call)
            assert await anyio.to_thread.run_sync(watch.held.wait, SOON)
            scope.cancel()
    watch.check()
    assert len(get_running_tasks()) == before


@READERS
@KINDS
@given_time
async def test_when_the_time_of_the_run_is_up(clock: Clock, kind: str, reader: str) -> None:
    watch = Watch()
    with pytest.raises(WorkflowTimeoutError), fail_after(SOON):
        await make(watch, kind, reader, timeout=clock.seconds)()
    if watch.held.is_set():
        clock.reach()
    watch.check()


@READERS
@KINDS
def test_when_asyncio_cancels_the_caller(kind: str, reader: str) -> None:
    watch = Watch()
    call = make(watch, kind, reader)

    async def main() -> None:
        caller = asyncio.create_task(call())
        assert await asyncio.to_thread(watch.held.wait, SOON)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    watch.check()


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@READERS
@KINDS
def test_when_ctrl_c_is_pressed(kind: str, reader: str, backend: Backend) -> None:
    watch = Watch()
    call = make(watch, kind, reader)

    def press() -> None:
        if watch.held.wait(SOON):
            threading.Event().wait(0.01)
            os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        anyio.run(call, backend=backend[0], backend_options=backend[1])
    presser.join(SOON)
    watch.check()


@KINDS
async def test_when_a_task_raises_system_exit(kind: str) -> None:
    watch = Watch()
    source = task(getattr(watch, kind), name="source")

    @task(each={"number": source}, ahead=2)
    async def leaves(number: int) -> None:
        sys.exit(3)

    @workflow
    def w(leaves: Any) -> None: ...

    with pytest.raises(SystemExit), fail_after(SOON):
        await w.call()
    watch.check()


@KINDS
async def test_when_an_item_fails(kind: str) -> None:
    watch = Watch()
    source = task(getattr(watch, kind), name="source")

    @task(each={"number": source}, ahead=2)
    def fails(number: int) -> None:
        raise ConnectionError("no line")

    @workflow
    def w(fails: Any) -> None: ...

    with pytest.raises(ConnectionError), fail_after(SOON):
        await w.call()
    watch.check()
