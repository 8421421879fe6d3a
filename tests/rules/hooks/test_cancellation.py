"""Hooks that wait while they are cancelled, or are interrupted."""

from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Retry, Status, task, workflow
from tests.conftest import Backend
from tests.support.hook_errors import NONE, both_kinds, give
from tests.support.hooks import HOOKS
from tests.support.naming import on


@pytest.mark.parametrize("owner", ["task", "workflow"])
async def test_hooks_told_of_a_cancellation_may_await(owner: str) -> None:
    waits = anyio.Event()
    told: list[str] = []

    async def say_good_bye(status: Status) -> None:
        if status is Status.CANCELLED:
            for _ in range(3):
                await checkpoint()
            told.append("good-bye")

    @task(on_state=say_good_bye if owner == "task" else None)
    async def page() -> None:
        waits.set()
        await sleep_forever()

    @workflow(on_state=say_good_bye if owner == "workflow" else None)
    async def w(page: None) -> None: ...

    with fail_after(60):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await waits.wait()
            group.cancel_scope.cancel()
    assert told == (["good-bye"] if owner == "task" else ["good-bye"] * 2)  # of page, and of w


@pytest.mark.parametrize("owner", ["task", "workflow", "never began"])
async def test_hooks_told_of_a_cancellation_may_not_await_for_ever(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdeco._runner.notifier.GRACE", 0.01)
    waits = anyio.Event()
    told: list[str] = []

    async def hang(status: Status) -> None:
        if status is Status.CANCELLED:
            try:
                await sleep_forever()
            finally:
                told.append("cut off")

    @task(on_state=hang if owner == "task" else None)
    async def page() -> None:
        waits.set()
        await sleep_forever()

    @task(on_state=hang if owner == "never began" else None)
    async def words(page: None) -> None: ...

    def hang_of_w(task: str | None, status: Status) -> Any:
        return hang(status) if task is None and owner == "workflow" else None

    @workflow(on_state=hang_of_w)
    async def w(words: None) -> None: ...

    with fail_after(60):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await waits.wait()
            group.cancel_scope.cancel()
    assert told == ["cut off"]


@pytest.mark.parametrize("owner", ["task", "workflow"])
async def test_a_hook_that_awaits_something_when_the_caller_is_cancelled_is_cancelled(owner: str) -> None:
    waits = anyio.Event()
    told: list[str] = []

    async def hang() -> None:
        waits.set()
        try:
            await sleep_forever()
        finally:
            told.append("cancelled")

    @task(on_success=hang if owner == "task" else None)
    async def page() -> None: ...

    @workflow(on_success=hang if owner == "workflow" else None)
    async def w(page: None) -> None: ...

    with fail_after(60), CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(w.call)
            await waits.wait()
            scope.cancel()
    assert scope.cancelled_caught
    assert told == ["cancelled"]


# What must pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("owner", ["task", "workflow"])
@pytest.mark.parametrize("option", HOOKS)
@both_kinds
def test_an_interrupt_in_a_hook_passes_bare(
    error: type[BaseException], kind: str, option: str, owner: str, together: bool, backend: Backend
) -> None:
    def interrupt() -> None:
        raise error

    async def interrupt_later() -> None:
        await checkpoint()
        raise error

    outcomes = iter([ValueError, ValueError if option == "on_error" else "result"])
    options: dict[str, Any] = {option: interrupt if kind == "def" else interrupt_later}

    async def work() -> Any:
        return give(next(outcomes))

    async def wait() -> None:
        await sleep_forever()

    of_task, of_workflow = (options, NONE) if owner == "task" else (NONE, options)
    page = task(work, name="page", retries=Retry(1, delay=0), **of_task)
    others = [task(wait)] if together and (owner == "task" or option not in ("on_success", "on_error")) else []

    @workflow(after=[page, *others], **of_workflow)
    def w() -> None: ...

    with pytest.raises(error):
        on(w, backend)()
