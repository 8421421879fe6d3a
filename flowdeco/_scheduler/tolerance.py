"""Which nodes may fail without an end to the run: what their errors come to is received as outcomes.

For a node that runs once, it is enough that somebody receives its outcome: if that is not all, the error is raised in
the end. Of a mapped one, every path that leads on from it has to end in a `settled=`; else there would be no telling
how many items may fail until somebody hears of it.
"""

from __future__ import annotations

from .._definition.definition import Definition
from .._graph.graph import Graph
from .._graph.node import Node
from .._graph.source import definitions_of

__all__ = ["find_handled", "find_tolerated"]


def find_tolerated(graph: Graph) -> frozenset[int]:
    """Return the nodes that may fail."""
    if graph.owner.keep_going:
        return frozenset(range(len(graph.nodes)))
    received = graph.find_received()
    mapped = {node.index for node in graph.nodes if node.axis is not None}
    return frozenset(received - mapped | find_handled(graph) & mapped if mapped else received)


def find_handled(graph: Graph) -> set[int]:
    """Return the nodes whose errors are received as outcomes, whatever way they take."""
    read: set[int] = set()
    raised = {graph.node_of(definition).index for definition in graph.ends}
    for name, source in graph.arguments:
        found = {graph.node_of(definition).index for definition in definitions_of(source)}
        (read if name in graph.owner.settled else raised).update(found)
    handled: set[int] = set()
    for node in reversed(graph.nodes):
        if node.index in read and node.index not in raised:
            handled.add(node.index)
        needed = {graph.node_of(definition).index for definition in node.list_needed()}
        read |= needed
        if node.index not in handled:
            raised |= {graph.node_of(definition).index for definition in _list_blocking(node)}
    return handled


def _list_blocking(node: Node) -> list[Definition]:
    """Return what keeps a node from running if it fails."""
    settled = node.definition.graph_settled
    found = [*node.barriers]
    for name, source in node.arguments:
        found += definitions_of(source) if name not in settled else []
    for source in node.asked:
        found += definitions_of(source)
    for mapped in node.mapped:
        if not any(name in settled for name in mapped.params):
            found += definitions_of(mapped.source)
    return found
