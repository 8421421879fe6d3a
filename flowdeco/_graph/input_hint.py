"""What an input is annotated with by those that receive it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .._base.hint import is_open, read_hints
from .._base.signature import MISSING, Param
from .._definition.definition import Definition
from .graph import Graph
from .source import FromInput, FromItem, Source

__all__ = ["find_hint"]


def find_hint(graph: Graph, name: str) -> Any:
    """Return the annotation that all who receive an input agree on; `MISSING` if there is none, or they do not agree.

    Workflows that run as tasks count with their own annotations, or else with those of whoever receives it in them.
    Who receives the items of an input one by one counts with a list of them.
    """
    found: list[Any] = []
    seen = {(id(graph), name, 0)}
    waiting = [(graph, name, 0)]
    while waiting:
        graph, name, lists = waiting.pop()
        for definition, parameter, inner, is_item in _find_readers(graph, name):
            around = lists + is_item
            hint = read_hints(definition.function).params.get(parameter, MISSING)
            if hint is not MISSING:
                found.append(_list_of(hint, around))
            elif inner is not None and (id(inner), parameter, around) not in seen:
                seen.add((id(inner), parameter, around))
                waiting.append((inner, parameter, around))
    return found[0] if found and all(hint == found[0] for hint in found) else MISSING


def _list_of(hint: Any, around: int) -> Any:
    for _ in range(around):
        hint = f"list[{hint}]" if is_open(hint) else list[hint]
    return hint


def _find_readers(graph: Graph, name: str) -> Iterator[tuple[Definition, str, Graph | None, bool]]:
    """Yield those that receive an input, the parameter that does, the graph of one that is a workflow, and how.

    That is whether it receives one item at a time.
    """
    for function, params, sources, inner in _list_functions(graph):
        for param, given in zip(params, sources, strict=True):
            is_item = isinstance(given, FromItem) and given.part is None and _is_input(given.source, name)
            if is_item or _is_input(given, name):
                yield function, param.name, inner, is_item


def _list_functions(graph: Graph) -> Iterator[tuple[Definition, Sequence[Param], Sequence[Source], Graph | None]]:
    """Yield the functions of a graph with what they receive, and the graph of one that is a workflow."""
    yield graph.owner, graph.owner.own_params, graph.body, None
    for node in graph:
        yield node.definition, node.params, node.sources, None if node.plan is None else node.plan.graph
        if node.predicate is not None:
            predicate, asked = node.predicate
            yield predicate, predicate.params, asked, None


def _is_input(source: Source, name: str) -> bool:
    return isinstance(source, FromInput) and source.name == name
