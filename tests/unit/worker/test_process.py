"""Functions that run in processes."""

import functools
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import CapacityLimiter, to_thread
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from flowdeco._base.errors import RemoteError, TransferError, WorkerLostError
from flowdeco._worker import process_pool, process_server
from flowdeco._worker.main_guard import refuse_worker_import
from flowdeco._worker.process import call_in_process
from flowdeco._worker.process_server import LENGTH
from tests.conftest import Backend
from tests.support import remote_functions as functions
from tests.support.remote_functions import raw


async def call(task: Any, *args: Any, **kwargs: Any) -> Any:
    return await call_in_process("page", raw(task), args, kwargs)


def test_the_program_itself_is_never_taken_for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_worker_import("w")
    monkeypatch.setitem(sys.modules, "__mp_main__", sys.modules["__main__"])  # as multiprocessing does
    refuse_worker_import("w")


async def test_a_function_is_found_in_the_process_by_the_name_that_its_task_has() -> None:
    pid, args, kwargs = await call(functions.where, 1, "two", three=[3])
    assert pid != os.getpid()
    assert (args, kwargs) == ((1, "two"), {"three": [3]})
    assert (await call(functions.where))[0] == pid  # the process is used again
    assert await call(functions.add_again, 1, 2) == 3
    assert await call_in_process("page", functions.outside, (1,)) == ("marked", 1)
    assert await call_in_process("page", raw(functions.outside.__wrapped__), (1,)) == 1
    assert await call(functions.inside, 1) == ("marked", 1)
    assert await call_in_process("page", os.path.basename, ("a/b",)) == "b"
    # A function among the arguments is sent the same way.
    assert await call_in_process("page", functools.reduce, (raw(functions.add), [1, 2, 3])) == 6


async def test_partials_methods_and_generators_run_in_a_process() -> None:
    for add in (functions.add, raw(functions.add)):
        assert await call_in_process("page", functools.partial(add, 1), (2,)) == 3
    assert await call_in_process("page", functions.Shop(5).total, (2,)) == 10
    assert await call(functions.Shop.tax, 10) == 2
    assert await call_in_process("page", raw(functions.count), (3,), kind="generator") == [0, 1, 2]


async def test_a_function_without_a_name_is_refused_before_any_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(process_pool, "open_process")

    def local() -> None: ...

    class Held:
        lock = threading.Lock()

        def __call__(self) -> None: ...

    for function in (local, lambda: None, Held(), functools.partial(local)):
        with pytest.raises(TransferError, match=r"^Cannot run task 'page' in a process: its function '.*") as caught:
            await call_in_process("page", function, ())
        assert caught.value.part == "function"
        assert caught.value.task == "page"
        assert str(caught.value).endswith("Move it to the top level of a module.")
    assert isinstance(caught.value, RemoteError)
    # A name that has come to mean something else would run something else.
    add = raw(functions.add)
    monkeypatch.setattr(functions, "add", local)
    with pytest.raises(TransferError, match="'add' cannot be imported there"):
        await call_in_process("page", add, (1, 2))


async def test_an_argument_that_cannot_be_sent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(process_pool, "open_process")
    lock = threading.Lock()
    for args, kwargs, name in (
        ((1, lock), {}, "'right'"),
        ((1,), {"right": lock}, "'right'"),
        ((1, 2, lock), {}, "3"),
    ):
        with pytest.raises(
            TransferError, match=rf"its argument {name} cannot be sent there \(TypeError: cannot pickle"
        ):
            await call_in_process("page", raw(functions.add), args, kwargs)
    with pytest.raises(TransferError) as caught:
        await call_in_process("page", raw(functions.where), (lock,))
    assert caught.value.part == "argument 1"
    assert caught.value.function == "where"


async def test_what_cannot_be_sent_is_said_and_the_process_goes_on() -> None:
    pid, *_ = await call(functions.where)
    for function, part, text in (
        (functions.give_lock, "result", r"Cannot finish .*'page' in a process: its result .* back \(TypeError: cannot"),
        (functions.give_sticky, "result", r"Cannot finish .* its result cannot be sent back \(ValueError: it sticks"),
        (functions.give_awaitable, "result", "Cannot run .* returned an awaitable"),
    ):
        with pytest.raises(TransferError, match=text) as caught:
            await call(function)
        assert (caught.value.part, caught.value.task) == (part, "page")
    for kind, text in (("odd", "OddError: thing 3"), ("locked", "LockedError: locked")):
        with pytest.raises(
            TransferError, match=rf"its error tests.support.remote_functions.{text} cannot be sent back"
        ) as caught:
            await call(functions.give_error, kind)
        assert caught.value.part == "error"
        assert "in give_error" in str(caught.value.__cause__)
    with pytest.raises(TransferError, match=r"its arguments cannot be sent there \(ValueError: it sticks\)"):
        await call(functions.where, functions.Sticky())
    assert (await call(functions.where))[0] == pid


