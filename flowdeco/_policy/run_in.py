"""Where a task's function may run: `run_in=`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from .._base.checks import reject
from .._base.executors import is_process_pool
from .._base.signature import Kind
from .._base.text import listed, nearest

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from typing import Literal

__all__ = ["InResource", "RunIn", "check_run_in", "starts_processes"]


class InResource(NamedTuple):
    """Where a resource is open: in the thread that it was opened in, or in the executor that it is.

    Attributes:
        face: the resource.
        is_given: whether what runs there is handed what that gives, besides its arguments.
    """

    face: Any
    is_given: bool = False


# As text: who has no executor needs no `concurrent.futures`.
RunIn: TypeAlias = 'Literal["thread", "loop", "process"] | Executor | InResource | None'

_PLACES = ("thread", "loop", "process")


def check_run_in(subject: str, value: object, kind: Kind, find_task: Callable[[Any], Any]) -> RunIn:
    """Return `run_in=` if a function of that kind can run there."""
    if value is None:
        return None
    found = find_task(value)
    if found is not None:
        if not found.is_resource:
            reason = f"is a {found.kind}, which is no place to run in. Give a resource, or an executor."
            raise reject(subject, "run_in", value, reason, wrong_type=True)
        value = InResource(value)
    if isinstance(value, str):
        if value not in _PLACES:
            hint = nearest(value, _PLACES) or f" There are {listed(_PLACES)}; or give an executor or a resource."
            raise reject(subject, "run_in", value, f"is not a place to run in.{hint}")
    elif not isinstance(value, InResource) and not _is_executor(value):
        reason = f"is not one of {listed(_PLACES)}, nor an instance of concurrent.futures.Executor, nor a resource."
        raise reject(subject, "run_in", value, reason, wrong_type=True)
    if kind in ("async", "async generator") and value != "loop":
        reason = (
            "cannot be used with an async def, which always runs on the event loop. Make it a def, or remove run_in=."
        )
        raise reject(subject, "run_in", value.face if isinstance(value, InResource) else value, reason)
    return cast("RunIn", value)


def _is_executor(value: object) -> bool:
    from concurrent.futures import Executor

    return isinstance(value, Executor)


def starts_processes(run_in: RunIn) -> bool:
    """Whether what runs there makes Python processes that import the main script."""
    return run_in == "process" or (run_in is not None and is_process_pool(run_in))
