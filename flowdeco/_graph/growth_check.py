"""Whether a `more=` can be asked when it has to be, and whether what it adds still comes in time.

It is called when its task has given a result for an item: with what the task itself has received then, as nothing else
is kept at hand for each item. What it adds goes through all stages of the axis; so it cannot stand on one that begins
when another has ended for all items.
"""

from __future__ import annotations

from .._base.graph_errors import EachError
from .graph import Graph
from .node import Asked, Node
from .resolver import Resolver
from .segments import Needs, find_segments, reach
from .source import Constant, Default, FromInput, FromItem, FromValue, OfItem

__all__ = ["check_growth"]

# What is at hand besides what the task itself receives.
_AT_HAND = (OfItem, FromItem, FromInput, FromValue, Constant, Default)


def check_growth(resolver: Resolver, graph: Graph) -> None:
    """Report each `more=` that does not go with its node or with what that is mapped over."""
    growing = [node for node in graph if node.more is not None]
    if not growing:
        return
    check = _Check(resolver, graph)
    for node in growing:
        assert node.more is not None
        check.check_axis(node)
        check.check_asked(node, node.more)
    if not resolver.problems:  # a graph in which something is missing has no order to be relied on
        check.check_segments(growing)


class _Check:
    def __init__(self, resolver: Resolver, graph: Graph) -> None:
        self._resolver = resolver
        self._graph = graph

    def check_axis(self, node: Node) -> None:
        if node.axis is not None and len(node.axis.sources) > 1:
            text = f"has more=, and is mapped over {' and '.join(node.axis.labels)} in step. What comes besides could "
            text += "be told for one of them only. Make one collection of them in a task."
            self._report(node, "", text)

    def check_asked(self, node: Node, more: Asked) -> None:
        function, sources = more
        own = {param.name for param in node.params}
        for param, source in zip(function.params, sources, strict=True):
            if param.name in own or isinstance(source, _AT_HAND):
                continue
            text = f"has a more= that asks for {param.name!r}, which the {node.definition.kind} itself does not "
            text += f"receive. Give it a parameter {param.name!r} as well, or ask for its result, the item or inputs."
            self._report(node, param.name, text)

    def check_segments(self, growing: list[Node]) -> None:
        needs = Needs(self._graph)
        segments = find_segments(self._graph, needs)
        for node in growing:
            if not segments.get(node.index):
                continue
            assert node.axis is not None
            reached = reach(self._graph, needs, segments, [node.index])
            before = min([i for i in node.axis.stages if i in reached and segments[i] < segments[node.index]])
            first = self._graph.nodes[before]
            text = f"has more=, and begins only when {first.definition.kind} {first.name!r} has ended for all items. "
            text += "What it adds would come too late. Receive only what belongs to the item, or put more= on "
            self._report(node, "", f"{text}{first.name!r}.")

    def _report(self, node: Node, parameter: str, text: str) -> None:
        name = self._resolver.name_of(node.definition)
        whole = f"{node.definition.kind} {name!r} {text}"
        self._resolver.fail(EachError, whole, function=name, parameter=parameter)
