"""From a workflow's own function, along the names, to the graph of all that it needs."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from inspect import Parameter
from types import MappingProxyType
from typing import TypeAlias

from .._base.errors import OptionError
from .._base.graph_errors import CycleError, HookArgumentError, MissingDependencyError, SettledError
from .._base.signature import MISSING, Param
from .._base.text import nearest
from .._definition.definition import Definition, Face, Predicate, WorkflowDefinition
from .._definition.items import NO_ITEMS
from .._policy.hook import EVENT_NAMES
from .._policy.policy import NO_POLICY, Defaults, Policy
from .._policy.run_in import InResource
from .axis_finder import find_axes
from .call_finder import find_calls, find_resources
from .calls import Calls
from .graph import Graph
from .growth_check import check_growth
from .item_sources import ItemSources
from .node import Node
from .ordering import find_cycles, put_in_order, sort_by_needs
from .output import lacks_part
from .place_check import check_place
from .recovery import renew_recoveries
from .resolver import Resolver
from .resource_check import check_resources
from .source import Constant, Default, FromInput, FromResult, Gather, Source, definitions_of

__all__ = ["build_graph"]

# Gives what runs, or what is given, in the place of a task or of one of its outputs, and which output of that is meant;
# mostly the task itself.
Replace: TypeAlias = "Callable[[Definition, str | None], tuple[Definition | Constant, str | None]]"

# What `after=` asks for when it gives a name. The default keeps the resolver from reporting it as a parameter.
_AFTER = Param("", Parameter.POSITIONAL_OR_KEYWORD, None)

_NO_ITEMS: Mapping[str, Source] = MappingProxyType({})

# A circle's names are all in its error; its message gives so many.
_MOST_NAMES = 10


class _Builder:
    """Makes a node of each task that is reached, once."""

    def __init__(self, resolver: Resolver, replace: Replace) -> None:
        self.resolver = resolver
        self.nodes: dict[int, Node] = {}
        self._replace = replace
        self._instead: dict[int | tuple[int, str], tuple[Definition | Constant, str | None]] = {}
        self._stand_ins: list[tuple[Definition, Definition]] = []
        self._open: deque[Node] = deque()
        self._items = ItemSources(resolver, self._reach)

    def build(self) -> Graph:
        owner = self.resolver.owner
        received = self.resolver.resolve_owner()
        self._check_hooks(owner, received)
        given = zip(owner.own_params, received.values(), strict=True)
        body = [self._reach(source, owner, param, owner.settled) for param, source in given]
        self._check_settled(owner, owner.own_params, body, owner.settled)
        ends = self._reach_all(owner, owner.after)
        self._resolve_open()
        calls = find_calls(self.resolver, self._replace, self.nodes)
        ends = (*ends, *self._open_for_calls(calls))
        self._set_default_conditions()
        found = list(self.nodes.values())
        check_resources(self.resolver, found, body)
        _name_apart([*found, *calls.nodes])
        nodes = self._sort(found)
        axes = find_axes(nodes, self._items.report_axes, [found for _, found in self._stand_ins])
        self._items.check_axes(nodes)
        graph = Graph(owner, self.resolver.inputs, nodes, body, ends, self._stand_ins, axes)
        graph.calls = calls
        check_growth(self.resolver, graph)
        return graph

    def _open_for_calls(self, calls: Calls) -> list[Definition]:
        """Have the callers come after the resources that what they call is given; return those of the body."""
        if not calls.of:
            return []
        owner, callers = self.resolver.owner, list(self.nodes.values())
        for node in callers:
            found = [self._place(each) for each in find_resources(calls, node.definition, owner)]
            node.after = tuple(dict.fromkeys([*node.after, *found]))
        of_body: list[Definition] = []
        if owner.signature.kind == "async":  # else it is called when all are closed, and nobody would open them
            of_body = [self._place(each) for each in find_resources(calls, owner, owner)]
        self._resolve_open()
        return of_body

    def _place(self, definition: Definition) -> Definition:
        """Return what stands in the place of a resource, as a node."""
        return _definition_in(self._put(definition, None, "")[0])

    def _resolve_open(self) -> None:
        while self._open:
            self._resolve(self._open.popleft())

    def _resolve(self, node: Node) -> None:
        definition, resolve = node.definition, self.resolver.resolve
        binding = definition.graph_binding
        if binding is not None:
            self.resolver.binding.update(binding)
        node.params = params = definition.params
        after, settled = definition.graph_after, definition.graph_settled
        if definition.items is NO_ITEMS:
            node.sources = tuple([self._reach(resolve(definition, p), definition, p, settled) for p in params])
        else:
            self._items.resolve(node)
        if after:
            node.after = self._reach_all(definition, after)
        if settled:
            self._check_settled(definition, params, node.sources, settled)
        if definition.predicate is not None:
            node.predicate = definition.predicate, self._ask(definition.predicate, node.list_items())
        if not definition.is_workflow:
            defaults = self.resolver.owner.defaults
            policy = definition.policy if defaults is None else self._complete_policy(defaults, definition)
            if policy is not NO_POLICY:
                policy = renew_recoveries(self.resolver, definition, policy)
                check_place(self.resolver, node, policy)
            node.policy = policy
            if isinstance(policy.run_in, InResource):
                self._set_place(node, policy.run_in)

    def _set_place(self, node: Node, run_in: InResource) -> None:
        """Have a task need the resource that it runs in; where it does not name that, as what comes before it."""
        found = self.resolver.definition_at(node.definition, "run_in", run_in.face)
        node.place = place = _definition_in(self._put(found, None, "")[0])
        if not any(place in definitions_of(source) for source in node.sources):
            node.after = tuple(dict.fromkeys([*node.after, place]))

    def _ask(self, predicate: Predicate, items: Mapping[str, Source] = _NO_ITEMS) -> tuple[Source, ...]:
        """Return what the parameters of a `when=` receive; those in `items` what they say."""
        asked = [(items.get(p.name) or self.resolver.resolve(predicate, p), p) for p in predicate.params]
        return tuple([self._reach(source, predicate, param) for source, param in asked])

    def _set_default_conditions(self) -> None:
        """Have the `when=` of the defaults decide on the tasks that have none, but for those that it needs itself."""
        defaults = self.resolver.owner.defaults
        predicate = None if defaults is None else defaults.predicate
        if predicate is None or not any(_lacks_condition(node) for node in self.nodes.values()):
            return
        asked = self._ask(predicate)
        self._resolve_open()
        waiting = [definition for source in asked for definition in definitions_of(source)]
        passed_by = {id(definition) for definition in waiting}
        while waiting:
            node = self.nodes[id(waiting.pop())]
            fresh = [definition for definition in node.list_needed() if id(definition) not in passed_by]
            passed_by.update(id(definition) for definition in fresh)
            waiting += fresh
        for node in self.nodes.values():
            if _lacks_condition(node) and id(node.definition) not in passed_by:
                node.predicate = predicate, asked

    def _complete_policy(self, defaults: Defaults, definition: Definition) -> Policy:
        """Return the policy of a task; report a hook of the defaults that asks for what it cannot get of it."""
        try:
            return defaults.policy_of(definition)
        except OptionError as error:
            name = self.resolver.name_of(definition)
            reason = str(error).removeprefix(f"Cannot define task {name!r}: ")
            text = f"its defaults do not fit task {name!r}: {reason} Give its parameter a default."
            self.resolver.fail(HookArgumentError, text, function=name, option=error.option, hook=error.value)
            return definition.policy

    def _check_hooks(self, owner: WorkflowDefinition, received: Mapping[str, Source]) -> None:
        """Report a hook of the workflow that asks for what a task gives: besides what all hooks get, it gets inputs."""
        workflow = self.resolver.name_of(owner)
        for hook in itertools.chain.from_iterable(owner.hooks.values()):
            own = {outside: param for param, outside in hook.outside.items()}
            for name in hook.ask.names:
                source = received.get(name) or received.get(own.get(name, name))
                found = [] if source is None else definitions_of(source)
                if found and name not in hook.ask.optional and name not in EVENT_NAMES:
                    task = self.resolver.name_of(found[0])
                    text = (
                        f"{hook.name!r} in {hook.option}= asks for {name!r}, which is not an input but the result of "
                    )
                    text += f"{found[0].kind} {task!r}. Ask for run: in a call of {workflow}.run(), "
                    text += f"run.tasks[{task!r}].result has it."
                    data = {"function": workflow, "option": hook.option, "hook": hook.ask.function}
                    self.resolver.fail(HookArgumentError, text, **data)

    def _check_settled(
        self, function: Definition, params: Sequence[Param], sources: Sequence[Source], settled: Collection[str]
    ) -> None:
        """Report what is to be settled and is the result of no task."""
        for param, source in zip(params, sources, strict=True):
            if param.name in settled and not definitions_of(source):
                what = "an input" if isinstance(source, FromInput) else "no task"
                name = self.resolver.name_of(function)
                text = f"{function.kind} {name!r} has {param.name!r} in settled=, and that is {what}. "
                text += "Remove it from settled=, or give the parameter the name of a task."
                data = {"function": name, "parameter": param.name}
                self.resolver.fail(SettledError, text, **data)

    def _reach_all(self, function: Definition, after: Iterable[Face | str]) -> tuple[Definition, ...]:
        """Return what runs in the place of the entries of `after=`."""
        found: list[Definition] = []
        for entry in after:
            source: Source
            if isinstance(entry, str):
                name, source = entry, self.resolver.resolve_name(function, entry, _AFTER)
            else:
                name, source = "", FromResult(self.resolver.definition_at(function, "after", entry))
            if isinstance(source, FromResult):
                found.append(_definition_in(self._put(source.definition, source.output, name)[0]))
            else:
                self._report_after(function, name, source)
        return tuple(dict.fromkeys(found))

    def _report_after(self, function: Definition, name: str, source: Source) -> None:
        taker = self.resolver.name_of(function)
        reason = "names an input, which is there before anything runs. Remove it."
        if not isinstance(source, FromInput):
            hint = self.resolver.find_undecorated(function, name)
            hint = f" {hint}" if hint else nearest(name, self.resolver.names_in_reach(function))
            reason = f"names no task.{hint or ' Give the task itself.'}"
        text = f"after={name!r} of {function.kind} {taker!r} {reason}"
        self.resolver.fail(MissingDependencyError, text, function=taker, parameter=name)

    def _reach(self, source: Source, function: Definition, param: Param, settled: Collection[str] = ()) -> Source:
        """Return a source with what stands in for the tasks it names, each of which becomes a node."""
        if isinstance(source, Gather):
            source = Gather(source.keys, tuple(self._reach_part(part, function, param.name) for part in source.parts))
        else:
            source = self._reach_part(source, function, param.name)
        if self._stand_ins and param.default is not MISSING and param.name not in settled and lacks_part(source):
            return Default()
        return source

    def _reach_part(self, source: Source, function: Definition, name: str) -> Source:
        if not isinstance(source, FromResult):
            return source
        instead, output = self._put(source.definition, source.output, name)
        if instead is source.definition:
            return source
        if isinstance(instead, Constant):
            return Constant(instead.definition, instead.value, output)
        if output is not None and output not in instead.outputs:
            taker, other = map(self.resolver.name_of, (function, instead))
            whole = self.resolver.name_of(source.definition)
            text = (
                f"{function.kind} {taker!r} needs {name!r}, an output of task {whole!r}, but {instead.kind} {other!r} "
                f"replaces it. Give {other!r} outputs={source.definition.outputs}."
            )
            self.resolver.fail(MissingDependencyError, text, function=taker, parameter=name)
        return FromResult(instead, output)

    def _put(self, definition: Definition, output: str | None, name: str) -> tuple[Definition | Constant, str | None]:
        """Return what stands in the place of a task or of one of its outputs, and make it a node."""
        key = id(definition) if output is None else (id(definition), output)
        known = self._instead.get(key)
        if known is None:
            self._instead[key] = known = instead, _ = self._replace(definition, output)
            found, called = definition, definition.name
            if instead is not definition:
                found = _definition_in(instead)
                if output is None or self._replace(definition, None)[0] is instead:
                    self._stand_ins.append((definition, found))
                else:
                    called = output
            if id(found) not in self.nodes:
                self._add_node(found, instead, called or found.name or name or "task")
        return known

    def _add_node(self, definition: Definition, instead: Definition | Constant, name: str) -> None:
        self.nodes[id(definition)] = node = Node(definition, name)
        if isinstance(instead, Constant):
            node.replaced, node.value = True, instead.value
        else:
            self._open.append(node)

    def _sort(self, nodes: list[Node]) -> list[Node]:
        """Number the nodes so that each comes after those it needs; what is stuck behind a circle comes last."""
        for index, node in enumerate(nodes):  # for the time being
            node.index = index
        needs = [self._needs_of(node) for node in nodes]
        order = sort_by_needs(needs)
        if len(order) < len(nodes):
            stuck = sorted(set(range(len(nodes))) - set(order))
            self._report_cycles(nodes, {index: needs[index] for index in stuck})
            order += stuck
        return put_in_order(nodes, needs, order)

    def _needs_of(self, node: Node) -> list[int]:
        """Return the indices of the nodes that a node needs, each once."""
        found = [self.nodes[id(definition)].index for definition in node.list_needed()]
        return list(dict.fromkeys(found)) if len(found) > 1 else found

    def _report_cycles(self, nodes: list[Node], needs: dict[int, list[int]]) -> None:
        for cycle in find_cycles(needs):
            first = cycle.index(min(cycle, key=lambda index: nodes[index].name))
            names = [nodes[index].name for index in cycle[first:] + cycle[:first]]
            path = (*names, names[0])
            if len(names) == 1:
                text = f"{nodes[cycle[0]].definition.kind} {names[0]!r} needs itself. "
                text += "Rename its parameter, or say with needs= what it receives."
            else:
                text = f"its tasks need each other in a circle: {_arrows(path)}. "
                text += "Rename a parameter, or say with needs= what it receives."
            self.resolver.fail(CycleError, text, path=path)


def _lacks_condition(node: Node) -> bool:
    is_task = not (node.definition.is_workflow or node.definition.is_resource)
    return node.predicate is None and is_task and not node.replaced


def _definition_in(instead: Definition | Constant) -> Definition:
    return instead.definition if isinstance(instead, Constant) else instead


def _arrows(path: tuple[str, ...]) -> str:
    """Return a circle as a phrase, cut in the middle if it is long."""
    if len(path) <= _MOST_NAMES + 1:
        return " -> ".join(path)
    cut = f"({len(path) - _MOST_NAMES - 1} more)"
    return " -> ".join((*path[: _MOST_NAMES - 1], cut, *path[-2:]))


def _name_apart(nodes: list[Node]) -> None:
    """Qualify equal names by what tells them apart: the module's last name, its whole name, else a number."""
    plain = {id(node): node.name for group in _equal_names(nodes) for node in group}
    for whole in (False, True):
        for group in _equal_names(nodes):
            modules = [_module_of(node, whole=whole) for node in group]
            if len(set(modules)) > 1:
                for node, module in zip(group, modules, strict=True):
                    node.name = f"{module}.{plain[id(node)]}"
    taken = {node.name for node in nodes}
    for first, *others in _equal_names(nodes):
        number = 1
        for node in others:
            while node.name in taken:
                number += 1
                node.name = f"{first.name} ({number})"
            taken.add(node.name)


def _equal_names(nodes: list[Node]) -> list[list[Node]]:
    groups: dict[str, list[Node]] = {}
    if len({node.name for node in nodes}) == len(nodes):
        return []
    for node in nodes:
        groups.setdefault(node.name, []).append(node)
    return [group for group in groups.values() if len(group) > 1]


def _module_of(node: Node, *, whole: bool) -> str:
    module = str(getattr(node.definition.function, "__module__", None) or "")
    return module if whole else module.rpartition(".")[2]


def build_graph(resolver: Resolver, replace: Replace) -> Graph:
    """Build the graph of a workflow; what is wrong with it is in `resolver.problems`.

    Args:
        resolver: finds the names.
        replace: gives what stands in for a task.
    """
    return _Builder(resolver, replace).build()
