"""After an anyio scope around the call is cancelled, a `def` that returns ends the run, whatever its options."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group

from flowdeco import Limit, Run, Status, task, workflow
from tests.support.runs import Runs

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "limit": {"limit": Limit(1)},
    "on_start": {"on_start": lambda: None},
    "on_success": {"on_success": lambda: None},
    "on_state": {"on_state": lambda: None},
    "timeout": {"timeout": 60},
    "retries": {"retries": 1},
    "recover": {"recover": lambda: None},
    "when": {"when": lambda: True},
    "executor": {"run_in": ThreadPoolExecutor},
}


async def cancel_while_it_blocks(option: str, *, follower: bool, keep: bool) -> tuple[Run[Any], list[str]]:
    started, release = threading.Event(), threading.Event()
    called: list[str] = []
    runs = Runs()

    def blocks() -> str:
        started.set()
        release.wait(60)
        return "returned"

    def follow(step: str) -> None:
        called.append("follower")

    options = dict(OPTIONS[option])
    if option == "executor":
        options["run_in"] = ThreadPoolExecutor(1)
    step = task(blocks, name="step", **options)
    needed = task(follow, needs={"step": step}) if follower else step

    @workflow(needs={"got": needed}, on_start=runs.note)
    async def w(got: str) -> None:
        called.append("body")

    scope = CancelScope()

    async def call() -> None:
        with scope:
            await (w.run if keep else w)()

    async with create_task_group() as group:
        group.start_soon(call)
        while not started.is_set():  # noqa: ASYNC110 - a thread sets it
            await anyio.sleep(0.001)
        scope.cancel()
        await anyio.sleep(0.002)
        release.set()
    assert scope.cancelled_caught
    if option == "executor":
        options["run_in"].shutdown()
    return runs[0], called


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("follower", [False, True])
@pytest.mark.parametrize("keep", [False, True])
async def test_the_run_is_cancelled_and_nothing_that_follows_is_called(option: str, follower: bool, keep: bool) -> None:
    with anyio.fail_after(60):
        run, called = await cancel_while_it_blocks(option, follower=follower, keep=keep)
    assert called == []
    assert run.status is Status.CANCELLED
