"""A task that is a method, looked up on an instance: a bound method like that of its function, that has `call`, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from inspect import Signature
from typing import Any

from .shown_signature import sign_call
from .way import shown, way

__all__ = ["TaskMethod"]


class TaskMethod:
    """The function of a bound method: it is shown as the task's function, and called as that.

    A bound method asks its function for whatever it does not have itself, and does not say for which instance. So this
    knows the instance.

    Args:
        task: the `Task`.
        instance: what it is bound to.
    """

    __slots__ = ("_instance", "_task")

    def __init__(self, task: Any, instance: object) -> None:
        self._task = task
        self._instance = instance

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        function: Callable[..., Any] = self._task.__wrapped__
        return function

    def __call__(self, instance: object, /, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(instance, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "__qualname__":  # a class would take a property of that name for its own name
            return self.__wrapped__.__qualname__
        return getattr(self.__wrapped__, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TaskMethod) and self._task is other._task

    def __hash__(self) -> int:
        return hash(self._task)

    @way(is_awaited=True, sign=lambda self: self.sign())
    def call(self, /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """Do what `Task.call` does, with the instance."""
        coroutine: Coroutine[Any, Any, Any] = self._task.call(self._instance, *args, **kwargs)
        return coroutine

    @way(is_awaited=False, sign=lambda self: self.sign())
    def call_sync(self, /, *args: Any, **kwargs: Any) -> Any:
        """Do what `Task.call_sync` does, with the instance."""
        return self._task.call_sync(self._instance, *args, **kwargs)

    def sign(self) -> Signature:
        """Return the signature of a call: without the instance."""
        signature = sign_call(self._task._definition)
        return signature.replace(parameters=[*signature.parameters.values()][1:])

    # What a class has itself is not asked for elsewhere.
    __module__ = shown(lambda self: self.__wrapped__.__module__)
    __doc__ = shown(lambda self: self.__wrapped__.__doc__)
    __annotations__ = shown(lambda self: self.__wrapped__.__annotations__)
