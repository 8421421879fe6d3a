"""Calls to an executor that are cancelled, or take too long."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from anyio import CancelScope

from flowdeco._worker.executor import ExecutorCall, call_in_executor
from tests.conftest import Backend
from tests.support.executor import SOON, Gate, fail, wait


async def test_a_call_that_has_not_begun_is_taken_back(pool: ThreadPoolExecutor) -> None:
    first, second = Gate(), Gate()
    blocked = pool.submit(first)
    call = ExecutorCall("page", pool, second, (), on_end=lambda: pytest.fail("it was not abandoned"))
    async with anyio.create_task_group() as group:
        group.start_soon(call.run)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert not blocked.done()
    first.open.set()
    pool.shutdown()
    assert (second.calls, call.abandoned) == (0, False)


async def test_a_call_that_has_begun_is_waited_for_when_the_caller_is_cancelled(pool: Executor) -> None:
    gate = Gate()
    with CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(call_in_executor, "page", pool, gate, ())
            await wait(gate.entered)
            scope.cancel()
            with CancelScope(shield=True):
                await anyio.wait_all_tasks_blocked()
                gate.open.set()
    assert scope.cancelled_caught
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: gate.calls).result(SOON) == 1


async def test_a_call_that_has_begun_is_waited_for_when_ctrl_c_is_raised_in_the_wait(
    pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()

    class Interrupted:  # trio raises Ctrl-C in whatever runs on the main thread
        def __init__(self) -> None:
            self._was_asked = False
            self._event = anyio.Event()
            self.set = self._event.set

        async def wait(self) -> None:
            if not self._was_asked:
                self._was_asked = True
                await wait(gate.entered)
                gate.open.set()
                raise KeyboardInterrupt
            await self._event.wait()

    monkeypatch.setattr("flowdeco._worker.executor.Event", Interrupted)
    call = ExecutorCall("page", pool, gate, ())
    with pytest.raises(KeyboardInterrupt):
        await call.run()
    assert call.result == "through"


class Interrupted(ThreadPoolExecutor):
    """Is hit by Ctrl-C when a call was handed over and has begun, and nobody has been told yet that it waits for it."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(1)
        self.gate = gate

    def submit(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        future = super().submit(function, *args, **options)
        add = future.add_done_callback

        def interrupt(callback: Callable[[Any], object]) -> None:
            future.add_done_callback = add  # type: ignore[method-assign]
            assert self.gate.entered.wait(SOON)
            threading.Timer(0, self.gate.open.set).start()
            raise KeyboardInterrupt

        future.add_done_callback = interrupt  # type: ignore[method-assign,assignment]
        return future


async def test_a_call_that_has_begun_is_waited_for_when_ctrl_c_is_raised_just_before_the_wait() -> None:
    gate = Gate()
    with Interrupted(gate) as executor:
        call = ExecutorCall("page", executor, gate, ())
        with pytest.raises(KeyboardInterrupt):
            await call.run()
        assert call.result == "through"


async def test_what_a_cancelled_call_raises_goes_before_the_cancellation(pool: Executor) -> None:
    gate = Gate(fail)
    with pytest.raises(ExceptionGroup) as caught:
        async with anyio.create_task_group() as group:
            group.start_soon(call_in_executor, "page", pool, gate, ())
            await wait(gate.entered)
            group.cancel_scope.cancel()
            with CancelScope(shield=True):
                await anyio.wait_all_tasks_blocked()
            gate.open.set()
    assert caught.group_contains(ConnectionError, match="no line")


async def test_a_call_past_its_limit_is_abandoned_and_says_when_it_ends(pool: ThreadPoolExecutor) -> None:
    async def never() -> None: ...

    gate, ended = Gate(never), threading.Event()  # Python would warn of what is not awaited
    call = ExecutorCall("page", pool, gate, (), on_end=ended.set)
    with CancelScope() as limit:
        async with anyio.create_task_group() as group:
            group.start_soon(call.run, limit)
            await wait(gate.entered)
            limit.cancel()
    assert limit.cancelled_caught
    assert call.abandoned
    assert not ended.is_set()
    gate.open.set()
    pool.shutdown()  # stops the event loop, which the call has nothing to do with any more
    assert ended.is_set()
    assert call.result is None


async def test_a_cancelled_call_is_abandoned_once_its_time_is_over(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    call = ExecutorCall("page", pool, gate, ())
    with CancelScope() as outer:
        async with anyio.create_task_group() as group:
            with CancelScope() as limit:

                async def run() -> None:
                    await call.run(limit)

                group.start_soon(run)
                await wait(gate.entered)
                limit.deadline = anyio.current_time() + 0.01
                outer.cancel()
                await anyio.sleep_forever()
    assert call.abandoned
    gate.open.set()


def test_an_abandoned_call_may_outlive_the_event_loop(backend: Backend) -> None:
    gate, ended = Gate(), threading.Event()
    with ThreadPoolExecutor(1) as pool:

        async def main() -> None:
            call = ExecutorCall("page", pool, gate, (), on_end=ended.set)
            with CancelScope() as limit:
                async with anyio.create_task_group() as group:
                    group.start_soon(call.run, limit)
                    await wait(gate.entered)
                    limit.cancel()

        anyio.run(main, backend=backend[0], backend_options=backend[1])
        gate.open.set()
    assert ended.is_set()
