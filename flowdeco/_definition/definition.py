"""What was decorated: a function with its options and the names in its reach, which can be a node of a graph."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from inspect import Parameter
from types import FunctionType, MethodType
from typing import Any, Self, cast

from .._base.checks import check_name, check_timeout
from .._base.errors import OptionTypeError
from .._base.signature import Param, Signature, read_signature
from .._base.text import shorten
from .._policy.hook import NO_HOOKS, Hooks
from .._policy.policy import NO_POLICY, Defaults, Policy
from .options import check_after, check_changes, check_needs, check_settled
from .scope import Scope, capture_scope

__all__ = ["Predicate", "Step", "make_predicate", "signature_of_step"]


class Step:
    """What can be a node of a graph: a decorated function with its options and the names in its reach."""

    _kind = "step"
    # How many there have been: while none is added, no name has come to mean one that was not there before.
    defined = 0
    # What finds the graph of a workflow; a task has none.
    compiler: Any = None
    # What a workflow says of all its tasks; mostly nothing.
    _defaults: Defaults | None = None
    _predicate: Predicate | None = None
    # Of a workflow: its hooks, those of them that are told of its tasks, whether one that raises fails the run, and
    # whether a run goes on when a task has failed.
    hooks: Hooks = NO_HOOKS
    watch_hooks: Hooks = NO_HOOKS
    strict = False
    keep_going = False
    _name: str | None
    _function: Callable[..., Any]
    _signature: Signature
    _scope: Scope
    _options: dict[str, Any]

    @property
    def name(self) -> str | None:
        """What the record calls it: `name=`, else the function's name; `None` if it has neither."""
        return self._name

    @property
    def needs(self) -> Mapping[str, Any]:
        """Dependencies given by hand, by parameter."""
        return cast("Mapping[str, Any]", self._options["needs"])

    @property
    def after(self) -> tuple[Any, ...]:
        """Tasks, workflows and names that must have ended before."""
        return cast("tuple[Any, ...]", self._options["after"])

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names under which parts of the result are available."""
        return cast("tuple[str, ...]", self._options.get("outputs", ()))

    @property
    def timeout(self) -> float | None:
        """Seconds, or `None` for no limit."""
        return cast("float | None", self._options["timeout"])

    @property
    def settled(self) -> tuple[str, ...]:
        """The parameters that receive an `Outcome`."""
        return cast("tuple[str, ...]", self._options["settled"])

    @property
    def params(self) -> tuple[Param, ...]:
        """What a graph must fill to run it."""
        return self._signature.params

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options, checked."""
        return self._options

    @property
    def own_params(self) -> tuple[Param, ...]:
        """What its function asks for."""
        return self._signature.params

    @property
    def policy(self) -> Policy:
        """What its options say of attempts, time, recovery, capacity, place and hooks."""
        return NO_POLICY

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
    def graph_binding(self) -> Any:
        """The names on which `params` rests; `None` if it rests on none."""
        return None

    def __repr__(self) -> str:
        return f"<{self._kind} {self.name or shorten(self._function)!r}>"

    def __reduce__(self) -> str:
        """Be pickled and copied as a function is: by the name that it can be imported under."""
        return str(getattr(self, "__qualname__", self.name))

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Be a method where the function would be one."""
        if instance is None or isinstance(self._function, staticmethod) or not hasattr(self._function, "__get__"):
            return self
        return self._bind(instance)

    def _bind(self, instance: object) -> Any:
        return MethodType(cast("Callable[..., Any]", self), instance)

    def run_within(self, plan: Any, given: Mapping[str, Any], outer: Any) -> Awaitable[Any]:
        """Return what runs a workflow by its plan, with these inputs, as a node of an outer run."""
        raise AssertionError(f"{self!r} runs as a task")

    def _define(
        self,
        function: Callable[..., Any],
        options: dict[str, Any],
        scope: Scope | None,
        signature: Signature | None = None,
    ) -> None:
        """Take the function in, check the options, and note the names in reach if `scope` is not given."""
        Step.defined += 1
        self._signature = signature or signature_of_step(self._kind, function)
        self._function = function
        self._look_like(function)
        self._options = dict(options)
        own_name = options["name"] or getattr(function, "__name__", None)
        self._name = None if own_name == "<lambda>" else own_name
        self._check(f"{self._kind} {self._name or shorten(function)!r}", self._options)
        if scope is None:
            scope = capture_scope(function, self, Step, thorough=self._kind == "workflow")
        self._scope = scope
        if self._signature.kind == "async" and sys.version_info >= (3, 12):
            inspect.markcoroutinefunction(cast("Callable[..., Any]", self))
        self._complete()

    def _complete(self) -> None:
        """Take in what rests on the names in reach."""

    def _look_like(self, function: Callable[..., Any]) -> None:
        """Take on the function's name, documentation and attributes, as `functools.wraps` does."""
        own = self.__dict__
        if isinstance(function, FunctionType) and function.__dict__:
            # What a step has itself stays what it is, and a callable object keeps its attributes to itself.
            own.update({name: value for name, value in function.__dict__.items() if not _is_own(type(self), name)})
        for name in functools.WRAPPER_ASSIGNMENTS:
            try:
                own[name] = getattr(function, name)
            except AttributeError:
                pass
        own["__wrapped__"] = function

    def _check(self, subject: str, options: dict[str, Any]) -> None:
        check_name(subject, options["name"])
        check_timeout(subject, options["timeout"])
        if options["settled"] is None:  # so it is with most, and every decoration costs
            options["settled"] = ()
        else:
            options["settled"] = check_settled(subject, options["settled"], [p.name for p in self._signature.params])
        if options["needs"] is not None:
            params = self._signature.params + self._params_besides(options)
            wanted = {p.name: (p.kind is Parameter.VAR_POSITIONAL) if p.variadic else None for p in params}
            keywords = [p.name for p in params if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
            options["needs"] = check_needs(subject, options["needs"], wanted, keywords, Step)
        else:
            options["needs"] = {}
        options["after"] = check_after(subject, options["after"], Step)

    def _params_besides(self, options: Mapping[str, Any]) -> tuple[Param, ...]:
        """Return what else `needs=` can fill."""
        return ()

    def _copy(self, options: dict[str, Any], **changes: Any) -> Self:
        """Return one like this with other options."""
        check_changes(f"{self._kind} {self.name!r}", changes, options)
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._define(self._function, {**options, **changes}, self._scope, self._signature)
        return copy


def _is_own(kind: type, name: str) -> bool:
    return any(name in vars(base) for base in kind.__mro__)


def signature_of_step(kind: str, function: Any) -> Signature:
    """Return what a function asks for that is to become a step. Raises `OptionTypeError` if that cannot be read."""
    if isinstance(function, Step):
        message = f"Cannot make a {kind} of {function!r}: it is one already. Use its with_options()."
        raise OptionTypeError(message, option="function", value=function)
    if not callable(function):
        message = f"Cannot make a {kind} of {shorten(function)}: it cannot be called. Give a function."
        raise OptionTypeError(message, option="function", value=function)
    try:
        return read_signature(function)
    except (TypeError, ValueError) as error:
        message = f"Cannot make a {kind} of {shorten(function)}: it does not say what it takes. Wrap it in a def."
        raise OptionTypeError(message, option="function", value=function) from error


class Predicate(Step):
    """The `when=` of a task: what its parameters receive decides whether the task runs."""

    def __init__(self, kind: str, name: str, function: Any, needs: Mapping[str, Any], scope: Scope) -> None:
        self._kind = kind
        self._name = name
        self._function = function
        self.reason = f"when={_call_it(function)} gave false"
        self.asks_step = isinstance(function, Step)
        if self.asks_step:  # its result is the answer
            needs, self._function = {"answer": function}, bool
            self._signature = Signature((Param("answer", Parameter.POSITIONAL_ONLY),), "sync")
        else:
            self._signature = signature_of_step("predicate", function)
        self._scope = scope
        self._options = {"needs": needs, "after": (), "settled": ()}


def _call_it(function: Any) -> str:
    name = function.name if isinstance(function, Step) else getattr(function, "__name__", None)
    return str(name or shorten(function))


def make_predicate(kind: str, name: str, function: Any, needs: Mapping[str, Any], scope: Scope) -> Predicate | None:
    """Return the `when=` of a task or of a workflow's defaults, if it has one.

    Args:
        kind: whose it is, for errors: `when= of task`.
        name: the name of the task or workflow.
        function: what the option says.
        needs: the task's `needs=`.
        scope: the names in reach of the task or workflow, which come after those in reach of the function.
    """
    if function is None:
        return None
    if not isinstance(function, Step):
        namespaces = (*capture_scope(function, None, Step), *scope)
        scope = tuple({id(namespace): namespace for namespace in namespaces}.values())
    return Predicate(kind, name, function, needs, scope)
