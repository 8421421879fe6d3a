"""Functions that are handed over to an executor."""

import threading
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ThreadPoolExecutor
from contextvars import ContextVar

import anyio
import pytest

from flowdeco._worker.executor import call_in_executor
from tests.conftest import Backend
from tests.support.executor import SOON, Gate, fail, wait

COLOUR: ContextVar[str] = ContextVar("colour", default="none")


async def test_a_thread_of_an_executor_runs_any_function_with_the_variables_of_the_caller(pool: Executor) -> None:
    COLOUR.set("red")

    def paint(name: str, *, end: str) -> str:
        before = COLOUR.get()
        COLOUR.set("blue")
        return f"{before} {name}{end} {threading.current_thread() is threading.main_thread()}"

    assert await call_in_executor("page", pool, paint, ("a",), {"end": "!"}) == "red a! False"
    assert COLOUR.get() == "red"
    assert pool.submit(COLOUR.get).result(SOON) == "none"
    assert await call_in_executor("page", pool, lambda: iter("ab"), (), kind="generator") == ["a", "b"]


async def test_a_thread_of_an_executor_can_start_an_event_loop(pool: Executor, anyio_backend: Backend) -> None:
    async def inner() -> str:
        await anyio.lowlevel.checkpoint()
        return "ran"

    assert await call_in_executor("page", pool, lambda: anyio.run(inner, backend=anyio_backend[0]), ()) == "ran"


async def test_an_awaitable_out_of_a_thread_is_awaited(pool: Executor) -> None:
    async def late() -> str:
        await anyio.lowlevel.checkpoint()
        return "late"

    assert await call_in_executor("page", pool, late, ()) == "late"


async def test_what_a_function_raises_in_an_executor_arrives_as_it_is(pool: Executor) -> None:
    with pytest.raises(ConnectionError, match="no line"):
        await call_in_executor("page", pool, fail, ())
    for kind in (SystemExit, KeyboardInterrupt, CancelledError, BrokenExecutor):

        def leave(kind: type[BaseException] = kind) -> None:
            raise kind

        with pytest.raises(kind) as caught:
            await call_in_executor("page", pool, leave, ())
        assert type(caught.value) is kind


async def test_many_calls_end_on_one_loop_without_threads_that_wait(pool: Executor) -> None:
    got: list[int] = []

    async def one(number: int) -> None:
        got.append(await call_in_executor("page", pool, lambda: number, ()))

    gate = Gate()
    blocked = pool.submit(gate)
    before = threading.active_count()
    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(one, number)
        await anyio.wait_all_tasks_blocked()
        assert threading.active_count() == before
        gate.open.set()
    assert sorted(got) == list(range(100))
    assert blocked.done()


async def test_the_end_of_a_call_does_not_hold_up_the_thread_of_the_executor(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    async with anyio.create_task_group() as group:
        group.start_soon(call_in_executor, "page", pool, gate, ())
        await wait(gate.entered)
        gate.open.set()
        # The event loop stands still until the only thread does this, and it first has to end that.
        assert pool.submit(lambda: "next").result(SOON) == "next"


async def test_where_no_thread_can_be_started_the_end_of_a_call_is_still_heard(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.submit(int).result(SOON)

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert await call_in_executor("page", pool, lambda: "heard", ()) == "heard"
