"""What a task takes that cannot go with it where it runs."""

from __future__ import annotations

from collections.abc import Iterable

from .._base.executors import shares_no_memory
from .._base.graph_errors import RemoteArgumentError
from .._definition.definition import Definition
from .._policy.policy import Policy
from .._policy.run_in import InResource, RunIn
from .._state.state import State
from .node import Node
from .resolver import Resolver
from .source import Constant, FromRun, FromValue, Source, parts_of

__all__ = ["check_place"]

# What a task that recovers another may ask for, and that leads to the run.
_OF_THE_RUN = ("state", "run", "event")


def check_place(resolver: Resolver, node: Node, policy: Policy) -> None:
    """Report where a task, or one that recovers it, runs with a memory of its own and takes the run or its state."""
    place = _name_place(policy.run_in)
    if node.definition.items.streams:
        _report_streams(resolver, node, policy.run_in)
    if place:
        given = [
            (param.name, what)
            for param, source in zip(node.params, node.sources, strict=True)
            for part in parts_of(source)
            if (what := _of_this_program(part))
        ]
        _report(resolver, node.definition, "", place, given)
    for way in policy.recover:
        task: Definition | None = way.task
        place = "" if task is None else _name_place(task.policy.run_in)
        if task is not None and place:
            of = f"recover= of task {resolver.name_of(node.definition)!r}: "
            given = [(param.name, param.name) for param in task.params if param.name in _OF_THE_RUN]
            _report(resolver, task, of, place, given)


def _report_streams(resolver: Resolver, node: Node, run_in: RunIn) -> None:
    """Report where a `def` waits for items, and cannot: it does that in a thread of its own."""
    signature = node.definition.signature
    if signature.kind.startswith("async") or signature.is_awaited or run_in in (None, "thread"):
        return
    name, parameter = resolver.name_of(node.definition), next(iter(node.definition.items.streams))
    there = "in a resource" if isinstance(run_in, InResource) else "in an executor"
    place = _name_place(run_in) or ("on the event loop" if run_in == "loop" else there)
    text = f"task {name!r} runs {place} and receives {parameter!r} as a stream, for whose items it has to wait in a "
    text += 'thread of its own. Say run_in="thread", or make it an async def.'
    resolver.fail(RemoteArgumentError, text, function=name, parameter=parameter)


def _of_this_program(source: Source) -> str:
    """Return what it is, if it is of this program alone."""
    if isinstance(source, FromRun):
        return source.name
    is_state = isinstance(source, (FromValue, Constant)) and isinstance(source.value, State)
    return "a State" if is_state else ""


def _name_place(run_in: RunIn) -> str:
    if run_in is None or isinstance(run_in, str):
        return "in a process" if run_in == "process" else ""
    return "in the processes of its executor" if shares_no_memory(run_in) else ""


def _report(resolver: Resolver, task: Definition, of: str, place: str, given: Iterable[tuple[str, str]]) -> None:
    for parameter, what in given:
        name = resolver.name_of(task)
        reason = "that cannot be sent there" if what in ("run", "event") else "what it writes there would be lost"
        said = what if what == "a State" else repr(what)
        taken = said if what == parameter else f"{said} as {parameter!r}"
        text = f"{of}task {name!r} runs {place} and takes {taken}: {reason}. "
        text += 'Hand it the values it needs and write what it returns in another task, or say run_in="thread".'
        resolver.fail(RemoteArgumentError, text, function=name, parameter=parameter)
