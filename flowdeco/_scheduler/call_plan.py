"""The plans of calls, kept: what is called once in a run is mostly called again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from inspect import Parameter
from typing import Any

from .._definition.definition import Definition
from .._graph.binding import Binding
from .._graph.call_graph import CALLED, CallOwner, make_call_graph, owner_within
from .._graph.call_signature import CallSignature
from .._graph.graph import Graph
from .._graph.source import Constant
from .._policy.policy import Policy
from .plan import Plan

__all__ = ["CallPlans", "fill_inputs", "plans_within", "put_values"]

# What a parameter receives that takes any number of arguments, and gets none.
_NOTHING: dict[Any, Any] = {Parameter.VAR_POSITIONAL: (), Parameter.VAR_KEYWORD: {}}
# As many are kept; a program may make a task anew for each call.
_MOST_PLANS = 256


class CallPlans:
    """The plans of what is called in the runs of one workflow, or outside of any."""

    def __init__(self) -> None:
        self._plans: dict[tuple[Any, ...], tuple[CallSignature | None, Plan]] = {}

    def find(
        self,
        around: Graph | None,
        called: Definition | Constant,
        name: str,
        signature: CallSignature | None,
        passed: Collection[str] = (),
        within: Plan | None = None,
        policy: Policy | None = None,
    ) -> Plan:
        """Return the plan of a call.

        Args:
            around: the graph of the run that it is made in; `None`: it is made in none.
            called: what is called, or the value that stands in for it.
            name: what it is called in the record.
            signature: how it is called; `None` for a workflow.
            passed: what its caller passes of that which the run would fill.
            within: of a workflow, its plan.
            policy: what its options say in the run, always the same; `None`: what they say themselves.
        """
        key = id(called), name, frozenset(passed), id(within)
        known = self._plans.get(key)
        if known is not None and known[0] is signature:
            return known[1]
        owner = CallOwner(None, name) if around is None else owner_within(around.owner)
        graph = make_call_graph(owner, called, name, signature, passed, policy)
        graph.layers = () if around is None else around.layers
        graph.nodes[CALLED].plan = within
        plan = Plan(graph, Binding(None))
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        if not isinstance(called, Constant):  # else nothing holds on to what has this id
            self._plans[key] = signature, plan
        return plan


def plans_within(around: Plan) -> CallPlans:
    """Return the plans of what is called in the runs of a plan."""
    found = around.calls
    if not isinstance(found, CallPlans):
        around.calls = found = CallPlans()
    return found


def fill_inputs(plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a call is given: what was passed, and else the defaults."""
    params = plan.graph.input_params.values()
    return {p.name: given[p.name] if p.name in given else _NOTHING.get(p.kind, p.default) for p in params}


def put_values(plan: Plan, inputs: Mapping[str, Any], run: Any) -> list[Any]:
    """Return the first values of a call that is made in a run, in the places of its plan."""
    values = plan.template.copy()
    for name, place in plan.input_places:
        values[place] = inputs[name]
    values[plan.run_place] = run
    if plan.asks_for_state:
        values[plan.state_place] = run.state
    return values
