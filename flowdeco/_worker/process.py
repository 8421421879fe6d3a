"""One call in a worker process."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from typing import Any

from anyio import CancelScope, CapacityLimiter, to_process

from .._base.errors import RemoteError, WorkerLostError
from .._base.signature import Kind
from .process_pool import ProcessEndedError, ProcessStartError, ask_process, describe_exit
from .process_resource import find_farewell
from .transfer import Call, Label, RemoteTraceback, pack, say, unpack

__all__ = ["ProcessCall", "call_in_process", "choose_process_limiter"]


class ProcessCall:
    """One call in a worker process, which is killed if nobody waits for it any more; see `call_in_process`.

    Who makes it sees to how many there are: `choose_process_limiter`.

    Attributes:
        abandoned: whether it still ran then: never.
    """

    abandoned = False

    def __init__(
        self, task: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], kind: Kind
    ) -> None:
        self._call = Call(task, "in a process", function, args, kwargs, kind)
        self._farewell = find_farewell([*args, *kwargs.values()])

    async def run(self, limit: CancelScope | None = None) -> Any:
        """Start it, wait for its end, and return or raise what it gives."""
        return await _ask(self._call.label, pack(self._call), self._farewell)


def choose_process_limiter() -> CapacityLimiter:
    """Return what bounds the number of processes of this event loop: as many as there are processors."""
    return to_process.current_default_process_limiter()


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
    async with limiter or choose_process_limiter():
        return await _ask(call.label, request)


async def _ask(label: Label, request: bytes, farewell: float | None = None) -> Any:
    try:
        reply, printed = pickle.loads(await ask_process(request, farewell))
    except (ProcessEndedError, ProcessStartError, OSError) as error:
        failure, cause = _explain(label, error)
        raise failure from cause
    for stream, text in zip((sys.stdout, sys.stderr), printed, strict=True):
        if text and stream is not None:
            stream.write(text)
    return unpack(label, reply)


def _explain(label: Label, error: Exception) -> tuple[RemoteError, BaseException]:
    """Return the error for a process that has not answered, and its cause."""
    if isinstance(error, ProcessEndedError) and error.is_started:
        message = f"Cannot finish {label}: the process ended before it answered, {describe_exit(error.exit_code)}."
        return WorkerLostError(message, exit_code=error.exit_code, **label.data), error
    if isinstance(error, OSError):
        if isinstance(error, (FileNotFoundError, PermissionError)):
            reason = f"no process could be started, as sys.executable, {sys.executable!r}, is no Python that runs"
        else:
            reason = "the system did not start a process"
        return RemoteError(f"Cannot run {label}: {reason} ({say(error)}).", **label.data), error
    said, cause = say(error), error
    if isinstance(error, ProcessStartError):
        said, text = error.args
        cause = RemoteTraceback(text)
    elif isinstance(error, ProcessEndedError):
        said = str(error)
    message = (
        f"Cannot run {label}: the process, which imports the main script, could not start ({said}). "
        'What only the program itself should do belongs under if __name__ == "__main__":'
    )
    return RemoteError(message, **label.data), cause
