"""A task: a function, still called as it was, with what a workflow must know to run it."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from types import FunctionType, MethodType
from typing import Any, Generic, ParamSpec, Self, TypeAlias, TypedDict, TypeVar, cast, overload

from typing_extensions import Unpack

from ._attempt import Launch
from ._errors import OptionTypeError
from ._options import check_after, check_changes, check_name, check_needs, check_outputs, check_timeout, shorten
from ._scope import Scope, capture_scope
from ._signature import Param, Signature, read_signature

__all__ = ["After", "Need", "Step", "Task", "stand_in", "task"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Step:
    """What can be a node of a graph: a decorated function with its options and the names in its reach."""

    _kind = "step"
    # How many there have been: while none is added, no name has come to mean one that was not there before.
    defined = 0
    # What finds the graph of a workflow; a task has none.
    planner: Any = None
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
    def params(self) -> tuple[Param, ...]:
        """What a graph must fill to run it."""
        return self._signature.params

    @property
    def graph_needs(self) -> Mapping[str, Any]:
        """The `needs` that hold where it is a node itself."""
        return self.needs

    @property
    def graph_after(self) -> tuple[Any, ...]:
        """What must have ended before where it is a node itself."""
        return self.after

    @property
    def graph_watch(self) -> Any:
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

    def _launch(self, plan: Any, inputs: tuple[str, ...]) -> Launch:
        """Return how a workflow starts by its plan: with the outer run, then with these inputs by position."""
        raise AssertionError(f"{self!r} starts as a task")

    def _define(
        self,
        function: Callable[..., Any],
        options: dict[str, Any],
        scope: Scope | None,
        signature: Signature | None = None,
    ) -> None:
        """Take the function in, check the options, and note the names in reach if `scope` is not given."""
        Step.defined += 1
        self._signature = signature or _signature_of(self._kind, function)
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
        if options["needs"] is not None:
            params = self._signature.params
            wanted = {p.name: (p.kind is Parameter.VAR_POSITIONAL) if p.variadic else None for p in params}
            keywords = [p.name for p in params if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
            options["needs"] = check_needs(subject, options["needs"], wanted, keywords, Step)
        else:
            options["needs"] = {}
        options["after"] = check_after(subject, options["after"], Step)

    def _copy(self, options: dict[str, Any], **changes: Any) -> Self:
        """Return one like this with other options."""
        check_changes(f"{self._kind} {self.name!r}", changes, options)
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._define(self._function, {**options, **changes}, self._scope, self._signature)
        return copy


Need: TypeAlias = "Step | str | Sequence[Step | str] | Mapping[str, Step | str] | None"
After: TypeAlias = "Step | str | Sequence[Step | str] | None"


class TaskOptions(TypedDict, total=False):
    """The options of `@task`, as `with_options` takes them."""

    name: str | None
    needs: Mapping[str, Need] | None
    after: After
    outputs: Sequence[str] | None
    timeout: float | None


def _is_own(kind: type, name: str) -> bool:
    return any(name in vars(base) for base in kind.__mro__)


class Task(Step, Generic[P, R_co]):
    """A function that workflows can run. Made by `@task`.

    Called, it runs the function and nothing else: no timeout, no record.
    """

    _kind = "task"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return cast("R_co", self._function(*args, **kwargs))

    def with_options(self, **options: Unpack[TaskOptions]) -> Self:
        """Return a task of the same function with other options; it is a node of its own.

        Args:
            **options: as of `task`; those left out stay as they are.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """
        return self._copy(self._options, **options)

    def _bind(self, instance: object) -> Any:
        return cast("Any", self._function).__get__(instance)

    def _check(self, subject: str, options: dict[str, Any]) -> None:
        super()._check(subject, options)
        options["outputs"] = check_outputs(subject, options["outputs"])


def _signature_of(kind: str, function: Any) -> Signature:
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


def stand_in(step: Step, function: Callable[..., Any], scope: Scope) -> Task[..., Any]:
    """Return a task that has another function in the place of the step's own, under the same policy and name."""
    signature = _signature_of("task", function)
    if {p.kind for p in signature.params} == {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
        # It takes whatever it is given, as a mock does: it is given what the function was that it stands in for.
        signature = Signature(step._signature.params, signature.kind)
    params = {p.name for p in signature.params}
    needs = {name: need for name, need in step.graph_needs.items() if name in params}
    options = {"outputs": None, **step._options, "needs": needs, "after": step.graph_after, "name": step.name}
    made: Task[..., Any] = Task()
    made._define(function, {name: options[name] for name in TaskOptions.__annotations__}, scope, signature)
    return made


@overload
def task(function: Callable[P, R], /, **options: Unpack[TaskOptions]) -> Task[P, R]: ...
@overload
def task(**options: Unpack[TaskOptions]) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    needs: Mapping[str, Need] | None = None,
    after: After = None,
    outputs: Sequence[str] | None = None,
    timeout: float | None = None,
) -> Task[P, R] | Callable[[Callable[P, R]], Task[P, R]]:
    """Make a function a task: `@task`, `@task(timeout=5)` or `task(function, timeout=5)`.

    Its parameters name the tasks whose results it receives, as variables are looked up where it is defined.
    An `async def` runs on the event loop, a `def` in a worker thread. What a function yields is gathered in a
    list; an awaitable that a `def` returns is awaited.

    Args:
        function: any callable whose parameters can be read.
        name: what the record calls it; `None`: the function's name.
        needs: what to give a parameter instead of what its name says: a task, a workflow, a name, a list or dict
            of these (the parameter receives a list or dict of results), or `None` for "not a dependency".
        after: a task, a workflow, a name, or a list of these, that must have ended before this one starts.
        outputs: names for the parts of the result, which must be a mapping with those keys or a sequence of that
            length; other tasks receive the parts under these names.
        timeout: seconds that one attempt may take; `None`: no limit. A `def` cannot be interrupted: its thread is
            abandoned, and what it returns is ignored.

    Returns:
        The `Task`, or a decorator that makes one.

    Raises:
        OptionError: an option has a value that cannot be used; it is also a `TypeError` where the type is wrong.
    """
    options = {"name": name, "needs": needs, "after": after, "outputs": outputs, "timeout": timeout}

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        made: Task[P, R] = Task()
        made._define(function, options, None)
        return made

    return decorate if function is None else decorate(function)
