"""Where a resource is needed by what it does not outlive, or in a place where it is not open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .._base.executors import shares_no_memory
from .._base.graph_errors import ResourceScopeError
from .._base.signature import Param
from .._definition.definition import Definition, WorkflowDefinition, definition_behind
from .._definition.resource import ResourceDefinition
from .._policy.policy import Policy
from .._policy.run_in import InResource
from .node import Node
from .resolver import Resolver
from .source import FromResult, FromRun, Gather, Source, parts_of

__all__ = ["check_resources"]

# What may need what.
_OUTLASTS = {("run", "run"), ("run", "shared"), ("shared", "shared"), ("process", "process")}
_STAYS = {
    "run": "stays open for a run",
    "shared": "stays open over many runs",
    "process": "is opened in worker processes",
}


def check_resources(resolver: Resolver, nodes: Iterable[Node], body: Sequence[Source]) -> None:
    """Report the resources of a workflow that do not stay open for those who need them, or where they run."""
    nodes = list(nodes)
    for node in nodes:
        if node.policy is not None and node.policy.recover:
            _check_recoveries(resolver, node, node.policy)
    if not any(node.definition.is_resource for node in nodes):
        return
    _check_body(resolver, resolver.owner, body)
    for node in nodes:
        if node.definition.is_workflow or node.replaced:
            continue
        if isinstance(node.definition, ResourceDefinition):
            _check_needs(resolver, node, node.definition)
        else:
            _check_task(resolver, node)


def _list_resources(params: Iterable[Param], sources: Iterable[Source]) -> Iterator[tuple[str, ResourceDefinition]]:
    for param, source in zip(params, sources, strict=True):
        for part in parts_of(source):
            if isinstance(part, FromResult) and isinstance(part.definition, ResourceDefinition):
                yield param.name, part.definition


def _check_body(resolver: Resolver, owner: WorkflowDefinition, body: Sequence[Source]) -> None:
    """Report what the workflow's own function names and is closed by then, or open elsewhere."""
    for parameter, found in _list_resources(owner.own_params, body):
        name = resolver.name_of(found)
        if found.lifetime == "process":
            reason = f"its function names resource {name!r}, which is opened in worker processes alone. "
            reason += 'Use it in a task with run_in="process".'
            _fail(resolver, owner, parameter, found, reason)
        elif found.lifetime == "run" and owner.signature.kind != "async":
            reason = f"its function is a def, which is called when resource {name!r} has been closed. "
            reason += f"Write async def, or use {name!r} in a task."
            _fail(resolver, owner, parameter, found, reason)


def _check_task(resolver: Resolver, node: Node) -> None:
    """Report what a task names that is not open where it runs."""
    task, asked = node.definition, node.predicate
    place = _name_place(node)
    for parameter, found in _list_resources(node.params, node.sources):
        name = resolver.name_of(found)
        if place and (found.lifetime != "process" or place != "in a process"):
            reason = f"task {resolver.name_of(task)!r} runs {place} and takes resource {name!r}, which is open in this "
            reason += 'one. Say run_in="thread" of the task'
            way = f', or scope="process" of {name!r}: then each process opens its own.'
            _fail(resolver, task, parameter, found, reason + (way if place == "in a process" else "."))
        elif not place and found.lifetime == "process":
            reason = f"task {resolver.name_of(task)!r} takes resource {name!r}, which is opened in worker processes "
            reason += (
                'alone, and does not run in one. Say run_in="process" of the task, or scope="run" of the resource.'
            )
            _fail(resolver, task, parameter, found, reason)
    for param, source in zip(node.params, node.sources, strict=True):
        for part in parts_of(source) if isinstance(source, Gather) else ():
            each = part.definition if isinstance(part, FromResult) else None
            if isinstance(each, ResourceDefinition) and each.lifetime == "process":
                reason = (
                    f"task {resolver.name_of(task)!r} takes resource {resolver.name_of(each)!r} in a list or dict, "
                )
                reason += "and in a worker process it is opened for a parameter. Give it one of its own."
                _fail(resolver, task, param.name, each, reason)
    if isinstance(node.place, ResourceDefinition) and node.place.lifetime == "process":
        reason = (
            f"task {resolver.name_of(task)!r} has run_in= resource {resolver.name_of(node.place)!r}, which is opened "
        )
        reason += 'in worker processes alone. Say run_in="process", and name the resource.'
        _fail(resolver, task, "run_in", node.place, reason)
    for parameter, found in () if asked is None else _list_resources(asked[0].params, asked[1]):
        if found.lifetime == "process":
            reason = f"the when= of task {resolver.name_of(task)!r} takes resource {resolver.name_of(found)!r}, which "
            reason += "is opened in worker processes alone. Ask for something else."
            _fail(resolver, task, parameter, found, reason)


