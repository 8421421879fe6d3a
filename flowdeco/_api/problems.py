"""What is wrong with a workflow: as one error, and what does not keep it from running."""

from __future__ import annotations

from types import ModuleType

from .._base.graph_errors import AmbiguousNameError, GraphError, UnusedTaskError
from .._definition.definition import Face, definition_behind, definition_of
from .._graph.graph import Graph
from .._graph.resolver import Resolver

__all__ = ["find_unused", "raise_problems"]


def find_unused(graph: Graph, resolver: Resolver) -> list[UnusedTaskError]:
    """Return an error for each entry of `tasks=` that nothing needs; one that may be needed is not among them."""
    ambiguous = [problem for problem in resolver.problems if isinstance(problem, AmbiguousNameError)]
    candidates = {id(face) for problem in ambiguous for face in problem.candidates}
    given, more = graph.owner.given, graph.owner.more
    found = [_unused(graph.name, n, face) for n, face in given.items() if n not in resolver.used_given]
    for part in more:
        values: list[object] = list(vars(part).values()) if isinstance(part, ModuleType) else [part]
        faces = [resolver.inherit(graph.owner, value) for value in values if definition_of(value) is not None]
        if not any(graph.find(face) is not None or id(face) in candidates for face in faces):
            found.append(_unused(graph.name, None, part))
    return found


def _unused(workflow: str, name: str | None, part: Face | ModuleType) -> UnusedTaskError:
    if isinstance(part, ModuleType):
        what = f"module {part.__name__!r}"
    else:
        definition = definition_behind(part)
        what = f"{definition.kind} {(name or definition.label)!r}"
    message = f"Cannot accept workflow {workflow!r}: tasks= names {what}, which nothing needs. Remove it."
    return UnusedTaskError(message, workflow=workflow, task=part)


def raise_problems(name: str | None, problems: list[GraphError]) -> None:
    """Raise a single problem as it is, and several as one error; the same problem counts once."""
    name = name or "workflow"
    distinct = list({str(problem): problem for problem in problems}.values())
    if len(distinct) == 1:
        raise distinct[0]
    if distinct:
        text = "\n".join(f"  - {problem}" for problem in distinct)
        error = GraphError(f"Cannot build workflow {name!r}: {len(distinct)} problems.\n{text}", workflow=name)
        error._problems = tuple(distinct)
        raise error
