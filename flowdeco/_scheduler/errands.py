"""What an event loop runs for those who are elsewhere: on another event loop, or in a thread that has none.

A portal of anyio serves threads alone: who asks it stands still until it has answered, which an event loop must not,
and two that ask each other would wait forever. Here word is only left; whoever has left it waits in its own way, and
what it waits for is cancelled with it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, TypeVar, cast

from anyio import CancelScope, Event, create_task_group, get_cancelled_exc_class
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint_if_cancelled

from .._base.event_loop import EventLoop
from .._runner.cancellation import pick_interrupt

__all__ = ["Errands"]

T = TypeVar("T")


class Errands:
    """What is to be run on one event loop. To be made there.

    Args:
        loop: the event loop.
        over: makes the error of what was asked for too late, or could not be brought to its end.
    """

    def __init__(self, loop: EventLoop, over: Callable[[], Exception]) -> None:
        self._loop = loop
        self._over = over
        self._lock = threading.Lock()
        self._waiting = deque["_Errand[Any]"]()
        self._group: TaskGroup | None = None  # none is run before there is one, and after it is left

    @contextmanager
    def serve(self, group: TaskGroup) -> Generator[None]:
        """Run what is asked for, each in a task of a group."""
        self._group = group
        try:
            yield
        finally:
            with self._lock:
                self._group = None
            while self._waiting:
                self._waiting.popleft().tell()

    def run_from_thread(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run something, from a thread that waits for it."""
        told = threading.Event()
        errand = _Errand(start, told.set)
        self._send(errand)
        try:
            told.wait()
        except BaseException:  # Ctrl-C in this thread
            self._loop.call_soon(errand.cancel)
            told.wait()
            raise
        return errand.take(self._over)

    async def run_from_loop(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run something, from this event loop or another one."""
        if self._loop.is_here():
            return await start()
        told = Event()
        errand = _Errand(start, partial(EventLoop().set, told))
        try:
            # In a child task: a group waits for its own also when the task around it is cancelled natively.
            async with create_task_group() as group:
                group.start_soon(self._wait, errand, told)
        except BaseExceptionGroup as error:
            raise pick_interrupt(error) from None
        return errand.take(self._over)

    async def _wait(self, errand: _Errand[Any], told: Event) -> None:
        await checkpoint_if_cancelled()
        self._send(errand)
        try:
            await told.wait()
        except BaseException:
            self._loop.call_soon(errand.cancel)
            with CancelScope(shield=True):
                await told.wait()
            raise

    def _send(self, errand: _Errand[Any]) -> None:
        with self._lock:
            is_served = self._group is not None
            if is_served:
                self._waiting.append(errand)
        if not (is_served and self._loop.call_soon(self._start)):
            errand.tell()

    def _start(self) -> None:
        while self._waiting and self._group is not None:
            self._group.start_soon(self._waiting.popleft().run)


class _Errand(Generic[T]):
    """One thing that is to be run.

    Args:
        start: returns what is to be awaited.
        tell: called when that has ended, or will not begin.
    """

    def __init__(self, start: Callable[[], Awaitable[T]], tell: Callable[[], object]) -> None:
        self.tell = tell
        self._start = start
        self._scope: CancelScope | None = None
        self._is_cancelled = False
        self._answer: tuple[T | None, BaseException | None] | None = None

    async def run(self) -> None:
        """Run it."""
        try:
            with CancelScope() as self._scope:
                if self._is_cancelled:
                    self._scope.cancel()
                self._answer = await self._start(), None
        except get_cancelled_exc_class():
            raise
        except BaseException as error:  # a Ctrl-C would tear the event loop down
            self._answer = None, error
        finally:
            self.tell()

    def cancel(self) -> None:
        """Cancel it."""
        self._is_cancelled = True
        if self._scope is not None:
            self._scope.cancel()

    def take(self, over: Callable[[], Exception]) -> T:
        """Return what it gave, or raise its error; where it did not come to an end, that of `over`."""
        answer, self._answer = self._answer or (None, over()), None
        result, failure = answer
        del answer  # what is raised leads to this frame
        if failure is None:
            return cast("T", result)
        try:
            raise failure
        finally:
            del failure
