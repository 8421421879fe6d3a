"""What a failed run, or one of `start()`, has kept is gone when its last user lets go, without the collector."""

import gc
import logging
import sys
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Event, Outcome, Retry, task, workflow
from tests.support.memory import let_go

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.version_info >= (3, 12),
    reason="there is no reference count, or a frame in a traceback keeps its callers",
)


class Payload:
    """Something large."""


class FailureError(Exception):
    """An error that can be referred to weakly, as those of Python's own cannot."""


alive: "weakref.WeakSet[Payload]" = weakref.WeakSet()


@pytest.fixture(autouse=True)
def without_collector(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing may need the garbage collector in order to go, and no log record keeps an error."""
    caplog.set_level(logging.CRITICAL, "flowdeco")
    gc.collect()
    alive.clear()
    gc.disable()
    yield
    gc.enable()


def make_payload() -> Payload:
    alive.add(made := Payload())
    return made


def fail() -> None:
    payload = make_payload()
    raise FailureError(id(payload))


async def fail_async() -> None:
    payload = make_payload()
    raise FailureError(id(payload))


async def fail_later() -> None:
    payload = make_payload()
    await checkpoint()
    raise FailureError(id(payload))


def load() -> Payload:
    return make_payload()


def fail_with(payload: Payload) -> None:
    raise FailureError(id(payload))


FAILS = [fail, fail_async, fail_later]


async def raise_it(w: Any) -> None:
    try:
        await w()
    except FailureError:
        pass


async def keep_it(w: Any) -> None:
    run = await w.run()
    assert isinstance(run.error, FailureError)
    del run


async def start_it(w: Any) -> None:
    try:
        async with w.start() as run:
            async for event in run.events():
                del event  # it leads to the run, and the error's traceback to this frame
            del run
    except FailureError:
        pass


CALLS: list[Callable[[Any], Awaitable[None]]] = [raise_it, keep_it, start_it]
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "retries": {"retries": Retry(1, delay=0)},
    "timeout": {"timeout": 60},
    "limit": {"limit": 1},
    "on_error": {"on_error": lambda: None},
    "recover": {"recover": fail},
}


async def all_gone(most: int = 0) -> bool:
    return await let_go(lambda: len(alive) <= most)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("function", FAILS)
@pytest.mark.parametrize("option", OPTIONS)
async def test_a_failed_run_goes_with_its_last_reference(call: Any, function: Any, option: str) -> None:
    @workflow(after=task(function, name="step", **OPTIONS[option]))
    async def w() -> None: ...

    await call(w)
    assert await all_gone()


# On trio, and where a task of its own waits for the run, what cancels the others keeps their frames itself.
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("call", [raise_it, keep_it])
@pytest.mark.parametrize("function", FAILS)
async def test_so_it_does_beside_others(call: Any, function: Any) -> None:
    async def waits() -> None:
        payload = make_payload()
        await checkpoint()
        await checkpoint()
        del payload

    others = [task(waits, name=f"waits{number}") for number in range(3)]

    @workflow(after=[*others, task(function, name="step")])
    async def w() -> None: ...

    await call(w)
    assert await all_gone()


@pytest.mark.parametrize("call", CALLS)
async def test_so_do_the_results_that_a_failed_task_had_received(call: Any) -> None:
    step = task(fail_with, needs={"payload": task(load)})

    @workflow(after=step)
    async def w() -> None: ...

    await call(w)
    assert await all_gone()


@pytest.mark.parametrize("call", CALLS)
async def test_so_does_a_failed_run_within_a_run(call: Any) -> None:
    @workflow(after=task(fail_async))
    async def inner() -> None: ...

    @workflow(after=inner)
    async def w() -> None: ...

    await call(w)
    assert await all_gone()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", ["nested", "call", "start"])
async def test_so_does_a_failed_run_that_the_hooks_of_the_one_around_it_hear_of(how: str, call: Any) -> None:
    def hear(event: Event) -> None: ...

    @workflow(after=task(fail_async))
    async def inner() -> None: ...

    async def body() -> None:
        if how == "start":
            async with inner.start() as run:
                del run
        elif how != "nested":
            await getattr(inner, how)()

    w = workflow(body, name="w", after=inner if how == "nested" else (), on_state=hear)
    await call(w)
    assert await all_gone()


@pytest.mark.parametrize("keep", [False, True])
async def test_so_does_an_error_that_was_received_as_an_outcome(keep: bool) -> None:
    @workflow(needs={"got": task(fail, name="step")}, settled="got")
    async def w(got: Outcome[None]) -> None: ...

    await (w.run if keep else w)()
    assert await all_gone()


async def test_a_live_run_that_succeeds_goes_with_its_last_reference() -> None:
    @workflow(needs={"got": task(load)})
    async def w(got: Payload) -> Payload:
        return got

    async with w.start() as run:
        async for event in run.events():
            del event
    assert len(alive) == 1
    reference = weakref.ref(run)
    del run
    assert await all_gone()
    assert reference() is None


async def test_three_hundred_failing_runs_keep_nothing() -> None:
    @workflow(after=task(fail))
    async def w() -> None: ...

    for _ in range(300):
        await raise_it(w)
    assert await all_gone(1)


async def test_a_kept_run_that_failed_with_an_error_of_python_s_own_goes_too() -> None:
    def fail_plainly() -> None:
        payload = make_payload()
        raise ValueError(id(payload))

    @workflow(after=task(fail_plainly))
    async def w() -> None: ...

    run = await w.run()
    assert isinstance(run.error, ValueError)
    assert len(alive) == 1
    del run
    assert await all_gone()
