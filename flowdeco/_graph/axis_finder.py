"""Which nodes of a graph are mapped over the same, and what each of their parameters receives for one item.

Until then a node has, for what it receives item by item, the source that gives all of it. What a source is depends on
the nodes before: a node mapped over another has that one's axis, which has to be known. So this comes when the nodes
are in order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeAlias, cast

from .._base.text import shorten
from .._definition.definition import Definition
from .axis import Axis
from .node import Mapped, Node
from .source import (
    Constant,
    Default,
    FromInput,
    FromItem,
    FromItemOf,
    FromResult,
    FromStream,
    FromValue,
    Gather,
    Part,
    Source,
    definitions_of,
    origin_of,
    parts_of,
)

__all__ = ["Report", "find_axes"]

# Takes a node that is mapped over what does not go together, and that in words.
Report: TypeAlias = Callable[[Node, str], None]


def find_axes(
    nodes: Sequence[Node], report: Report | None = None, stand_ins: Collection[Definition] = ()
) -> tuple[Axis, ...]:
    """Return the axes of a graph; its nodes are told theirs, and what their parameters receive for an item.

    Args:
        nodes: the nodes in their order.
        report: called for each that is mapped over what does not go together; `None`: there is none, as that is
            known already.
        stand_ins: what runs instead of others.
    """
    if not any(node.mapped or _streams_of(node) for node in nodes):
        return ()
    return _Finder(nodes, report, stand_ins).find()


class _Draft:
    """An axis while it is being found."""

    def __init__(self, index: int, sources: Mapping[Hashable, Source]) -> None:
        self.index = index
        self.origins = list(sources)
        self.sources = tuple(sources.values())
        self.stages: list[Node] = []
        self.readers: list[Node] = []

    def holds(self, source: Source, axis: _Draft | None) -> bool:
        """Whether it has something as one of its sources, or as the node of a stage."""
        return axis is self or origin_of(source) in self.origins


class _Finder:
    def __init__(self, nodes: Sequence[Node], report: Report | None, stand_ins: Collection[Definition]) -> None:
        self._nodes = nodes
        self._report = report
        self._stand_ins = {id(definition) for definition in stand_ins}
        self._of = {id(node.definition): node for node in nodes}
        self._axes: list[_Draft] = []
        self._by_origins: dict[frozenset[Hashable], _Draft] = {}
        self._axis_of: dict[int, _Draft] = {}

    def find(self) -> tuple[Axis, ...]:
        for node in self._nodes:
            if node.mapped:
                axis = self._choose(node)
                if axis is not None:
                    axis.stages.append(node)
                    self._axis_of[id(node.definition)] = axis
            for stream in _streams_of(node):
                self._find_streamed(stream).readers.append(node)
        made = tuple([self._make(axis) for axis in self._axes])
        for draft, done in zip(self._axes, made, strict=True):
            for stage in draft.stages:
                stage.axis = done
        for node in self._nodes:
            if _streams_of(node):
                node.sources = tuple(map(self._place_stream, node.sources))
            if id(node.definition) in self._axis_of:
                self._rewrite(node, self._axis_of[id(node.definition)])
        return made

    # Which axis.

    def _choose(self, node: Node) -> _Draft | None:
        """Return the axis of a node; `None` if what it is mapped over does not go together."""
        sources = [mapped.source for mapped in node.mapped]
        known = dict.fromkeys([axis for axis in map(self._find_stage, sources) if axis is not None])
        for axis in known:
            if all(axis.holds(source, self._find_stage(source)) for source in sources):
                return axis
        others = [source for axis in known for source in sources if not self._belongs(source, axis)]
        if len(known) > 1 or (others and self._report is not None):
            if self._report is not None:
                self._report(node, self._tell_apart(node, known, others))
            return None
        return self._take({origin_of(source): source for source in sources})

    def _belongs(self, source: Source, axis: _Draft) -> bool:
        """Whether a source may stand beside the stages of an axis: it is of it, or made of all that one of them gave.

        A list that was there before has an item for each of what the axis has, also for those that were left out.
        What stands in for a task is taken to be such as that would have made.
        """
        if axis.holds(source, self._find_stage(source)) or isinstance(source, Default):  # that is reported already
            return True
        stages = {id(stage.definition) for stage in axis.stages}
        seen: set[int] = set()
        waiting = [] if self._find_stage(source) else definitions_of(source)
        while waiting:
            key = id(waiting.pop())
            if key in stages or key in self._stand_ins or self._of[key].replaced:
                return True
            if key not in seen:
                seen.add(key)
                waiting += self._of[key].list_needed()
        return False

    def _take(self, sources: Mapping[Hashable, Source]) -> _Draft:
        """Return the axis that has these sources."""
        origins = frozenset(sources)
        axis = self._by_origins.get(origins)
        if axis is None:
            axis = self._by_origins[origins] = _Draft(len(self._axes), sources)
            self._axes.append(axis)
        return axis

    def _find_streamed(self, stream: FromStream) -> _Draft:
        """Return the axis of what a stream is of; where it is a source, the one that has no other."""
        axis = self._axis_of.get(id(stream.definition))
        if axis is not None:
            return axis
        node = self._of[id(stream.definition)]
        source: Source = FromResult(stream.definition, stream.output)
        if node.replaced:
            source = Constant(stream.definition, node.value, stream.output)
        return self._take({origin_of(source): source})

    def _place_stream(self, source: Source) -> Source:
        return source._replace(axis=self._find_streamed(source).index) if isinstance(source, FromStream) else source

    def _find_stage(self, source: Source) -> _Draft | None:
        """Return the axis whose items a source gives one by one."""
        return self._axis_of.get(id(source.definition)) if isinstance(source, FromResult) else None

    def _tell_apart(self, node: Node, axes: Iterable[_Draft], others: Iterable[Source]) -> str:
        """Return over which collections a node would go item by item, and by which parameter over each."""
        said: list[str] = []
        for axis in axes:
            by = next(part.params[0] for part in node.mapped if self._find_stage(part.source) is axis)
            said.append(f"{' with '.join([self._label(source) for source in axis.sources])} (by {by!r})")
        for part in node.mapped:
            if any(part.source is other for other in others) and self._find_stage(part.source) is None:
                said.append(f"{self._label(part.source)} (by {part.params[0]!r})")
        return " and ".join(said)

    def _make(self, axis: _Draft) -> Axis:
        labels = tuple([self._label(source) for source in axis.sources])
        sources = [part for source in axis.sources for part in parts_of(source) if isinstance(part, FromResult)]
        said = [node.definition.items.ahead for node in (*axis.stages, *axis.readers)]
        said += [source.definition.items.ahead for source in sources]
        ahead = min([each for each in said if each is not None], default=None)
        names = tuple([self._name(source) for source in axis.sources])
        return Axis(axis.index, axis.sources, labels, names, tuple([node.index for node in axis.stages]), ahead)

    def _name(self, source: Source) -> str:
        return self._of[id(source.definition)].name if isinstance(source, (FromResult, Constant)) else ""

    def _label(self, source: Source) -> str:
        """Return what to call a source."""
        if isinstance(source, FromInput):
            return f"input {source.name!r}"
        if isinstance(source, (FromResult, Constant)):
            node = self._of[id(source.definition)]
            part = "" if source.output is None else f"{source.output!r} of "
            return f"{part}{node.definition.kind} {node.name!r}"
        if isinstance(source, FromValue):
            return f"value({shorten(source.value)})"
        if isinstance(source, Gather):
            return f"[{', '.join(map(self._label, source.parts))}]"
        return "what is missing"  # that is reported where it was looked up

    # What for one item.

    def _rewrite(self, node: Node, axis: _Draft) -> None:
        """Have the parameters of a node, and of what decides about it, receive one item."""
        items = dict(self._list_items(node.mapped, axis))
        names = {param.name for param in node.params}
        node.unread = [("", items[part.params[0]]) for part in node.mapped if names.isdisjoint(part.params)]
        node.sources = tuple([items.get(p.name, s) for p, s in zip(node.params, node.sources, strict=True)])
        own = node.definition.predicate
        if own is not None and node.predicate is not None and node.predicate[0] is own:
            node.predicate = node.predicate[0], _exchange(own, node.predicate[1], items)
        if node.more is not None:
            node.more = node.more[0], _exchange(node.more[0], node.more[1], items)
        if node.key is not None:
            node.key = node.key[0], _exchange(node.key[0], node.key[1], items)

    def _list_items(self, mapped: Iterable[Mapped], axis: _Draft) -> Iterable[tuple[str, Source]]:
        for part in mapped:
            for index, name in enumerate(part.params):
                taken = Part(index, name, len(part.params)) if part.apart else None
                yield name, self._item_of(part.source, axis, taken)

    def _item_of(self, source: Source, axis: _Draft, part: Part | None) -> Source:
        if isinstance(source, FromResult) and self._find_stage(source) is axis:
            return FromItemOf(source.definition, source.output, part)
        position = axis.origins.index(origin_of(source))
        # What is missing stands here as a default: that is reported where it was looked up.
        return FromItem(axis.index, position, cast("FromResult", source), part)


def _streams_of(node: Node) -> list[FromStream]:
    if not node.definition.items.streams:
        return []
    return [source for source in node.sources if isinstance(source, FromStream)]


def _exchange(function: Definition, sources: Iterable[Source], items: Mapping[str, Source]) -> tuple[Source, ...]:
    """Return what the parameters of a function receive, where those that receive items are known by their names."""
    params = [param.name for param in function.params]
    return tuple([items.get(name, source) for name, source in zip(params, sources, strict=True)])
