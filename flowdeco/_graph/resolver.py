"""What each parameter of a workflow's functions receives: the rules of names, in their order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from inspect import Parameter
from keyword import iskeyword
from types import ModuleType
from typing import Any, cast

from .._base.constant import Value
from .._base.graph_errors import (
    AmbiguousNameError,
    GraphError,
    MethodError,
    MissingDependencyError,
    ShadowedInputError,
    StaleNameError,
    UnmatchedParameterError,
)
from .._base.signature import MISSING, Param
from .._base.text import listed, nearest, shorten
from .._definition.definition import (
    Definition,
    Face,
    Namespace,
    Scope,
    WorkflowDefinition,
    definition_behind,
    definition_of,
)
from .._definition.inheritance import InheritedScope, find_place
from .._definition.resource import ResourceDefinition
from .._definition.undecorated import describe_undecorated, find_undecorated, wraps_silently
from .binding import Binding, find_replaced
from .source import Default, FromInput, FromOpened, FromResult, FromRun, FromValue, Gather, Source, definitions_of

__all__ = ["RUN_NAMES", "Resolver"]

RUN_NAMES = ("run", "state")

# To look for similar names takes milliseconds; after so many problems nobody is helped by it.
_MOST_HINTS = 20


class Resolver:
    """Looks names up for one workflow, once; what it found wrong is in `problems`.

    Which parameters took their defaults since their names mean nothing is in `defaulted`.

    Args:
        owner: the workflow.
        before: what the names meant when this workflow's graph was last built.
    """

    def __init__(self, owner: WorkflowDefinition, before: Binding | None) -> None:
        self.owner = owner
        self.given = owner.given
        self.binding = Binding(before)
        self.problems: list[GraphError] = []
        self.shadowed: list[GraphError] = []
        self.defaulted: list[tuple[Definition, Param]] = []
        self.used_given: set[str] = set()
        self.inputs: dict[str, Param] = {}
        # What the names of those parameters of the workflow mean that name no task.
        self._given: dict[str, Source] = {}
        self._found: dict[int, dict[str, FromResult | None]] = {}
        self._labels: dict[int, str] = {}
        self._inheritance = next((n.inheritance for n in owner.scope if isinstance(n, InheritedScope)), None)
        self._modules: list[Namespace] = [vars(part) for part in owner.more if isinstance(part, ModuleType)]
        self._from_list: dict[str, FromResult | None] = {}
        self._listed: dict[str, list[FromResult]] = {}
        for found in [definition_of(self.inherit(owner, part)) for part in owner.more]:
            if found is not None:
                self._listed.setdefault(found.name or "", []).append(FromResult(found))
                for output in found.outputs:
                    self._listed.setdefault(output, []).append(FromResult(found, output))

    def resolve_owner(self) -> dict[str, Source]:
        """Return what the workflow's own parameters receive; those that name no task become the inputs."""
        needs, params = self.owner.needs, self.owner.own_params
        outside = {p.name: p.name for p in params if self._is_input(p)}  # first, since needs= may name an input
        outside.update({p.name: needs[p.name] for p in params if p.name in needs and self._is_renamed(p, outside)})
        for param in params:
            if param.name in outside:
                name = outside[param.name]
                self._given[param.name] = FromInput(name)
                if name == param.name:
                    self.inputs[name] = param
                elif outside.get(name) != name:  # the first that has a name outside says what its default is
                    self.inputs.setdefault(name, param._replace(name=name, own=param.name))
        received = {p.name: self._given.get(p.name) or self.resolve(self.owner, p) for p in params}
        for param in params:
            if needs.get(param.name) is not None and self._names_nothing(param):
                self._given.setdefault(param.name, received[param.name])
        return received

    def _is_renamed(self, param: Param, inputs: Collection[str]) -> bool:
        """Whether `needs=` gives an input another name: one that means nothing, as the parameter's own does."""
        need = self.owner.needs[param.name]
        if not isinstance(need, str) or need in RUN_NAMES or not self._names_nothing(param):
            return False
        if need in inputs:
            return True
        return _can_be_input(need) and not self._means_task(need) and not self.find_undecorated(self.owner, need)

    def _names_nothing(self, param: Param) -> bool:
        """Whether what `needs=` says of a parameter of the workflow is said of an input, be it called run or state."""
        return not param.variadic and not self._means_task(param.name)

    def _means_task(self, name: str) -> bool:
        """Whether a name means a task where the workflow is defined, or among its `tasks=`."""
        if name in self.given or name in self._listed:
            return True
        for namespace in (*self.owner.scope, *self._modules):
            seen = self.binding.see(namespace)
            if seen.find_task(name) is not None or seen.find_providers(name):
                return True
            seen.absent[name] = None
        return False

    def _is_input(self, param: Param) -> bool:
        if param.variadic or self.owner.needs.get(param.name) is not None:
            return False
        if param.name in self.owner.needs:
            return True
        return param.name not in RUN_NAMES and self._find_step(self.owner, param.name) is None

    def resolve(self, function: Definition, param: Param) -> Source:
        """Return what one parameter receives; a problem is noted, and counts as the parameter's default."""
        needs = function.needs if function is self.owner else function.graph_needs
        if param.name in needs:
            return self.resolve_need(function, param, needs[param.name])
        if param.variadic:
            stars = "*" if param.kind is Parameter.VAR_POSITIONAL else "**"
            reason = f"{stars}{param.name} has no name to match. Fill it with needs={{{param.name!r}: ...}}."
            if wraps_silently(function.function):
                reason += f" If it wraps another function, use functools.wraps in the decorator below @{function.kind}."
            self._report(UnmatchedParameterError, function, param.name, reason)
            return Default()
        return self.resolve_name(function, param.name, param)

    def resolve_need(self, function: Definition, param: Param, need: Any, option: str = "needs") -> Source:
        """Return what a parameter receives that an option fills as `needs=` does."""
        if need is None:
            if param.default is MISSING:
                reason = f"needs= says that {param.name!r} is not a dependency, and it has no default. Give it one."
                self._report(MissingDependencyError, function, param.name, reason)
            return Default()
        if isinstance(need, dict):
            by_key = cast("dict[Any, Face | str | Value]", need)
            return Gather(tuple(by_key), self._resolve_parts(function, param, by_key.values(), option))
        if isinstance(need, tuple):
            parts = cast("tuple[Face | str | Value, ...]", need)
            return Gather(None, self._resolve_parts(function, param, parts, option))
        return self._resolve_part(function, param, need, option)

    def _resolve_parts(
        self, function: Definition, param: Param, parts: Iterable[Face | str | Value], option: str
    ) -> tuple[Source, ...]:
        return tuple([self._resolve_part(function, param, part, option) for part in parts])

    def _resolve_part(self, function: Definition, param: Param, part: Face | str | Value, option: str) -> Source:
        if isinstance(part, Value):
            return FromValue(part.value)
        if not isinstance(part, str):
            return self._take(self.definition_at(function, param.name, part), param.name)
        constant = f"[{part!r}]" if option == "each" else repr(part)
        way_out = f"write {option}={{{param.name!r}: value({constant})}}."
        return self.resolve_name(function, part, Param(part, param.kind), way_out)

    def resolve_name(self, function: Definition, name: str, param: Param, way_out: str = "") -> Source:
        """Apply the rules from the second on.

        Args:
            function: who asks.
            name: what is looked up.
            param: whose default counts where the name means nothing.
            way_out: what to do if the text itself is meant, where an option gives it; a sentence.
        """
        found = self._find_step(function, name)
        if found is not None:
            return found
        given = self._given.get(name)
        if given is not None and function not in definitions_of(given):  # what fills an input does not get itself
            return given
        # Where a workflow is a node, all its parameters are inputs: one called run or state is so by its own needs=.
        is_input = function.is_workflow and function is not self.owner
        if name in RUN_NAMES and not is_input and (param.default is MISSING or param.default is None):
            return FromRun(name)
        is_opened = isinstance(function, ResourceDefinition) and function.lifetime == "shared"
        if param.default is MISSING and not is_opened:
            self._report_missing(function, name, way_out)
        elif param.default is not MISSING:
            self.defaulted.append((function, param))
        return FromOpened(name) if is_opened else Default()

    def _find_step(self, function: Definition, name: str) -> FromResult | None:
        """Return the task or the part of a result that a name means, unless an input comes first."""
        if name in self.given:
            self.used_given.add(name)
            return self._take(self.definition_at(self.owner, name, self.given[name]), name)
        found = self.find(function, function.scope, name)
        if name in self._given and function is not self.owner:
            if found is not None and isinstance(self._given[name], FromInput):
                self._note_shadowed(function, name)
            return found
        found = found or self.find(function, self.owner.scope, name)
        if found is None:
            if name not in self._from_list:
                self._from_list[name] = self._find_listed(function, name)
            found = self._from_list[name]
        return found

    def find(self, function: Definition, scope: Scope, name: str) -> FromResult | None:
        """Return what `name` refers to in the nearest namespace that has it, as a task or as an output of one."""
        for namespace in self._inherit_scope(scope):
            known = self._found.get(id(namespace))
            if known is None:
                known = self._found[id(namespace)] = {}
            if name not in known:
                known[name] = self._find_in(function, namespace, name)
            found = known[name]
            if found is not None:
                return found
        return None

    def _find_in(self, function: Definition, namespace: Namespace, name: str) -> FromResult | None:
        seen = self.binding.see(namespace)
        found = seen.find_task(name)
        if found is not None:
            return self._take(found, name)
        lost = self.binding.find_lost(namespace, name)
        if lost is not None:
            self._report_stale(name, namespace)
            return FromResult(lost)
        seen.absent[name] = None
        providers = seen.find_providers(name)
        if len(providers) > 1:
            self._report_ambiguous(function, name, providers)
        return FromResult(providers[0], name) if providers else None

    def _inherit_scope(self, scope: Scope) -> Scope:
        return scope if self._inheritance is None else tuple(map(self._inheritance.view, scope))

    def inherit(self, function: Definition, part: Any) -> Any:
        """Return what a task of the body of a class, as a function's options give it, is in the class now."""
        place = find_place(function.scope, self._inheritance, part)
        if place is None:
            return part
        scope, name = place
        seen = self.binding.see(scope)
        if seen.find_task(name) is None:
            seen.absent[name] = None
        return scope.get(name)

    def definition_at(self, function: Definition, parameter: str, face: Any) -> Definition:
        """Return the definition of a task that a function's options give."""
        value = self.inherit(function, face)
        found = definition_of(value)
        if found is not None:
            return found
        reason = (
            describe_undecorated(value)
            if callable(value)
            else f"the class has {shorten(value)} in its place. Assign a task to the name."
        )
        self._report(MissingDependencyError, function, parameter, reason)
        return definition_behind(face)

    def _take(self, definition: Definition, name: str) -> FromResult:
        if definition.name is None:
            self._labels.setdefault(id(definition), name)
        return FromResult(definition)

    def _find_listed(self, function: Definition, name: str) -> FromResult | None:
        found = [*self._listed.get(name, ()), *(self.find(function, (module,), name) for module in self._modules)]
        distinct = {id(f.definition): f for f in found if f is not None}
        if len(distinct) > 1:
            self._report_ambiguous(function, name, [f.definition for f in distinct.values()])
        return next(iter(distinct.values()), None)

    def fail(self, kind: type[GraphError], text: str, **data: Any) -> None:
        """Note a problem."""
        message = f"Cannot build workflow {self.name_of(self.owner)!r}: {text}"
        self.problems.append(kind(message, workflow=self.name_of(self.owner), **data))

    def name_of(self, definition: Definition) -> str:
        """Return what to call a task in an error: without a name of its own, by what it was found under."""
        if definition is self.owner:
            return definition.name or "workflow"
        return definition.name or self._labels.get(id(definition)) or shorten(definition.function)

    def _report(self, kind: type[GraphError], function: Definition, parameter: str, reason: str, **data: Any) -> None:
        name = self.name_of(function)
        text = f"{function.kind} {name!r} needs {parameter!r}, and {reason}"
        self.fail(kind, text, function=name, parameter=parameter, **data)

    def _report_missing(self, function: Definition, name: str, way_out: str) -> None:
        if name == "self":
            reason = "no task or input has that name: it is a method without its instance. Make a task of the bound "
            reason += "method: task(instance.method)."
            self._report(MethodError, function, name, reason)
            return
        if name in self._given:
            reason = f"needs= of {self.name_of(self.owner)!r} fills that with {self.name_of(function)!r} itself. "
            reason += "Fill it with a task that does not need it."
            self._report(MissingDependencyError, function, name, reason)
            return
        undecorated = self.find_undecorated(function, name)
        if undecorated:
            self._report(MissingDependencyError, function, name, undecorated)
            return
        hint = nearest(name, self.names_in_reach(function)) if len(self.problems) < _MOST_HINTS else ""
        way_out = way_out or "say what it is with needs=."
        if _can_be_input(name):
            way_out = f" Add a parameter {name!r} to {self.name_of(self.owner)!r} to make it an input, or {way_out}"
        else:
            way_out = f" No input can be called so. For the text itself, {way_out}"
        self._report(MissingDependencyError, function, name, f"no task or input has that name.{hint or way_out}")

    def find_undecorated(self, function: Definition, name: str) -> str:
        """Return what a name refers to that should perhaps be a task, as a sentence; "" if there is nothing."""
        return find_undecorated((*self._inherit_scope(function.scope), *self.owner.scope, *self._modules), name)

    def names_in_reach(self, function: Definition) -> list[str]:
        """Return the names that a parameter of a function could have meant."""
        return [name for name in self.names_from(function.scope) if name != function.name]

    def names_from(self, scope: Scope) -> list[str]:
        """Return the names of tasks and inputs that functions of a scope can use."""
        names = [*self._given, *self.given, *self._listed]
        spaces = {id(space): space for space in (*self._inherit_scope(scope), *self.owner.scope, *self._modules)}
        for namespace in spaces.values():
            names += self.binding.see(namespace).list_names()
        return names

    def _report_ambiguous(self, function: Definition, name: str, found: list[Definition]) -> None:
        places = listed([f"{each.function.__module__}.{self.name_of(each)}" for each in found])
        reason = f"more than one task gives it: {places}. Say which with needs= or tasks={{{name!r}: ...}}."
        self._report(AmbiguousNameError, function, name, reason, candidates=tuple([each.face for each in found]))

    def _note_shadowed(self, function: Definition, name: str) -> None:
        taker, workflow = self.name_of(function), self.name_of(self.owner)
        text = f"task {taker!r} receives the task {name!r} that is in reach where it is defined, not the input of "
        text += "that name. "
        text += "Rename the input, or say which with needs=."
        message = f"Cannot accept workflow {workflow!r}: {text}"
        data = {"workflow": workflow, "function": taker, "parameter": name}
        self.shadowed.append(ShadowedInputError(message, **data))

    def _report_stale(self, name: str, namespace: Namespace) -> None:
        value = namespace.get(name)
        now = "is not one any more" if value is None else f"is {shorten(value)} now"
        when = "its class was made" if find_replaced(namespace, name) is not None else "its graph was last built"
        text = f"{name!r} was a task when {when}, and {now}. Assign a task to it again."
        self.fail(StaleNameError, text, name=name, value=value)


def _can_be_input(name: str) -> bool:
    """Whether a call could give an argument of that name."""
    return name.isidentifier() and not iskeyword(name)
