"""Whether the state of a run is what the functions that take it are annotated with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .._base.annotation import read_annotations, show_type, takes_just
from .._base.graph_errors import TypeMismatchError
from .._base.signature import Param
from .._definition.definition import Definition
from .._state.state import State
from .call_signature import read_call
from .graph import Graph
from .source import FromRun, Source

__all__ = ["find_wrong_states"]


def find_wrong_states(graphs: Sequence[Graph]) -> list[TypeMismatchError]:
    """Return a problem for each function that gets another state than it is annotated with.

    Args:
        graphs: the graph of a workflow, and those of the workflows within: one without a state uses that around it.
    """
    by_owner = {id(graph.owner): graph for graph in graphs}
    found: list[TypeMismatchError] = []
    waiting = [(graphs[0], graphs[0])]
    seen: set[tuple[int, int]] = set()
    while waiting:
        graph, giver = waiting.pop()
        if graph.owner.options["state"] is not None:
            giver = graph
        if (id(graph), id(giver)) not in seen:
            seen.add((id(graph), id(giver)))
            found += _compare(graph, giver)
            waiting += [(by_owner[id(n.definition)], giver) for n in graph if id(n.definition) in by_owner]
    return found


def _compare(graph: Graph, giver: Graph) -> Iterator[TypeMismatchError]:
    option = giver.owner.options["state"]
    actual = State if option is None else option if isinstance(option, type) else type(option)
    for definition, name, params, sources in _list_readers(graph):
        for param, source in zip(params, sources, strict=True):
            if not (isinstance(source, FromRun) and source.name == "state"):
                continue
            wanted = read_annotations(definition.function, definition.signature.kind).params.get(param.name, Any)
            if not takes_just(actual, wanted):
                shown = show_type(wanted)
                given = "has none" if option is None else f"has {show_type(actual)}"
                text = f"{definition.kind} {name!r} takes 'state' as {shown}, and workflow {giver.name!r} {given}. "
                text += f"Say @workflow(state={shown}), or change the annotation."
                message = f"Cannot accept workflow {graph.name!r}: {text}"
                data = {"function": name, "parameter": param.name, "expected": wanted, "actual": actual}
                yield TypeMismatchError(message, workflow=graph.name, **data)


def _list_readers(graph: Graph) -> Iterator[tuple[Definition, str, tuple[Param, ...], tuple[Source, ...]]]:
    """Yield the functions of a graph, and those that it says are called, with what they receive of the run."""
    yield graph.owner, graph.name, graph.owner.own_params, graph.body
    for node in graph:
        yield node.definition, node.name, node.params, node.sources
        if node.predicate is not None:
            predicate, asked = node.predicate
            yield predicate, node.name, predicate.params, asked
    for node in graph.calls.nodes:
        called = node.definition
        if not (node.replaced or called.is_workflow or called.is_resource):
            of_run = read_call(called).of_run
            params = tuple([param for param in called.params if param.name in of_run])
            yield called, node.name, params, tuple([of_run[param.name] for param in params])
