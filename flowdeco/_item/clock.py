"""The clock of a source: it runs while the source is advanced, and stands still while that is held back."""

from __future__ import annotations

from math import inf

from anyio import CancelScope, current_time

__all__ = ["Clock"]


class Clock:
    """What ends a source when its time is over. On the event loop only, but for `is_set`.

    Args:
        timeout: seconds that it may run; `None`: as long as it wants.

    Attributes:
        scope: to be entered around all that the source does; it is cancelled when the time is over.
        is_set: whether there is a timeout.
    """

    __slots__ = ("_left", "_runs", "is_set", "scope")

    def __init__(self, timeout: float | None) -> None:
        self.is_set = timeout is not None
        self._left = inf if timeout is None else timeout
        self._runs = False
        self.scope = CancelScope()

    @property
    def is_over(self) -> bool:
        """Whether the scope has ended what was in it, and it was for the time."""
        return self.scope.cancelled_caught and self.scope.deadline <= current_time()

    def go(self) -> None:
        """Let it run."""
        if self.is_set and not self._runs:
            self._runs = True
            self.scope.deadline = current_time() + self._left

    def stand_still(self) -> None:
        """Stop it, with what is left."""
        if self.is_set and self._runs:
            self._runs = False
            self._left = self.scope.deadline - current_time()
            self.scope.deadline = inf
