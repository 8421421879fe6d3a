"""Whether a cancellation comes from outside the run: the one module that asks asyncio for what anyio has no word for.

A scope of anyio says whether it was cancelled. `Task.cancel()`, which is what `asyncio.timeout`, `asyncio.wait_for`
and Ctrl-C come down to, is known to the task alone: it counts the requests. A node in the caller's own task may have
such scopes of its own, so the count is looked at when the node has ended, and compared with what it was when the run
began. A `CancelledError` that neither explains was raised by nobody who cancelled the run: it is a stray one.

Before Python 3.13, `asyncio.TaskGroup` itself counts one too many: where a child fails while the block is at its end,
it cancels the task around it, and does not take that back. `take_back` does, where the cancellation is thrown into the
group, so that it is not taken for one from outside.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable
from gc import get_referents
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn, cast

from anyio import NoEventLoopError, current_effective_deadline, get_cancelled_exc_class
from anyio.lowlevel import checkpoint

from .._base.errors import StrayCancellationError

if TYPE_CHECKING:
    import asyncio

__all__ = ["FORGETS", "Cancellation", "drive", "pick_interrupt", "stray", "take_back"]

FORGETS = sys.version_info[:2] < (3, 13)
"""Whether `asyncio.TaskGroup` forgets to take a cancellation back."""

_STEPS = ("async_generator_asend", "async_generator_athrow")  # of an async generator, which they do not name


class Cancellation:
    """Knows for one run whether it is being cancelled from outside.

    Args:
        at_once: whether it is watched for from now on. It costs as much as a node, and reaches none that never waits.

    Attributes:
        is_thrown: whether it is thrown into the coroutine that a task drives; trio has it raised further inside.
    """

    __slots__ = ("_before", "_kind", "is_thrown")

    def __init__(self, *, at_once: bool) -> None:
        self._kind: type[BaseException] | None = None
        self.is_thrown = False
        self._before = 0
        if at_once:
            self.watch()

    def watch(self) -> None:
        """Watch for it from now on, unless that is done already. To be called before anything waits."""
        if self._kind is None:
            task = _find_task()
            if task is None:
                self._kind = get_cancelled_exc_class()
            else:
                self._kind, self._before = sys.modules["asyncio"].CancelledError, task.cancelling()
                if getattr(task, "_must_cancel", False):  # asked for just before, and not raised yet
                    self._before -= 1
                self.is_thrown = True

    @property
    def kind(self) -> type[BaseException]:
        """What a cancellation is raised as on this event loop."""
        return self._kind or get_cancelled_exc_class()

    def is_native(self) -> bool:
        """Whether asyncio itself has cancelled the current task since the run began."""
        return self.is_thrown and self._count() > self._before

    def is_due(self) -> bool:
        """Whether the current task is being cancelled, by a scope around it or by asyncio."""
        try:
            return current_effective_deadline() == -inf or self.is_native()
        except NoEventLoopError:  # it has been left for the workflow's own function
            return False

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
    loaded: Any = sys.modules.get("asyncio")  # under trio, nobody has to load it
    if loaded is None:
        return None
    try:
        task: asyncio.Task[Any] | None = loaded.current_task()  # ten times as fast as to ask anyio, and each run asks
    except RuntimeError:
        return None
    return task


def take_back(awaited: Any) -> None:
    """Take back what a task group of asyncio has forgotten to, before a cancellation is thrown into it.

    Args:
        awaited: the coroutine that it is thrown into, which awaits others, the innermost of which may be at the end of
            the block of such a group.
    """
    group_type: Any = getattr(sys.modules.get("asyncio"), "TaskGroup", None)
    end = None if group_type is None else group_type.__aexit__.__code__
    while awaited is not None and end is not None:
        if getattr(awaited, "cr_code", None) is end:
            block = awaited.cr_frame.f_locals
            group = block["self"]
            if getattr(group, "_parent_cancel_requested", False) and block.get("et") is None:
                group._parent_cancel_requested = False  # once
                group._parent_task.uncancel()
            return
        awaited = _find_awaited(awaited)


def _find_awaited(awaiting: Any) -> Any:
    """Return what a coroutine, generator or step of an async generator waits for; `None` if it cannot be seen."""
    for name in ("cr_await", "gi_yieldfrom", "ag_await"):
        if hasattr(awaiting, name):
            return getattr(awaiting, name)
    if type(awaiting).__name__ in _STEPS:
        found: list[Any] = [each for each in get_referents(awaiting) if isinstance(each, AsyncGenerator)]
        return found[0] if found else None
    return None


def drive(awaitable: Awaitable[Any]) -> Awaitable[Any]:
    """Return what awaits it, and takes back what a task group in it forgets to."""
    return _Driven(awaitable) if FORGETS and hasattr(awaitable, "cr_await") else awaitable


class _Driven:
    """Awaits a coroutine, and looks at what is thrown into it."""

    __slots__ = ("_inner",)

    def __init__(self, coroutine: Any) -> None:
        self._inner = coroutine

    def __await__(self) -> _Driven:
        return self

    def __iter__(self) -> _Driven:
        return self

    def __next__(self) -> Any:
        return self._inner.send(None)

    def send(self, value: Any) -> Any:
        return self._inner.send(value)

    def throw(self, *error: Any) -> Any:
        take_back(self._inner)
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()


def pick_interrupt(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the `KeyboardInterrupt` or `SystemExit` that a task group wrapped, or the group."""
    for kind in (KeyboardInterrupt, SystemExit):
        found: BaseException | None = group.subgroup(kind)
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        if found is not None:
            return found
    return group


def stray(task: str, error: BaseException, *, kind: str = "task") -> StrayCancellationError:
    """Return what a task, or a workflow, fails with that raised a cancellation nobody asked for."""
    message = f"Cannot finish {kind} {task!r}: it raised {type(error).__name__}, but nobody had cancelled it."
    converted = StrayCancellationError(message, task=task)
    converted.__cause__ = error
    return converted
