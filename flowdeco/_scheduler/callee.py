"""What a call reaches: what stands in for it in the run, what is open there; both are looked for outwards.

Within what stands in for a task, at any depth, that task is itself: `override(search=cached)` means the searches of the
run, and `cached` is free to search.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._definition.definition import Definition
from .._graph.override import find_instead
from .._graph.source import Constant
from .._record.journal import RUN
from .engine import Engine

__all__ = ["find_callee", "find_resource"]


def find_callee(outer: Engine, index: int, definition: Definition) -> Definition | Constant:
    """Return what is called where a task or workflow is called in a run: itself, or what stands in for it.

    Args:
        outer: the engine of the caller.
        index: which of its nodes calls; `RUN` for the workflow's own function.
        definition: what is to be called.
    """
    graph, opened_of = outer.state.plan.graph, definition.opened_of
    instead = find_instead(graph, definition)
    if instead is definition and opened_of is not None:  # what stands in for a workflow does so whatever is open for it
        of_other = find_instead(graph, opened_of)
        instead = definition if of_other is opened_of else of_other
    if isinstance(instead, Definition) and instead is not definition:
        return definition if any(each is instead for each in _list_callers(outer, index)) else instead
    return instead


def _list_callers(engine: Engine | None, index: int) -> Iterator[Definition]:
    """Yield what code runs in, from the inside out: the nodes, and the workflows whose nodes they are."""
    while engine is not None:
        if index != RUN:
            yield engine.state.node_of(index).definition
        yield engine.state.plan.graph.owner
        index = RUN if engine.around is None else engine.around[1]
        engine = _find_around(engine)


def find_resource(engine: Engine, definition: Definition) -> Any:
    """Return what is to be used of a resource that is open in a run, or in one around it.

    Raises:
        LookupError: it is not open; `"closed"` if it has been closed already.
    """
    reason = "missing"
    around: Engine | None = engine
    while around is not None:
        graph = around.state.plan.graph
        instead = find_instead(graph, definition)
        if isinstance(instead, Constant):
            return instead.value
        node = graph.find(instead.face)
        if node is not None and node.replaced:
            return node.value
        if node is not None and node.index in around.shared:
            return around.shared[node.index]
        if around.keeper is not None:
            live = around.keeper.find_open(instead.face)
            if live is not None and not around.keeper.is_closing:
                return live.value
            reason = "closed" if around.keeper.is_closing else reason
        around = _find_around(around)
    raise LookupError(reason)


def _find_around(engine: Engine) -> Engine | None:
    """Return the engine in one of whose nodes another one runs."""
    found = None if engine.around is None else engine.around[0]()
    return found if isinstance(found, Engine) else None
