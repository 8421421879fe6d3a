"""One call in a worker process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from tempfile import TemporaryFile
from threading import current_thread, main_thread
from typing import IO, Any

from anyio import BrokenWorkerProcess, CancelScope, CapacityLimiter, get_cancelled_exc_class, to_process
from anyio.abc import Process

from .._base.errors import MainGuardError, RemoteError, WorkerLostError
from .._base.signature import Kind
from .transfer import Call, Label, pack, say, serve, unpack

__all__ = ["call_in_process"]


async def call_in_process(
    task: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    kind: Kind = "sync",
    limiter: CapacityLimiter | None = None,
) -> Any:
    """Run a function in a worker process, which is killed if the caller is cancelled.

    What it raises is raised as it is, an exit too; `__cause__` shows where. What it prints appears when it has ended.

    Args:
        task: the task's name, for errors.
        function: the function; it is sent by its name.
        args: what it receives by position.
        kwargs: what it receives by name.
        kind: what a call of it gives; what a generator yields is returned as a list.
        limiter: bounds the number of processes; `None`: as many as there are processors.

    Raises:
        TransferError: the function, an argument, the result or the error cannot be sent.
        WorkerLostError: the process died.
        MainGuardError: the main script calls a workflow where the process imports it.
        RemoteError: the process could not be started.
    """
    call = Call(task, "in a process", function, args, kwargs or {}, kind)
    request = pack(call)
    try:
        reply, printed = await to_process.run_sync(_serve_alone, request, cancellable=True, limiter=limiter)
    except get_cancelled_exc_class() as error:
        await _end_worker(error)
        raise
    except Exception as error:
        failure = _explain(call.label, error, await _end_worker(error))
        raise failure from (None if failure is error.__cause__ else error)
    for stream, text in zip((sys.stdout, sys.stderr), printed, strict=True):
        if text and stream is not None:
            stream.write(text)
    return unpack(call.label, reply)


def _serve_alone(request: bytes) -> tuple[bytes, list[str]]:
    # Ctrl-C reaches all processes of a terminal. The program itself deals with it, and kills this one.
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_default and current_thread() is main_thread():
        signal.signal(signal.SIGINT, _ignore)
    with _own_streams() as files:
        reply = serve(request)
        printed: list[str] = []
        for file in files:
            file.seek(0)
            printed.append(file.read())
    return reply, printed


def _ignore(*_: object) -> None:
    pass  # and not SIG_IGN, which a child process would inherit


@contextmanager
def _own_streams() -> Generator[list[IO[str]]]:
    """Keep what the function and its children read and print away from the pipes that the worker is served by."""
    with open(os.devnull) as nothing, _printout() as out, _printout() as err:
        pipes = [os.dup(number) for number in range(3)]
        for number, file in enumerate((nothing, out, err)):
            os.dup2(file.fileno(), number)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                yield [out, err]
        finally:
            for number, pipe in enumerate(pipes):
                os.dup2(pipe, number)
                os.close(pipe)


def _printout() -> IO[str]:
    return TemporaryFile("w+", buffering=1, encoding="utf-8", errors="backslashreplace")


async def _end_worker(error: BaseException) -> int | None:
    """End the process that anyio leaves behind where it cannot be started, or is cancelled then; say how it ended."""
    trace = error.__traceback__
    process: object = None
    while trace is not None and process is None:
        process = trace.tb_frame.f_locals.get("process")
        trace = trace.tb_next
    if not isinstance(process, Process):
        return None
    with CancelScope(shield=True):
        with suppress(ProcessLookupError):
            process.kill()
        await process.aclose()
    # asyncio says 255 where the process was gone before it looked.
    return None if process.returncode == 255 else process.returncode


def _explain(label: Label, error: Exception, exit_code: int | None) -> Exception:
    cause = error.__cause__
    if isinstance(cause, MainGuardError):
        return cause
    if isinstance(error, BrokenWorkerProcess) and not error.args:
        how = "" if exit_code is None else f" with exit code {exit_code},"
        message = f"Cannot finish {label}: the process ended{how} before it answered."
        return WorkerLostError(message, exit_code=exit_code, **label.data)
    message = (
        f"Cannot run {label}: the process, which imports the main script, could not start ({say(cause or error)}). "
        'What only the program itself should do belongs under if __name__ == "__main__":'
    )
    return RemoteError(message, **label.data)
