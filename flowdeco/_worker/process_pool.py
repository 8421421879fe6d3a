"""The worker processes of an event loop: started when there is no idle one, and kept for the next call.

anyio has such processes, too, but they import the main script by its path alone, so that one that was started with
`python -m` cannot find its own package.
"""

from __future__ import annotations

import marshal
import math
import pickle
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from signal import Signals
from subprocess import PIPE
from typing import Any, cast

from anyio import (
    BrokenResourceError,
    CancelScope,
    ClosedResourceError,
    EndOfStream,
    IncompleteRead,
    current_time,
    move_on_after,
    open_process,
)
from anyio.abc import ByteReceiveStream, ByteSendStream, Process
from anyio.lowlevel import RunVar
from anyio.streams.buffered import BufferedByteReceiveStream

from .._base.errors import MainGuardError
from .main_module import describe_main
from .process_server import COMMAND, LENGTH

__all__ = ["ProcessEndedError", "ProcessStartError", "ask_process", "describe_exit"]

# Seconds after which a process that nobody has needed is let go.
_MOST_IDLE = 300
# Seconds for one that has closed its pipe to say how it has ended.
_FAREWELL = 5


class ProcessEndedError(Exception):
    """The process ended before it answered.

    Attributes:
        exit_code: its exit code, or minus the signal that ended it; `None` if it had to be killed.
        is_started: whether it had taken over the main module before.
    """

    def __init__(self, exit_code: int | None, *, is_started: bool) -> None:
        super().__init__(f"it ended {describe_exit(exit_code)}")
        self.exit_code = exit_code
        self.is_started = is_started


class ProcessStartError(Exception):
    """The main module could not be imported; with what it has raised, in short and with its traceback."""


def describe_exit(code: int | None) -> str:
    """Return how a process has ended, as "with exit code 7" or "by SIGSEGV"."""
    if code is None:
        return "of itself"
    if code >= 0:
        return f"with exit code {code}"
    names = {int(each): each.name for each in Signals}
    return f"by {names.get(-code, f'signal {-code}')}" + (", as when memory runs out" if code == -9 else "")


class _Worker:
    """One process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._requests = cast("ByteSendStream", process.stdin)
        self._replies = BufferedByteReceiveStream(cast("ByteReceiveStream", process.stdout))
        self._is_started = False
        self.idle_since = math.inf
        # Seconds for what it has open to be closed; `None` if it has nothing.
        self.farewell: float | None = None

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def start(self) -> None:
        """Have it take over this program's main module."""
        path: list[object] = [*sys.path]  # some put other things there
        await self._send(marshal.dumps([entry for entry in path if isinstance(entry, str)]))
        await self._receive()
        failure = await self.ask(pickle.dumps(describe_main()))
        if failure:
            await self._find_end()  # it ends by itself, and asyncio complains of one that is killed just then
            workflow, said, text = pickle.loads(failure)
            raise ProcessStartError(said, text) if workflow is None else MainGuardError(said, workflow=workflow)
        self._is_started = True

    async def ask(self, request: bytes) -> bytes:
        """Return its reply to a request. Raises `ProcessEndedError`."""
        await self._send(len(request).to_bytes(LENGTH, "big") + request)
        return await self._receive()

    async def _send(self, data: bytes) -> None:
        try:
            await self._requests.send(data)
        except (BrokenResourceError, ClosedResourceError) as error:
            raise await self._find_end() from error

    async def _receive(self) -> bytes:
        try:
            size = int.from_bytes(await self._replies.receive_exactly(LENGTH), "big")
            return await self._replies.receive_exactly(size) if size else b""
        except (BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead) as error:
            raise await self._find_end() from error

    async def _find_end(self) -> ProcessEndedError:
        code: int | None = None
        with move_on_after(_FAREWELL, shield=True):
            code = await self._process.wait()
        return ProcessEndedError(code, is_started=self._is_started)

    async def retire(self) -> None:
        """Let it close what it has open, if it has; then see that it is gone."""
        if self.farewell is not None:
            with suppress(BrokenResourceError, ClosedResourceError), move_on_after(self.farewell, shield=True):
                await self._requests.aclose()
                await self._process.wait()
        await self.end()

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        with CancelScope(shield=True):
            await self._process.aclose()


class _Pool:
    """The processes of one event loop, which end with it."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        self._keeper = self._keep()

    async def open(self) -> None:
        await anext(self._keeper)

    async def _keep(self) -> AsyncGenerator[None]:
        """End all processes when the event loop ends: it then closes the generators that have begun."""
        try:
            yield
        finally:
            for worker in list(self._workers):
                await worker.retire()

    async def ask(self, request: bytes, farewell: float | None) -> bytes:
        worker = await self._take()
        if farewell is not None:
            worker.farewell = max(worker.farewell or 0.0, farewell)
        try:
            reply = await worker.ask(request)
        except BaseException:
            await self._end(worker)
            raise
        worker.idle_since = current_time()
        self._idle.append(worker)
        return reply

    async def _take(self) -> _Worker:
        """Return the process that was used last, or a new one; end those that are dead or that nobody needs."""
        oldest = current_time() - _MOST_IDLE
        fit = [worker for worker in self._idle if worker.is_alive and worker.idle_since >= oldest]
        unfit = [worker for worker in self._idle if worker not in fit]
        self._idle = fit
        found = fit.pop() if fit else None
        for worker in unfit:
            self._workers.discard(worker)
            await worker.retire()
        return found or await self._start()

    async def _start(self) -> _Worker:
        worker: _Worker | None = None
        with CancelScope(shield=True):  # to be cancelled here would leave the process behind
            worker = _Worker(await open_process(_make_command(), stdin=PIPE, stdout=PIPE, stderr=None))
            self._workers.add(worker)
        assert worker is not None
        try:
            await worker.start()
        except BaseException:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: _Worker) -> None:
        self._workers.discard(worker)
        await worker.end()


_pool: RunVar[_Pool] = RunVar("flowdeco_processes")


async def ask_process(request: bytes, farewell: float | None = None) -> bytes:
    """Return the reply of a worker process to a request; the process is killed if the caller is cancelled.

    Args:
        request: the request.
        farewell: seconds for what it opens by that to be closed when the process ends; `None`: it opens nothing.

    Raises:
        ProcessEndedError: it ended before.
        ProcessStartError: it cannot import the main module.
        MainGuardError: the main module calls a workflow at its top level that starts processes.
        OSError: the system does not start any, or there is no Python at `sys.executable`.
    """
    pool = _pool.get(None)
    if pool is None:
        pool = _Pool()
        _pool.set(pool)
        await pool.open()
    return await pool.ask(request, farewell)


def _make_command() -> list[str]:
    """Return how a process is started: with the same options of Python as this one."""
    if not sys.executable:  # as where Python is embedded in another program
        raise FileNotFoundError("it is not known where Python is")
    flags: list[str] = cast("Any", subprocess)._args_from_interpreter_flags()
    return [sys.executable, *flags, "-c", COMMAND]
