"""Where a task's function may run: `run_in=`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from .._base.checks import reject
from .._base.executors import is_process_pool
from .._base.signature import Kind
from .._base.text import listed, nearest

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from typing import Literal

__all__ = ["RunIn", "check_run_in", "starts_processes"]

# As text: who has no executor needs no `concurrent.futures`.
RunIn: TypeAlias = 'Literal["thread", "loop", "process"] | Executor | None'

_PLACES = ("thread", "loop", "process")


def check_run_in(subject: str, value: object, kind: Kind) -> RunIn:
    """Return `run_in=` if a function of that kind can run there."""
    if value is None:
        return None
    if isinstance(value, str):
        if value not in _PLACES:
            hint = nearest(value, _PLACES) or f" There are {listed(_PLACES)}; or give an executor."
            raise reject(subject, "run_in", value, f"is not a place to run in.{hint}")
    elif not _is_executor(value):
        reason = f"is not one of {listed(_PLACES)}, nor an instance of concurrent.futures.Executor."
        raise reject(subject, "run_in", value, reason, wrong_type=True)
    if kind in ("async", "async generator") and value != "loop":
        reason = (
            "cannot be used with an async def, which always runs on the event loop. Make it a def, or remove run_in=."
        )
        raise reject(subject, "run_in", value, reason)
    return cast("RunIn", value)


def _is_executor(value: object) -> bool:
    from concurrent.futures import Executor

    return isinstance(value, Executor)


def starts_processes(run_in: RunIn) -> bool:
    """Whether what runs there makes Python processes that import the main script."""
    return run_in == "process" or (run_in is not None and is_process_pool(run_in))
