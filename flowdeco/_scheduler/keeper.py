"""The resources of one run: opened while it goes on, and closed at its end, the last one opened first.

They live in tasks of a group around the run and not in that of the engine: they stay open until the workflow's own
`async def` has ended, whatever has become of the nodes. Nothing but this closes them: a cancellation of the run does
not reach what is open. One after the other is closed, each when the one before has ended, and none before those that
are still being opened are either open or not: these may need it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from anyio import CancelScope, create_task_group
from anyio.abc import TaskGroup

from .._base.errors import RunCancelled
from .._record.journal import Journal
from .._record.log import log_closing
from .._runner.cancellation import pick_interrupt
from .._runner.live_resource import LiveResource
from .._runner.program import ResourcePlan
from .._runner.signals import HookFailure

__all__ = ["Keeper"]


class Keeper:
    """Opens and closes the resources of one run.

    Args:
        journal: where it is noted.
        tell_why: tells in words why the run is cancelled, if it is.
    """

    _group: TaskGroup

    def __init__(self, journal: Journal, tell_why: Callable[[], str]) -> None:
        self._journal = journal
        self._tell_why = tell_why
        self._scope = CancelScope()
        self._open: list[LiveResource] = []
        self._opening = 0
        self._under_way: LiveResource | None = None
        self._is_closing = False
        self._reason: BaseException | None = None
        # What closing has failed with, and the names of those that it failed for.
        self._failures: list[tuple[str, BaseException]] = []

    async def keep(self, perform: Callable[[], Awaitable[BaseException | None]]) -> BaseException | None:
        """Do something with which resources are opened, and close them.

        Args:
            perform: what is done; it returns what the run fails with, or `None`.

        Returns:
            What the run fails with.
        """
        failure: BaseException | None = None
        raised: BaseException | None = None
        try:
            async with create_task_group() as self._group:
                try:
                    with self._scope:
                        failure = await perform()
                except BaseException as error:
                    raised = error
                self._begin_closing(raised or failure)
            if raised is not None:
                raise raised
            return self._judge(failure)
        finally:
            self._note_failures()
            failure = raised = self._reason = None  # its traceback leads here
            self._failures.clear()
            del self._group, self._tell_why  # which lead here, too

    async def open(self, index: int, plan: ResourcePlan, start: Callable[[], Any]) -> Any:
        """Open a resource; return what is to be used, or raise what that has failed with.

        Args:
            index: the index of its node.
            plan: what is known of it.
            start: calls its function.
        """
        live = LiveResource(plan, start, self._note_open, self._note_end, self._note_break)
        self._journal.lives[index] = live.life
        self._opening += 1
        self._group.start_soon(live.live, name=f"resource {plan.name}")
        await live.settled.wait()
        try:
            if live.failure is not None:
                raise live.failure
            return live.value
        finally:
            del live

    @property
    def is_closing(self) -> bool:
        """Whether what is open is being closed, or has been."""
        return self._is_closing

    def find_open(self, face: object) -> LiveResource | None:
        """Return an open resource; `None` if it is not open."""
        return next((live for live in self._open if live.plan.face is face), None)

    # What its resources tell.

    def _note_open(self, live: LiveResource) -> None:
        self._opening -= 1
        self._open.append(live)
        self._close_next()

    def _note_end(self, live: LiveResource) -> None:
        if not live.is_open:
            self._opening -= 1
        elif live.life.error is not None:
            self._failures.append((live.plan.name, live.life.error))
            if self._reason is None:
                self._reason = live.life.error  # the run fails with it, and those that are still open hear of that
        if live.is_open:
            log_closing(self._journal, live.plan.name, live.life.error)
        if live is self._under_way:
            self._under_way = None
        self._close_next()

    def _note_break(self, _: LiveResource) -> None:
        self._scope.cancel()

    # Closing.

    def _begin_closing(self, error: BaseException | None) -> None:
        self._is_closing = True
        self._reason = self._choose_reason(error)
        if self._opening:
            self._group.cancel_scope.cancel()  # which does not reach what is open
        self._close_next()

    def _choose_reason(self, error: BaseException | None) -> BaseException | None:
        """Return what is to be raised in what is open."""
        if isinstance(error, HookFailure):
            return error.error
        if isinstance(error, (Exception, KeyboardInterrupt, SystemExit)):
            return error
        if error is None and not self._scope.cancelled_caught:
            return None
        return RunCancelled(self._tell_why())

    def _close_next(self) -> None:
        if self._is_closing and not self._opening and self._under_way is None and self._open:
            self._under_way = live = self._open.pop()
            live.close(self._reason)

    def _note_failures(self) -> None:
        """Write down what closing has failed with, also where something else comes out of the run."""
        for name, error in self._failures:
            self._journal.fail_attempt(name, 0, error)

    def _judge(self, failure: BaseException | None) -> BaseException | None:
        """Return what the run fails with, now that everything is closed."""
        errors = [error for _, error in self._failures]
        for error in errors:
            if not isinstance(error, Exception):  # a Ctrl-C
                return pick_interrupt(cast("Any", error)) if isinstance(error, BaseExceptionGroup) else error
        return failure or (errors[0] if errors else None)
