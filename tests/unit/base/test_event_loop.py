"""Leaving word for an event loop, from wherever."""

import threading
from contextvars import copy_context

import anyio
import pytest
from anyio import Event, create_task_group, fail_after, to_thread
from anyio.lowlevel import checkpoint

from flowdeco._base.context import leave_loop
from flowdeco._base.event_loop import EventLoop, find_token
from tests.conftest import Backend


async def test_a_word_from_another_thread_is_heard() -> None:
    heard, loop = Event(), EventLoop()
    assert loop.is_here()
    with fail_after(60):
        assert not await to_thread.run_sync(loop.is_here)
        assert await to_thread.run_sync(loop.call_soon, heard.set)
        await heard.wait()


async def test_a_word_from_the_event_loops_own_thread_is_heard_later() -> None:
    heard = Event()
    assert EventLoop().call_soon(heard.set)
    assert not heard.is_set()
    with fail_after(60):
        await heard.wait()


async def test_nobody_waits_for_an_event_loop_that_is_busy() -> None:
    heard = Event()
    thread = threading.Thread(target=EventLoop().call_soon, args=(heard.set,), daemon=True)
    thread.start()
    thread.join(60)  # the event loop is held up here meanwhile
    assert not thread.is_alive()
    with fail_after(60):
        await heard.wait()


async def test_what_is_called_can_start_tasks() -> None:
    started = Event()

    async def start() -> None:
        started.set()

    with fail_after(60):
        async with create_task_group() as group:
            loop = EventLoop()
            await to_thread.run_sync(loop.call_soon, lambda: group.start_soon(start))
            while not started.is_set():
                await checkpoint()


def test_an_event_loop_that_is_gone_says_so(backend: Backend) -> None:
    async def main() -> EventLoop:
        return EventLoop()

    loop = anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert not loop.is_here()
    assert not loop.call_soon(list)


def test_where_no_event_loop_runs_there_is_no_token() -> None:
    assert find_token() is None
    with pytest.raises(RuntimeError):
        EventLoop()


async def test_a_word_can_ask_for_the_time_of_the_event_loop_whatever_the_context_says() -> None:
    heard = Event()
    times: list[float] = []
    context = copy_context()
    leave_loop(context)

    def note() -> None:
        times.append(anyio.current_time())
        heard.set()

    with fail_after(60):
        assert context.run(EventLoop).call_soon(note)
        await heard.wait()
    assert times
