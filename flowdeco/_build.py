"""From a workflow to its plan: what stands in for what, workflows within workflows, and every problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

from ._errors import GraphError, UnknownTaskError, UnusedTaskError, listed, nearest
from ._graph import Graph, Node, build_graph, parts_of, steps_of
from ._lookup import Constant, FromStep, Lookup
from ._options import shorten
from ._plan import take_part
from ._scope import Scope
from ._task import Step, stand_in

__all__ = ["Override", "Value", "build", "check_graph", "find_step", "raise_problems", "value"]


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


def instead_of(step: Step, override: Override) -> Step | Constant:
    """Return what runs, or what is given, in the place of `step`."""
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


def build(lookup: Lookup, replace: Callable[[Step], Step | Constant]) -> tuple[Graph, list[GraphError]]:
    """Return a workflow's graph and everything that keeps it from running, also in the workflows that it runs."""
    graph = build_graph(lookup, replace)
    problems = list(lookup.problems)
    for node in graph.nodes:
        if node.step.planner is not None and not node.replaced:
            try:
                node.step.planner.nested_plan()
            except GraphError as error:
                problems += error.problems
    return graph, problems


def raise_problems(name: str | None, problems: list[GraphError]) -> None:
    """Raise a single problem as it is, and several as one error."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        text = "\n".join(f"  - {problem}" for problem in problems)
        error = GraphError(f"Cannot build workflow {name!r}: {len(problems)} problems.\n{text}", workflow=name)
        error._problems = tuple(problems)
        raise error


def check_graph(graph: Graph, more: tuple[Any, ...]) -> list[GraphError]:
    """Return what is wrong but does not keep the workflow from running.

    Args:
        graph: the graph.
        more: the tasks and modules of `tasks=[...]`.
    """
    lookup = graph.lookup
    unused: list[object] = [step for name, step in lookup.given.items() if name not in lookup.used_given]
    for part in more:
        steps = list(vars(part).values()) if isinstance(part, ModuleType) else [part]
        if not any(issubclass(type(step), Step) and graph.find(step) for step in steps):
            unused.append(part)
    return lookup.shadowed + [_unused(graph.name, part) for part in unused]


def _unused(workflow: str, part: object) -> UnusedTaskError:
    what = f"module {part.__name__!r}" if isinstance(part, ModuleType) else repr(part)
    message = f"Cannot vouch for workflow {workflow!r}: tasks= names {what}, which nothing needs. Take it out."
    return UnusedTaskError(message, workflow=workflow, task=part)


def find_step(owner: Step, key: Step | str, graph: Graph) -> Step:
    """Return the task that an override means, in the workflow's own graph or in that of a workflow it runs.

    Raises:
        UnknownTaskError: there is none, or the name is one of the inputs.
    """
    names: list[str] = []
    for each in _graphs(graph):
        node = each.find(key) or (_find_by_parameter(each, key) if isinstance(key, str) else None)
        if node is not None:
            return node.step
        names += [node.name for node in each.nodes]
    if key in graph.inputs:
        reason = f"{key!r} is an input. Give it in the call."
    else:
        reason = f"it has no task {shorten(key)}.{nearest(str(key), names)} It has {listed(names) or 'none'}."
    raise UnknownTaskError(f"Cannot override workflow {owner.name!r}: {reason}", workflow=owner.name, task=key)


def _graphs(graph: Graph) -> Iterator[Graph]:
    """Yield the graph, and those of the workflows that it runs."""
    graphs = [graph]
    for each in graphs:
        yield each
        for node in each.nodes:
            if node.step.planner is not None and not node.replaced:
                graphs.append(node.step.planner.nested_plan().graph)


def _find_by_parameter(graph: Graph, name: str) -> Node | None:
    """Return the node that a parameter of this name receives, if they all receive the same."""
    sources = [graph.body.get(name), *(node.sources.get(name) for node in graph.nodes)]
    single = [s for s in sources if isinstance(s, (FromStep, Constant)) and len(parts_of(s)) == 1]
    found = {id(step): step for source in single for step in steps_of(source)}
    return graph.node_of(next(iter(found.values()))) if len(found) == 1 else None
