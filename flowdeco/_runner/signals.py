"""What a lifecycle ends with that is neither a result nor a task's own error."""

from __future__ import annotations

from .._base.events import Status

__all__ = ["HookFailure", "PassedOver", "RunStopped"]


class HookFailure(BaseException):
    """A hook of the workflow has failed, and is to fail the run whatever the task at hand is allowed.

    Attributes:
        error: what the hook raised.
        cause: what the task has failed with itself; `None` if it has not.
    """

    def __init__(self, error: Exception, cause: BaseException | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


class PassedOver(Exception):
    """The task does not run, and everybody has been told."""

    def __init__(self, status: Status, cause: BaseException | None) -> None:
        super().__init__(status)
        self.status = status
        self.cause = cause


class RunStopped(BaseException):
    """Thrown into what is parked when its run has ended: nothing will wake it any more."""
