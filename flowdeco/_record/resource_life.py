"""When a resource was opened and closed in a run, and what came of the closing."""

from __future__ import annotations

__all__ = ["ResourceLife"]


class ResourceLife:
    """What the journal has of a resource besides what it has of any node.

    Attributes:
        opened: when it was open, on the clock of the run; 0 if it never was.
        closing: when its closing began; 0 if it has not.
        closed: when it was closed; 0 if it is not.
        error: what its closing, or its background work, has failed with; `None` if nothing.
    """

    __slots__ = ("closed", "closing", "error", "opened")

    def __init__(
        self, opened: float = 0.0, closing: float = 0.0, closed: float = 0.0, error: BaseException | None = None
    ) -> None:
        self.opened = opened
        self.closing = closing
        self.closed = closed
        self.error = error

    def replace(self, old: BaseException, new: BaseException) -> ResourceLife:
        """Return a copy in which one error stands in the place of another."""
        return ResourceLife(self.opened, self.closing, self.closed, new if self.error is old else self.error)
