"""A workflow: a function that is called with its inputs and gets what its tasks give."""

from __future__ import annotations

import copy
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from types import CodeType
from typing import Any, Generic, Protocol, Self, TypeVar, Unpack, cast, overload
from weakref import WeakKeyDictionary

from .._base.signature import Signature
from .._definition.class_function import is_class_method
from .._definition.decoration import define_workflow
from .._definition.definition import Definition, Scope
from .._definition.face import is_face
from .._definition.inheritance import inherit_scope
from .._definition.option_types import (
    After,
    HookErrors,
    Hooks,
    HooksByType,
    Need,
    PolicyOptions,
    Settled,
    Tasks,
    WorkflowOptions,
)
from .._definition.scope import capture_scope
from .._graph.graph import Graph
from .._graph.override import Override
from .._state.state import State
from .compiler import Compiler, RunnableWorkflow, remake
from .face import Decorated, change_options
from .run import Run
from .shown_signature import AWAITED, InputAnnotations, OfInstance, defaults_of, keyword_defaults_of
from .way import way

__all__ = ["Workflow", "workflow"]

R_co = TypeVar("R_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class _Untyped:
    """No function says that it returns this, so what seems to is one that says nothing, or `Any`."""


class Decorator(Protocol):
    """What `workflow` with options alone returns."""

    @overload
    def __call__(self, function: Callable[..., _Untyped], /) -> Workflow[Any, Any]: ...
    @overload
    def __call__(self, function: Callable[..., Coroutine[Any, Any, T]], /) -> Workflow[Coroutine[Any, Any, T], T]: ...
    @overload
    def __call__(self, function: Callable[..., T], /) -> Workflow[T, T]: ...
    def __call__(self, function: Callable[..., Any], /) -> Any: ...


def _run_of(result: Any) -> Any:
    return Run[result]


def _live_run_of(result: Any) -> Any:
    return AbstractAsyncContextManager[Run[result]]


class Workflow(Decorated, Generic[R_co, T_co]):
    """A function whose parameters receive the results of tasks. Made by `@workflow`.

    Called, it takes its inputs, runs what it needs, and returns what its own function returns, or raises the error
    that a hand-written program would raise. It may be called from many tasks and threads at once.
    """

    __annotations__ = InputAnnotations()
    __signature__ = OfInstance(lambda self: self._definition.shown.sign(len(self._bound)))
    __defaults__ = OfInstance(lambda self: defaults_of(self.__signature__))
    __kwdefaults__ = OfInstance(lambda self: keyword_defaults_of(self.__signature__))
    _definition: RunnableWorkflow
    # What a method is bound to.
    _bound: tuple[object, ...] = ()
    _is_of_class = False

    def __call__(self, /, *args: Any, **kwargs: Any) -> R_co:
        """Run it: a `def` workflow blocks until it is done, one of `async def` is to be awaited.

        In a worker thread of anyio it runs on the event loop that owns the thread.

        Raises:
            InputError: the arguments do not fit the inputs; nothing has run.
            GraphError: the graph cannot be built; nothing has run.
            RunningLoopError: a `def` workflow was called on a thread whose event loop is running.
            TaskTimeoutError: a task took longer than its `timeout=`.
            WorkflowTimeoutError: the run took longer than the workflow's `timeout=`.
            OutputError: a task's result does not fit its `outputs=`.
            Exception: whatever a task or the workflow's own function raises, as it is; `Run.of` gives the run.
        """
        return cast("R_co", self._go(args, kwargs))

    @way(is_awaited=True)
    def call(self, /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, T_co]:
        """Run it on the running event loop, whether it is a `def` or an `async def`: `await w.call(...)`.

        The function of a `def` workflow is called in a worker thread. Raises: as a call does.
        """
        return cast("Coroutine[Any, Any, T_co]", self._go(args, kwargs, is_awaited=True))

    @way(is_awaited=False)
    def call_sync(self, /, *args: Any, **kwargs: Any) -> T_co:
        """Run it and block until it is done, whether it is a `def` or an `async def`. Raises: as a call does."""
        return cast("T_co", self._go(args, kwargs, is_awaited=False))

    @overload
    def run(self: Workflow[_Untyped, Any], /, *args: Any, **kwargs: Any) -> Any: ...
    @overload
    def run(self: Workflow[Coroutine[Any, Any, T], T], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Run[T]]: ...
    @overload
    def run(self, /, *args: Any, **kwargs: Any) -> Run[T_co]: ...
    @way(is_awaited=None, gives=_run_of)
    def run(self, /, *args: Any, **kwargs: Any) -> Any:
        """Run it as a call does, but return the `Run`, with every task's result; an `async def`'s is to be awaited.

        What a task raises is in `run.error`, and logged. Bad inputs, a wrong graph, cancellation,
        `KeyboardInterrupt` and `SystemExit` are raised.
        """
        return self._go(args, kwargs, keep=True)

    @way(is_awaited=True, gives=_run_of)
    def run_async(self, /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Run[T_co]]:
        """Run it on the running event loop and return the `Run`, for both kinds: `await w.run_async(...)`.

        To `run` what `call` is to a call. Raises: as `run` does.
        """
        return cast("Coroutine[Any, Any, Run[T_co]]", self._go(args, kwargs, is_awaited=True, keep=True))

    @way(is_awaited=False, gives=_run_of)
    def run_sync(self, /, *args: Any, **kwargs: Any) -> Run[T_co]:
        """Run it, block until it is done, and return the `Run`, for both kinds. Raises: as `run` does."""
        return cast("Run[T_co]", self._go(args, kwargs, is_awaited=False, keep=True))

    @way(is_awaited=False, gives=_live_run_of)
    def start(self, /, *args: Any, **kwargs: Any) -> AbstractAsyncContextManager[Run[T_co]]:
        """Start it and follow it live: `async with w.start(...) as run`, whether it is a `def` or an `async def`.

        The run goes on beside the block. Leaving the block waits for it, and raises as a call does; after
        `run.cancel()` it raises nothing. An exception in the block cancels the run. `run.events()` gives every change
        of status. Inputs and graph are checked by the call itself. Raises: as a call does.
        """
        return self._definition.execution.live(self._new_run(args, kwargs, keep=True))

    @OfInstance
    def __code__(self) -> CodeType:
        if self._definition.is_async:
            return AWAITED
        raise AttributeError("__code__")

    @property
    def graph(self) -> Graph:
        """What it runs. Raises `GraphError` if that cannot be found out."""
        return self._definition.compiler.plan().graph

    def check(self, *, types: bool = False) -> None:
        """Find everything that is wrong with the graph, without running anything.

        Besides what would keep it from running: entries of `tasks=` that nothing needs, inputs that a task does not get
        because a task of the same name is nearer to it, and parameters that take their defaults beside a task or an
        input of nearly the same name, or a plain function of the same name: what is meant so is said by `needs=` with
        `None`.

        Args:
            types: whether to compare annotations, too: those of the parameters with those of what they receive from
                tasks, as far as they can be read. Only what plainly does not go together counts.

        Raises:
            GraphError: with all its `problems`.
        """
        self._definition.compiler.check(types=types)

    def override(self, replacements: Mapping[Any, Any] | None = None, /, **named: Any) -> Self:
        """Return a workflow like this one in which something stands in for some of the tasks.

        Args:
            replacements: what stands in, by the task itself or by its name.
            **named: the same, by name. A value is the task's result: the task does not run, nor does anything that
                only it needed. A plain function is called instead of the task's own, under the same policy, but in a
                thread where that ran in a process or an executor; `value` hands a callable over as a value. A task
                replaces the task. A name of `outputs=` replaces that output alone: the task still runs where anything
                else of it is needed. Tasks of the workflows that this one runs are reached, too.

        Raises:
            UnknownTaskError: there is no such task.
            OptionError: a function cannot be used.
            OutputError: a value does not fit the task's `outputs=`.
            GraphError: the graph cannot be built as it is.
        """
        given = {**(replacements or {}), **named}
        overrides = tuple(
            Override(key, v, capture_scope(v, None) if callable(v) and not is_face(v) else ())
            for key, v in given.items()
        )
        compiler, made = self._definition.compiler, self._copy()
        made._definition = definition = copy.copy(self._definition)
        definition.face = made
        definition.compiler = Compiler(definition, compiler, overrides)
        compiler.refresh()
        definition.compiler.check_overrides()
        return made

    def with_options(self, **options: Unpack[WorkflowOptions]) -> Self:
        """Return a workflow of the same function with other options.

        Args:
            **options: as of `workflow`; those left out stay as they are.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """

        def change(old: RunnableWorkflow) -> RunnableWorkflow:
            made = (self if old is self._definition else cast("Self", old.face))._copy()
            return made._define(old.function, change_options(old, options), old.scope, old.signature)

        return cast("Self", remake(self._definition.compiler, change).face)

    def _show(self, definition: Definition) -> None:
        super()._show(definition)
        own = self.__dict__
        own.pop("__annotations__", None)  # see `InputAnnotations`
        for name in ("__name__", "__qualname__"):
            own.setdefault(name, definition.name or "workflow")

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Be a method where the function would be one; of a subclass, with the tasks that it has."""
        heir = type(instance) if owner is None else owner
        inherited = self._inherit(heir)
        return inherited._bind(heir) if self._is_of_class else super(Workflow, inherited).__get__(instance, heir)

    def _inherit(self, heir: type) -> Self:
        """Return this workflow as a class has it: itself, or one for which names mean what they mean there."""
        heirs: WeakKeyDictionary[type, Self] = self.__dict__.get("_heirs") or WeakKeyDictionary()
        known = heirs.get(heir)
        if known is None:
            scope = inherit_scope(self._definition.scope, heir)
            kept: WeakKeyDictionary[type, Self] = self.__dict__.setdefault("_heirs", heirs)
            known = kept.setdefault(heir, self if scope is None else self._move(scope))
        return known

    def _move(self, scope: Scope) -> Self:
        """Return the same workflow with other names in its reach."""

        def move(old: RunnableWorkflow) -> RunnableWorkflow:
            made = (self if old is self._definition else cast("Self", old.face))._copy()
            made._definition = definition = copy.copy(old)
            definition.face, definition.scope = made, scope
            return definition

        return cast("Self", remake(self._definition.compiler, move).face)

    def _copy(self) -> Self:
        made = super()._copy()
        made.__dict__.pop("_heirs", None)
        return made

    def _bind(self, instance: object) -> Self:
        bound = self._copy()
        bound._bound = (instance,)
        return bound

    def _define(
        self,
        function: Callable[..., Any],
        options: dict[str, Any],
        scope: Scope | None = None,
        signature: Signature | None = None,
    ) -> RunnableWorkflow:
        """Make a definition, and become its face."""
        made = define_workflow(RunnableWorkflow, self, function, options, scope, signature)
        made.compiler = Compiler(made)
        self._show(made)
        return made

    def _go(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_awaited: bool | None = None, keep: bool = False
    ) -> Any:
        """Run it: return a coroutine or block, as `is_awaited` or, where that is `None`, its function's kind says."""
        execution = self._definition.execution
        awaited = execution.is_async if is_awaited is None else is_awaited
        go = execution.start if awaited else execution.block
        return go(self._new_run(args, kwargs, keep=keep))

    def _new_run(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, keep: bool = False) -> Run[Any]:
        definition = self._definition
        plan = definition.compiler.plan()
        if plan.starts_processes:
            from .._worker.main_guard import refuse_worker_import

            refuse_worker_import(plan.graph.name)
        return Run(plan, plan.inputs.bind(self._bound + args, kwargs), definition.options["state"], keep=keep)

    def _run_blocking(self, run: Run[Any]) -> None:
        """Go through with a run that was made by `_new_run`, and leave it to others to tell its error."""
        self._definition.execution.run_blocking(run, logs=False)


@overload
def workflow(function: Callable[..., _Untyped], /, **options: Unpack[WorkflowOptions]) -> Workflow[Any, Any]: ...
@overload
def workflow(
    function: Callable[..., Coroutine[Any, Any, T]], /, **options: Unpack[WorkflowOptions]
) -> Workflow[Coroutine[Any, Any, T], T]: ...
@overload
def workflow(function: Callable[..., T], /, **options: Unpack[WorkflowOptions]) -> Workflow[T, T]: ...
@overload
def workflow(**options: Unpack[WorkflowOptions]) -> Decorator: ...
def workflow(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    needs: Mapping[str, Need] | None = None,
    after: After = None,
    tasks: Tasks = None,
    settled: Settled = None,
    timeout: float | None = None,
    keep_going: bool = False,
    share: bool = True,
    defaults: PolicyOptions | None = None,
    state: State | type[State] | None = None,
    on_state: Hooks = None,
    on_start: Hooks = None,
    on_success: Hooks = None,
    on_retry: Hooks = None,
    on_error: HooksByType = None,
    hook_errors: HookErrors = "log",
    metadata: Mapping[str, Any] | None = None,
    backend: str = "asyncio",
    backend_options: Mapping[str, Any] | None = None,
) -> Any:
    """Make a function a workflow: `@workflow`, `@workflow(timeout=60)` or `workflow(function, timeout=60)`.

    A parameter that names a task receives its result; the others are the inputs. What the tasks' parameters
    name runs, too, everything at the same time that can. The first error cancels the rest and is raised as it is.

    Args:
        function: a `def` or an `async def`.
        name: what the record calls it; `None`: the function's name.
        needs: what to give a parameter instead of what its name says; as of `task`. `None` for a parameter says that
            it is an input, even one called `run` or `state`, which its tasks then receive under that name. For one
            that is an input, a name that means no task renames it: outside it has that name, and all that name the
            parameter still get it. A task fills it for all that name it.
        after: a task, a workflow, a name, or a list of these, that must have ended before the function is called.
        tasks: names given by hand, as a mapping, for every parameter in the graph; or tasks and modules in which
            names are looked up last.
        settled: the parameters that receive an `Outcome`, however the task that they name has ended.
        timeout: seconds for a whole run; `None`: no limit. The function of a `def` workflow that was called plainly
            is not limited.
        keep_going: whether everything that does not need a failed task still runs; all errors that nobody received
            as an `Outcome` are then raised as one `ExceptionGroup`.
        share: whether a task that it has in common with a workflow around or within it runs once, in the innermost one
            that contains all that need it, where its needs, options and state are the same. `False`: each runs its own.
        defaults: options for those of its tasks that do not say themselves: a mapping of any of `retries` to
            `metadata` of `task`. A default that a task cannot have, such as `run_in` for an `async def`, passes it by.
            So does `when` where the task is what it asks for, or what that needs.
            The tasks of a workflow that runs in this one are not concerned.
        state: what the tasks share under the name `state`: a class of states, of which each run gets a fresh one, or
            an instance, which is then shared by all runs. `None`: an empty `State` for each run, or that of the
            outer run where this workflow runs as a task.
        on_state: called at every change of status of the run, and of each of its tasks: a function or a list, each
            `def` or `async def`. Hooks get what their parameters name, as of `Event`, or an input of that name.
        on_start: called before anything runs; if it raises, the run fails with that error.
        on_success: called when the result is there.
        on_retry: called when a task of this workflow is going to be tried again.
        on_error: called once when the run has failed; as a mapping of types of errors, the first that fits.
        hook_errors: `"log"`: what a hook raises is logged and kept in `run.hook_errors`, no more. `"raise"`: it fails
            what the hook is attached to as well; an error that is there already stays the one that is raised.
        metadata: anything you want to find in the record and in hooks.
        backend: the event loop for plain calls, `"asyncio"` or `"trio"`.
        backend_options: what `anyio.run` passes on to it, such as `{"use_uvloop": True}`.

    Returns:
        The `Workflow`, or a decorator that makes one.

    Raises:
        OptionError: an option has a value that cannot be used; it is also a `TypeError` where the type is wrong.
    """
    given = locals()
    options = {option: given[option] for option in WorkflowOptions.__annotations__}

    def decorate(function: Callable[..., Any]) -> Workflow[Any, Any]:
        made: Workflow[Any, Any] = Workflow()
        given: object = function
        if is_class_method(given):
            function, made._is_of_class = given.__func__, True
        made._define(function, dict(options))
        return made

    return decorate if function is None else decorate(function)