async def test_what_a_function_raises_arrives_as_it_is_and_shows_where() -> None:
    pid, *_ = await call(functions.where)
    with pytest.raises(ConnectionError, match="no line") as caught:
        await call(functions.give_error, "line")
    assert type(caught.value) is ConnectionError
    assert caught.value.args == ("no line",)
    assert caught.value.__notes__ == ["a note"]
    text = str(caught.value.__cause__)
    assert 'remote_functions.py", line' in text
    assert "in give_error" in text
    assert "transfer.py" not in text
    with pytest.raises(SystemExit) as left:
        await call(functions.leave, "exit")
    assert left.value.code == 3
    with pytest.raises(KeyboardInterrupt):
        await call(functions.leave, "interrupt")
    # Ctrl-C reaches every process of a terminal, and is the program's own business.
    assert await call(functions.interrupt) == "still here"
    assert (await call(functions.where))[0] == pid


async def test_a_process_that_dies_is_an_error_of_the_task_and_the_next_call_gets_another() -> None:
    with pytest.raises(
        WorkerLostError, match=r"^Cannot finish task 'page' in a process: .* ended.* before it ans"
    ) as caught:
        await call(functions.die)
    assert (caught.value.task, caught.value.function) == ("page", "die")
    assert caught.value.exit_code == 7
    assert str(caught.value).endswith("the process ended before it answered, with exit code 7.")
    assert await call(functions.add, 1, 2) == 3


async def test_what_is_printed_appears_and_does_not_disturb(capfd: pytest.CaptureFixture[str]) -> None:
    assert await call(functions.talk) == b""  # and nothing of what the worker is told
    out, err = capfd.readouterr()
    assert out == "printed\nby a child\n"
    assert err == "warned\n" + "x" * 200_000


async def test_a_cancelled_call_has_killed_its_process(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    pid = 0
    async with anyio.create_task_group() as group:
        group.start_soon(call, functions.hang, str(fifo))
        pid = int(await to_thread.run_sync(fifo.read_text))
        group.cancel_scope.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("where", ["interpreter", "main module"])
async def test_a_call_that_is_cancelled_while_its_process_starts_has_killed_it(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Process] = []

    async def open_stuck(_: Any, **kwargs: Any) -> Process:
        ready = "" if where == "interpreter" else f"os.write(1, bytes({LENGTH})); "
        program = f"import os, time; {ready}time.sleep(60)"
        process = await anyio.open_process([sys.executable, "-c", program], **kwargs)
        started.append(process)
        scope.cancel()
        return process

    monkeypatch.setattr(process_pool, "open_process", open_stuck)
    with anyio.fail_after(60), anyio.CancelScope() as scope:
        await call(functions.add, 1, 2)
    assert scope.cancelled_caught
    assert [one.returncode is None for one in started] == [False]
    monkeypatch.undo()
    assert await call(functions.add, 1, 2) == 3


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
async def test_what_ends_the_program_while_it_waits_for_a_process_is_raised_bare(
    kind: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    end = kind()

    async def receive(*_: Any, **__: Any) -> None:
        raise end

    monkeypatch.setattr(BufferedByteReceiveStream, "receive_exactly", receive)
    with pytest.raises(kind) as caught:
        await call(functions.add, 1, 2)
    assert caught.value is end
    assert (end.__cause__, end.__context__) == (None, None)


async def test_a_process_that_cannot_start_is_an_error_of_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    async def open_nothing(*_: Any, **__: Any) -> Process:
        raise BlockingIOError("too many processes")

    monkeypatch.setattr(process_pool, "open_process", open_nothing)
    with pytest.raises(RemoteError, match=r"^Cannot run task 'page' in a process: .*too many processes") as caught:
        await call(functions.add, 1, 2)
    assert isinstance(caught.value.__cause__, BlockingIOError)
    assert "main script" not in str(caught.value)


@pytest.mark.parametrize("executable", ["/nowhere/python", "", None])
async def test_that_there_is_no_python_to_start_is_said_as_such(
    executable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    said = f"Cannot run task 'page' in a process: no process could be started, as sys.executable, {executable!r}, is no"
    with pytest.raises(RemoteError, match=re.escape(said)) as caught:
        await call(functions.add, 1, 2)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


async def test_a_limiter_bounds_the_number_of_processes() -> None:
    limiter = CapacityLimiter(1)
    async with anyio.create_task_group() as group, limiter:
        group.start_soon(functools.partial(call_in_process, "page", raw(functions.add), (1, 2), limiter=limiter))
        await anyio.wait_all_tasks_blocked()
        assert limiter.statistics().tasks_waiting == 1
        group.cancel_scope.cancel()


def test_processes_end_with_their_event_loop(backend: Backend) -> None:
    async def main() -> int:
        return int((await call(functions.where))[0])

    pid = anyio.run(main, backend=backend[0], backend_options=backend[1])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_nobody_asks_for_long_ends_by_itself() -> None:
    ours, theirs = os.pipe()
    with open(theirs, "wb") as program:
        requests = process_server._Requests(ours)
        assert requests.take(0) == b""
        program.write((9).to_bytes(LENGTH, "big") + b"a request")
        program.flush()
        assert requests.take() == b"a request"
        requests.has_ended()
    assert requests.take() == b""  # the pipe is closed
    os.close(ours)
    assert process_server._MOST_IDLE > process_pool._MOST_IDLE


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0, "with exit code 0"),
        (-11, "by SIGSEGV"),
        (-9, "by SIGKILL, as when memory runs out"),
        (-200, "by signal 200"),
        (None, "of itself"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="there a process has an exit code only")
def test_how_a_process_has_ended_is_said_by_name(code: int | None, text: str) -> None:
    assert process_pool.describe_exit(code) == text
