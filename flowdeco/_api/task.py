"""A task: a function, still called as it was, with what a workflow must know to run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, ParamSpec, Self, TypeVar, Unpack, cast, overload
from weakref import WeakValueDictionary

from .._definition.class_function import ClassFunction, is_class_method, read_class_function
from .._definition.decoration import define_stand_in, define_task
from .._definition.definition import Definition, Scope, TaskDefinition, definition_behind
from .._definition.frame import is_fresh
from .._definition.option_types import After, Hook, Hooks, HooksByType, Need, Recover, Settled, TaskOptions
from .._policy.limit import Limit
from .._policy.retry import Retry
from .._policy.run_in import RunIn
from .face import Decorated, change_options
from .shown_signature import AWAITED, OfInstance

__all__ = ["Task", "stand_in", "task"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Task(Decorated, Generic[P, R_co]):
    """A function that workflows can run. Made by `@task`.

    Called, it runs the function and nothing else: no timeout, no record.
    """

    # Those of the function: libraries read them to find out how to call it, and whether to await what it gives.
    __code__ = OfInstance(lambda self: _read(self._definition, "__code__", AWAITED))
    __defaults__ = OfInstance(lambda self: _read(self._definition, "__defaults__", None))
    __kwdefaults__ = OfInstance(lambda self: _read(self._definition, "__kwdefaults__", None))
    _definition: TaskDefinition

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return cast("R_co", self._definition.function(*args, **kwargs))

    def with_options(self, **options: Unpack[TaskOptions]) -> Self:
        """Return a task of the same function with other options; it is a node of its own.

        Args:
            **options: as of `task`; those left out stay as they are.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """
        old, made = self._definition, self._copy()
        asked = old.asked if old.stands_in else None
        changed = change_options(old, options)
        made._show(define_task(made, old.function, changed, old.scope, old.signature, asked))
        return made

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        if isinstance(self._definition.function, ClassFunction):
            self._definition.function.note_class(owner)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Be a method where the function would be one; of a `classmethod`, the task of the class."""
        function = self._definition.function
        if not isinstance(function, ClassFunction):
            return super().__get__(instance, owner)
        owner = type(instance) if owner is None else owner
        return self if owner is function.owner else self._of_class(function, owner)

    def _of_class(self, function: ClassFunction, owner: type) -> Self:
        """Return the task of a class that inherits this one: the same one as long as somebody holds it."""
        known: WeakValueDictionary[int, Self] = self.__dict__.setdefault("_of_classes", WeakValueDictionary())
        made = known.get(id(owner))
        if made is None or cast("ClassFunction", definition_behind(made).function).owner is not owner:
            old, made = self._definition, self._copy()
            bound = ClassFunction(function.method, owner)
            made._show(define_task(made, bound, dict(old.options), old.scope, old.signature))
            known[id(owner)] = made
        return made

    def _copy(self) -> Self:
        copy = super()._copy()
        copy.__dict__.pop("_of_classes", None)
        return copy

    def _show(self, definition: Definition) -> None:
        super()._show(definition)
        if _is_made_up(definition):
            self.__dict__.setdefault("__name__", definition.name or "task")

    def _bind(self, instance: object) -> Any:
        return cast("Any", self._definition.function).__get__(instance)


def _is_made_up(definition: Definition) -> bool:
    """Whether a call is awaited and there is no code that says so: of a partial, or of an object."""
    return definition.signature.kind == "async" and not hasattr(definition.function, "__code__")


def _read(definition: Definition, name: str, otherwise: Any) -> Any:
    return otherwise if _is_made_up(definition) else getattr(definition.function, name)


