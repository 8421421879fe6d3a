"""What stands in for what: the replacements of `override`, one layer upon the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from .._base.constant import Value
from .._base.errors import UnknownTaskError
from .._base.text import listed, nearest, shorten
from .._definition.definition import Definition, Face, Scope, definition_of
from .._definition.undecorated import describe_undecorated, find_undecorated
from .graph import Graph, Node
from .output import take_part
from .source import Constant, FromResult

__all__ = ["Layer", "Override", "find_definition", "follow", "graphs_within", "instead_of"]


class Override(NamedTuple):
    """What stands in for a task: the task or its name, what was given, and the names in reach of a function."""

    key: Face | str
    given: Any
    scope: Scope


# Makes a task that has a function in the place of a task's own, from the names in reach.
StandIn: TypeAlias = Callable[[Definition, Callable[..., Any], Scope], Definition]

# By a task's id, the task and what stands in for it. The task is there so that no other can get its id.
Layer: TypeAlias = Mapping[int, tuple[Definition, "Definition | Constant"]]


def follow(definition: Definition, layers: Iterable[Layer]) -> Definition | Constant:
    """Return what is left in the place of a definition when each layer has replaced what the one before put there."""
    instead: Definition | Constant = definition
    for layer in layers:
        key = instead.definition if isinstance(instead, Constant) else instead
        if id(key) in layer:
            instead = layer[id(key)][1]
    return instead


def instead_of(definition: Definition, override: Override, stand_in: StandIn) -> Definition | Constant:
    """Return what runs, or what is given, in the place of `definition`.

    Args:
        step: the task to replace.
        override: what is given for it.
        stand_in: makes a task of a function.

    Raises:
        OptionError: a function cannot be used.
        OutputError: a value does not fit the task's `outputs=`.
    """
    given = override.given
    found = definition_of(given)
    if found is not None:
        return found
    if isinstance(given, Value) or not callable(given):
        result = given.value if isinstance(given, Value) else given
        for output in definition.outputs:
            take_part(definition, result, output)
        return Constant(definition, result)
    scope = {id(namespace): namespace for namespace in (*definition.scope, *override.scope)}
    return stand_in(definition, given, tuple(scope.values()))


def graphs_within(graph: Graph) -> list[Graph]:
    """Return a workflow's graph, and those of the workflows that it runs, each once."""
    found = [graph]
    seen = {id(graph)}
    for each in found:
        for node in each:
            if node.plan is not None and id(node.plan.graph) not in seen:
                seen.add(id(node.plan.graph))
                found.append(node.plan.graph)
    return found


def find_definition(workflow: str, key: object, graphs: Sequence[Graph]) -> Definition:
    """Return the task that an override means.

    Args:
        workflow: the name of the workflow, for errors.
        key: the task, its name, or the name of the parameters that receive it.
        graphs: the workflow's graph, and then those of the workflows that it runs.

    Raises:
        UnknownTaskError: there is none, or the name is one of the inputs.
    """
    for graph in graphs:
        node = graph.find(key) or _find_by_parameter(graph, key)
        if node is not None:
            return node.definition
    if key in graphs[0].inputs:
        reason = f"{key!r} is an input. Give it in the call."
    else:
        names = [node.name for graph in graphs for node in graph]
        shown = key if definition_of(key) is not None else repr(key) if isinstance(key, str) else shorten(key)
        hint = _hint_at(key, names, graphs)
        reason = f"it has no task {shown}.{hint} It has {listed(names) or 'none'}."
    raise UnknownTaskError(f"Cannot override workflow {workflow!r}: {reason}", workflow=workflow, task=key)


def _hint_at(key: object, names: Sequence[str], graphs: Sequence[Graph]) -> str:
    if not isinstance(key, str):
        return f" {describe_undecorated(key)}" if callable(key) and definition_of(key) is None else ""
    undecorated = find_undecorated([namespace for graph in graphs for namespace in graph.owner.scope], key)
    return f" {undecorated}" if undecorated else nearest(key, names)


def _find_by_parameter(graph: Graph, name: object) -> Node | None:
    """Return the node that every parameter of this name receives, if it is one."""
    if not isinstance(name, str):
        return None
    arguments = [*graph.arguments, *(argument for node in graph for argument in node.arguments)]
    sources = [source for parameter, source in arguments if parameter == name]
    found = {id(s.definition): s.definition for s in sources if isinstance(s, (FromResult, Constant))}
    return graph.node_of(next(iter(found.values()))) if len(found) == 1 else None
