"""Ctrl-C that hits what the event loop runs on behalf of a thread ends the run, whatever the thread makes of it.

On trio it is raised there, and comes out of the call that the thread makes; on asyncio the run is cancelled.
"""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest
from anyio import sleep_forever

from flowdeco import Run, Status, task, workflow
from tests.conftest import Backend
from tests.support.guard import hard_deadline

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals differ")

PATIENCE = 60


def on_start(run: Run[Any]) -> None: ...


def replace(error: Exception) -> str:
    return "replaced"


# How the caller is called in its thread.
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "timeout": {"timeout": PATIENCE},
    "limit": {"limit": 1},
    "hook": {"on_start": on_start},
    "retries": {"retries": 3},
    "recover": {"recover": replace},
}


def call(step: Any, backend: Backend) -> tuple[list[Status], list[str]]:
    """Call a workflow that needs a task and is hit by Ctrl-C; return how the run ended, and who cleaned up."""
    runs, cleaned = list[Run[Any]](), list[str]()

    async def beside() -> None:
        try:
            await sleep_forever()
        finally:
            cleaned.append("beside")

    def note(run: Run[Any]) -> None:
        runs.append(run)

    @workflow(after=[task(beside), step], on_start=note)
    async def w() -> None: ...

    with hard_deadline(2 * PATIENCE), pytest.raises(KeyboardInterrupt) as caught:
        anyio.run(w.call, backend=backend[0], backend_options=backend[1])
    assert type(caught.value) is KeyboardInterrupt
    assert not getattr(caught.value, "__notes__", [])
    return [run.status for run in runs], cleaned


async def hit() -> None:
    signal.raise_signal(signal.SIGINT)
    await sleep_forever()


def call_task() -> Any:
    return task(hit, name="called").call_sync()


def call_workflow() -> Any:
    called = task(hit, name="called")

    @workflow(needs={"called": called})
    def nested(called: None) -> None: ...

    return nested()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make_call", [call_task, call_workflow])
@pytest.mark.parametrize("swallows", [False, True])
def test_it_is_a_bare_keyboard_interrupt_after_all_was_cleaned_up(
    swallows: bool, make_call: Callable[[], Any], way: str, backend: Backend
) -> None:
    times: list[int] = []

    def caller() -> None:
        times.append(1)
        with suppress(BaseException if swallows else ZeroDivisionError):
            make_call()

    assert call(task(caller, **WAYS[way]), backend) == ([Status.CANCELLED], ["beside"])
    assert times == [1]


@pytest.mark.parametrize("way", WAYS)
def test_so_is_one_that_a_function_in_a_thread_raises(way: str, backend: Backend) -> None:
    times: list[int] = []

    def stops() -> None:
        times.append(1)
        raise KeyboardInterrupt

    assert call(task(stops, **WAYS[way]), backend) == ([Status.CANCELLED], ["beside"])
    assert times == [1]
