"""The ways to call a workflow, or a task in a run: methods that show what they take, and whether they are awaited.

A method shows `*args` and `**kwargs`, and is a coroutine function only if it is an `async def`, whose arguments would
be looked at no sooner than it is awaited. So what is bound here, as any method is, is no plain function.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from inspect import Parameter, Signature
from types import CodeType, MethodType
from typing import Any, Protocol, TypeVar, cast

from .._base.signature import MISSING
from .run import Run
from .shown_signature import AWAITED, annotations_of, defaults_of, keyword_defaults_of

__all__ = ["live_run_of", "run_of", "shown", "way"]

F = TypeVar("F", bound=Callable[..., Any])


def shown(read: Callable[[Any], Any]) -> Any:
    """Return a property, of which type checkers do not know, so that it may have any name."""
    return property(read)


class _Decorator(Protocol):
    def __call__(self, function: F, /) -> F: ...


def way(
    *,
    is_awaited: bool | None,
    gives: Callable[[Any], Any] | None = None,
    sign: Callable[[Any], Signature] | None = None,
) -> _Decorator:
    """Make a method a way to call.

    Args:
        is_awaited: whether a call of it gives a coroutine; `None`: where the workflow's own function is an `async def`.
        gives: makes the type of what it gives from that of the workflow's result; `None`: it is the same.
        sign: returns the signature of a call; `None`: it is that of the workflow.
    """

    def decorate(function: F, /) -> F:
        return cast("F", Way(function, is_awaited, gives, sign or _sign))

    return decorate


def run_of(result: Any) -> Any:
    """Return the type of the run of a workflow that gives this type."""
    return Run[result]


def live_run_of(result: Any) -> Any:
    """Return the type of what `start` gives for a workflow that gives this type."""
    return AbstractAsyncContextManager[Run[result]]


def _sign(workflow: Any) -> Signature:
    signature: Signature = workflow.__signature__
    return signature


class Way:
    """A method by which a workflow or a task is called."""

    def __init__(
        self,
        function: Any,
        is_awaited: bool | None,
        gives: Callable[[Any], Any] | None,
        sign: Callable[[Any], Signature],
    ) -> None:
        self.function = function
        self.__doc__ = function.__doc__
        self.sign = sign
        self.name: str = function.__name__
        self.is_awaited = is_awaited
        self.gives = gives

    def __get__(self, workflow: Any, owner: type | None = None) -> Any:
        return self.function if workflow is None else MethodType(WayOf(self, workflow), workflow)


class WayOf:
    """The function of a bound method, by which one workflow or task is called. It shows what such a call is given."""

    __slots__ = ("way", "workflow")

    def __init__(self, way: Way, workflow: Any) -> None:
        self.way = way
        self.workflow = workflow

    def __call__(self, workflow: Any, /, *args: Any, **kwargs: Any) -> Any:
        return self.way.function(workflow, *args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WayOf) and self.way is other.way and self.workflow is other.workflow

    def __hash__(self) -> int:
        return hash((id(self.way), id(self.workflow)))

    def __getattr__(self, name: str) -> Any:
        if name == "__qualname__":  # a class would take a property of that name for its own name
            return f"{self.workflow.__qualname__}.{self.way.name}"
        raise AttributeError(name)

    @property
    def bound(self) -> Signature:
        """The signature of the bound method."""
        signature = self.way.sign(self.workflow)
        if self.way.gives is None:
            return signature
        result = signature.return_annotation
        return signature.replace(return_annotation=self.way.gives(Any if result is MISSING else result))

    @property
    def __signature__(self) -> Signature:
        bound, name = self.bound, "self"
        while name in bound.parameters:
            name += "_"
        return bound.replace(parameters=[Parameter(name, Parameter.POSITIONAL_ONLY), *bound.parameters.values()])

    @property
    def __code__(self) -> CodeType:
        if self.way.is_awaited is None:
            return cast("CodeType", self.workflow.__code__)
        if self.way.is_awaited:
            return AWAITED
        raise AttributeError("__code__")

    __name__ = shown(lambda self: self.way.name)
    __module__ = shown(lambda self: self.workflow.__module__)
    __doc__ = shown(lambda self: self.workflow.__doc__)  # if that is None, `help` finds the method's own
    __annotations__ = shown(lambda self: annotations_of(self.bound))
    __defaults__ = shown(lambda self: defaults_of(self.bound))
    __kwdefaults__ = shown(lambda self: keyword_defaults_of(self.bound))
