"""What was decorated: a function with its options and the names in its reach, which can be a node of a graph.

A definition does not change once it is made. Users never see one: they hold its face, a `Task` or a `Workflow`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from inspect import Parameter
from threading import RLock
from typing import Any, NamedTuple, Protocol, TypeAlias

from .._base.signature import Param, Signature, is_plain, peel, read_kind, read_signature
from .._base.text import name_callable, shorten
from .._policy.hook import NO_HOOKS, Hooks
from .._policy.policy import DEFAULTABLE, NO_POLICY, Asker, Defaults, Policy
from .face import Face, find_wrapped, is_face
from .items import NO_ITEMS, Each, ItemOptions

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

# Where a wrapper keeps its definition.
_KEPT = "_flowdeco_definition"
_making = RLock()


class Namespace(Protocol):
    """Names and what they are bound to; only tasks among them count."""

    def get(self, name: str, /) -> Any: ...
    def items(self) -> Iterable[tuple[str, Any]]: ...
    def __len__(self) -> int: ...


Scope: TypeAlias = tuple[Namespace, ...]


# How many there have been. No attribute of their class: to set one makes Python forget what it has found out about the
# class, at every decoration.
_defined = 0


def count_definitions() -> int:
    """Return how many there have been: while none is added, no name has come to mean one that was not there before."""
    return _defined


def definition_of(value: Any) -> Definition | None:
    """Return the definition of a task or a workflow, or of what wraps one; `None` for anything else.

    What `functools.wraps` has put around a task counts as that task, with the wrapper as its function. What is around
    a workflow counts as a task without options that calls it.
    """
    if issubclass(type(value), Face):
        found: Definition | None = value._definition
        return found
    if type(value) is staticmethod:  # as it stands in the body of a class
        return definition_of(value.__func__)
    wrapped = find_wrapped(value)
    return None if wrapped is None else _definition_around(value, definition_behind(wrapped))


def definition_behind(face: Any) -> Definition:
    """Return the definition of what is known to have one."""
    found = definition_of(face)
    assert found is not None
    return found


def _definition_around(function: Any, inner: Definition) -> Definition | None:
    """Return the definition of a function that wraps a task or workflow; it has one, which it keeps."""
    kept = getattr(function, "__dict__", None)
    if kept is None:
        return None
    with _making:
        held: _Kept | None = kept.get(_KEPT)
        # `functools.wraps` hands on what is kept here to the next wrapper.
        if held is None or held.definition is None or held.definition.function is not function:
            kept[_KEPT] = held = _Kept(inner.make_around(function))
    return held.definition


class _Kept(NamedTuple):
    """What a wrapper keeps. Who pickles a function with all that it has, sends none of it."""

    definition: Definition | None

    def __reduce__(self) -> tuple[Any, ...]:
        return _Kept, (None,)


class Definition:
    """A function with its options and the names in its reach.

    Attributes:
        kind: what it is, in words.
        is_workflow: whether it is a graph of its own.
        is_resource: whether it is opened, and closed when nobody needs it any more.
        face: what users hold of it.
        function: what was decorated.
        signature: what the function asks for.
        scope: the names in its reach.
        options: its options, checked.
        name: what the record calls it: `name=`, else the function's name; `None` if it has neither.
        needs: dependencies given by hand, by parameter.
        after: tasks, workflows and names that must have ended before.
        calls: tasks, workflows and names that it calls while it runs.
        settled: the parameters that receive an `Outcome`.
        outputs: the names under which parts of the result are available.
        predicate: its `when=`.
        policy: what its options say of attempts, time, recovery, capacity, place and hooks.
        items: what its options say of items.
        own_params: what its function asks for.
        block: of a workflow, what is open for all its runs, in a block of `opened()`; else `None`.
        opened_of: of a workflow that is like another but for what is open for it, that other; else `None`.
    """

    __slots__ = (
        *("__weakref__", "after", "calls", "face", "function", "name", "needs", "options", "own_params", "scope"),
        *("settled", "signature"),
    )
    kind = "definition"
    is_workflow = is_resource = False
    outputs: tuple[str, ...] = ()
    predicate: Predicate | None = None
    policy: Policy = NO_POLICY
    items: ItemOptions = NO_ITEMS
    block: Any = None
    opened_of: Definition | None = None

    graph_binding: Any = None  # the names on which `params` rests, where they are not the function's own

    def __init__(
        self,
        face: Any,
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
        self.calls: tuple[Any, ...] = options.get("calls") or ()
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

    @property
    def graph_each(self) -> tuple[Each, ...]:
        """The collections whose items it is run for where it is a node itself."""
        return self.items.each

    def make_around(self, function: Callable[..., Any]) -> TaskDefinition:
        """Return the definition of a task whose function wraps what this is the definition of."""
        options: dict[str, Any] = {**dict.fromkeys(DEFAULTABLE), "needs": {}, "after": (), "settled": (), "outputs": ()}
        return TaskDefinition(function, function, self._answer_of(function), self.scope, options, self.name)

    def _answer_of(self, function: Callable[..., Any]) -> Signature:
        """Return what a function gives that calls a workflow.

        What it asks for rests on names, and to look these up now may lead to the same function again.
        """
        kind, inner = self.signature.kind, self.signature.inner
        return Signature((), read_kind(function), inner if kind == "sync" else kind)

    def compiler_within(self, layers: tuple[Any, ...]) -> Any:
        """Return what finds the graph of a workflow where it runs within one in which `layers` replace tasks."""
        raise AssertionError(f"{self!r} runs as a task")

    def run_within(
        self, plan: Any, inputs: Mapping[str, Any], given: Sequence[Any], outer: Any, journal: Any, index: int
    ) -> Awaitable[Any]:
        """Return what runs a workflow as the node with this index of an outer run, or of a call in it.

        Args:
            plan, inputs: its plan, and its inputs by name, those that have no default at least.
            given: how the tasks have ended that it shares with the outer run.
            outer, journal: the outer run, and its journal or that of the call.
        """
        raise AssertionError(f"{self!r} runs as a task")


class TaskDefinition(Definition):
    """What `@task` decorated.

    Attributes:
        asked: what hooks can ask for besides the arguments: those of the function that this one stands in for.
        stands_in: whether its function stands in for another's.
        wrapped_workflow: the workflow that its function wraps; mostly there is none.
    """

    __slots__ = ("asked", "items", "outputs", "policy", "predicate", "stands_in", "wrapped_workflow")
    kind = "task"

    def __init__(
        self,
        face: Any,
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
        self.items = NO_ITEMS
        self.predicate = None
        self.wrapped_workflow = None if is_plain(function) else _find_workflow(function)

    @property
    def params(self) -> tuple[Param, ...]:
        # What the inputs of a workflow are rests on names, which may come to mean something else.
        return self.own_params if self.wrapped_workflow is None else read_signature(self.function).params

    @property
    def graph_binding(self) -> Any:
        return None if self.wrapped_workflow is None else self.wrapped_workflow.graph_binding

    def make_around(self, function: Callable[..., Any]) -> TaskDefinition:
        signature = read_signature(function) if self.wrapped_workflow is None else self._answer_of(function)
        gone = {param.name for param in self.own_params}.difference([param.name for param in signature.params])
        if self.wrapped_workflow is not None:
            gone.clear()
        needs = {name: need for name, need in self.needs.items() if name not in gone}
        settled = tuple([name for name in self.settled if name not in gone])
        options = {**self.options, "needs": needs, "settled": settled}
        made = TaskDefinition(function, function, signature, self.scope, options, self.name)
        made.policy, made.predicate, made.items = self.policy, self.predicate, self.items
        return made

    def make_asker(self) -> Asker:
        """Return what a policy has to know of it."""
        names = dict.fromkeys([*[param.name for param in self.own_params], *self.signature.bound])
        arguments = tuple({**names, **dict.fromkeys(self.asked)})
        kind, inner = self.signature.kind, self.signature.inner
        return Asker(f"{self.kind} {self.label!r}", arguments, kind, definition_of, self.stands_in, inner)


def _find_workflow(function: Any) -> Definition | None:
    """Return the workflow that a function wraps in the end, or that a partial is of."""
    found = [definition_behind(layer) for layer in peel(function)[1:] if is_face(layer)]
    return next((definition for definition in found if definition.is_workflow), None)


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
        shares: whether it has tasks in common with the workflows around and within it.
    """

    __slots__ = ("defaults", "given", "hooks", "items", "keep_going", "more", "shares", "strict", "watch_hooks")
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
        self.shares: bool = options["share"]
        self.items = NO_ITEMS

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
    def graph_each(self) -> tuple[Each, ...]:
        outside = {name: need for name, need in self.needs.items() if isinstance(need, str)}  # of renamed inputs
        return tuple(
            [each._replace(params=tuple([outside.get(name, name) for name in each.params])) for each in self.items.each]
        )

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
        called = name_callable(function) if task is None else task.name or name_callable(task.function)
        self.kind = kind
        self.reason = f"when={called} gave false"
        self.asks_task = task is not None
        if signature is None:  # a task's
            signature = Signature((Param("answer", Parameter.POSITIONAL_ONLY),), "sync", "sync")
            needs, function = {"answer": function}, bool
        super().__init__(None, function, signature, scope, {"needs": needs, "after": (), "settled": ()}, name)
