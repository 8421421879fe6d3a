"""Puts the nodes of a graph in order, and finds the circles that keep it from being ordered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .node import Node

__all__ = ["find_cycles", "put_in_order", "sort_by_needs"]

# A knot has far more circles than anybody reads: enough is when their paths, all told, are so many times the keys.
_MOST_PASSES = 20


def sort_by_needs(needs: Sequence[Collection[int]]) -> list[int]:
    """Return the indices of `needs` so that each comes after those it needs.

    What is in a circle, or needs something that is, is left out.

    Args:
        needs: for each index, the indices that it needs, each once.
    """
    readers: list[list[int]] = [[] for _ in needs]
    for index, needed in enumerate(needs):
        for need in needed:
            readers[need].append(index)
    waiting = [len(needed) for needed in needs]
    order = [index for index, count in enumerate(waiting) if not count]
    for index in order:
        for reader in readers[index]:
            waiting[reader] -= 1
            if not waiting[reader]:
                order.append(reader)
    return order


def put_in_order(nodes: Sequence[Node], needs: Sequence[Collection[int]], order: Sequence[int]) -> list[Node]:
    """Return nodes in an order, numbered by it.

    Args:
        nodes: the nodes.
        needs: for each, the places in `nodes` of those that it needs.
        order: the places in `nodes`, in the order.
    """
    places = [0] * len(nodes)
    for place, index in enumerate(order):
        places[index] = place
    for index, node in enumerate(nodes):
        node.index = places[index]
        node.dependencies = tuple(sorted([places[need] for need in needs[index]]))
    return [nodes[index] for index in order]


def find_cycles(needs: Mapping[int, Collection[int]]) -> list[list[int]]:
    """Return the path of each circle that one walk along the needs runs into, but not of all in a great knot.

    In a path, each key needs the next, and the last needs the first.

    Args:
        needs: what each key needs; a need that is no key itself is left alone.
    """
    cycles: list[list[int]] = []
    room = _MOST_PASSES * len(needs)
    seen: set[int] = set()
    for start in needs:
        walk = _Walk()
        key: int | None = start
        while key is not None:
            if key in walk.places:
                if room > 0:
                    cycles.append(walk.path[walk.places[key] :])
                    room -= len(cycles[-1])
            elif key in needs and key not in seen:
                seen.add(key)
                walk.enter(key, needs[key])
            key = walk.next_need()
    return cycles


class _Walk:
    """A path along the needs, with what is still to be looked at from each key on it."""

    def __init__(self) -> None:
        self.path: list[int] = []
        self.places: dict[int, int] = {}
        self._open: list[Iterator[int]] = []

    def enter(self, key: int, needs: Iterable[int]) -> None:
        self.places[key] = len(self.path)
        self.path.append(key)
        self._open.append(iter(needs))

    def next_need(self) -> int | None:
        """Return the next key to look at, stepping back where nothing is left; `None` at the end."""
        while self._open:
            for need in self._open[-1]:
                return need
            self._open.pop()
            del self.places[self.path.pop()]
        return None
