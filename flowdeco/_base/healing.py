"""Which errors another attempt may mend."""

from __future__ import annotations

from .errors import LimitDeadlockError, LimitError, MainGuardError, OptionError, RunningLoopError, TransferError
from .graph_errors import GraphError

__all__ = ["can_heal"]

# They say what is wrong with the program itself, and that is the same at each attempt.
_LASTING = (GraphError, LimitDeadlockError, LimitError, MainGuardError, OptionError, RunningLoopError, TransferError)


def can_heal(error: BaseException) -> bool:
    """Whether the error may be gone at another attempt."""
    if isinstance(error, TransferError):
        # What could not be sent back then is an error of the task, which may well be a passing one.
        return error.part == "error"
    return not isinstance(error, _LASTING)
