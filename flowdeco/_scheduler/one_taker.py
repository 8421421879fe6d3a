"""Whether what gives each item once, as an iterator does, is taken by one alone.

Two who advance the same iterator would each get some of the items, and which would be chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from .._base.item_errors import ItemSourceError
from .._base.text import shorten
from .._graph.axis import Axis
from .._graph.graph import Graph
from .._graph.source import FromResult, Source, origin_of, parts_of

__all__ = ["Takers"]

# Of an iterator that Python itself makes nobody wants anything but its items; a file, say, has a name, too.
_OF_PYTHON = ("builtins", "itertools")


class Takers:
    """What gives each item once and was begun in a run, with who takes the items.

    Args:
        graph: what runs.
    """

    __slots__ = ("_graph", "_taken")

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._taken: list[tuple[object, str]] = []

    def check(self, axis: Axis, position: int, value: object) -> None:
        """Accept what is about to be taken item by item.

        Args:
            axis: what it is for.
            position: which of the sources of that it is.
            value: what gives the items.

        Raises:
            ItemSourceError: somebody else takes the same.
        """
        kind = cast("Any", type(value))
        if not hasattr(kind, "__next__") and not hasattr(kind, "__anext__"):
            return
        others = [taker for taken, taker in self._taken if taken is value]
        if not others and kind.__module__ in _OF_PYTHON:
            others = list(self._list_readers(axis, axis.sources[position]))
        if others:
            label = axis.labels[position]
            text = f"Cannot take items of {label}: {shorten(value)} gives each of them once, and {others[0]} takes "
            raise ItemSourceError(f"{text}the same. Give a list.", source=label, value=value)
        first = self._graph.nodes[axis.stages[0]] if axis.stages else None
        taker = axis.labels[position] if first is None else f"{first.definition.kind} {first.name!r}"
        self._taken.append((value, taker))

    def _list_readers(self, axis: Axis, source: Source) -> Iterator[str]:
        """Return who receives a source as it is: not as the list that belongs to those of its axis.

        The function of the workflow has to take its inputs, also those that it does nothing with.
        """
        graph, origin = self._graph, origin_of(source)
        for node in graph:
            if self._receives(node.sources, axis, origin):
                yield f"{node.definition.kind} {node.name!r}"

    def _receives(self, sources: tuple[Source, ...], axis: Axis, origin: Any) -> bool:
        parts = [part for source in sources for part in parts_of(source)]
        results = [part for part in parts if isinstance(part, FromResult)]
        if any(self._graph.node_of(part.definition).axis is axis for part in results):
            return False
        return any(origin_of(part) == origin for part in parts)
