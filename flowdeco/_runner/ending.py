"""How a task ends in its lifecycle, and who is told of it."""

from __future__ import annotations

from typing import Any

from .._base.events import Skip, Status
from .notice import Notice
from .notifier import Notifier

__all__ = ["Ending"]

# An enum's member takes a while to look up in it, and every lifecycle needs it.
_COMPLETED = Status.COMPLETED


class Ending(Notifier):
    """What a lifecycle says when its task has ended.

    Attributes:
        result: what the task gave.
    """

    __slots__ = ("_hook_error", "result")

    result: Any
    _hook_error: BaseException | None

    def _complete(self) -> BaseException | None:
        """Say that the result is there, to hooks that observe."""
        self._end(_COMPLETED)
        previous = self.status
        if self._told:
            self._post_status(_COMPLETED, result=self.result)
        self.status = _COMPLETED
        if "on_success" in self.program.policy.hooks:
            self._post(Notice("on_success", "success", self, _COMPLETED, previous, self.number, result=self.result))
        return None

    async def _complete_strictly(self) -> BaseException | None:
        """Say that the result is there; return the error of a hook that fails the task."""
        self._end(_COMPLETED)
        previous = self.status
        failure = await self._tell_status(_COMPLETED, result=self.result) if self._told else None
        self.status = _COMPLETED
        if "on_success" in self.program.policy.hooks:
            told = await self._tell("on_success", "success", previous, result=self.result)
            failure = told if failure is None else failure
        return failure if failure is None else self._note_hook(failure)

    async def _fall(self, failure: BaseException) -> BaseException:
        """Say that there is no result; return what the task ends with."""
        skipped, previous = isinstance(failure, Skip), self.status
        status = Status.SKIPPED if skipped else Status.FAILED
        self._end(status, failure)
        told = await self._tell_status(status, error=None if skipped else failure)
        if skipped:
            return failure if told is None else await self._fall(self._note_hook(told))
        if "on_error" in self.program.policy.hooks:
            await self._tell("on_error", "error", previous, error=failure)
        return failure

    def _note_hook(self, error: BaseException) -> BaseException:
        """Take into the record what a hook has failed the task with; return that."""
        self._hook_error = failure = self._note(error, attempt=0)
        return failure
