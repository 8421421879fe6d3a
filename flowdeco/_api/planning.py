"""From the graphs of workflows within each other to their plans."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from .._graph.assembly import assemble
from .._graph.binding import Binding
from .._graph.graph import Graph
from .._graph.level import Level
from .._graph.sharing import share
from .._scheduler.plan import Plan

__all__ = ["make_plan"]


def make_plan(
    root: Graph,
    children: Mapping[int, Mapping[int, Graph]],
    bindings: Mapping[int, Binding],
    plans: Mapping[int, MutableMapping[Graph, Plan]],
) -> Plan:
    """Return the plan of a workflow, with those of all that run in it as what they share makes them.

    Args:
        root: its graph.
        children: by the id of a graph, the graphs of those of its nodes that are workflows, by their index.
        bindings: by the id of a graph, the names that it rests on.
        plans: by the id of a graph, where its plan is kept where it shares nothing.
    """
    levels = assemble(share(root, lambda graph: children[id(graph)])) if children[id(root)] else [Level(root, {})]
    for level in levels:
        graph, made = level.graph, level.made
        plan = plans[id(graph)].get(graph) if made is graph else None
        if plan is None:
            _put_plans_within(level)
            plan = Plan(made, bindings[id(graph)])
            if made is graph:
                plans[id(graph)].clear()
                plans[id(graph)][graph] = plan
        level.plan = plan
    found: Plan = levels[-1].plan
    return found


def _put_plans_within(level: Level) -> None:
    """Give the nodes that are workflows their plans."""
    for unit in level.own:
        within = unit.runs
        if within is not None:
            node = level.made.node_of(unit.definition)
            node.plan = within.plan
            received = within.made.find_received() if node.shared else set[int]()
            handled = [step for step in node.shared if within.made.node_of(step).index in received]
            node.handled = frozenset(map(id, handled))