def _check_recoveries(resolver: Resolver, node: Node, policy: Policy) -> None:
    """Report what recovers a task in a resource: nothing sees to it that this is open."""
    for way in policy.recover:
        task: Definition | None = way.task
        run_in = None if task is None else task.policy.run_in
        if task is not None and isinstance(run_in, InResource):
            names = resolver.name_of(task), resolver.name_of(node.definition)
            reason = (
                f"task {names[0]!r}, which recovers task {names[1]!r}, has run_in= a resource, which may not be open "
            )
            _fail(resolver, task, "run_in", definition_behind(run_in.face), reason + "then. Take run_in= away.")


def _check_needs(resolver: Resolver, node: Node, definition: ResourceDefinition) -> None:
    """Report what a resource needs that ends before it does."""
    pairs = [
        (param.name, part) for param, source in zip(node.params, node.sources, strict=True) for part in parts_of(source)
    ]
    pairs += [("after", FromResult(step)) for step in node.after]
    for parameter, part in pairs:
        needed = _name_inner(resolver, definition, part)
        if needed:
            name = resolver.name_of(definition)
            stays = _STAYS[definition.lifetime]
            reason = f"resource {name!r} {stays} and takes {needed}. "
            reason += _way_out(definition, part)
            _fail(resolver, definition, parameter, definition, reason)


def _name_inner(resolver: Resolver, definition: ResourceDefinition, part: Source) -> str:
    """Return what a resource needs, in words, if that does not live as long as it does."""
    if isinstance(part, FromRun):
        return "" if definition.lifetime == "run" else f"{part.name!r}, which belongs to one run"
    if not isinstance(part, FromResult):
        return ""
    needed = part.definition
    name = f"{needed.kind} {resolver.name_of(needed)!r}"
    if not isinstance(needed, ResourceDefinition):
        return "" if definition.lifetime == "run" else f"what {name} gives in one run"
    if (definition.lifetime, needed.lifetime) in _OUTLASTS:
        return ""
    if needed.lifetime == "process":
        return f"{name}, which is opened in worker processes alone"
    where = "opened outside of them" if definition.lifetime == "process" else "closed at the end of each"
    return f"{name}, which is {where}"


def _way_out(definition: ResourceDefinition, part: Source) -> str:
    lifetime = definition.lifetime
    if isinstance(part, FromResult) and isinstance(part.definition, ResourceDefinition):
        return "Give both the same scope=."
    given = "an input that is given to opened()" if lifetime == "shared" else "an input"
    return f'Let it take {given}, or say scope="run".'


def _name_place(node: Node) -> str:
    """Return where a task runs if it is another process."""
    run_in = None if node.policy is None else node.policy.run_in
    if run_in is None or isinstance(run_in, str):
        return "in a process" if run_in == "process" else ""
    return "in the processes of its executor" if shares_no_memory(run_in) else ""


def _fail(resolver: Resolver, function: Definition, parameter: str, found: Definition, reason: str) -> None:
    names = {"function": resolver.name_of(function), "resource": resolver.name_of(found)}
    resolver.fail(ResourceScopeError, reason, parameter=parameter, **names)
