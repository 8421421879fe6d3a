"""Executors that fail, and what is handed over to them."""

import functools
import gc
import io
import multiprocessing
import os
import pickle
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from flowdeco._base.errors import RemoteError, TransferError, WorkerLostError
from flowdeco._worker.executor import call_in_executor
from tests.support import remote_functions as functions
from tests.support.executor import Gate, fail
from tests.support.remote_functions import raw


def fail_with(_: object) -> None:
    fail()


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
    with pytest.raises(RemoteError, match=r" refused it \(TypeError: cannot pickle .*\)\. Give it what it can send\.$"):
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
