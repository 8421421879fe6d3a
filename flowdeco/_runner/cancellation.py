"""Whether a cancellation comes from outside the run: the one module that asks asyncio for what anyio has no word for.

A scope of anyio says whether it was cancelled. `Task.cancel()`, which is what `asyncio.timeout`, `asyncio.wait_for`
and Ctrl-C come down to, is known to the task alone: it counts the requests. A node in the caller's own task may have
such scopes of its own, so the count is looked at when the node has ended, and compared with what it was when the run
began. A `CancelledError` that neither explains was raised by nobody who cancelled the run: it is a stray one.
"""

from __future__ import annotations

import sys
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn, cast

from anyio import current_effective_deadline, get_cancelled_exc_class
from anyio.lowlevel import checkpoint

from .._base.errors import StrayCancellationError

if TYPE_CHECKING:
    import asyncio

__all__ = ["Cancellation", "pick_interrupt", "stray"]


class Cancellation:
    """Knows for one run whether it is being cancelled from outside.

    Attributes:
        kind: what a cancellation is raised as on this event loop.
        is_thrown: whether it is thrown into the coroutine that a task drives; trio has it raised further inside.
    """

    __slots__ = ("_before", "is_thrown", "kind")

    def __init__(self) -> None:
        task = _find_task()
        self.is_thrown = task is not None
        self.kind = get_cancelled_exc_class() if task is None else _cancelled_error()
        self._before = 0 if task is None else task.cancelling()

    def is_native(self) -> bool:
        """Whether asyncio itself has cancelled the current task since the run began."""
        return self.is_thrown and self._count() > self._before

    def is_due(self) -> bool:
        """Whether the current task is being cancelled, by a scope around it or by asyncio."""
        return current_effective_deadline() == -inf or self.is_native()

    def take_out(self, error: BaseException) -> BaseException:
        """Return what is left of a group of errors without the cancellations in it; these are raised again elsewhere.

        Of a group with a Ctrl-C in it, that is the Ctrl-C.
        """
        if not isinstance(error, BaseExceptionGroup) or isinstance(error, Exception):
            return error
        group = cast("BaseExceptionGroup[BaseException]", error)
        interrupt = pick_interrupt(group)
        if interrupt is not group:
            return interrupt
        rest = group.split(self.kind)[1]
        return group.exceptions[0] if rest is None else rest

    async def raise_it(self) -> NoReturn:
        """Raise the cancellation that `is_due`."""
        if current_effective_deadline() == -inf:
            await checkpoint()
        raise self.kind

    def _count(self) -> int:
        task = _find_task() if self.is_thrown else None
        return 0 if task is None else task.cancelling()


def _find_task() -> asyncio.Task[Any] | None:
    """Return the current task of asyncio; `None` if its event loop does not run here."""
    if "asyncio" not in sys.modules:  # so it does not run: under trio, nobody has to load it
        return None
    import asyncio

    try:
        return asyncio.current_task()  # ten times as fast as to ask anyio, and each run asks
    except RuntimeError:
        return None


def _cancelled_error() -> type[BaseException]:
    import asyncio

    return asyncio.CancelledError  # three times as fast as to ask anyio


def pick_interrupt(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the `KeyboardInterrupt` or `SystemExit` that a task group wrapped, or the group."""
    for kind in (KeyboardInterrupt, SystemExit):
        found: BaseException | None = group.subgroup(kind)
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        if found is not None:
            return found
    return group


def stray(task: str, error: BaseException) -> StrayCancellationError:
    """Return what a task fails with that raised a cancellation nobody asked for."""
    message = f"Cannot finish task {task!r}: it raised {type(error).__name__}, but nobody cancelled it."
    converted = StrayCancellationError(message, task=task)
    converted.__cause__ = error
    return converted
