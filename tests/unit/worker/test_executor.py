"""Functions that are handed over to an executor."""

import functools
import gc
import io
import multiprocessing
import os
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio import CancelScope, to_thread

from flowdeco._base.errors import RemoteError, TransferError, WorkerLostError
from flowdeco._worker.executor import ExecutorCall, call_in_executor
from tests.conftest import Backend
from tests.support import remote_functions as functions

COLOUR: ContextVar[str] = ContextVar("colour", default="none")
# Only so that a test that fails does not hang.
SOON = 10


def raw(task: Any) -> Callable[..., Any]:
    """Return the function that a task was made of, as the engine has it."""
    function: Callable[..., Any] = task._function
    return function


class Gate:
    """A function that waits in its thread until it is let go."""

    def __init__(self, outcome: Callable[[], Any] = lambda: "through") -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.calls = 0
        self._outcome = outcome

    def __call__(self) -> Any:
        self.calls += 1
        self.entered.set()
        assert self.open.wait(SOON)
        return self._outcome()


async def wait(event: threading.Event) -> None:
    assert await to_thread.run_sync(event.wait, SOON)


def fail() -> None:
    raise ConnectionError("no line")


def fail_with(_: object) -> None:
    fail()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as made:
        yield made


class Sender(Executor):
    """Pickles as those do that send work to other machines, and runs it at once.

    It keeps functions without a name as they are, where others would send their code.
    """

    class _Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            by_value = getattr(obj, "__qualname__", "").endswith(("<lambda>", "shout")) and callable(obj)
            return Sender.kept.setdefault(id(obj), obj) and id(obj) if by_value else None

    class _Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: Any) -> Any:
            return Sender.kept[pid]

    kept: dict[int, Any] = {}  # noqa: RUF012 - one for all, as is a machine

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        file = io.BytesIO()
        self._Pickler(file).dump((fn, args, kwargs))
        fn, args, kwargs = self._Unpickler(io.BytesIO(file.getvalue())).load()
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


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


async def test_an_executor_that_is_shut_down_is_an_error_of_the_task(pool: ThreadPoolExecutor) -> None:
    pool.shutdown()
    with pytest.raises(
        RemoteError, match=r"^Cannot run task 'page' in its executor: .*after shutdown.* Keep"
    ) as caught:
        await call_in_executor("page", pool, fail, ())
    assert (caught.value.task, caught.value.function) == ("page", "fail")
    assert isinstance(caught.value.__cause__, RuntimeError)


async def test_a_call_that_the_executor_cancels_is_an_error_and_no_cancellation(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    pool.submit(gate)

    async def run() -> None:
        with pytest.raises(
            RemoteError, match=r"^Cannot run task 'page' in its executor: the executor has cancelled it"
        ):
            await call_in_executor("page", pool, fail, ())

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await anyio.wait_all_tasks_blocked()
        pool.shutdown(wait=False, cancel_futures=True)
    gate.open.set()


async def test_a_broken_executor_is_an_error_of_the_task(caplog: pytest.LogCaptureFixture) -> None:
    with ThreadPoolExecutor(1, initializer=fail) as pool:
        for _ in range(2):  # found broken when it ends, and when it is submitted
            with pytest.raises(
                WorkerLostError, match=r"^Cannot finish task 'page' in its executor: .*broken"
            ) as caught:
                await call_in_executor("page", pool, int, ())
            assert isinstance(caught.value.__cause__, BrokenExecutor)
            assert caught.value.exit_code is None
    assert "no line" in caplog.text


async def test_a_pool_of_processes_is_served_as_a_process_is(processes: Executor) -> None:
    pid, args, kwargs = await call_in_executor("page", processes, raw(functions.where), (1,), {"two": 2})
    assert (args, kwargs) == ((1,), {"two": 2})
    assert pid != os.getpid()
    with pytest.raises(ConnectionError) as caught:
        await call_in_executor("page", processes, raw(functions.give_error), ("line",))
    assert "in give_error" in str(caught.value.__cause__)
    for function, args, text in (
        (raw(functions.add), (1, threading.Lock()), "argument 'right' cannot be sent"),
        (lambda: None, (), "its function .* cannot be imported there"),
        (raw(functions.give_lock), (), "result cannot be sent back"),
        (raw(functions.give_sticky), (), "result cannot be sent back"),
        (raw(functions.give_error), ("odd",), "OddError: thing 3 cannot be sent back"),  # which would break the pool
    ):
        with pytest.raises(TransferError, match=rf"^Cannot .* task 'page' in its executor.*{text}"):
            await call_in_executor("page", processes, function, args)
    with pytest.raises(SystemExit):
        await call_in_executor("page", processes, raw(functions.leave), ("exit",))
    assert (await call_in_executor("page", processes, raw(functions.where), ()))[0] == pid


async def test_a_process_of_a_pool_that_dies_is_an_error_of_the_task() -> None:
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    with pool, pytest.raises(WorkerLostError, match="terminated abruptly"):
        await call_in_executor("page", pool, raw(functions.die), ())


async def test_an_executor_that_pickles_is_given_the_name_or_else_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = Sender()
    assert await call_in_executor("page", sender, raw(functions.add), (1,), {"right": 2}) == 3
    assert await call_in_executor("page", sender, raw(functions.count), (2,), kind="generator") == [0, 1]
    assert await call_in_executor("page", sender, lambda: "by value", ()) == "by value"
    with pytest.raises(TransferError, match="returned an awaitable, which cannot be sent back"):
        await call_in_executor("page", sender, raw(functions.give_awaitable), ())
    with pytest.raises(RemoteError, match=r"not take it \(TypeError: cannot pickle .*\)\. Give it what it can send\.$"):
        await call_in_executor("page", sender, Gate(lambda: None), ())

    # On another machine __main__ is something else, so it is left to the pickler.
    def shout() -> str:
        return "main"

    monkeypatch.setattr(shout, "__module__", "__main__")
    monkeypatch.setattr(shout, "__qualname__", "shout")
    monkeypatch.setattr("__main__.shout", functions.where, raising=False)
    assert await call_in_executor("page", sender, shout, ()) == "main"


async def test_what_is_submitted_bears_the_name_of_the_task_and_is_different_each_time() -> None:
    submitted: list[Any] = []

    class Spy(Sender):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            submitted.append(fn)
            return super().submit(fn, *args, **kwargs)

    for _ in range(2):
        await call_in_executor("page", Spy(), raw(functions.add), (1, 2))
    assert [work.__name__ for work in submitted] == ["page", "page"]
    assert len({work.__dask_tokenize__() for work in submitted}) == 2


async def test_an_error_of_an_executor_keeps_nothing_alive(pool: Executor) -> None:
    class Thing: ...

    async def run() -> weakref.ref[Thing]:
        thing = Thing()
        with pytest.raises(ConnectionError):
            await call_in_executor("page", pool, functools.partial(fail_with, thing), ())
        return weakref.ref(thing)

    gc.disable()
    try:
        seen = await run()
        await call_in_executor("page", pool, functools.partial(int), ())  # the thread forgets what it did before
        assert seen() is None
    finally:
        gc.enable()
