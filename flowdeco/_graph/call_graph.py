"""The graph of a call: what is called, as the one node, and nothing else.

So a call runs on the same road as everything else: attempts, limits, threads, hooks and cancellation are the engine's.
"""

from __future__ import annotations

from collections.abc import Collection
from inspect import Parameter
from typing import Any
from weakref import WeakKeyDictionary

from .._base.signature import Param, Signature
from .._definition.definition import Definition, WorkflowDefinition
from .._policy.policy import Policy
from .call_signature import PLACE, CallSignature, find_place
from .graph import Graph
from .node import Node
from .source import Constant, FromInput, FromResult, Source

__all__ = ["CALLED", "CallOwner", "make_call_graph", "owner_within"]

# The index of the one node.
CALLED = 0

_OPTIONS: dict[str, Any] = {
    "needs": {},
    "after": (),
    "settled": (),
    "hook_errors": "log",
    "keep_going": False,
    "share": False,
    "metadata": None,
    "state": None,
    "backend": "asyncio",
    "backend_options": None,
}


# What a call takes over of the workflow that it is made in.
_KEPT = ("hook_errors", "backend", "backend_options")


async def _hand_on(result: Any) -> Any:
    return result


_SIGNATURE = Signature((Param("result", Parameter.POSITIONAL_ONLY),), "async", "async")


class CallOwner(WorkflowDefinition):
    """What stands for the workflow in the graph of a call: whose hooks are told of it, and how it is called in errors.

    Args:
        outer: the workflow whose run the call is made in; `None`: it is made in none.
        name: what it is called.
    """

    def __init__(self, outer: WorkflowDefinition | None, name: str) -> None:
        options = _OPTIONS if outer is None else {**_OPTIONS, **{option: outer.options[option] for option in _KEPT}}
        super().__init__(None, _hand_on, _SIGNATURE, (), options, name)
        if outer is not None:
            self.watch_hooks = outer.watch_hooks


_owners: WeakKeyDictionary[WorkflowDefinition, CallOwner] = WeakKeyDictionary()


def owner_within(outer: WorkflowDefinition) -> CallOwner:
    """Return what stands for a workflow in the graphs of the calls that are made in its runs."""
    if isinstance(outer, CallOwner):
        return outer
    found = _owners.get(outer)
    if found is None:
        found = _owners[outer] = CallOwner(outer, outer.name or "workflow")
    return found


def make_call_graph(
    owner: CallOwner,
    called: Definition | Constant,
    name: str,
    signature: CallSignature | None,
    passed: Collection[str],
    policy: Policy | None = None,
) -> Graph:
    """Return the graph of a call.

    Args:
        owner: what stands for the workflow.
        called: what is called, or the value that stands in for it.
        name: what it is called in the record.
        signature: how it is called; `None` for a workflow, which takes its inputs.
        passed: what its caller passes of that which the run would fill.
        policy: what its options say, in the run; `None`: what they say themselves.
    """
    definition = called.definition if isinstance(called, Constant) else called
    node = Node(definition, name)
    node.index = CALLED
    node.policy = policy or definition.policy
    inputs: dict[str, Param] = {}
    if isinstance(called, Constant):
        node.replaced, node.value = True, called.value
    else:
        asked = () if signature is None else signature.asked
        params = {param.name: param for param in (*definition.params, *asked)}
        given = {name: _source_of(param, signature, passed) for name, param in params.items()}
        inputs = {name: params[name] for name, source in given.items() if isinstance(source, FromInput)}
        node.params = definition.params
        node.sources = tuple([given[param.name] for param in node.params])
        if definition.predicate is not None:
            node.predicate = definition.predicate, tuple([given[p.name] for p in definition.predicate.params])
        if find_place(node.policy) is not None:
            inputs[PLACE] = Param(PLACE, Parameter.KEYWORD_ONLY)
            node.place_given = FromInput(PLACE)
    return Graph(owner, inputs, [node], [FromResult(definition)], (), ())


def _source_of(param: Param, signature: CallSignature | None, passed: Collection[str]) -> Source:
    of_run = None if signature is None or param.name in passed else signature.of_run.get(param.name)
    return of_run or FromInput(param.name)
