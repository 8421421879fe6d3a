"""Where something stands that each item of an axis has for itself, before it is known where the item's places are.

A plan knows every place of a run by its number but for these: how many items there will be, nobody knows. So what is
read of the same item has a stand-in, a number that no place has, until a block of places is made for an item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias

from .._graph.source import FromItem, FromItemOf, Part

__all__ = ["LOCAL", "Local", "Locals", "Subject"]

# From here on, numbers are no places but stand-ins.
LOCAL = 1 << 40

# What a local place holds: what a source gives, a node's result, or how it has ended.
Subject: TypeAlias = Literal["item", "result", "outcome"]


class Local(NamedTuple):
    """What a place of an item holds.

    Attributes:
        subject: what it holds something of.
        number: the index of the node; of a source, its place among those of the axis.
        output: which output of a result; `None`: all of it.
        part: which part of that, where it is taken apart.
        axis: of a source, the index of the axis; else -1.
        settled: of a source, whether it is received as an outcome.
    """

    subject: Subject
    number: int
    output: str | None = None
    part: Part | None = None
    axis: int = -1
    settled: bool = False


class Locals:
    """The stand-ins of one plan.

    Args:
        find_node: gives the index of a definition's node.
    """

    def __init__(self, find_node: Callable[[FromItemOf], int]) -> None:
        self._find_node = find_node
        self._known: dict[Local, int] = {}

    def stand_in(self, source: FromItem | FromItemOf, *, settled: bool = False) -> int:
        """Return what stands for what a source gives for the same item; settled, for how that has ended."""
        if isinstance(source, FromItem):
            return self._number(Local("item", source.position, None, source.part, source.axis, settled))
        index = self._find_node(source)
        if settled:
            return self._number(Local("outcome", index, source.output))
        return self._number(Local("result", index, source.output, source.part))

    def of(self, places: Iterable[int]) -> list[tuple[int, Local]]:
        """Return those of the places that are stand-ins, each once, with what they stand for."""
        known = list(self._known)
        return [(place, known[place - LOCAL]) for place in dict.fromkeys(places) if place >= LOCAL]

    def _number(self, local: Local) -> int:
        return self._known.setdefault(local, LOCAL + len(self._known))
