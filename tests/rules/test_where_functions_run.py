"""`when=` and `recover=` run where a `def` task runs and hold nothing up; `def` hooks run on the loop's thread."""

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Outcome, Retry, task, workflow


def bad() -> None:
    raise ValueError("no")


def fine() -> None: ...


async def bad_async() -> None:
    raise ValueError("no")


async def fine_async() -> None: ...


def wait_for(release: threading.Event, answers: list[bool]) -> Callable[[], bool]:
    def block() -> bool:
        answers.append(release.wait(60))
        return True

    return block


@pytest.mark.parametrize("function", [fine, fine_async])
async def test_a_blocking_when_does_not_hold_up_the_event_loop(function: Any) -> None:
    release = threading.Event()
    answers: list[bool] = []

    async def lets_go() -> None:
        await checkpoint()
        release.set()

    @workflow(after=[task(function, name="step", when=wait_for(release, answers)), task(lets_go)])
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
    assert answers == [True]


@pytest.mark.parametrize("function", [bad, bad_async])
@pytest.mark.parametrize("mapping", [False, True])
async def test_a_blocking_recover_does_not_hold_up_the_event_loop(function: Any, mapping: bool) -> None:
    release = threading.Event()
    answers: list[bool] = []
    recover: Any = wait_for(release, answers)

    async def lets_go() -> None:
        await anyio.sleep(0.01)
        release.set()

    step = task(function, name="step", recover={ValueError: recover} if mapping else recover)

    @workflow(after=[step, task(lets_go)])
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
    assert answers == [True]


async def test_two_blocking_conditions_meet() -> None:
    barrier = threading.Barrier(2)

    def meet() -> bool:
        barrier.wait(60)
        return True

    @workflow(after=[task(fine, name=f"step{number}", when=meet) for number in range(2)])
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()


@pytest.mark.parametrize("function", [fine, fine_async])
async def test_def_hooks_run_on_the_event_loop_s_thread(function: Any) -> None:
    idents: dict[str, set[int]] = {}

    def hook(name: str) -> Callable[[], None]:
        return lambda: idents.setdefault(name, set()).add(threading.get_ident())

    hooks: dict[str, Any] = {name: hook(name) for name in ("on_state", "on_start", "on_success")}
    failing = task(bad, retries=Retry(1, delay=0), on_retry=hook("on_retry"), on_error=hook("on_error"))

    @workflow(
        needs={"got": failing},
        settled="got",
        after=task(function, name="step", **hooks),
        on_state=hook("workflow's on_state"),
        on_start=hook("workflow's on_start"),
        on_success=hook("workflow's on_success"),
    )
    async def w(got: Outcome[None]) -> None: ...

    await w()
    assert len(idents) == 8
    assert set().union(*idents.values()) == {threading.get_ident()}
