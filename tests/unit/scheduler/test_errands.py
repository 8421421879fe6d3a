"""What an event loop runs for those who are elsewhere."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio import to_thread

from flowdeco._base.event_loop import EventLoop
from flowdeco._scheduler.errands import Errands
from tests.conftest import ASYNCIO
from tests.support.clock import PATIENCE


class Over(Exception):
    """It was asked for too late."""


class Deaf(EventLoop):
    """An event loop that hears nothing of what it is told."""

    def __init__(self, *, is_gone: bool = False) -> None:
        super().__init__()
        self.told = threading.Event()
        self._is_gone = is_gone

    def call_soon(self, function: Callable[[], object]) -> bool:
        self.told.set()
        return not self._is_gone


async def get() -> int:
    return threading.get_ident()


async def test_what_is_asked_for_is_run_there() -> None:
    errands = Errands(EventLoop(), Over)

    def ask_from_loop() -> int:
        return anyio.run(errands.run_from_loop, get)

    async with anyio.create_task_group() as group:
        with errands.serve(group):
            assert await errands.run_from_loop(get) == threading.get_ident()
            assert await to_thread.run_sync(errands.run_from_thread, get) == threading.get_ident()
            assert await to_thread.run_sync(ask_from_loop) == threading.get_ident()


async def test_an_error_is_raised_where_it_was_asked_for() -> None:
    errands = Errands(EventLoop(), Over)

    async def fail() -> None:
        raise KeyboardInterrupt

    async with anyio.create_task_group() as group:
        with errands.serve(group):
            with pytest.raises(KeyboardInterrupt):
                await to_thread.run_sync(errands.run_from_thread, fail)
            with pytest.raises(KeyboardInterrupt):
                await to_thread.run_sync(lambda: anyio.run(errands.run_from_loop, fail))


async def test_what_is_asked_for_too_late_is_refused() -> None:
    errands = Errands(EventLoop(), Over)
    with pytest.raises(Over):
        await to_thread.run_sync(errands.run_from_thread, get)
    async with anyio.create_task_group() as group:
        with errands.serve(group):
            pass
        with pytest.raises(Over):
            await to_thread.run_sync(errands.run_from_thread, get)


@pytest.mark.parametrize("is_gone", [False, True])
async def test_what_was_not_begun_when_it_ends_is_refused(is_gone: bool) -> None:
    loop = Deaf(is_gone=is_gone)
    errands = Errands(loop, Over)
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            errands.run_from_thread(get)
        except Over as error:
            errors.append(error)

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group, anyio.create_task_group() as others:
            with errands.serve(group):
                others.start_soon(to_thread.run_sync, ask)
                await to_thread.run_sync(loop.told.wait, PATIENCE)
    assert len(errors) == 1


def test_who_is_cancelled_again_and_again_waits_until_it_has_ended() -> None:
    begun, cleaning, release, ended = [threading.Event() for _ in range(4)]

    async def slow() -> None:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            cleaning.set()
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(release.wait, PATIENCE)
            ended.set()

    async def main(errands: Errands) -> None:
        waiting = asyncio.ensure_future(errands.run_from_loop(slow))
        await to_thread.run_sync(begun.wait, PATIENCE)
        waiting.cancel()
        await to_thread.run_sync(cleaning.wait, PATIENCE)
        waiting.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert ended.is_set()

    async def serve() -> None:
        errands: Any = Errands(EventLoop(), Over)
        async with anyio.create_task_group() as group:
            with errands.serve(group):
                await to_thread.run_sync(lambda: asyncio.run(main(errands)))

    anyio.run(serve, backend=ASYNCIO[0], backend_options=ASYNCIO[1])
