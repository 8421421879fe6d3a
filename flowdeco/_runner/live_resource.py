"""One resource while it lives: it is opened, stays open, and is closed, all in one task, or in one thread.

A task of its own, as the caller's may be cancelled by asyncio itself, which reaches whatever is awaited at the time. A
single task from beginning to end, as what is opened may hold a cancel scope or a task group, which have to be left
where they were entered. For the same reason the scope around it is one and the same, entered before its first step and
left after its last: its deadline is the `timeout` while it is being opened; then it is shielded and has none; and then
the deadline is the `close_timeout`. A shield that is put up for the closing alone would stand within a scope that the
resource has entered itself, and would be left after that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import Any, TypeAlias, cast

from anyio import CancelScope, Event, create_task_group, current_time, get_cancelled_exc_class

from .._base.errors import ResourceError, RunCancelled, TaskTimeoutError
from .._base.signature import is_awaitable
from .._base.tracebacks import as_failure
from .._record.journal import Journal
from .._record.resource_life import ResourceLife
from .._worker.own_thread import OwnThread
from .._worker.way_of_opening import Way, choose_way
from .cancellation import stray
from .in_resource import HOMES
from .program import ResourcePlan

__all__ = ["LiveResource"]


# Makes a call where the resource lives; what it gives may be awaited.
Door: TypeAlias = Callable[..., Awaitable[Any]]


class LiveResource:
    """A resource that is being opened, is open, or is being closed.

    Args:
        plan: what is known of it.
        start: calls its function.
        on_open: called when it is open.
        on_end: called when it has come to its end, also if it was never open.
        on_break: called when it does not wait to be closed, since its own background work has failed.

    Attributes:
        settled: set when it is open or has failed to.
        value: what is to be used.
        failure: what opening it has failed with; `None` if it has not.
        life: what the record is to say of it.
        thread: the thread that it lives in; `None` if that is a task.
    """

    def __init__(
        self,
        plan: ResourcePlan,
        start: Callable[[], Any],
        on_open: Callable[[LiveResource], object],
        on_end: Callable[[LiveResource], object],
        on_break: Callable[[LiveResource], object],
    ) -> None:
        self.plan = plan
        self._start = start
        self._on_open = on_open
        self._on_end = on_end
        self._on_break = on_break
        self.settled = Event()
        self.value: Any = None
        self.failure: BaseException | None = None
        self.life = ResourceLife()
        self.thread: OwnThread | None = None
        self._scope = CancelScope()
        self._closing = Event()
        self._reason: BaseException | None = None
        self._way: Way | None = None
        self._is_entered = self._is_broken = False

    @property
    def is_open(self) -> bool:
        """Whether it was opened; it may be closed again."""
        return self.life.opened > 0

    def close(self, reason: BaseException | None) -> None:
        """Have it closed.

        Args:
            reason: what is to be raised where it was opened; `None` if nothing.
        """
        self._reason = reason
        self._closing.set()

    async def live(self) -> None:
        """Open it, wait until it is to be closed, and close it. Raises nothing: what goes wrong is noted."""
        try:
            with self._scope:
                self._set_deadline(self.plan.timeout)
                await (self._live_in_thread() if self.plan.in_thread else self._live_by(_call_here))
        except BaseException as error:
            self._take_error(error)
        if self._scope.cancelled_caught:
            self._take_error(self._too_long())
        self.settled.set()
        if self.is_open:
            self.life.closed = Journal.now()
        self._on_end(self)
        self._let_go()

    def _let_go(self) -> None:
        """Let go of all that leads back here, so that nothing waits for the garbage collector."""
        if self.thread is None or not self.thread.is_abandoned:  # else it is closed there, when that is free
            self._way = None
        self.value = self._reason = self.thread = None
        self._start = self._on_open = self._on_end = self._on_break = _nothing

    async def _live_in_thread(self) -> None:
        failures: list[BaseException] = []
        async with create_task_group() as group:
            self.thread = thread = OwnThread(self._clean_up)

            def call(function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
                return thread.call(function, *args, limit=self._scope)

            group.start_soon(thread.run)
            try:
                await self._live_by(call)
            except get_cancelled_exc_class():
                raise
            except BaseException as error:  # the group would wrap it
                failures.append(error)
            finally:
                thread.end()
        if failures:
            raise failures.pop()

    async def _live_by(self, door: Door) -> None:
        made = await door(self._start)
        while is_awaitable(made):
            made, door = await made, _call_here
        try:
            self._way = way = choose_way(self.plan.name, made, stands_in=self.plan.stands_in)
        except ResourceError:
            close = getattr(made, "close", None)
            if callable(close):  # a connection is not to be left open, though it is refused
                with suppress(Exception):
                    await door(close)
            raise
        if way.is_async:
            door = _call_here
        if door is _call_here and self.thread is not None:
            self.thread.end()
            self.thread = None
        entered = await door(self._enter, way)
        self.value = await entered if way.is_async else entered
        del entered, made
        in_time = not self._scope.cancel_called
        self._scope.shield = True
        self._scope.deadline = inf
        if in_time:
            self.life.opened = Journal.now()
            home = id(self.plan.face), id(self.value)
            HOMES[home] = self.thread
            self._on_open(self)
            self.settled.set()
            try:
                error = await self._stay_open()
            finally:
                HOMES.pop(home, None)
        else:
            error = self._too_long()
        await self._leave(way, door, error)

    async def _stay_open(self) -> BaseException | None:
        """Wait until it is to be closed; return what is then raised in it.

        A scope that it has entered may be cancelled meanwhile: that of a task group of which a task has failed. Who
        uses it ends before it does, all the same.
        """
        try:
            await self._closing.wait()
        except GeneratorExit:  # the event loop gives this coroutine up
            raise
        except BaseException as error:
            self._is_broken = True
            self._on_break(self)
            with CancelScope(shield=True):
                await self._closing.wait()
            return error
        return self._reason

    async def _leave(self, way: Way, door: Door, error: BaseException | None) -> None:
        """Close it; raise what that has failed with, and not what was raised in it."""
        self._set_deadline(self.plan.close_timeout)
        self.life.closing = Journal.now()
        trace = None if error is None else error.__traceback__
        try:
            left = await door(self._exit, way, error)
            if way.is_async:
                await left
        except BaseException as back:
            rest = _without(back, error)
            if rest is not None:
                if rest is not back:
                    raise rest from None
                raise
        finally:
            if error is not None:
                with suppress(Exception):
                    error.__traceback__ = trace
            error = None
        if self._is_broken:
            raise self._ended_early()

    def _enter(self, way: Way) -> Any:
        entered = way.enter()
        self._is_entered = not way.is_async
        return entered

    def _exit(self, way: Way, error: BaseException | None) -> Any:
        self._is_entered = False
        return way.leave(error)

    def _set_deadline(self, seconds: float | None) -> None:
        self._scope.deadline = inf if seconds is None else current_time() + seconds

    def _clean_up(self) -> None:
        """Close what has been opened when nobody waited for it any more; in its thread."""
        if self._is_entered and self._way is not None:
            with suppress(BaseException):
                self._exit(self._way, RunCancelled())

    def _take_error(self, error: BaseException) -> None:
        if not self.is_open:
            self.failure = error  # also a cancellation: who waits for it knows whether the run is being cancelled
            return
        if isinstance(error, get_cancelled_exc_class()):
            error = stray(self.plan.name, error, kind="resource")
        self.life.error = as_failure(error)

    def _too_long(self) -> TaskTimeoutError:
        name = self.plan.name
        seconds = (self.plan.close_timeout if self.is_open else self.plan.timeout) or 0.0
        doing, option = ("close", "close_timeout") if self.is_open else ("open", "timeout")
        message = f"Cannot {doing} resource {name!r}: it took longer than its {option} of {seconds:g} s."
        is_abandoned = self.thread is not None and self.thread.is_abandoned
        if is_abandoned:
            message += " Its thread still runs."
        return TaskTimeoutError(message, task=name, timeout=seconds, abandoned=is_abandoned)

    def _ended_early(self) -> ResourceError:
        name = self.plan.name
        message = f"Cannot go on with resource {name!r}: it came to its end while it was in use. "
        message += "Keep what it has entered open until it is closed."
        return ResourceError(message, resource=name)


def _nothing(*_: Any) -> None:
    pass


async def _call_here(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def _without(back: BaseException, thrown: BaseException | None) -> BaseException | None:
    """Return what is left of what came out of a closing without that which was raised in it; `None` if nothing."""
    if back is thrown:
        return None
    if isinstance(thrown, (StopIteration, StopAsyncIteration)) and back.__cause__ is thrown:
        return None  # Python does not let these pass through a generator
    if not isinstance(back, BaseExceptionGroup):
        return back
    group = cast("BaseExceptionGroup[BaseException]", back)
    within, rest = group.split(lambda error: error is thrown)
    return group if within is None else rest
