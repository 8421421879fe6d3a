"""What stands in for what: the replacements of `override`, one layer upon the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from .._base.constant import Value
from .._base.errors import UnknownTaskError
from .._base.text import listed, nearest, shorten
from .._definition.definition import Definition, Face, Scope, definition_behind, definition_of
from .._definition.face import is_face
from .._definition.undecorated import describe_undecorated, find_undecorated
from .graph import Graph
from .output import check_lists, check_parts
from .source import Constant, FromResult

__all__ = ["Layer", "Override", "Target", "find_instead", "find_target", "follow", "instead_of"]


class Override(NamedTuple):
    """What stands in for a task: the task or its name, what was given, and the names in reach of a function."""

    key: Face | str
    given: Any
    scope: Scope


class Target(NamedTuple):
    """What is replaced: a task, or the one of its `outputs=` that is named; and what the graph calls the task."""

    definition: Definition
    output: str | None = None
    name: str | None = None

    @property
    def key(self) -> tuple[int, str | None]:
        return id(self.definition), self.output


# Makes a task that has a function in the place of a task's own, or of what gives one of its outputs, from the names in
# reach.
StandIn: TypeAlias = Callable[[Definition, Callable[..., Any], Scope, "str | None"], Definition]

# By a task's id and the name of an output, or `None` for all of it: what is replaced, and what stands in for it. What
# is replaced is there so that no other can get its id.
Layer: TypeAlias = Mapping["tuple[int, str | None]", tuple[Target, "Definition | Constant"]]


def follow(
    definition: Definition, output: str | None, layers: Iterable[Layer]
) -> tuple[Definition | Constant, str | None]:
    """Return what is left in the place of a definition when each layer has replaced what the one before put there.

    Args:
        definition: the task.
        output: which part of its result is meant; `None`: all of it.
        layers: what stands in for what.

    Returns:
        What stands there, and which part of its result is meant.
    """
    instead: Definition | Constant = definition
    for layer in layers:
        replaced = _definition_in(instead)
        if output is not None and (id(replaced), output) in layer:
            instead = layer[id(replaced), output][1]
            output = output if output in _definition_in(instead).outputs else None
        elif (id(replaced), None) in layer:
            instead = layer[id(replaced), None][1]
    return instead, output


def find_instead(graph: Graph, definition: Definition) -> Definition | Constant:
    """Return what is called where a task is called in a run of a graph."""
    return follow(definition, None, graph.layers)[0] if graph.layers else definition


def _definition_in(instead: Definition | Constant) -> Definition:
    return instead.definition if isinstance(instead, Constant) else instead


def instead_of(
    target: Target, override: Override, stand_in: StandIn, required: Mapping[int, Collection[str]]
) -> Definition | Constant:
    """Return what runs, or what is given, in the place of a task or of one of its outputs.

    Args:
        target: what is to be replaced.
        override: what is given for it.
        stand_in: makes a task of a function.
        required: by the ids of tasks, which of their outputs have to be there.

    Raises:
        OptionError: a function cannot be used.
        OutputError: a value does not fit the task's `outputs=`.
    """
    given, (definition, output, name) = override.given, target
    if is_face(given):
        return definition_behind(given)
    if isinstance(given, Value) or not callable(given):
        result = given.value if isinstance(given, Value) else given
        if output is not None:
            return Constant(stand_in(definition, _never, definition.scope, output), result)
        if definition.outputs and definition.graph_each:
            check_lists(definition, name, result)
        elif definition.outputs:
            check_parts(definition, required.get(id(definition), ()), name, result)
        return Constant(definition, result)
    scope = {id(namespace): namespace for namespace in (*definition.scope, *override.scope)}
    return stand_in(definition, given, tuple(scope.values()), output)


def _never() -> None:
    """Stand in for what gives an output that is there as a value."""


def find_target(workflow: str, key: object, graphs: Sequence[Graph]) -> Target:
    """Return what an override means.

    Args:
        workflow: the name of the workflow, for errors.
        key: the task, its name, the name of the parameters that receive it, or one of its `outputs=`.
        graphs: the workflow's graph, and then those of the workflows that it runs.

    Raises:
        UnknownTaskError: there is none, or the name is one of the inputs.
    """
    for graph in graphs:
        node = graph.find(key)
        target = Target(node.definition, None, node.name) if node is not None else _find_by_name(graph, key)
        if target is not None:
            return target
    for graph in graphs:
        called = graph.calls.find(graph.owner, key)
        if called is not None:
            return Target(called.definition, None, called.name)
    if key in graphs[0].inputs:
        reason = f"{key!r} is an input. Give it in the call."
    elif key == graphs[0].owner.name or definition_of(key) is graphs[0].owner:
        reason = "that is the workflow itself. Override the tasks in it."
    else:
        names = list(dict.fromkeys([node.name for graph in graphs for node in (*graph, *graph.calls.nodes)]))
        shown = key if definition_of(key) is not None else repr(key) if isinstance(key, str) else shorten(key)
        outputs = [output for graph in graphs for node in graph for output in node.definition.outputs]
        hint = _hint_at(key, [*names, *outputs], graphs)
        if definition_of(key) is not None:
            hint = f" If a task calls it, say so there: calls=[{definition_behind(key).label}]."
        reason = f"it has no task {shown}.{hint} It has {listed(names) or 'none'}."
    raise UnknownTaskError(f"Cannot override workflow {workflow!r}: {reason}", workflow=workflow, task=key)


def _hint_at(key: object, names: Sequence[str], graphs: Sequence[Graph]) -> str:
    if not isinstance(key, str):
        return f" {describe_undecorated(key)}" if callable(key) and definition_of(key) is None else ""
    undecorated = find_undecorated([namespace for graph in graphs for namespace in graph.owner.scope], key)
    return f" {undecorated}" if undecorated else nearest(key, names)


def _find_by_name(graph: Graph, name: object) -> Target | None:
    """Return what every parameter of this name receives, else what every output of this name is of, if it is one."""
    if not isinstance(name, str):
        return None
    arguments = [*graph.arguments, *(argument for node in graph for argument in node.arguments)]
    sources = [source for parameter, source in arguments if parameter == name]
    received = [Target(s.definition, s.output) for s in sources if isinstance(s, (FromResult, Constant))]
    given = [Target(node.definition, name) for node in graph if name in node.definition.outputs]
    for targets in (received, given):
        distinct = {target.key: target for target in targets}
        if len(distinct) == 1:
            return next(iter(distinct.values()))
    return None
