"""Tells those who look on: hooks, followers, the log. A reader of what the engine has posted.

Notices are told on the event loop in the order in which they were posted, each in the context of what it is about.
A hook that is a `def` is called by whichever lane comes by. What has to be awaited is awaited by a task of its own,
and what comes after it waits in the queue: so nobody who looks on holds a task up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import Context
from typing import Any, NamedTuple

from anyio import Event as Signal
from anyio import get_cancelled_exc_class
from anyio.abc import TaskGroup

from .._base.context import InContext, Stepped
from .._base.events import Event, Status
from .._base.signature import is_awaitable
from .._policy.hook import Hook
from .._policy.lending import Bystanders
from .._record.journal import Journal
from .._runner.notice import Notice, take_hook_error
from .._runner.notifier import allow_grace
from .._state.writer import WRITER

__all__ = ["Teller", "tell_rest"]


class _Call(NamedTuple):
    """A hook that is to be told a notice; `inputs` are those of the workflow, for a hook of the workflow."""

    hook: Hook
    notice: Notice
    inputs: Mapping[str, Any] | None


class Teller:
    """Tells the notices of one run.

    Args:
        publish: those who follow the run; called with each change of status before the hooks are.

    Attributes:
        queue: the notices to be told. Any thread may append to it.
        is_busy: whether a task awaits what a hook returned, and goes on with the queue then.
    """

    __slots__ = ("_bystanders", "_calls", "_inside", "_publish", "_told", "_waiting", "is_busy", "queue")

    def __init__(self, queue: deque[Notice], publish: Callable[[Event], None] | None) -> None:
        self.queue = queue
        self.is_busy = False
        self._bystanders = Bystanders()
        self._inside: Context | None = None
        self._publish = publish
        self._calls: Iterator[_Call] = iter(())
        self._waiting: tuple[_Call, Awaitable[Any]] | None = None
        self._told: Signal | None = None

    @property
    def is_done(self) -> bool:
        """Whether everything was told."""
        return self._waiting is None and not self.queue

    def tell(self, inside: Context | None = None) -> bool:
        """Tell what can be told at once; return whether that is all.

        Args:
            inside: the context in which this is called, if it is that of what may be told.
        """
        self._inside = inside
        while self._waiting is None:
            for call in self._calls:
                if self._tell_one(call):
                    return False
            if not self.queue:
                return True
            self._calls = self._list_calls(self.queue.popleft())
        return False

    def go_on_apart(self, group: TaskGroup | None, give_up: Callable[[BaseException], None]) -> bool:
        """Have the rest told by a task of its own; return whether that can be.

        Args:
            group: where that task is started; `None` if there is none yet.
            give_up: takes the Ctrl-C, or the exit, that a hook was hit by there.
        """
        if group is None:
            return False
        self.is_busy = True
        group.start_soon(self._drain_apart, give_up)
        return True

    async def wait_until_told(self) -> None:
        """Wait until everything was told that is there to be told."""
        await self._lend_during(self._wait() if self.is_busy else self.drain())

    async def wait(self) -> None:
        """Wait until another task has told everything."""
        await self._lend_during(self._wait())

    async def _lend_during(self, wait: Awaitable[None]) -> None:
        joined = self._bystanders.join()
        try:
            await wait
        finally:
            self._bystanders.leave(joined)

    async def _drain_apart(self, give_up: Callable[[BaseException], None]) -> None:
        try:
            await self.drain()
        except get_cancelled_exc_class():
            pass  # what is left is told when the run has ended
        except (KeyboardInterrupt, SystemExit) as error:
            give_up(error)

    async def drain(self) -> None:
        """Tell everything, awaiting what has to be awaited."""
        self.is_busy = True
        try:
            self.tell()
            while self._waiting is not None:
                call, awaitable = self._waiting
                try:
                    await _await_in(call, Stepped(self._bystanders.let, awaitable))
                except BaseException as error:
                    take_hook_error(call.notice, call.hook, error)
                finally:
                    self._waiting = None
                self.tell()
        finally:
            self.is_busy = False
            self._bystanders.dismiss()
            told, self._told = self._told, None
            if told is not None:
                told.set()

    async def _wait(self) -> None:
        if self._told is None:
            self._told = Signal()
        await self._told.wait()

    def _list_calls(self, notice: Notice) -> Iterator[_Call]:
        subject, option = notice.subject, notice.option
        if self._publish is not None and notice.kind == "state":
            self._publish(notice.event)
        if notice.is_for_others:
            return iter(())
        calls: list[_Call] = []
        own, watch = subject.hooks, subject.watch
        if own and option in own:
            calls += _pick(own[option], notice, None)
        if watch and option in watch:
            calls += _pick(watch[option], notice, subject.run.inputs)
        return iter(calls)

    def _tell_one(self, call: _Call) -> bool:
        """Call a hook; return whether what it gave has to be awaited."""
        context = call.notice.subject.context
        try:
            answer = _call(call) if context is self._inside or _is_entered(context) else context.run(_call, call)
        except BaseException as error:
            take_hook_error(call.notice, call.hook, error)
            return False
        if not is_awaitable(answer):
            return False
        self._waiting = call, answer
        return True


def _pick(hooks: tuple[Hook, ...], notice: Notice, inputs: Mapping[str, Any] | None) -> list[_Call]:
    calls: list[_Call] = []
    for hook in hooks:
        if notice.error is None or hook.wants(notice.error):
            calls.append(_Call(hook, notice, inputs))
            if hook.alone:
                break
    return calls


async def _await_in(call: _Call, awaitable: Awaitable[Any]) -> None:
    """Await what a hook has returned, in the context in which it was called."""
    context = call.notice.subject.context
    if call.inputs is not None:
        context = context.copy()
        context.run(WRITER.set, None)  # what a hook of the workflow writes, no task has written
    elif _is_entered(context):
        await awaitable
        return
    await InContext(context, awaitable)


def _is_entered(context: Context) -> bool:
    """Whether this is called in a context, as by the lifecycle of what a notice is about."""
    try:
        context.run(_do_nothing)
    except RuntimeError:
        return True
    return False


def _do_nothing() -> None:
    pass


def _call(call: _Call) -> Any:
    if call.inputs is None:
        return call.hook.call(call.notice)
    token = WRITER.set(None)  # what a hook of the workflow writes, no task has written
    try:
        return call.hook.call(call.notice, call.inputs)
    finally:
        WRITER.reset(token)


async def tell_rest(teller: Teller, journal: Journal) -> None:
    """Tell what is left to be told at the end of a run; while it is being cancelled, for a moment."""
    if journal.status is Status.CANCELLED:
        with allow_grace():
            await teller.drain()
    else:
        await teller.drain()
