"""One line of the journal."""

from __future__ import annotations

from typing import NamedTuple

from .._base.events import Status

__all__ = ["Entry"]


class Entry(NamedTuple):
    """A change of status.

    Attributes:
        time: when, in seconds on the clock of the run.
        node: the index of the node; `RUN` for the run itself.
        status: what it came to.
        attempt: the number of the attempt, from 1; 0 before the first.
        error: what it failed with, or the `Skip`; `None` if there is none.
    """

    time: float
    node: int
    status: Status
    attempt: int
    error: BaseException | None
