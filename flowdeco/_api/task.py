"""A task: a function, still called as it was, with what a workflow must know to run it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Generator, Iterator
from types import FunctionType, MethodType
from typing import Any, ParamSpec, Self, TypeVar, Unpack, overload

from .._definition.class_function import ClassFunction
from .._definition.decoration import define_task
from .._definition.definition import Face, TaskDefinition
from .._definition.option_types import TaskOptions
from .._graph.call_signature import read_call
from .face import change_options
from .function_face import FunctionFace
from .shown_signature import sign_call
from .task_method import TaskMethod
from .way import way

__all__ = ["Task"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


class Task(FunctionFace[P, R_co]):
    """A function that workflows can run. Made by `@task`.

    Called, it runs the function and nothing else: no timeout, no record.
    """

    @overload
    def call(self: Task[..., Coroutine[Any, Any, T]], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, T]: ...
    @overload
    def call(self: Task[..., AsyncIterator[T]], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def call(self: Task[..., Generator[T, Any, Any]], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def call(self: Task[..., Iterator[Any]], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]: ...
    @overload
    def call(self, /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, R_co]: ...
    @way(is_awaited=True, sign=lambda self: sign_call(self._definition))
    def call(self, /, *args: Any, **kwargs: Any) -> Any:
        """Run it under its own options: `await search.call(query="tea")`, in any task, workflow's function or helper.

        In a run it is a recorded call of whoever makes it: cancelled with its caller, counted in its time, taking its
        places of a `limit=` from those that the caller holds. Outside a run it has its options and no record. A `def`
        runs in a thread, what yields gives a list, and where it is skipped, `Skip` is raised. A method is called by
        its instance, `shop.find.call("tea")`, or with it, `Shop.find.call(shop, "tea")`.

        Args:
            *args, **kwargs: what its parameters receive. What belongs to the run may be left out: resources, `state`,
                `run`, and what `needs=` says with `value`; so may what has a default. Tasks and inputs of that name
                are not asked. `inspect.signature(search.call)` shows what is to be passed.

        Raises:
            CallError: the arguments do not fit; or this is another process than that of the run.
            Skip: it was skipped, by itself or by its `when=`.
            TaskTimeoutError: it took longer than its `timeout=`.
            Exception: whatever it raises for good, as it is.
        """
        return _start(self, args, kwargs)

    @overload
    def call_sync(self: Task[..., Coroutine[Any, Any, T]], /, *args: Any, **kwargs: Any) -> T: ...
    @overload
    def call_sync(self: Task[..., AsyncIterator[T]], /, *args: Any, **kwargs: Any) -> list[T]: ...
    @overload
    def call_sync(self: Task[..., Generator[T, Any, Any]], /, *args: Any, **kwargs: Any) -> list[T]: ...
    @overload
    def call_sync(self: Task[..., Iterator[Any]], /, *args: Any, **kwargs: Any) -> Any: ...
    @overload
    def call_sync(self, /, *args: Any, **kwargs: Any) -> R_co: ...
    @way(is_awaited=False, sign=lambda self: sign_call(self._definition))
    def call_sync(self, /, *args: Any, **kwargs: Any) -> Any:
        """Do what `call` does, and block until it is done: in a `def`, `search.call_sync(query="tea")`.

        Raises:
            RunningLoopError: this thread's event loop is running.
            Exception: as of `call`.
        """
        from .calling import block_on

        definition = self._definition
        given = read_call(definition).bind(args, kwargs)
        return block_on(definition, given)

    def with_options(self, **options: Unpack[TaskOptions]) -> Self:
        """Return a task of the same function with other options; it is a node of its own.

        Args:
            **options: as of `task`; those left out stay as they are, and of `needs=` the parameters left out, too;
                `needs=None` takes all of it away.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """
        old, made = self._definition, self._copy()
        asked = old.asked if old.stands_in else None
        changed = change_options(old, options)
        made._show(define_task(made, old.function, changed, old.scope, old.signature, asked, like=old))
        return made

    def _bind(self, instance: object) -> Any:
        if isinstance(self._definition.function, FunctionType):
            return MethodType(TaskMethod(self, instance), instance)
        return super()._bind(instance)  # it has its own way to become a method

    def _define_bound(self, made: Face, bound: ClassFunction) -> TaskDefinition:
        old = self._definition
        return define_task(made, bound, dict(old.options), old.scope, old.signature, like=old)


def _start(task: Task[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Coroutine[Any, Any, Any]:
    from .calling import start_call

    definition = task._definition
    return start_call(definition, read_call(definition).bind(args, kwargs))
