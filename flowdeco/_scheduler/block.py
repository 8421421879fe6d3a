"""The places of one item in the tables of a run; when the item has ended, they are those of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Block"]


class Block:
    """The places of one item.

    Attributes:
        segment: the number, among those of the plan, of the segment that it is for.
        base: the first of the places.
        offsets: which of them is that of each stage, by node.
        number: the item's place in the order of the source, from 0.
        item: what the sources give for it: of several, a tuple.
    """

    __slots__ = ("base", "item", "number", "offsets", "segment")

    def __init__(self, segment: int, base: int, offsets: Mapping[int, int]) -> None:
        self.segment = segment
        self.base = base
        self.offsets = offsets
        self.number = -1
        self.item: Any = None
