"""What each parameter of a workflow's functions receives: the rules of names, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import Parameter
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

from ._errors import (
    AmbiguousNameError,
    GraphError,
    MethodError,
    MissingDependencyError,
    ShadowedInputError,
    StaleNameError,
    UnmatchedParameterError,
    listed,
    nearest,
)
from ._options import shorten
from ._scope import Namespace
from ._signature import MISSING, Param
from ._task import Step

__all__ = ["Constant", "Default", "FromInput", "FromRun", "FromStep", "Gather", "Lookup", "Source", "Watch"]

RUN_NAMES = ("run", "state")

# To look for similar names takes milliseconds; after so many problems nobody is helped by it.
_MOST_HINTS = 20


class FromStep(NamedTuple):
    """The result of a task or workflow, or the part of it called `output`."""

    step: Step
    output: str | None = None


class FromInput(NamedTuple):
    """An input of the workflow."""

    name: str


class FromRun(NamedTuple):
    """The `Run` itself (`"run"`) or its state (`"state"`)."""

    name: str


class Default(NamedTuple):
    """The parameter's own default: nothing is passed."""


class Constant(NamedTuple):
    """A value that stands in for a task."""

    step: Step
    value: Any
    output: str | None = None


class Gather(NamedTuple):
    """A list (`keys` is `None`) or dict of what the parts give."""

    keys: tuple[Any, ...] | None
    parts: tuple[Any, ...]


Source: TypeAlias = FromStep | FromInput | FromRun | Default | Constant | Gather


class Watch:
    """The names that a graph was built from, so as to see whether they still mean the same."""

    __slots__ = ("absent", "bound")

    def __init__(self) -> None:
        self.bound: dict[tuple[int, str], tuple[Namespace, str, Step]] = {}
        self.absent: dict[tuple[int, str], tuple[Namespace, str]] = {}

    def holds(self) -> bool:
        """Whether every name still refers to the same task, and the others still to none."""
        for namespace, name, step in self.bound.values():
            if namespace.get(name) is not step:
                return False
        for namespace, name in self.absent.values():
            if issubclass(type(namespace.get(name)), Step):
                return False
        return True

    def update(self, other: Watch) -> None:
        """Take in what another one watches."""
        self.bound.update(other.bound)
        self.absent.update(other.absent)


