"""Lists of one axis that a function receives together: they hold the same items.

What is skipped in one is left out of the others, the source among them, so that what stands at the same place in each
belongs together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .._definition.definition import Definition
from .._graph.axis import Axis
from .._graph.graph import Graph
from .._graph.output import take_part
from .._graph.source import FromResult, Source, origin_of
from .collection import Collection as Results

__all__ = ["Group", "Groups", "Member"]


class Member(NamedTuple):
    """One of the lists.

    Attributes:
        place: where it stands.
        node: the stage whose results it has; -1 for what a source gives.
        output: of which output of these; `None`: all of each.
        position: of a source, which one.
    """

    place: int
    node: int
    output: str | None
    position: int = -1


class Group(NamedTuple):
    """The lists that belong together.

    Attributes:
        axis: that of all.
        stages: the stages whose results are among them.
        members: the lists.
    """

    axis: Axis
    stages: frozenset[int]
    members: list[Member]

    def fill(
        self, results: Mapping[int, Results], items: list[Any], definition_of: Callable[[int], Definition]
    ) -> Iterator[tuple[int, list[Any]]]:
        """Return the lists with their places.

        Args:
            results: what those of the stages have given that are complete.
            items: what the sources have given.
            definition_of: gives the definition of a node.
        """
        holes = {number for each in results.values() for number in each.holes}
        for member in self.members:
            if member.output is not None and member.node in results:
                holes |= results[member.node].find_lacking(member.output)
        for member in self.members:
            if member.node < 0:
                yield member.place, [given[member.position] for n, given in enumerate(items) if n not in holes]
            elif member.node in results:
                found = results[member.node].without(holes)
                if member.output is not None:
                    definition = definition_of(member.node)
                    found = [take_part(definition, result, member.output) for result in found]
                yield member.place, found


class Groups:
    """All groups of a graph.

    Args:
        graph: the graph.
        place: makes a place for a list.
    """

    def __init__(self, graph: Graph, place: Callable[[], int]) -> None:
        self._graph = graph
        self._place = place
        self._found: dict[tuple[int, frozenset[int]], Group] = {}

    def list_groups(self) -> list[Group]:
        """Return those that were asked for."""
        return list(self._found.values())

    def place_together(self, parts: Collection[Source]) -> dict[int, int]:
        """Return where those stand, by their `id`, of what a function receives that have to hold the same items."""
        found: dict[int, int] = {}
        for axis in self._graph.axes:
            origins = [origin_of(source) for source in axis.sources]
            stages = [(part, node) for part, node in self._list_stages(parts) if node in axis.stages]
            sources = [part for part in parts if origin_of(part) in origins]
            if stages and len({origin_of(part) for part in (*[part for part, _ in stages], *sources)}) > 1:
                key = axis.index, frozenset([node for _, node in stages])
                group = self._found.setdefault(key, Group(axis, key[1], []))
                for part, node in stages:
                    assert isinstance(part, FromResult)
                    found.setdefault(id(part), self._join(group, node, part.output))
                for part in sources:
                    found.setdefault(id(part), self._join(group, position=origins.index(origin_of(part))))
        return found

    def _join(self, group: Group, node: int = -1, output: str | None = None, position: int = -1) -> int:
        for member in group.members:
            if member[1:] == (node, output, position):
                return member.place
        group.members.append(Member(self._place(), node, output, position))
        return group.members[-1].place

    def _list_stages(self, parts: Iterable[Source]) -> Iterator[tuple[Source, int]]:
        for part in parts:
            if isinstance(part, FromResult):
                yield part, self._graph.node_of(part.definition).index
