"""The graph of what several workflows have open in common: their shared resources, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence

from .._base.signature import Param
from .._definition.definition import Definition, WorkflowDefinition
from .._definition.resource import ResourceDefinition
from .graph import Graph
from .node import Node
from .ordering import put_in_order, sort_by_needs
from .source import Constant, FromInput, FromOpened, FromResult, FromValue, Gather, Source, parts_of

__all__ = ["find_shared", "list_inputs", "make_shared_graph"]


def find_shared(graphs: Iterable[Graph]) -> list[Node]:
    """Return the shared resources of some workflows and of those within them, each once."""
    found: dict[int, Node] = {}
    waiting = list(graphs)
    for graph in waiting:  # grows
        for node in graph.nodes:
            if node.plan is not None:
                waiting.append(node.plan.graph)
            definition = node.definition
            is_own = not (node.replaced or node.is_given)
            if is_own and isinstance(definition, ResourceDefinition) and definition.lifetime == "shared":
                found.setdefault(id(definition.face), node)
    return list(found.values())


def make_shared_graph(owner: WorkflowDefinition, nodes: Sequence[Node], inputs: Sequence[Param]) -> Graph:
    """Return a graph of the shared resources that `find_shared` has found.

    Args:
        owner: a workflow whose function is called when all are open.
        nodes: these.
        inputs: the inputs that they need.
    """
    definitions = {id(node.definition.face): copy.copy(node.definition) for node in nodes}
    made = [_copy(node, definitions) for node in nodes]
    _tell_apart(made)
    places = {id(node.definition): place for place, node in enumerate(made)}
    needs = [list(dict.fromkeys([places[id(step)] for step in node.list_needed()])) for node in made]
    ordered = put_in_order(made, needs, sort_by_needs(needs))
    ends = tuple([node.definition for node in ordered])
    return Graph(owner, {param.name: param for param in inputs}, ordered, (), ends, ())


def _copy(node: Node, definitions: dict[int, Definition]) -> Node:
    made = Node(definitions[id(node.definition.face)], node.name)
    made.params, made.policy = node.params, node.policy
    made.sources = tuple([_translate(source, definitions) for source in node.sources])
    made.after = tuple([definitions[id(step.face)] for step in node.after if id(step.face) in definitions])
    return made


def _translate(source: Source, definitions: dict[int, Definition]) -> Source:
    if isinstance(source, Gather):
        return Gather(source.keys, tuple([_translate(part, definitions) for part in parts_of(source)]))
    if isinstance(source, FromResult):
        return FromResult(definitions[id(source.definition.face)], source.output)
    if isinstance(source, FromOpened):
        return FromInput(source.name)
    return FromValue(source.value) if isinstance(source, Constant) else source


def list_inputs(nodes: Iterable[Node], known: Mapping[str, Param]) -> dict[str, tuple[Param, str]]:
    """Return the inputs that shared resources need, by name, each with the name of a resource that does.

    Args:
        nodes: the resources.
        known: the inputs of the workflows.
    """
    found: dict[str, tuple[Param, str]] = {}
    for node in nodes:
        for param, source in zip(node.params, node.sources, strict=True):
            for part in parts_of(source):
                if isinstance(part, FromInput):
                    found.setdefault(part.name, (known.get(part.name, param), node.name))
                elif isinstance(part, FromOpened):
                    found.setdefault(part.name, (param._replace(name=part.name), node.name))
    return found


def _tell_apart(nodes: Sequence[Node]) -> None:
    taken: set[str] = set()
    for node in nodes:
        plain, number = node.name, 1
        while node.name in taken:
            number += 1
            node.name = f"{plain} ({number})"
        taken.add(node.name)