def stand_in(
    definition: Definition, function: Callable[..., Any], scope: Scope, output: str | None = None
) -> TaskDefinition:
    """Return what runs a function in the place of a task or workflow, or of what gives one output of it."""
    face: Task[..., Any] = Task()
    made = define_stand_in(face, definition, function, scope, output)
    face._show(made)
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
    retries: int | Retry | None = None,
    timeout: float | None = None,
    recover: Recover = None,
    when: Hook | None = None,
    settled: Settled = None,
    limit: int | Limit | Mapping[Limit, int] | None = None,
    run_in: RunIn = None,
    on_state: Hooks = None,
    on_start: Hooks = None,
    on_success: Hooks = None,
    on_retry: Hooks = None,
    on_error: HooksByType = None,
    metadata: Mapping[str, Any] | None = None,
) -> Task[P, R] | Callable[[Callable[P, R]], Task[P, R]]:
    """Make a function a task: `@task`, `@task(timeout=5)` or `task(function, timeout=5)`.

    Its parameters name the tasks whose results it receives, as variables are looked up where it is defined.
    An `async def` runs on the event loop, a `def` in a worker thread. What a function yields is gathered in a
    list; an awaitable that a `def` returns is awaited.

    Where an option from `retries` to `metadata` is `None` (but not `settled`), the workflow's `defaults=` hold.

    Args:
        function: any callable whose parameters can be read.
        name: what the record calls it; `None`: the function's name.
        needs: what to give a parameter instead of what its name says: a task, a workflow, a name, `value(x)` for a
            constant, a list or dict of these (the parameter receives a list or dict of results), or `None` for "not a
            dependency".
        after: a task, a workflow, a name, or a list of these, that must have ended before this one starts. If one of
            them failed, this one does not run.
        outputs: names for the parts of the result, which must be a mapping with those keys or a sequence of that
            length; other tasks receive the parts under these names. A mapping may lack some: who receives one that is
            not there takes the default, and it is an error where somebody has none.
        retries: how many more attempts follow a failed one, or a `Retry` that says after which errors, and when.
            0: none, whatever the workflow's defaults are.
        timeout: seconds that one attempt may take; `math.inf`: no limit. It counts as an error like any other. A `def`
            cannot be interrupted: its thread is abandoned, and what it returns or writes to `state` is refused.
        recover: turns the final error into a result: a function, a task, or a mapping of types of errors to these. It
            gets what its parameters name: `error`, `attempt`, the task's arguments, and what hooks can ask for.
        when: a predicate, whose parameters are dependencies as the task's own are, or a task: if what it gives is
            false, the task is skipped.
        settled: the parameters that receive an `Outcome`, however the task that they name has ended.
        limit: how many of this task may run at once; or a `Limit` that it shares with others, or how many places it
            takes of which `Limit`. The time between attempts takes no place.
        run_in: where a `def` runs: `"thread"`, `"loop"` (for what is quick: it holds the event loop up), `"process"`,
            or any `concurrent.futures.Executor`. Elsewhere than in this process it cannot take `state` or `run`. An
            `async def` always runs on the event loop.
        on_state: called at every change of status: a function or a list of functions, each `def` or `async def`. Hooks
            get what their parameters name; see `Event`.
        on_start: called before the first attempt; if it raises, no attempt is made and the task fails with that error.
        on_success: called when the result is there.
        on_retry: called when an attempt has failed and another follows after `delay` seconds.
        on_error: called when the task has failed for good; as a mapping of types of errors, the first that fits.
        metadata: anything you want to find in the record and in hooks.

    Returns:
        The `Task`, or a decorator that makes one.

    Raises:
        OptionError: an option has a value that cannot be used; it is also a `TypeError` where the type is wrong.
    """
    fresh = is_fresh(function)
    # locals() would take three times as long, at every decoration.
    options: dict[str, Any] = {
        "name": name,
        "needs": needs,
        "after": after,
        "outputs": outputs,
        "settled": settled,
        "retries": retries,
        "timeout": timeout,
        "recover": recover,
        "when": when,
        "limit": limit,
        "run_in": run_in,
        "on_state": on_state,
        "on_start": on_start,
        "on_success": on_success,
        "on_retry": on_retry,
        "on_error": on_error,
        "metadata": metadata,
    }

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        return _decorate(function, dict(options), is_fresh(function))

    return decorate if function is None else _decorate(function, options, fresh)


def _decorate(function: Callable[P, R], options: dict[str, Any], fresh: bool) -> Task[P, R]:
    made: Task[P, R] = Task()
    given: object = function
    if is_class_method(given):
        definition = define_task(made, ClassFunction(given), options, signature=read_class_function(given))
    else:
        definition = define_task(made, function, options, is_fresh=fresh)
    made._show(definition)
    return made