class Lookup:
    """Looks names up for one workflow, once; what it found wrong is in `problems`.

    Args:
        owner: the workflow.
        given: names given by hand, `@workflow(tasks={...})`.
        more: tasks and modules to look in last, `@workflow(tasks=[...])`.
        before: what the names meant when this workflow's graph was last built.
    """

    def __init__(self, owner: Step, given: Mapping[str, Step], more: tuple[Any, ...], before: Watch | None) -> None:
        self.owner = owner
        self.given = given
        self.watch = Watch()
        self.problems: list[GraphError] = []
        self.shadowed: list[GraphError] = []
        self.used_given: set[str] = set()
        self.inputs: dict[str, Param] = {}
        self._before = before
        self._outputs: dict[int, dict[str, list[FromStep]]] = {}
        self._found: dict[tuple[int, str], FromStep | None] = {}
        self._modules: list[Namespace] = [vars(part) for part in more if isinstance(part, ModuleType)]
        self._listed: dict[str, list[FromStep]] = {}
        for step in more:
            if isinstance(step, Step):
                self._listed.setdefault(step.name or "", []).append(FromStep(step))
                for output in step.outputs:
                    self._listed.setdefault(output, []).append(FromStep(step, output))

    def resolve_owner(self) -> dict[str, Source]:
        """Return what the workflow's own parameters receive; those that name no task become the inputs."""
        found: dict[str, Source] = {}
        for param in self.owner._signature.params:
            source = self.resolve(self.owner, param)
            if isinstance(source, FromInput) and source.name == param.name:
                self.inputs[param.name] = param
            found[param.name] = source
        return found

    def resolve(self, function: Step, param: Param) -> Source:
        """Return what one parameter receives; a problem is noted, and counts as the parameter's default."""
        needs = function.needs if function is self.owner else function.graph_needs
        if param.name in needs:
            return self._resolve_need(function, param, needs[param.name])
        if param.variadic:
            stars = "*" if param.kind is Parameter.VAR_POSITIONAL else "**"
            reason = f"{stars}{param.name} has no name to match. Fill it with needs={{{param.name!r}: ...}}."
            self._report(UnmatchedParameterError, function, param.name, reason)
            return Default()
        return self.resolve_name(function, param.name, param)

    def _resolve_need(self, function: Step, param: Param, need: Any) -> Source:
        if need is None:
            if function is self.owner:
                return FromInput(param.name)
            if param.default is MISSING and not param.variadic:
                reason = f"needs= says that {param.name!r} is not a dependency, and it has no default. Give it one."
                self._report(MissingDependencyError, function, param.name, reason)
            return Default()
        if isinstance(need, Mapping):
            return Gather(tuple(need), tuple(self._resolve_part(function, param, part) for part in need.values()))
        if isinstance(need, (list, tuple)):
            return Gather(None, tuple(self._resolve_part(function, param, part) for part in need))
        return self._resolve_part(function, param, need)

    def _resolve_part(self, function: Step, param: Param, part: Step | str) -> Source:
        if isinstance(part, Step):
            return FromStep(part)
        return self.resolve_name(function, part, Param(part, param.kind))

    def resolve_name(self, function: Step, name: str, param: Param) -> Source:
        """Apply the rules from the second on."""
        own = function is self.owner
        if name in self.given:
            self.used_given.add(name)
            return FromStep(self.given[name])
        found = self.find(function, function._scope, name)
        if not own and name in self.inputs:
            if found is None:
                return FromInput(name)
            self._note_shadowed(function, name)
        found = found or self.find(function, self.owner._scope, name) or self._find_listed(function, name)
        if found is not None:
            return found
        if name in RUN_NAMES and (param.default is MISSING or param.default is None):
            return FromRun(name)
        if own:
            return FromInput(name) if name == param.name and name not in RUN_NAMES else self._default(function, param)
        return self._default(function, param)

    def _default(self, function: Step, param: Param) -> Source:
        if param.default is MISSING:
            self._report_missing(function, param.name)
        return Default()

    def find(self, function: Step, scope: Iterable[Namespace], name: str) -> FromStep | None:
        """Return what `name` refers to in the nearest namespace that has it, as a task or as an output of one."""
        for namespace in scope:
            key = id(namespace), name
            if key not in self._found:
                self._found[key] = self._find_in(function, namespace, name)
            found = self._found[key]
            if found is not None:
                return found
        return None

    def _find_in(self, function: Step, namespace: Namespace, name: str) -> FromStep | None:
        key = id(namespace), name
        value = namespace.get(name)
        if issubclass(type(value), Step):
            self.watch.bound[key] = namespace, name, value
            return FromStep(value)
        self.watch.absent[key] = namespace, name
        if self._before is not None and key in self._before.bound:
            self._report_stale(name, value)
        providers = self._outputs_of(namespace).get(name, [])
        if len(providers) > 1:
            self._report_ambiguous(function, name, [p.step for p in providers])
        return providers[0] if providers else None

    def _outputs_of(self, namespace: Namespace) -> dict[str, list[FromStep]]:
        """Return the parts of results that the tasks bound in a namespace make available, by name."""
        if id(namespace) not in self._outputs:
            index: dict[str, list[FromStep]] = {}
            steps = {id(v): v for v in list(namespace.values()) if issubclass(type(v), Step)}
            for step in steps.values():
                for output in step.outputs:
                    index.setdefault(output, []).append(FromStep(step, output))
            self._outputs[id(namespace)] = index
        return self._outputs[id(namespace)]

    def _find_listed(self, function: Step, name: str) -> FromStep | None:
        found = [*self._listed.get(name, ()), *(self.find(function, (module,), name) for module in self._modules)]
        distinct = {id(f.step): f for f in found if f is not None}
        if len(distinct) > 1:
            self._report_ambiguous(function, name, [f.step for f in distinct.values()])
        return next(iter(distinct.values()), None)

    def fail(self, kind: type[GraphError], text: str, **data: Any) -> None:
        """Note a problem."""
        message = f"Cannot build workflow {self.owner.name!r}: {text}"
        self.problems.append(kind(message, workflow=self.owner.name, **data))

    def _report(self, kind: type[GraphError], function: Step, parameter: str, reason: str, **data: Any) -> None:
        text = f"{function._kind} {function.name!r} needs {parameter!r}, and {reason}"
        self.fail(kind, text, function=function.name, parameter=parameter, **data)

    def _report_missing(self, function: Step, name: str) -> None:
        if name == "self":
            reason = (
                "no task or input has that name: it is a method. Make a task of the bound one, task(instance.method)."
            )
            self._report(MethodError, function, name, reason)
            return
        hint = nearest(name, self._names_in_reach(function)) if len(self.problems) < _MOST_HINTS else ""
        for namespace in (*function._scope, *self.owner._scope):
            value = namespace.get(name)
            if callable(value):
                hint = f" There is {shorten(value)}, which is not a task: decorate it with @task."
                break
        way_out = (
            f" Add a parameter {name!r} to {self.owner.name!r} to make it an input, or say what it is with needs=."
        )
        self._report(MissingDependencyError, function, name, f"no task or input has that name.{hint or way_out}")

    def _names_in_reach(self, function: Step) -> list[str]:
        names = [*self.inputs, *self.given, *self._listed]
        for namespace in (*function._scope, *self.owner._scope, *self._modules):
            items = namespace.items() if isinstance(namespace, dict) else getattr(namespace, "bindings", {}).items()
            names += [name for name, value in list(items) if issubclass(type(value), Step)]
            names += self._outputs_of(namespace)
        return [name for name in names if name != function.name]

    def _report_ambiguous(self, function: Step, name: str, steps: list[Step]) -> None:
        places = listed([f"{s._function.__module__}.{s.name}" for s in steps])
        reason = f"that may be {places}. Say which with needs= or tasks={{{name!r}: ...}}."
        self._report(AmbiguousNameError, function, name, reason, candidates=tuple(steps))

    def _note_shadowed(self, function: Step, name: str) -> None:
        text = f"task {function.name!r} takes {name!r} from the task of that name that is nearer to it than the input. "
        text += "Rename the input, or say which with needs=."
        message = f"Cannot vouch for workflow {self.owner.name!r}: {text}"
        data = {"workflow": self.owner.name, "function": function.name, "parameter": name}
        self.shadowed.append(ShadowedInputError(message, **data))

    def _report_stale(self, name: str, value: Any) -> None:
        now = "is gone" if value is None else f"is {shorten(value)}"
        text = f"{name!r} was a task when it last ran and now {now}. Bind it to a task again, as in task({name})."
        self.fail(StaleNameError, text, name=name, value=value)
