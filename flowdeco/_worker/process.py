"""One call in a worker process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from tempfile import TemporaryFile
from threading import current_thread, main_thread
from typing import IO, Any, cast

from anyio import (
    BrokenWorkerProcess,
    CancelScope,
    CapacityLimiter,
    Event,
    create_task_group,
    get_cancelled_exc_class,
    move_on_after,
    sleep,
    to_process,
)
from anyio.lowlevel import RunVar

from .._base.errors import MainGuardError, RemoteError, WorkerLostError
from .._base.signature import Kind
from .transfer import Call, Label, pack, say, serve, unpack

__all__ = ["ProcessCall", "call_in_process"]

# Seconds that who is cancelled waits for a process that is starting. A main script may take long to be imported.
_PATIENCE = 2
# Seconds for one that could not start: anyio has killed it, but asyncio, whose loop may end now, has yet to notice.
_FAREWELL = 0.05


class ProcessCall:
    """One call in a worker process, which is killed if nobody waits for it any more; see `call_in_process`.

    Attributes:
        abandoned: whether it still ran then: never.
    """

    abandoned = False

    def __init__(
        self, task: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], kind: Kind
    ) -> None:
        self._call = partial(call_in_process, task, function, args, kwargs, kind=kind)

    async def run(self, limit: CancelScope | None = None) -> Any:
        """Start it, wait for its end, and return or raise what it gives."""
        return await self._call()


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
        KeyboardInterrupt, SystemExit: as raised in this program while it waited.
    """
    call = Call(task, "in a process", function, args, kwargs or {}, kind)
    request = pack(call)
    try:
        async with limiter or to_process.current_default_process_limiter():
            idle = _idle.get()
            if idle:
                _idle.set(idle - 1)
            else:
                await _start_process()
            # With nothing awaited in between, it is the process that was just ready.
            reply, printed = await to_process.run_sync(_serve_alone, request, cancellable=True, limiter=_HELD)
            _idle.set(_idle.get() + 1)
    except Exception as error:
        failure, cause = _explain(call.label, error), error
        end = _find_exit(error)
    else:
        for stream, text in zip((sys.stdout, sys.stderr), printed, strict=True):
            if text and stream is not None:
                stream.write(text)
        return unpack(call.label, reply)
    if end is not None:
        raise end  # out here, since it is bare: nobody's context
    raise failure from (None if failure is cause.__cause__ else cause)


# How many processes wait for a call in anyio's pool, which does not say. It is a guess: it lets one go in five minutes.
_idle: RunVar[int] = RunVar("flowdeco_idle_processes", 0)


class _Held:
    """Stands for a limiter where the place is taken already. Unlike a free one, it is no checkpoint."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


_HELD = cast("CapacityLimiter", _Held())


async def _start_process() -> None:
    """Have a process ready in anyio's pool.

    anyio kills a process whose call is cancelled, but leaves one behind that is cancelled while its interpreter
    starts. So whoever is cancelled then waits for it, `_PATIENCE` at most, and it is there for the next call.
    """
    shield, started = CancelScope(shield=True), Event()
    failed: list[BaseException] = []

    async def start() -> None:
        try:
            with shield:
                await to_process.run_sync(_do_nothing, cancellable=True, limiter=_HELD)
        except get_cancelled_exc_class():
            raise
        except BaseException as error:
            failed.append(error)
        finally:
            started.set()

    async with create_task_group() as group:
        group.start_soon(start)
        try:
            await started.wait()
        except BaseException as error:
            failed.insert(0, error)
            with move_on_after(_PATIENCE, shield=True):
                await started.wait()
            shield.shield = False
    if failed:
        with CancelScope(shield=True):
            await sleep(_FAREWELL)
        raise failed[0]


def _do_nothing() -> None: ...


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


def _find_exit(error: BaseException | None) -> BaseException | None:
    """Return what ends the program, if it is behind the error: anyio takes it for the end of the process."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        # What a main script says as it is imported is another matter: that is a process that cannot start.
        is_exit = isinstance(error.__cause__, SystemExit) and isinstance(error, BrokenWorkerProcess) and not error.args
        error = error.__cause__
        if is_exit:
            break
    return error


def _explain(label: Label, error: Exception) -> Exception:
    cause = error.__cause__
    if isinstance(cause, MainGuardError):
        return cause
    if isinstance(error, BrokenWorkerProcess) and not error.args:
        message = f"Cannot finish {label}: the process ended before it answered."
        return WorkerLostError(message, exit_code=None, **label.data)
    message = (
        f"Cannot run {label}: the process, which imports the main script, could not start ({say(cause or error)}). "
        'What only the program itself should do belongs under if __name__ == "__main__":'
    )
    return RemoteError(message, **label.data)
