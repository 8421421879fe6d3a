"""Finds what the tasks of a graph, and the workflow's function, say that they call, and what is to be open for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter
from typing import TypeAlias

from .._base.graph_errors import MissingDependencyError
from .._base.signature import Param
from .._base.text import nearest
from .._definition.definition import Definition, Face, WorkflowDefinition
from .call_signature import find_place, read_call
from .calls import NO_CALLS, Calls
from .node import Node
from .resolver import Resolver
from .source import Constant, FromInput, FromResult

__all__ = ["find_calls", "find_resources"]

# Gives what stands in for a task, or the task itself.
Replace: TypeAlias = "Callable[[Definition, str | None], tuple[Definition | Constant, str | None]]"

_NOTHING, _INPUT = "is no task", "is an input"
_WAYS_OUT = {_NOTHING: " Give the task itself.", _INPUT: " Remove it."}
_OTHERWISE = " Give it another when=, by with_options()."
# Whose name stands in errors where an entry is a name.
_CALLS = Param("calls", Parameter.POSITIONAL_OR_KEYWORD, None)


def find_calls(resolver: Resolver, replace: Replace, nodes: Mapping[int, Node]) -> Calls:
    """Return what is called in the runs of a graph; what is wrong with it is reported to the resolver.

    Args:
        resolver: finds the names.
        replace: gives what stands in for a task.
        nodes: the nodes of the graph by the ids of their definitions.
    """
    owner = resolver.owner
    callers = [owner, *[node.definition for node in nodes.values() if not node.replaced]]
    if not any(_calls_of(each, owner) for each in callers):
        return NO_CALLS
    return _Finder(resolver, replace, nodes).find(callers)


class _Finder:
    def __init__(self, resolver: Resolver, replace: Replace, nodes: Mapping[int, Node]) -> None:
        self._resolver = resolver
        self._replace = replace
        self._nodes = nodes
        self._found = Calls()

    def find(self, callers: list[Definition]) -> Calls:
        """Find what these call, what that calls, and so on."""
        owner, known = self._resolver.owner, {id(each) for each in callers}
        while callers:
            caller = callers.pop()
            called = [self._put(each) for each in self._resolve_all(caller, _calls_of(caller, owner))]
            self._found.of[id(caller)] = tuple(dict.fromkeys(called))
            fresh = [each for each in called if id(each) not in known and not self._is_value(each)]
            known.update(id(each) for each in fresh)
            callers += fresh
        return self._found

    def _is_value(self, definition: Definition) -> bool:
        node = self._found.node_of(definition)
        return node is not None and node.replaced

    def _resolve_all(self, caller: Definition, entries: Iterable[Face | str]) -> list[Definition]:
        found: list[Definition] = []
        for entry in entries:
            if not isinstance(entry, str):
                found.append(self._resolver.definition_at(caller, "calls", entry))
                continue
            source = self._resolver.resolve_name(caller, entry, _CALLS)
            if isinstance(source, FromResult):
                found.append(source.definition)
            else:
                self._report(caller, entry, _INPUT if isinstance(source, FromInput) else _NOTHING)
        for definition in found:
            predicate = definition.predicate
            if predicate is not None and predicate.asks_task:
                self._report(
                    caller,
                    self._resolver.name_of(definition),
                    "has a task as its when=, and a call gets no result of one",
                )
        return found

    def _report(self, caller: Definition, name: str, reason: str) -> None:
        taker = self._resolver.name_of(caller)
        hint = nearest(name, self._resolver.names_in_reach(caller)) if reason == _NOTHING else ""
        way_out = hint or _WAYS_OUT.get(reason, _OTHERWISE)
        text = f"{caller.kind} {taker!r} has {name!r} in calls=, which {reason}.{way_out}"
        self._resolver.fail(MissingDependencyError, text, function=taker, parameter=name)

    def _put(self, definition: Definition) -> Definition:
        """Return what is called in the place of a definition, and note it unless it is a node of the graph."""
        instead, _ = self._replace(definition, None)
        found = instead.definition if isinstance(instead, Constant) else instead
        node = self._found.node_of(found)
        if node is None and id(found) not in self._nodes:
            node = Node(found, definition.name or found.name or definition.kind)
            if isinstance(instead, Constant):
                node.replaced, node.value = True, instead.value
            self._found.add(node)
        if node is not None and found is not definition:
            self._found.add_stand_in(definition, node)
        return found


def _calls_of(caller: Definition, owner: Definition) -> tuple[Face | str, ...]:
    """Return what is called in this graph by a node, or by the workflow; what another calls is in its own graph."""
    return () if caller.is_workflow and caller is not owner else caller.calls


def find_resources(calls: Calls, caller: Definition, owner: WorkflowDefinition) -> list[Definition]:
    """Return the resources that what a caller calls, and so on, is to be given or runs in."""
    found: dict[Definition, None] = {}
    seen, waiting = {id(caller)}, [caller]
    while waiting:
        called = [each for each in calls.of.get(id(waiting.pop()), ()) if id(each) not in seen]
        seen.update(id(each) for each in called)
        waiting += called
        for each in called:
            node = calls.node_of(each)
            if not each.is_workflow and not (node is not None and node.replaced):
                place = find_place(each.policy if owner.defaults is None else owner.defaults.policy_of(each))
                found.update(dict.fromkeys([*read_call(each).resources.values(), *([place] if place else [])]))
    return list(found)
