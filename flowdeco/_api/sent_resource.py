"""What a call gets of a resource that each worker process opens for itself: how to open it, as a node gets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._base.signature import MISSING, POSITIONAL, Param
from .._definition.definition import Definition
from .._definition.resource import ResourceDefinition
from .._graph.call_signature import read_call
from .._graph.override import find_instead
from .._graph.source import Constant, FromValue
from .._scheduler.engine import Engine

__all__ = ["is_of_processes", "send_resource"]


def is_of_processes(resource: Definition) -> bool:
    """Whether it is opened in worker processes alone."""
    return isinstance(resource, ResourceDefinition) and resource.lifetime == "process"


def send_resource(outer: Engine | None, resource: Definition) -> Any:
    """Return what a task in a worker process is sent of a resource, or what stands in for that.

    Args:
        outer: the engine of the caller, whose run has inputs that the resource may need; `None` outside of any.
        resource: the resource.

    Raises:
        LookupError: an argument is missing.
    """
    from .._worker.process_resource import ProcessResource

    instead = resource if outer is None else find_instead(outer.state.plan.graph, resource)
    if isinstance(instead, Constant):
        return instead.value
    assert isinstance(instead, ResourceDefinition)
    inputs: Mapping[str, Any] = {} if outer is None else outer.run.inputs
    args, kwargs = _pack(instead, {p.name: _find(outer, instead, p, inputs) for p in instead.params})
    return ProcessResource.of(instead.label, instead.function, args, kwargs, instead.close_timeout)


def _find(outer: Engine | None, resource: Definition, param: Param, inputs: Mapping[str, Any]) -> Any:
    """Return what a resource's parameter receives; `MISSING` if it takes its default."""
    signature, name = read_call(resource), param.name
    if name in signature.resources:
        return send_resource(outer, signature.resources[name])
    constant = signature.of_run.get(name)
    if isinstance(constant, FromValue):
        return constant.value
    need = resource.needs.get(name, name)
    if isinstance(need, str) and need in inputs:
        return inputs[need]
    if param.default is MISSING and not param.variadic:
        raise LookupError(name)
    return MISSING


def _pack(resource: Definition, found: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments by position and by keyword, as of a task of the graph: a process compares them."""
    positional = [p for p in resource.params if p.kind in POSITIONAL]
    while positional and found[positional[-1].name] is MISSING:
        positional.pop()
    args = tuple([p.default if found[p.name] is MISSING else found[p.name] for p in positional])
    known = {p.name for p in positional}
    return args, {name: value for name, value in found.items() if name not in known and value is not MISSING}
