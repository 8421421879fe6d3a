"""Where a task runs that runs in a resource: in the thread in which that was opened, or in the executor that it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from .._base.errors import ResourceError
from .._base.signature import Kind
from .._policy.run_in import InResource
from .._worker.own_thread import CallInOwnThread, OwnThread
from .._worker.timed_thread import TimedCall
from .._worker.worker import WorkerCall
from .arguments import Arguments, Row
from .gathering import listing
from .program import Attempted
from .turns import expect_executor, expect_thread

__all__ = ["HOMES", "Home", "starting_in_resource"]

# Where what is open lives, by the id of the resource and that of what it has given: its thread, `None` for one that
# lives in a task. A run is handed what was opened in one around it, or for many: only what it holds leads there.
HOMES: dict[tuple[int, int], OwnThread | None] = {}

Home = tuple[int, int]


def starting_in_resource(
    name: str, function: Callable[..., Any], kind: Kind, arguments: Arguments, run_in: InResource
) -> Callable[[Attempted], WorkerCall]:
    """Return what makes the call of an attempt; the last of the lifecycle's values is what the resource has given.

    Args:
        name: the name of the task, for errors.
        function: the function.
        kind: what a call of it gives.
        arguments: what the function receives.
        run_in: the resource.
    """
    call = listing(arguments.call) if kind == "generator" else arguments.call
    bound = arguments.list_of_run()

    def start(life: Attempted) -> WorkerCall:
        row, opened = (life.row[:-1], life.row[-1]) if run_in.is_given else (life.row, _find_opened(life.row, run_in))
        if isinstance(opened, Executor):
            from .._worker.executor import ExecutorCall

            args, kwargs = arguments.pack(row)
            turn = expect_executor(opened, name, life.journal.path)
            who = name, opened, function, args, kwargs
            return ExecutorCall(*who, kind=kind, bound=bound, on_end=life.release, turn=turn)
        home = id(run_in.face), id(opened)
        if home not in HOMES:  # something stands in for the resource
            return TimedCall(call, row, life.release)
        thread = HOMES[home]
        if thread is None:
            raise _refused(name, run_in)
        turn = expect_thread(thread, run_in.face.name, name, life.journal.path)
        return CallInOwnThread(thread, call, row, life.release, turn)

    return start


def _find_opened(row: Row, run_in: InResource) -> Any:
    """Return what a resource has given among the arguments of a call; `None` if that is not there."""
    return next((value for value in row if (id(run_in.face), id(value)) in HOMES), None)


def _refused(name: str, run_in: InResource) -> ResourceError:
    found = run_in.face.name
    message = (
        f"Cannot run task {name!r} in resource {found!r}: that is open in a task of the event loop, and no thread. "
    )
    return ResourceError(message + "Let a def yield it, or take run_in= away.", resource=found)
