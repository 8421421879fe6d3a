"""Hooks run in the context of what they are attached to: what `on_start` has set, `on_success` can reset."""

import threading
from contextvars import ContextVar, Token
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Outcome, Retry, task, workflow
from tests.conftest import Backend

request: ContextVar[str] = ContextVar("request", default="none")


class Hooks:
    """Sets a variable at the start and resets it at the end."""

    def __init__(self) -> None:
        self.token: Token[str] | None = None
        self.seen: list[str] = []

    def begin(self) -> None:
        self.token = request.set("set")

    async def begin_async(self) -> None:
        await checkpoint()
        self.begin()

    def end(self) -> None:
        assert self.token is not None
        self.seen.append(request.get())
        request.reset(self.token)
        self.seen.append(request.get())

    async def end_async(self) -> None:
        await checkpoint()
        self.end()

    def look(self) -> None:
        self.seen.append(request.get())


BEGINS = ["begin", "begin_async"]
ENDS = ["end", "end_async"]


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("end", ENDS)
def test_a_plain_call_runs_hooks_and_body_in_one_context(begin: str, end: str, backend: Backend) -> None:
    hooks = Hooks()

    @workflow(
        on_start=getattr(hooks, begin),
        on_success=getattr(hooks, end),
        hook_errors="raise",
        backend=backend[0],
        backend_options=backend[1],
    )
    def w() -> None:
        hooks.look()

    w()
    assert hooks.seen == ["set", "set", "none"]
    assert request.get() == "none"


@pytest.mark.parametrize("end", ENDS)
def test_a_plain_call_that_fails_runs_on_error_in_that_context_too(end: str, backend: Backend) -> None:
    hooks = Hooks()

    @workflow(
        on_start=hooks.begin,
        on_error=getattr(hooks, end),
        hook_errors="raise",
        backend=backend[0],
        backend_options=backend[1],
    )
    def w() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        w()
    assert hooks.seen == ["set", "none"]


@pytest.mark.parametrize("kind", ["async", "def"])
@pytest.mark.parametrize("end", ENDS)
async def test_an_awaited_call_runs_hooks_and_body_in_one_context(kind: str, end: str) -> None:
    hooks = Hooks()

    async def body_async() -> None:
        hooks.look()

    def body() -> None:
        hooks.look()

    chosen: Any = body_async if kind == "async" else body
    w: Any = workflow(chosen, on_start=hooks.begin, on_success=getattr(hooks, end), hook_errors="raise")
    await w.call()
    assert hooks.seen == ["set", "set", "none"]
    assert request.get() == "none"


async def waits() -> None:
    await checkpoint()


async def quick() -> None: ...


def in_thread() -> None: ...


@pytest.mark.parametrize("function", [waits, quick, in_thread])
@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("beside", [False, True])
async def test_a_task_runs_with_its_hooks_in_one_context(function: Any, begin: str, end: str, beside: bool) -> None:
    hooks = Hooks()
    step = task(function, name="step", on_start=getattr(hooks, begin), on_success=getattr(hooks, end))
    others = [task(waits, name=f"other{number}") for number in range(3)] if beside else []

    @workflow(after=[step, *others])
    async def w() -> None: ...

    with anyio.fail_after(60):
        run = await w.run()
    assert run.hook_errors == []
    assert hooks.seen == ["set", "none"]


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_a_task_sees_what_its_on_start_has_set_and_nobody_else_does(kind: str) -> None:
    seen: dict[str, str] = {}

    async def look_async() -> None:
        seen["task"] = request.get()

    def look() -> None:
        seen["task"] = request.get()

    def follow(step: None) -> None:
        seen["follower"] = request.get()

    chosen: Any = look_async if kind == "async" else look
    step = task(chosen, name="step", on_start=Hooks().begin)

    @workflow(after=task(follow, needs={"step": step}))
    async def w() -> None:
        seen["body"] = request.get()

    await w()
    assert seen == {"task": "set", "follower": "none", "body": "none"}


async def test_on_retry_and_on_error_are_in_that_context_too() -> None:
    hooks = Hooks()

    def bad() -> None:
        raise ValueError("no")

    step = task(bad, retries=Retry(1, delay=0), on_start=hooks.begin, on_retry=hooks.look, on_error=hooks.end_async)

    @workflow(needs={"got": step}, settled="got")
    async def w(got: Outcome[None]) -> None: ...

    run = await w.run()
    assert run.hook_errors == []
    assert hooks.seen == ["set", "set", "none"]


async def test_when_and_recover_see_the_caller_s_context() -> None:
    seen: list[tuple[str, bool]] = []
    loop_thread = threading.get_ident()

    def look() -> bool:
        seen.append((request.get(), threading.get_ident() == loop_thread))
        return True

    def bad() -> None:
        raise ValueError("no")

    token = request.set("caller's")
    try:

        @workflow(after=task(bad, when=look, recover=look))
        async def w() -> None: ...

        await w()
    finally:
        request.reset(token)
    assert seen == [("caller's", False), ("caller's", False)]
