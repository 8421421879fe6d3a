"""What waits until it is demanded: what only a branch needs, and what is opened and closed.

Most nodes run as soon as they can. Two kinds wait for one more thing, for which they are called lazy:

- What is needed only by tasks with a `when=` waits until one of these conditions is true. What such a task comes
  after (`after=`) and what its condition needs are demanded with the task itself, so that it can be asked; all else
  that it needs only when the answer is there.
- A resource waits until one that needs it has everything else; of what is mapped, its first item.

Of an axis, each stage is demanded by itself, for all items. Those that are demanded on the same occasions go item by
item together, the others by themselves (`Axes.split`).

So a node may have to wait in more than one place. It does so in *pauses*: rows of the flat tables behind those of the
nodes, which wait for nodes as any node does, and come up in the list of what is ready in the same way. Who takes one
off that list opens it: that demands something, and lets the node go on. All this is worked out here, once for a graph;
one in which nothing is lazy and nothing is asked has no pauses, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .._graph.graph import Graph
from .._graph.node import Node
from .._graph.source import FromItem, FromItemOf, FromStream, definitions_of

__all__ = ["Demand", "Pause", "make_demand"]


class Pause(NamedTuple):
    """Where a node waits for a part of what it needs.

    Attributes:
        node: the index of the node.
        demands: the lazy nodes that are demanded when it opens.
        next: the row that it then releases; `None`: the node's lifecycle, which waits here for its arguments since its
            condition is true.
        is_asked: whether that is so of the pauses before, too: the condition has been asked.
    """

    node: int
    demands: tuple[int, ...]
    next: int | None
    is_asked: bool


class Demand:
    """The pauses of a graph, and who demands what. All is by index; rows are indices of nodes and of pauses.

    Attributes:
        lazy: the nodes that wait until they are demanded.
        pauses: the pauses by their rows.
        rows: for each node that has pauses, its rows with the nodes that each waits for.
        held: the rows that wait for one more thing: to be demanded, or released by another row or a condition.
        entries: where a lazy node waits to be demanded, if not in its own row.
        asked: for a node with a condition, the row of the pause that its being true releases.
        readings: for a node with a condition that reads items as a stream, the row in which it waits for these.
        at_once: what is demanded with a node.
        when_true: what a node demands once its condition is true.
        wanted: all that a node may demand.
        unit_of: of lazy nodes that may demand one another in a circle, the first: they form a unit with that.
        mates: these nodes, by the first.
        units: the first nodes of the units that a node may demand something of, and its own is not among; a node that
            is in no circle is a unit by itself.
        readers: by how many nodes something of a unit may be demanded, besides its own.
        starts: for a lazy stage of an axis, or one that reads its source as a stream, the row of what begins its
            segment, which waits for one more thing: that it is demanded.
        members: by how many of these each such row may be begun.
        occasions: of each lazy node of a graph with axes, the numbers of the occasions on which it may be demanded.
        asking: the nodes that have a condition, and are not mapped: those that are, ask it for each item.
        of_items: for a mapped node with a condition, the row of the pause at which the items wait for which that is
            true: what it needs as a whole, and its condition does not, is demanded with the first of them.
        arrivals: for a mapped node that needs what is opened, the row of the pause at which its items wait for that.
        on_arrival: what such a node demands when its first item has everything else.
    """

    def __init__(self, graph: Graph, ties: Mapping[int, Iterable[int]]) -> None:
        self._graph = graph
        self._next_row = len(graph.nodes)
        self.pauses: dict[int, Pause] = {}
        self.rows: dict[int, tuple[tuple[int, list[int]], ...]] = {}
        self.held: set[int] = set()
        self.entries: dict[int, int] = {}
        self.asked: dict[int, int] = {}
        self.readings: dict[int, int] = {}
        self.at_once: dict[int, tuple[int, ...]] = {}
        self.when_true: dict[int, tuple[int, ...]] = {}
        self.wanted: dict[int, tuple[int, ...]] = {}
        self.unit_of: dict[int, int] = {}
        self.mates: dict[int, tuple[int, ...]] = {}
        self.units: dict[int, tuple[int, ...]] = {}
        self.readers: dict[int, int] = {}
        self.starts: dict[int, tuple[int, ...]] = {}
        self.members: dict[int, int] = {}
        self.of_items: dict[int, int] = {}
        self.arrivals: dict[int, int] = {}
        self.on_arrival: dict[int, tuple[int, ...]] = {}
        self.asking = frozenset([node.index for node in graph.nodes if node.predicate and node.axis is None])
        running = [node for node in graph.nodes if not (node.replaced or node.is_given)]
        for node in running:
            self._add(node)
        self._tie(ties)
        demanded = self._find_demanded()
        self.lazy = frozenset([node.index for node in running if node.index not in demanded])
        self._keep_lazy()
        for index in self.lazy:
            self.held.add(self.entries.get(index, index))
        self.occasions = self._find_occasions() if graph.axes else {}

    def _add(self, node: Node) -> None:
        """Note what a node waits for, one thing after the other."""
        nodes = self._graph.nodes
        needed = [index for index in node.dependencies if not nodes[index].replaced]
        if node.axis is not None:
            self._add_mapped(node, needed)
            return
        flowing = self._list_streamed(node)
        needed = [index for index in needed if index not in flowing]
        asked = set(needed) if node.predicate is None else self._list_asked(node)
        first = [index for index in needed if index in asked]
        rest = [index for index in needed if index not in asked]
        index = node.index
        early, late = self._part(first)
        is_eager = node.predicate is None or bool(self._graph.policy_of(node).eager)
        later = [] if is_eager else flowing
        flowing = flowing if is_eager else []
        at_once, rows = flowing + self._list_reached(first), [(index, first)]
        if late and (early or flowing):
            rows = [(self._add_pause(index, late, index, is_asked=False), early), (index, late)]
            self.entries[index] = rows[0][0]
        else:
            at_once += late
        if node.predicate is not None:
            early, late = self._part(rest)
            rows += self._add_rest(index, early, late, reads=bool(later))
            more = later + ([] if early or later else late)
            if is_eager:
                at_once += self._list_reached(rest)
            else:
                more = more + self._list_reached(rest)
            self.when_true[index] = tuple(more)
        self.at_once[index] = tuple(at_once)
        if len(rows) > 1:
            self.rows[index] = tuple(rows)

    def _list_streamed(self, node: Node) -> list[int]:
        """Return what a node that is not mapped reads as a stream, and not as a whole, too."""
        read = [source for source in node.sources if isinstance(source, FromStream)]
        if not read:
            return []
        others = [source for source in (*node.sources, *node.asked) if not isinstance(source, FromStream)]
        whole = {self._graph.node_of(step).index for source in others for step in definitions_of(source)}
        whole.update([self._graph.node_of(step).index for step in (*node.after, *node.shared)])
        found = [self._graph.node_of(source.definition) for source in read]
        return [each.index for each in found if not (each.replaced or each.index in whole)]

    def _add_mapped(self, node: Node, needed: list[int]) -> None:
        """Note the same for the items of a node that is mapped."""
        index, asked = node.index, self._list_asked(node)
        whole = self._list_whole(node)
        by_item = [each for each in needed if each not in whole]
        rest: list[int] = []
        if node.predicate is not None and not self._graph.policy_of(node).eager:
            rest = [each for each in whole if each not in asked]
        first = [each for each in whole if each not in rest]
        gate, late = self._part(first)
        self.at_once[index] = (*by_item, *self._list_reached(first))
        rows = [(index, gate)]
        if late:
            row = self.arrivals[index] = self._add_pause(index, [], None, is_asked=False)
            self.held.add(row)
            self.on_arrival[index] = tuple(late)
            rows.append((row, late))
        if rest:
            early, late = self._part(rest)
            rows += self._add_rest(index, early, late)
            self.of_items[index] = self.asked[index]
            self.when_true[index] = (*self._list_reached(rest), *([] if early else late))
        if len(rows) > 1:
            self.rows[index] = tuple(rows)

    def _list_whole(self, node: Node) -> list[int]:
        """Return what a mapped node needs as a whole."""
        by_item = FromItem, FromItemOf, FromStream
        whole = [source for source in (*node.sources, *node.asked) if not isinstance(source, by_item)]
        steps = [step for source in whole for step in definitions_of(source)]
        steps += [*([] if node.place is None else [node.place]), *node.after, *node.shared]
        nodes = [self._graph.node_of(step) for step in steps]
        return list(dict.fromkeys([each.index for each in nodes if not each.replaced]))

    def _add_rest(
        self, index: int, early: list[int], late: list[int], *, reads: bool = False
    ) -> list[tuple[int, list[int]]]:
        """Return the rows in which a node waits whose condition is true, also for what it `reads` as a stream."""
        rows: list[tuple[int, list[int]]] = []
        if late:
            rows = [(self._add_pause(index, [], None), late)]
        if late and (early or reads):
            rows.insert(0, (self._add_pause(index, late, rows[0][0]), early))
        elif early or reads:
            rows = [(self._add_pause(index, [], None), early)]
        if reads:
            self.readings[index] = rows[0][0]
        if rows:
            self.asked[index] = rows[0][0]
            self.held.add(rows[0][0])
        return rows

    def _add_pause(self, index: int, demands: list[int], after: int | None, *, is_asked: bool = True) -> int:
        row = self._next_row
        self._next_row += 1
        self.pauses[row] = Pause(index, tuple(demands), after, is_asked)
        if after is not None:
            self.held.add(after)
        return row

    def _list_asked(self, node: Node) -> set[int]:
        """Return what has to be there before the condition of a node is asked."""
        steps = [step for source in node.asked for step in definitions_of(source)]
        return {self._graph.node_of(step).index for step in (*steps, *node.after)}

    def _part(self, indices: Iterable[int]) -> tuple[list[int], list[int]]:
        """Return which of these nodes are demanded by who needs them, and which only when all else is there."""
        early: list[int] = []
        late: list[int] = []
        for index in indices:
            (late if self._graph.nodes[index].definition.is_resource else early).append(index)
        return early, late

    def _list_reached(self, indices: Iterable[int]) -> list[int]:
        """Return which of these are demanded by who needs them, and what those need that are demanded later."""
        found: dict[int, None] = {}
        waiting = list(indices)
        while waiting:
            early, late = self._part(waiting)
            found.update(dict.fromkeys(early))
            nodes = [self._graph.nodes[index] for index in late]
            waiting = [index for node in nodes for index in node.dependencies if not node.is_given]
        return list(found)

    def _tie(self, ties: Mapping[int, Iterable[int]]) -> None:
        """Have nodes demand those by which it is known what items there are; see `Axes.find_ties`."""
        for index, what in ties.items():
            if index in self.at_once:
                self.at_once[index] += tuple([each for each in what if each in self.at_once and each != index])

    def _find_demanded(self) -> set[int]:
        """Return the nodes that are demanded from the outset."""
        graph = self._graph
        steps = [step for source in graph.body for step in definitions_of(source)]
        waiting = [graph.node_of(step).index for step in (*steps, *graph.ends)]
        found: set[int] = set()
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting += self.at_once.get(index, ())
        return found

    def _find_units(self) -> None:
        """Find the lazy nodes that may demand one another in a circle, as the stages of an axis that grows do."""
        backwards: dict[int, list[int]] = {}
        for index, what in self.wanted.items():
            for each in what:
                backwards.setdefault(each, []).append(index)
        for node in self._graph.nodes:
            if node.axis is not None and node.index in self.lazy and node.index not in self.unit_of:
                unit = (_reach(self.wanted, node.index) & _reach(backwards, node.index) & self.lazy) | {node.index}
                self.unit_of.update(dict.fromkeys(unit, node.index))
                self.mates[node.index] = tuple(sorted(unit))

    def _find_occasions(self) -> dict[int, frozenset[int]]:
        """Find out on which occasions nodes may be demanded: a condition is true, say, or a pause opens."""
        demands = [
            *self.when_true.values(),
            *self.on_arrival.values(),
            *[each.demands for each in self.pauses.values()],
        ]
        found: dict[int, set[int]] = {index: set() for index in self.lazy}
        for number, what in enumerate(demands):
            for index in {*what, *[each for start in what for each in _reach(self.at_once, start)]}:
                found[index].add(number)
        return {index: frozenset(numbers) for index, numbers in found.items()}

    def is_sure_to_read(self, reader: int, member: int) -> bool:
        """Whether a node that reads items as a stream is demanded whenever these begin.

        Args:
            reader: the node.
            member: a node that has them begin.
        """
        if reader not in self.lazy:
            return True
        return member in self.lazy and self.occasions[member] <= self.occasions[reader]

    def _keep_lazy(self) -> None:
        """Leave out of what is demanded all that runs anyway."""
        for made in (self.at_once, self.when_true, self.on_arrival):
            kept = {index: tuple([each for each in what if each in self.lazy]) for index, what in made.items()}
            made.clear()
            made.update({index: what for index, what in kept.items() if what})
        for row, pause in self.pauses.items():
            self.pauses[row] = pause._replace(demands=tuple([each for each in pause.demands if each in self.lazy]))
        wanted: dict[int, dict[int, None]] = {}
        at_pauses = [(pause.node, pause.demands) for pause in self.pauses.values()]
        for index, what in (*self.at_once.items(), *self.when_true.items(), *self.on_arrival.items(), *at_pauses):
            if what:
                wanted.setdefault(index, {}).update(dict.fromkeys(what))
        self.wanted = {index: tuple(what) for index, what in wanted.items()}
        self._find_units()
        for index, what in self.wanted.items():
            units = dict.fromkeys([self.unit_of.get(each, each) for each in what])
            self.units[index] = tuple([unit for unit in units if unit != self.unit_of.get(index)])
            for unit in self.units[index]:
                self.readers[unit] = self.readers.get(unit, 0) + 1


def _reach(edges: Mapping[int, Iterable[int]], start: int) -> set[int]:
    """Return all that can be reached from something, without that itself unless it can."""
    found: set[int] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting += edges.get(index, ())
    return found


def make_demand(graph: Graph, find_ties: Callable[[], Mapping[int, Iterable[int]]]) -> Demand | None:
    """Return what waits to be demanded in a graph; `None` if nothing can.

    Args:
        graph: the graph.
        find_ties: gives the nodes that others demand besides what they need.
    """
    for node in graph.nodes:
        if node.predicate is not None or node.definition.is_resource:
            return Demand(graph, find_ties())
    return None
