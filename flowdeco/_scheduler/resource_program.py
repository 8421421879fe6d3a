"""What is to be done for a resource: its attempts are at opening it, and what it is closed by is the run's affair."""

from __future__ import annotations

from .._base.signature import MISSING
from .._definition.definition import WorkflowDefinition
from .._definition.resource import ResourceDefinition
from .._graph.node import Node
from .._graph.source import FromRun
from .._runner.arguments import Arguments
from .._runner.opening import opening, sending
from .._runner.program import Program, ResourcePlan

__all__ = ["make_resource_program"]


def make_resource_program(
    node: Node, step: ResourceDefinition, arguments: Arguments, owner: WorkflowDefinition
) -> Program:
    """Return what is to be done for a resource.

    Args:
        node: the resource in the graph.
        step: its definition.
        arguments: how its function is called.
        owner: the workflow.
    """
    policy, kind = step.policy, step.signature.kind
    in_thread = kind in ("sync", "generator")
    plan = ResourcePlan(node.name, step.face, in_thread, policy.timeout, step.close_timeout, step.stands_in)
    defaults = {param.name: param.default for param in step.params if param.default is not MISSING}
    return Program(
        node.name,
        policy,
        arguments,
        {**step.signature.bound, **defaults},
        sending(plan, step.function, arguments) if step.lifetime == "process" else opening(plan, arguments),
        kind,
        watch=owner.watch_hooks,
        strict=owner.strict,
        writes=any(isinstance(source, FromRun) for source in node.sources),
        apart=policy.retries is not None,
    )
