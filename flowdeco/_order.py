"""Puts the nodes of a graph in order, and finds the circles that keep it from being ordered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

__all__ = ["find_cycles", "sort_by_needs"]

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


def find_cycles(needs: Mapping[int, Collection[int]]) -> list[list[int]]:
    """Return the path of each circle that one walk along the needs runs into, but not of all in a great knot.

    In a path, each key needs the next, and the last needs the first.

    Args:
        needs: what each key needs; a need that is no key itself is left alone.
    """
    cycles: list[list[int]] = []
    room = _MOST_PASSES * len(needs)
    seen: set[int] = set()
    path: dict[int, Iterator[int]] = {}
    for start in needs:
        key: int | None = start
        while key is not None:
            if key in path and room > 0:
                cycles.append(_path_from(key, path))
                room -= len(cycles[-1])
            elif key in needs and key not in seen:
                seen.add(key)
                path[key] = iter(needs[key])
            key = _next_need(path)
    return cycles


def _next_need(path: dict[int, Iterator[int]]) -> int | None:
    """Return the next key to look at, stepping back along the path where nothing is left to see."""
    while path:
        last = next(reversed(path))
        need = next(path[last], None)
        if need is not None:
            return need
        del path[last]
    return None


def _path_from(start: int, path: dict[int, Iterator[int]]) -> list[int]:
    tail: list[int] = []
    for key in reversed(path):
        tail.append(key)
        if key == start:
            break
    return tail[::-1]
