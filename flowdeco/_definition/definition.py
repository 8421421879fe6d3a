"""What was decorated: a function with its options and the names in its reach, which can be a node of a graph.

A definition does not change once it is made. Users never see one: they hold its face, a `Task` or a `Workflow`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import Parameter
from typing import Any, Protocol, TypeAlias

from .._base.signature import Param, Signature
from .._base.text import shorten
from .._policy.hook import NO_HOOKS, Hooks
from .._policy.policy import NO_POLICY, Asker, Defaults, Policy

__all__ = [
    "Definition",
    "Face",
    "Namespace",
    "Predicate",
    "Scope",
    "TaskDefinition",
    "WorkflowDefinition",
    "count_definitions",
    "definition_behind",
    "definition_of",
]


class Namespace(Protocol):
    """Names and what they are bound to; only tasks among them count."""

    def get(self, name: str, /) -> Any: ...
    def items(self) -> Iterable[tuple[str, Any]]: ...
    def __len__(self) -> int: ...


Scope: TypeAlias = tuple[Namespace, ...]


class Face:
    """What users hold of a definition.

    Tasks and workflows stand far above, yet here they have to be told from everything else that a variable may hold.
    """

    __slots__ = ("_definition",)
    _definition: Definition


# How many there have been. No attribute of their class: to set one makes Python forget what it has found out about the
# class, at every decoration.
_defined = 0


def count_definitions() -> int:
    """Return how many there have been: while none is added, no name has come to mean one that was not there before."""
    return _defined


def definition_of(value: Any) -> Definition | None:
    """Return the definition of a task or a workflow; `None` for anything else."""
    # isinstance would run a proxy's code, and take a mock for what it mocks.
    found: Definition | None = value._definition if issubclass(type(value), Face) else None
    return found


def definition_behind(face: Face) -> Definition:
    """Return the definition of what is known to be a task or a workflow."""
    return face._definition


class Definition:
    """A function with its options and the names in its reach.

    Attributes:
        kind: what it is, in words.
        is_workflow: whether it is a graph of its own.
        face: what users hold of it.
        function: what was decorated.
        signature: what the function asks for.
        scope: the names in its reach.
        options: its options, checked.
        name: what the record calls it: `name=`, else the function's name; `None` if it has neither.
        needs: dependencies given by hand, by parameter.
        after: tasks, workflows and names that must have ended before.
        settled: the parameters that receive an `Outcome`.
        outputs: the names under which parts of the result are available.
        predicate: its `when=`.
        policy: what its options say of attempts, time, recovery, capacity, place and hooks.
        own_params: what its function asks for.
    """

    __slots__ = (
        *("__weakref__", "after", "face", "function", "name", "needs", "options", "own_params", "scope", "settled"),
        "signature",
    )
    kind = "definition"
    is_workflow = False
    outputs: tuple[str, ...] = ()
    predicate: Predicate | None = None
    policy: Policy = NO_POLICY

    def __init__(
        self,
        face: Face | None,
        function: Callable[..., Any],
        signature: Signature,
        scope: Scope,
        options: Mapping[str, Any],
        name: str | None,
    ) -> None:
        self.face = face
        self.function = function
        self.signature = signature
        self.own_params = signature.params
        self.scope = scope
        self.options = options
        self.name = name
        self.needs: Mapping[str, Any] = options["needs"]
        self.after: tuple[Any, ...] = options["after"]
        self.settled: tuple[str, ...] = options["settled"]
        global _defined
        _defined += 1

    def __repr__(self) -> str:
        return f"<{self.kind} {self.label!r}>"

    @property
    def label(self) -> str:
        """What to call it in an error."""
        return self.name or shorten(self.function)

    # What differs where a workflow is a node itself: its inputs are its parameters, and its own names are its affair.

    @property
    def params(self) -> tuple[Param, ...]:
        """What a graph must fill to run it."""
        return self.own_params

    @property
    def graph_needs(self) -> Mapping[str, Any]:
        """The `needs` that hold where it is a node itself."""
        return self.needs

    @property
    def graph_after(self) -> tuple[Any, ...]:
        """What must have ended before where it is a node itself."""
        return self.after

    @property
    def graph_settled(self) -> tuple[str, ...]:
        """The `settled` that hold where it is a node itself."""
        return self.settled

    def run_within(self, plan: Any, given: Mapping[str, Any], outer: Any, index: int) -> Awaitable[Any]:
        """Return what runs a workflow by its plan, with these inputs, as the node with this index of an outer run."""
        raise AssertionError(f"{self!r} runs as a task")


class TaskDefinition(Definition):
    """What `@task` decorated.

    Attributes:
        asked: what hooks can ask for besides the arguments: those of the function that this one stands in for.
        stands_in: whether its function stands in for another's.
    """

    __slots__ = ("asked", "outputs", "policy", "predicate", "stands_in")
    kind = "task"

    def __init__(
        self,
        face: Face | None,
        function: Callable[..., Any],
        signature: Signature,
        scope: Scope,
        options: Mapping[str, Any],
        name: str | None,
        asked: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(face, function, signature, scope, options, name)
        self.outputs: tuple[str, ...] = options["outputs"]
        self.asked = asked or ()
        self.stands_in = asked is not None
        self.policy = NO_POLICY
        self.predicate = None

    def make_asker(self) -> Asker:
        """Return what a policy has to know of it."""
        names = dict.fromkeys([*[param.name for param in self.own_params], *self.signature.bound])
        arguments = tuple({**names, **dict.fromkeys(self.asked)})
        return Asker(f"task {self.label!r}", arguments, self.signature.kind, definition_of, self.stands_in)


class WorkflowDefinition(Definition):
    """What `@workflow` decorated. What finds its graph and what runs it stand above.

    Attributes:
        given: names given by hand, `tasks={...}`.
        more: tasks and modules to look in last, `tasks=[...]`.
        defaults: what it says of all its tasks; mostly nothing.
        hooks: its hooks.
        watch_hooks: those of them that are told of its tasks.
        strict: whether a hook that raises fails the run.
        keep_going: whether a run goes on when a task has failed.
    """

    __slots__ = ("defaults", "given", "hooks", "keep_going", "more", "strict", "watch_hooks")
    kind = "workflow"
    is_workflow = True

    def __init__(
        self,
        face: Face | None,
        function: Callable[..., Any],
        signature: Signature,
        scope: Scope,
        options: Mapping[str, Any],
        name: str | None,
        tasks: tuple[Mapping[str, Face], tuple[Any, ...]] = ({}, ()),
        defaults: Defaults | None = None,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        super().__init__(face, function, signature, scope, options, name)
        self.given, self.more = tasks
        self.defaults = defaults
        self.hooks = hooks
        self.watch_hooks: Hooks = {option: hooks[option] for option in ("on_state", "on_retry") if option in hooks}
        self.strict = options["hook_errors"] == "raise"
        self.keep_going: bool = options["keep_going"]

    def find_own_names(self) -> tuple[tuple[Param, ...], Any]:
        """Return the inputs, and the names that make them so."""
        raise NotImplementedError

    @property
    def params(self) -> tuple[Param, ...]:
        return self.find_own_names()[0]

    @property
    def graph_needs(self) -> Mapping[str, Any]:
        return {}

    @property
    def graph_after(self) -> tuple[Any, ...]:
        return ()

    @property
    def graph_settled(self) -> tuple[str, ...]:
        return ()

    @property
    def graph_binding(self) -> Any:
        """The names on which `params` rests."""
        return self.find_own_names()[1]


class Predicate(Definition):
    """The `when=` of a task: what its parameters receive decides whether the task runs.

    Attributes:
        asks_task: whether it is a task, whose result is the answer.
        reason: why the task is skipped, if it is.
    """

    __slots__ = ("asks_task", "kind", "reason")

    def __init__(
        self, kind: str, name: str, function: Any, signature: Signature | None, needs: Mapping[str, Any], scope: Scope
    ) -> None:
        task = definition_of(function)
        called = task.name if task is not None else getattr(function, "__name__", None)
        self.kind = kind
        self.reason = f"when={called or shorten(function)} gave false"
        self.asks_task = task is not None
        if signature is None:  # a task's
            signature = Signature((Param("answer", Parameter.POSITIONAL_ONLY),), "sync", "sync")
            needs, function = {"answer": function}, bool
        super().__init__(None, function, signature, scope, {"needs": needs, "after": (), "settled": ()}, name)
