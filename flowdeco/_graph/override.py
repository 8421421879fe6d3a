"""What stands in for what: the replacements of `override`, one layer upon the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from .._base.errors import UnknownTaskError
from .._base.text import listed, nearest, shorten
from .._definition.definition import Step
from .._definition.scope import Scope
from .graph import Graph, Node
from .output import take_part
from .source import Constant, FromStep

__all__ = ["Layer", "Override", "find_step", "follow", "graphs_within", "instead_of", "value"]


class Value:
    """Marks a callable that stands in for a task as a value. Made by `value`."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def value(value: object, /) -> Any:
    """Say to `override` that a callable is the result itself, and not a function to call instead."""
    return Value(value)


class Override(NamedTuple):
    """What stands in for a task: the task or its name, what was given, and the names in reach of a function."""

    key: Step | str
    given: Any
    scope: Scope


# Makes a task that has a function in the place of a task's own, from the names in reach.
StandIn: TypeAlias = Callable[[Step, Callable[..., Any], Scope], Step]

# By a task's id, the task and what stands in for it. The task is there so that no other can get its id.
Layer: TypeAlias = Mapping[int, tuple[Step, "Step | Constant"]]


def follow(step: Step, layers: Iterable[Layer]) -> Step | Constant:
    """Return what is left in the place of `step` when each layer has replaced what the one before had put there."""
    instead: Step | Constant = step
    for layer in layers:
        key = instead.step if isinstance(instead, Constant) else instead
        if id(key) in layer:
            instead = layer[id(key)][1]
    return instead


def instead_of(step: Step, override: Override, stand_in: StandIn) -> Step | Constant:
    """Return what runs, or what is given, in the place of `step`.

    Args:
        step: the task to replace.
        override: what is given for it.
        stand_in: makes a task of a function.

    Raises:
        OptionError: a function cannot be used.
        OutputError: a value does not fit the task's `outputs=`.
    """
    given = override.given
    if isinstance(given, Step):
        return given
    if isinstance(given, Value) or not callable(given):
        result = given.value if isinstance(given, Value) else given
        for output in step.outputs:
            take_part(step, result, output)
        return Constant(step, result)
    scope = {id(namespace): namespace for namespace in (*step._scope, *override.scope)}
    return stand_in(step, given, tuple(scope.values()))


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


def find_step(workflow: str, key: object, graphs: Sequence[Graph]) -> Step:
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
            return node.step
    if key in graphs[0].inputs:
        reason = f"{key!r} is an input. Give it in the call."
    else:
        names = [node.name for graph in graphs for node in graph]
        shown = key if isinstance(key, Step) else repr(key) if isinstance(key, str) else shorten(key)
        hint = nearest(str(key), names) if isinstance(key, str) else ""
        reason = f"it has no task {shown}.{hint} It has {listed(names) or 'none'}."
    raise UnknownTaskError(f"Cannot override workflow {workflow!r}: {reason}", workflow=workflow, task=key)


def _find_by_parameter(graph: Graph, name: object) -> Node | None:
    """Return the node that every parameter of this name receives, if it is one."""
    if not isinstance(name, str):
        return None
    arguments = [*graph.arguments, *(argument for node in graph for argument in node.arguments)]
    sources = [source for parameter, source in arguments if parameter == name]
    found = {id(s.step): s.step for s in sources if isinstance(s, (FromStep, Constant))}
    return graph.find(next(iter(found.values()))) if len(found) == 1 else None
