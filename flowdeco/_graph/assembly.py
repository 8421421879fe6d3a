"""From what is one in nested workflows to the graph of each: what it runs itself, and what is given to it."""

from __future__ import annotations

from collections.abc import Iterable

from .._definition.definition import Definition
from .axis_finder import find_axes
from .graph import Graph
from .level import Level, Origin, Unit
from .node import Asked, Node
from .ordering import put_in_order, sort_by_needs
from .output import take_constant
from .sharing import Sharing
from .source import Constant, FromInput, FromResult, FromStream, FromValue, Gather, Source, whole_of

__all__ = ["assemble"]


def assemble(sharing: Sharing) -> list[Level]:
    """Make the graph of each level; return the levels, each after those within it."""
    levels = sharing.levels[::-1]
    for level in levels:
        if level.children or level.parent is not None:
            _Assembly(level, sharing).assemble()
    return levels


class _Assembly:
    """Makes the graph of one level."""

    def __init__(self, level: Level, sharing: Sharing) -> None:
        self._level = level
        self._values = sharing.values
        self._nodes: dict[int, Node] = {}
        self._needed: dict[Unit, None] = {}
        self._inputs: dict[Origin, str] | None = None

    def assemble(self) -> None:
        level, raw = self._level, self._level.graph
        if not level.children and self._is_alone():
            return
        body = [self._translate(source, level) for source in raw.body]
        ends = tuple([self._of(step, level) for step in raw.ends])
        adopted = dict.fromkeys(level.own)
        for node, unit in zip(raw.nodes, level.units, strict=True):
            if unit is None:
                self._add(_copy_replaced(node))
            elif unit.owner is level:
                self._add(self._copy(node, unit, level))
                del adopted[unit]
        for unit in adopted:
            self._add(self._copy(unit.node, unit, unit.seen_in))
        level.given = [unit for unit in self._needed if unit.owner is not level]
        for unit in level.given:
            self._add(_make_given(unit))
        _name_beside(list(self._nodes.values()), {id(unit.definition) for unit in (*adopted, *level.given)})
        nodes = _sort(list(self._nodes.values()))
        axes = find_axes(nodes)
        level.made = Graph(raw.owner, raw.input_params, nodes, body, ends, self._list_stand_ins(raw), axes)
        level.made.layers, level.made.calls = raw.layers, raw.calls

    def _is_alone(self) -> bool:
        """Whether all that runs here runs for this level alone."""
        level = self._level
        units = [unit for unit in level.units if unit is not None]
        return len(level.own) == len(units) and all(unit.levels == [level] for unit in units)

    def _add(self, node: Node) -> None:
        self._nodes[id(node.definition)] = node

    def _copy(self, node: Node, unit: Unit, level: Level) -> Node:
        """Return a node of some level as it is here."""
        made = Node(unit.definition, node.name)
        made.origin, made.policy = node.definition, node.policy
        made.params = node.params
        made.sources = self._translate_all(node.sources, level)
        made.after = tuple([self._of(step, level) for step in node.after])
        made.place = None if node.place is None else self._of(node.place, level)
        if node.predicate is not None:
            predicate, sources = node.predicate
            made.predicate = predicate, self._translate_all(sources, level)
        made.mapped = tuple([part._replace(source=self._translate(part.source, level)) for part in node.mapped])
        made.more, made.key = self._copy_asked(node.more, level), self._copy_asked(node.key, level)
        if unit.runs is not None:
            for given in unit.runs.given:
                self._needed[given] = None
            made.shared = tuple([given.definition for given in unit.runs.given])
        return made

    def _copy_asked(self, asked: Asked | None, level: Level) -> Asked | None:
        return None if asked is None else (asked[0], self._translate_all(asked[1], level))

    def _of(self, step: Definition, level: Level) -> Definition:
        """Return what a task of some level is known by here."""
        unit = level.units[level.graph.node_of(step).index]
        if unit is None:
            return step
        self._needed[unit] = None
        return unit.definition

    def _translate_all(self, sources: Iterable[Source], level: Level) -> tuple[Source, ...]:
        return tuple([self._translate(source, level) for source in sources])

    def _translate(self, source: Source, level: Level) -> Source:
        """Return what gives here what a source gives in some level; of one for an item, what gives all of them."""
        if isinstance(source, FromStream):
            return FromStream(self._of(source.definition, level), source.output, source.order)
        source = whole_of(source)
        if isinstance(source, Gather):
            return Gather(source.keys, tuple([self._translate(part, level) for part in source.parts]))
        if isinstance(source, FromResult):
            return FromResult(self._of(source.definition, level), source.output)
        if level is self._level:
            return source
        if isinstance(source, Constant):
            return _value_of(source)
        return self._translate_origin(level.origins[source.name]) if isinstance(source, FromInput) else source

    def _translate_origin(self, origin: Origin) -> Source:
        """Return what gives here what comes from somewhere: an input, else what it comes from itself."""
        if self._inputs is None:
            self._inputs = {known: name for name, known in self._level.origins.items()}
        name = self._inputs.get(origin)
        if name is not None:
            return FromInput(name)
        kind, what, output = origin
        if kind == "constant":
            return _value_of(self._values[origin])
        assert kind == "result"
        assert isinstance(what, Unit)
        assert output is None or isinstance(output, str)
        self._needed[what] = None
        return FromResult(what.definition, output)

    def _list_stand_ins(self, raw: Graph) -> list[tuple[Definition, Definition]]:
        """Return what nodes are found by besides their own definitions."""
        known = {id(node.origin): node.definition for node in self._nodes.values()}
        found = [(step, known[id(instead)]) for step, instead in raw.stand_ins if id(instead) in known]
        return found + [(node.origin, node.definition) for node in self._nodes.values()]


def _copy_replaced(node: Node) -> Node:
    made = Node(node.definition, node.name)
    made.replaced, made.value = True, node.value
    return made


def _make_given(unit: Unit) -> Node:
    made = Node(unit.definition, unit.node.name)
    made.origin = unit.node.definition
    made.is_given = True
    return made


def _value_of(source: Constant | FromValue) -> FromValue:
    return source if isinstance(source, FromValue) else FromValue(take_constant(source))


def _name_beside(nodes: list[Node], added: set[int]) -> None:
    """Give nodes that come from elsewhere names that no other has."""
    taken = {node.name for node in nodes if id(node.definition) not in added}
    for node in nodes:
        if id(node.definition) in added:
            plain, number = node.name, 1
            while node.name in taken:
                number += 1
                node.name = f"{plain} ({number})"
            taken.add(node.name)


def _sort(nodes: list[Node]) -> list[Node]:
    places = {id(node.definition): place for place, node in enumerate(nodes)}
    needs = [list(dict.fromkeys([places[id(step)] for step in node.list_needed()])) for node in nodes]
    return put_in_order(nodes, needs, sort_by_needs(needs))
