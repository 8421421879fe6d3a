"""Whose `key=` an item goes by: that of the stage itself, or of one that it goes on from.

An item is the same one in all stages of its axis, so who has named it in one would look for that name in the others.
"""

from __future__ import annotations

from .graph import Graph
from .segments import Needs

__all__ = ["find_key_givers", "list_heirs"]


def find_key_givers(graph: Graph) -> dict[int, int]:
    """Return, by stage, the one whose `key=` names its items; of several it goes on from, the first of the graph."""
    if not any(node.key is not None for node in graph):
        return {}
    by_item, found = Needs(graph).by_item, dict[int, int]()
    for node in graph:
        givers = [found[index] for index in by_item[node.index] if index in found]
        if node.key is not None:
            found[node.index] = node.index
        elif givers:
            found[node.index] = min(givers)
    return found


def list_heirs(graph: Graph, index: int) -> tuple[int, ...]:
    """Return the stages whose items go by the `key=` of another one."""
    return tuple([heir for heir, giver in find_key_givers(graph).items() if giver == index != heir])
