"""Where a run stands within another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["PlaceWithin"]


class PlaceWithin(NamedTuple):
    """Where a run stands within another.

    Attributes:
        depth: how many runs are around it.
        given: how the tasks have ended that it shares with these.
        path: of a call that is no node's, what the run around calls it; else `""`.
        joins_block: whether what is open for it is not what is open for these.
    """

    depth: int
    given: Sequence[Any]
    path: str
    joins_block: bool
