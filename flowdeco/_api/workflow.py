"""A workflow: a function that is called with its inputs and gets what its tasks give."""

from __future__ import annotations

import copy
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from types import CodeType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack, cast, overload
from weakref import WeakKeyDictionary

from .._base.signature import Signature
from .._definition.decoration import define_workflow
from .._definition.definition import Definition, Scope
from .._definition.face import is_face
from .._definition.inheritance import inherit_scope
from .._definition.option_types import (
    WorkflowOptions,
)
from .._definition.scope import capture_scope
from .._graph.graph import Graph
from .._graph.override import Override
from .compiler import Compiler
from .face import Decorated, change_options
from .opened_block import Opened
from .run import Run
from .runnable_workflow import RunnableWorkflow, remake
from .shown_signature import AWAITED, InputAnnotations, OfInstance, defaults_of, keyword_defaults_of
from .way import live_run_of, run_of, way

if TYPE_CHECKING:
    from .._scheduler.plan import Plan
    from .nested_call import NestedCall

__all__ = ["Untyped", "Workflow"]

R_co = TypeVar("R_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Untyped:
    """No function says that it returns this, so what seems to is one that says nothing, or `Any`."""


class Workflow(Decorated, Generic[R_co, T_co]):
    """A function whose parameters receive the results of tasks. Made by `@workflow`.

    Called, it takes its inputs, runs what it needs, and returns what its own function returns, or raises the error
    that a hand-written program would raise. It may be called from many tasks and threads at once.
    """

    __annotations__ = InputAnnotations()
    __signature__ = OfInstance(lambda self: self._definition.sign(len(self._bound)))
    __defaults__ = OfInstance(lambda self: defaults_of(self.__signature__))
    __kwdefaults__ = OfInstance(lambda self: keyword_defaults_of(self.__signature__))
    _definition: RunnableWorkflow
    # What a method is bound to.
    _bound: tuple[object, ...] = ()
    _is_of_class = False

    def __call__(self, /, *args: Any, **kwargs: Any) -> R_co:
        """Run it: a `def` workflow blocks until it is done, one of `async def` is to be awaited.

        In a worker thread of anyio it runs on the event loop that owns the thread. In a run, by whatever way but
        `start`, it is a nested run, recorded as a call of whoever makes it. Those who look on at the outer run are told
        of it as of any call; its tasks are told to its own hooks, and are in `record.run`. So it is for a workflow that
        is a task of another.

        Raises:
            InputError: the arguments do not fit the inputs; nothing has run.
            GraphError: the graph cannot be built; nothing has run.
            RunningLoopError: a `def` workflow was called on a thread whose event loop is running.
            TaskTimeoutError: a task took longer than its `timeout=`.
            WorkflowTimeoutError: the run took longer than the workflow's `timeout=`.
            OutputError: a task's result does not fit its `outputs=`.
            Exception: whatever a task or the workflow's own function raises, as it is; `Run.of` gives the run.
        """
        error, answer = self._go(args, kwargs)
        if error is None:
            return cast("R_co", answer)
        try:
            raise error  # from here, so that the traceback has few frames that are not the caller's
        finally:
            del error  # what it leads to is to go with the caller's reference

    @way(is_awaited=True)
    def call(self, /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, T_co]:
        """Run it on the running event loop, whether it is a `def` or an `async def`: `await w.call(...)`.

        The function of a `def` workflow is called in a worker thread. Raises: as a call does.
        """
        return cast("Coroutine[Any, Any, T_co]", self._go(args, kwargs, is_awaited=True)[1])

    @way(is_awaited=False)
    def call_sync(self, /, *args: Any, **kwargs: Any) -> T_co:
        """Run it and block until it is done, whether it is a `def` or an `async def`. Raises: as a call does."""
        error, answer = self._go(args, kwargs, is_awaited=False)
        if error is None:
            return cast("T_co", answer)
        try:
            raise error
        finally:
            del error

    @overload
    def run(self: Workflow[Untyped, Any], /, *args: Any, **kwargs: Any) -> Any: ...
    @overload
    def run(self: Workflow[Coroutine[Any, Any, T], T], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Run[T]]: ...
    @overload
    def run(self, /, *args: Any, **kwargs: Any) -> Run[T_co]: ...
    @way(is_awaited=None, gives=run_of)
    def run(self, /, *args: Any, **kwargs: Any) -> Any:
        """Run it as a call does, but return the `Run`, with every task's result; an `async def`'s is to be awaited.

        What a task raises is in `run.error`, and logged. Bad inputs, a wrong graph, cancellation,
        `KeyboardInterrupt` and `SystemExit` are raised.
        """
        return self._go(args, kwargs, keep=True)[1]

    @way(is_awaited=True, gives=run_of)
    def run_async(self, /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Run[T_co]]:
        """Run it on the running event loop and return the `Run`, for both kinds: `await w.run_async(...)`.

        To `run` what `call` is to a call. Raises: as `run` does.
        """
        return cast("Coroutine[Any, Any, Run[T_co]]", self._go(args, kwargs, is_awaited=True, keep=True)[1])

    @way(is_awaited=False, gives=run_of)
    def run_sync(self, /, *args: Any, **kwargs: Any) -> Run[T_co]:
        """Run it, block until it is done, and return the `Run`, for both kinds. Raises: as `run` does."""
        return cast("Run[T_co]", self._go(args, kwargs, is_awaited=False, keep=True)[1])

    @way(is_awaited=False, gives=live_run_of)
    def start(self, /, *args: Any, **kwargs: Any) -> AbstractAsyncContextManager[Run[T_co]]:
        """Start it and follow it live: `async with w.start(...) as run`, whether it is a `def` or an `async def`.

        The run goes on beside the block. Leaving the block waits for it, and raises as a call does; after
        `run.cancel()` it raises nothing. An exception in the block cancels the run. `run.events()` gives every change
        of status. Inputs and graph are checked by the call itself. In a run it is a recorded call of whoever makes it,
        as `call` is: who is cancelled in the block cancels it. Raises: as a call does.
        """
        call = self._call_within(args, kwargs, keep=True)
        if call is not None:
            return cast("AbstractAsyncContextManager[Run[T_co]]", call.live())
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
        input of nearly the same name: what is meant so is said by `needs=` with `None`.

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
                else of it is needed. Tasks of the workflows that this one runs are reached, too, and so are calls of
                a task. Within what stands in for a task, calls of the task are calls of itself.

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
        definition.face, definition.opened_of = made, None
        definition.compiler = Compiler(definition, compiler, overrides)
        compiler.refresh()
        definition.compiler.check_overrides()
        return made

    def opened(self, **inputs: Any) -> Opened[Self]:
        """Have its shared resources open for a block: `with w.opened(url=...) as w2:`, or `async with`.

        `w2` is a workflow like this one that uses what is open, from whatever task or thread it is called; see
        `opened`, which does the same for several workflows at once.

        Args:
            **inputs: those inputs that the resources need. Calls of `w2` get them, too, and give the others: its
                signature shows these, and positional arguments follow it.

        Raises:
            InputError: an input is missing, or there is none of that name.
            RunningLoopError: a plain `with` on a thread whose event loop is running.
        """
        made = self._copy()
        made._definition = definition = copy.copy(self._definition)
        definition.face, definition.opened_of = made, self._definition.opened_of or self._definition
        return Opened([definition], made, inputs, is_shared=False)

    def with_options(self, **options: Unpack[WorkflowOptions]) -> Self:
        """Return a workflow of the same function with other options.

        Args:
            **options: as of `workflow`; those left out stay as they are, and of `needs=` the parameters left out, too;
                `needs=None` takes all of it away.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """

        def change(old: RunnableWorkflow) -> RunnableWorkflow:
            made = (self if old is self._definition else cast("Self", old.face))._copy()
            return made._define(old.function, change_options(old, options), old.scope, old.signature, old)

        made = remake(self._definition.compiler, change)
        made.block = self._definition.block  # in a block of `opened()`, it uses what is open there
        return cast("Self", made.face)

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
        like: RunnableWorkflow | None = None,
    ) -> RunnableWorkflow:
        """Make a definition, and become its face."""
        made = define_workflow(RunnableWorkflow, self, function, options, scope, signature, like)
        made.compiler = Compiler(made)
        self._show(made)
        return made

    def _go(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_awaited: bool | None = None, keep: bool = False
    ) -> tuple[BaseException | None, Any]:
        """Run it, and return what is to be raised, or what the caller gets.

        That is a coroutine, or it blocks, as `is_awaited` or, where that is `None`, its function's kind says.
        """
        execution = self._definition.execution
        is_awaited = execution.is_async if is_awaited is None else is_awaited
        call = self._call_within(args, kwargs, keep=keep)
        if call is not None:
            return (None, call.start()) if is_awaited else call.block()
        run = self._new_run(args, kwargs, keep=keep)
        if is_awaited:
            return None, execution.start(run)
        execution.run_blocking(run)
        return run._answer()

    def _call_within(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, keep: bool) -> NestedCall | None:
        """Return the call that this is of the run in which it is made; `None` outside of any."""
        definition = self._definition
        caller = definition.execution.find_caller()
        if caller is None:
            return None
        from .nested_call import NestedCall  # only now, as most calls are made outside of runs

        return NestedCall(caller, definition, self._bind_inputs(definition.compiler.plan(), args, kwargs), keep=keep)

    def _new_run(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, keep: bool = False) -> Run[Any]:
        definition = self._definition
        plan = definition.compiler.plan()
        if plan.starts_processes:
            from .._worker.main_guard import refuse_worker_import

            refuse_worker_import(plan.graph.name)
        block = definition.block
        if block is None and plan.needs_opened:
            from .not_opened import not_opened_error

            raise not_opened_error(plan.graph)
        run: Run[Any] = Run(plan, self._bind_inputs(plan, args, kwargs), definition.options["state"], keep=keep)
        run._block = block
        return run

    def _bind_inputs(self, plan: Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        args, block = self._bound + args, self._definition.block
        return plan.inputs.bind(args, kwargs) if block is None else plan.inputs.bind(args, kwargs, block.inputs)

    def _load_engine(self) -> None:
        """Have loaded what a run needs, which takes a moment the first time."""
        _ = self._definition.execution

    def _run_blocking(self, run: Run[Any], may_begin: Callable[[], bool]) -> None:
        """Go through with a run that was made by `_new_run`, and leave it to others to tell its error.

        If `may_begin`, called on the event loop, returns false, nothing is run.
        """
        self._definition.execution.run_blocking(run, logs=False, may_begin=may_begin)
