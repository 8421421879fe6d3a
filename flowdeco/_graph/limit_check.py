"""Whether a `Limit` has places for those who give and read items, and for what is done with the items besides.

A generator whose items are handed on one by one holds its places while it is held back by them, and who reads a stream
while it waits for the next one. If what gives or finishes the items then finds no place left in the same limit, each
waits for the other, as soon as there are enough items: small data would never show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .._base.graph_errors import EachError
from .._policy.limit import Limit
from .axis import Axis
from .graph import Graph
from .node import Node
from .resolver import Resolver
from .segments import Needs, find_segments, reach
from .source import FromResult, FromStream, definitions_of

__all__ = ["check_limits"]


def check_limits(resolver: Resolver, graph: Graph) -> None:
    """Report each limit whose places those who give and read items would take from what these have to go through."""
    if not graph.axes or resolver.problems:  # a graph in which something is missing has no order to be relied on
        return
    users = [node for node in graph if _list_places(graph, node)]
    if len(users) < 2:
        return
    check = _Check(graph)
    for line in check.join_axes():
        for limit in dict.fromkeys([limit for node in users for limit, _ in _list_places(graph, node)]):
            _check_line(resolver, graph, line, limit)


class _Line:
    """Axes that go on only together, as what one of them gives holds the other up.

    Attributes:
        stages: what is run for each item.
        sources: what gives the items one by one, and is held back by them.
        readers: what reads them as a stream.
    """

    def __init__(self, stages: Iterable[Node], sources: Iterable[Node], readers: Iterable[Node]) -> None:
        self.stages = list(stages)
        self.sources = list(sources)
        self.readers = list(readers)

    def add(self, other: _Line) -> None:
        self.stages += other.stages
        self.sources += [node for node in other.sources if node not in self.sources]
        self.readers += [node for node in other.readers if node not in self.readers]


class _Share(NamedTuple):
    node: Node
    places: int


class _Check:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._needs = Needs(graph)
        self._segments = find_segments(graph, self._needs)
        ends = [*graph.ends, *[each for source in graph.body for each in definitions_of(source)]]
        self._whole = {index for found in self._needs.whole for index in found}
        self._whole.update([graph.node_of(definition).index for definition in ends])

    def join_axes(self) -> list[_Line]:
        lines: list[_Line] = []
        for axis in self._graph.axes:
            line = self._make_line(axis)
            for other in [each for each in lines if _are_joined(each, line)]:
                line.add(other)
                lines.remove(other)
            lines.append(line)
        return lines

    def _make_line(self, axis: Axis) -> _Line:
        nodes = self._graph.nodes
        stages = [nodes[index] for index in axis.stages if not self._segments[index]]
        readers = [node for node in nodes if node.axis is None and self._reads(node, axis)]
        return _Line(stages, [node for node in self._list_sources(axis) if self._is_held(node)], readers)

    def _list_sources(self, axis: Axis) -> Iterator[Node]:
        for source in axis.sources:
            if isinstance(source, FromResult) and source.output is None:
                yield self._graph.node_of(source.definition)

    def _is_held(self, node: Node) -> bool:
        """Whether a node yields, and is held back by its items: nobody needs its end."""
        step, run_in = node.definition, self._graph.policy_of(node).run_in
        if node.replaced or node.is_given or node.axis is not None or step.items.collects or node.place is not None:
            return False
        if "generator" not in step.signature.kind or run_in not in (None, "thread", "loop"):
            return False
        stages = [stage for axis in self._graph.axes if node in self._list_sources(axis) for stage in axis.stages]
        waited = [index for stage in stages for index in self._needs.whole[stage]]
        return node.index not in self._whole and node.index not in self._reach(waited)

    def _reads(self, node: Node, axis: Axis) -> bool:
        """Whether a node reads of an axis while its items are under way: it needs nothing that needs all of them."""
        if node.replaced or not any(isinstance(each, FromStream) and each.axis == axis.index for each in node.sources):
            return False
        reached = self._reach(self._needs.whole[node.index])
        return reached.isdisjoint([*axis.stages, *self._needs.of_axis(axis)])

    def _reach(self, start: list[int]) -> set[int]:
        return reach(self._graph, self._needs, self._segments, start)


def _are_joined(one: _Line, other: _Line) -> bool:
    """Whether what is held back by the items of one of them gives those of the other, or reads them."""
    return any(
        node in others.sources or (node in others.readers and _holds_back(node))
        for mine, others in ((one, other), (other, one))
        for node in mine.sources
    )


def _holds_back(reader: Node) -> bool:
    """Whether items are unfinished until a reader has them: those of several streams are kept for it."""
    return len([source for source in reader.sources if isinstance(source, FromStream)]) == 1


def _list_places(graph: Graph, node: Node) -> tuple[tuple[Limit, int], ...]:
    if node.replaced or node.definition.is_workflow or node.definition.is_resource:
        return ()
    demand = graph.policy_of(node).limit
    return () if demand is None else demand.pairs


def _check_line(resolver: Resolver, graph: Graph, line: _Line, limit: Limit) -> None:
    sources = _list_shares(graph, line.sources, limit)
    lasting = [*sources, *_list_shares(graph, [node for node in line.readers if node not in line.sources], limit)]
    lasting = _leave_out_branches(lasting)
    if not lasting:
        return
    stages = _list_shares(graph, line.stages, limit)
    if stages:
        most = max(stages, key=lambda share: share.places)
    elif sources and len(lasting) > 1 and (lasting[-1] in sources or _holds_back(lasting[-1].node)):  # it has to begin
        most = lasting.pop()
    else:
        return
    if sum(share.places for share in lasting) + most.places > limit.capacity:
        _report(resolver, limit, lasting, most)


def _list_shares(graph: Graph, nodes: Iterable[Node], limit: Limit) -> list[_Share]:
    return [_Share(node, places) for node in nodes for each, places in _list_places(graph, node) if each is limit]


def _leave_out_branches(shares: list[_Share]) -> list[_Share]:
    """Of those that a condition may leave out, keep the one that takes most: mostly only one of them runs."""
    branches = [share for share in shares if share.node.predicate is not None]
    largest = max(branches, key=lambda share: share.places, default=None)
    return [share for share in shares if share.node.predicate is None or share is largest]


def _report(resolver: Resolver, limit: Limit, lasting: list[_Share], needs: _Share) -> None:
    held = sum(share.places for share in lasting)
    label = f"limit {limit.name!r}" if limit.name else "the Limit that they share"
    names = " and ".join([repr(resolver.name_of(share.node.definition)) for share in lasting])
    name, verb = resolver.name_of(needs.node.definition), "hold" if len(lasting) > 1 else "holds"
    places = "1 place" if limit.capacity == 1 else f"{limit.capacity} places"
    text = f"task {name!r} would wait for ever for {label}. It has {places}; {names} {verb} {held} from the first item "
    text += f"to the last, also while waiting for what is done with the items, and {name!r} needs {needs.places}. "
    text += f"Make it a Limit({held + needs.places}), give {names} another one, or collect the items first: "
    text += "stream=False on what yields, and no stream= on what reads."
    resolver.fail(EachError, text, function=name, parameter="")
