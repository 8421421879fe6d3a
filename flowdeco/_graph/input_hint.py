"""What an input is annotated with by those that receive it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._base.hint import read_hints
from .._base.signature import MISSING
from .._definition.definition import Definition
from .graph import Graph
from .source import FromInput

__all__ = ["find_hint"]


def find_hint(graph: Graph, name: str) -> Any:
    """Return the annotation that all who receive an input agree on; `MISSING` if there is none, or they do not agree.

    Workflows that run as tasks count with their own annotations, or else with those of whoever receives it in them.
    """
    found: list[Any] = []
    seen = {(id(graph), name)}
    waiting = [(graph, name)]
    while waiting:
        graph, name = waiting.pop()
        for definition, parameter, inner in _find_readers(graph, name):
            hint = read_hints(definition.function).params.get(parameter, MISSING)
            if hint is not MISSING:
                found.append(hint)
            elif inner is not None and (id(inner), parameter) not in seen:
                seen.add((id(inner), parameter))
                waiting.append((inner, parameter))
    return found[0] if found and all(hint == found[0] for hint in found) else MISSING


def _find_readers(graph: Graph, name: str) -> Iterator[tuple[Definition, str, Graph | None]]:
    """Yield those that receive an input, the parameter that does, and the graph of one that is a workflow."""
    source = FromInput(name)
    for param, given in zip(graph.owner.own_params, graph.body, strict=True):
        if given == source:
            yield graph.owner, param.name, None
    for node in graph:
        for param, given in zip(node.params, node.sources, strict=True):
            if given == source:
                yield node.definition, param.name, None if node.plan is None else node.plan.graph
        if node.predicate is not None:
            predicate, asked = node.predicate
            for param, given in zip(predicate.params, asked, strict=True):
                if given == source:
                    yield predicate, param.name, None
