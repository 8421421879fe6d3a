"""How what a resource's function gave is opened and closed: a generator by its two steps, a manager by its `with`.

Each of these is made of two calls, `enter` and `leave`. Where those are made, in a task of the event loop or in a
thread, is the business of the resource.
"""

from __future__ import annotations

from collections.abc import Callable
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Protocol, cast

from .._base.errors import ResourceError
from .._base.text import shorten

__all__ = ["Way", "choose_way"]

# Those whose `with` is a transaction, or less, and leaves them open.
_LEFT_OPEN = {
    ("sqlite3", "Connection"): "sqlite3.connect(...)",
    ("psycopg2.extensions", "connection"): "psycopg2.connect(...)",
    ("pyodbc", "Connection"): "pyodbc.connect(...)",
}


class Way(Protocol):
    """How something is opened and closed.

    Attributes:
        is_async: whether its two calls give something to be awaited, and are made on the event loop.
    """

    is_async: bool

    def enter(self) -> Any:
        """Open it; return what is to be used."""

    def leave(self, error: BaseException | None) -> Any:
        """Close it.

        Args:
            error: what is to be raised where it was opened; `None` if nothing.
        """


class _Generator:
    """A generator that yields once."""

    is_async = False

    def __init__(self, name: str, generator: Any) -> None:
        self.name = name
        self.generator = generator

    def enter(self) -> Any:
        try:
            return next(self.generator)
        except StopIteration:
            raise _never(self.name) from None

    def leave(self, error: BaseException | None) -> None:
        try:
            if error is None:
                next(self.generator)
            else:
                self.generator.throw(error)
        except StopIteration:
            return
        self.generator.close()
        raise _twice(self.name)


class _AsyncGenerator:
    """An async generator that yields once."""

    is_async = True

    def __init__(self, name: str, generator: Any) -> None:
        self.name = name
        self.generator = generator

    async def enter(self) -> Any:
        try:
            return await anext(self.generator)
        except StopAsyncIteration:
            raise _never(self.name) from None

    async def leave(self, error: BaseException | None) -> None:
        try:
            await (anext(self.generator) if error is None else self.generator.athrow(error))
        except StopAsyncIteration:
            return
        await self.generator.aclose()
        raise _twice(self.name)


class _Manager:
    """A context manager."""

    is_async = False

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.kind: Any = type(manager)  # whose methods `with` calls

    def enter(self) -> Any:
        return self.kind.__enter__(self.manager)

    def leave(self, error: BaseException | None) -> None:
        trace = None if error is None else error.__traceback__
        kind = None if error is None else type(error)
        self.kind.__exit__(self.manager, kind, error, trace)


class _AsyncManager:
    """An async context manager."""

    is_async = True

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.kind: Any = type(manager)  # whose methods `with` calls

    async def enter(self) -> Any:
        return await self.kind.__aenter__(self.manager)

    async def leave(self, error: BaseException | None) -> None:
        trace = None if error is None else error.__traceback__
        kind = None if error is None else type(error)
        await self.kind.__aexit__(self.manager, kind, error, trace)


class _AsItIs:
    """What an override's function gave, and is neither: there is nothing to be closed."""

    is_async = False

    def __init__(self, value: Any) -> None:
        self.value = value

    def enter(self) -> Any:
        return self.value

    def leave(self, error: BaseException | None) -> None:
        pass


def choose_way(name: str, made: Any, *, stands_in: bool) -> Way:
    """Return how to open what a resource's function gave.

    Args:
        name: the name of the resource.
        made: what its function gave; awaited, if that was to be.
        stands_in: whether the function stands in for the resource's own.

    Raises:
        ResourceError: it cannot be opened, or would not be closed.
    """
    kind = type(cast("object", made))
    if issubclass(kind, GeneratorType):
        return _Generator(name, made)
    if issubclass(kind, AsyncGeneratorType):
        return _AsyncGenerator(name, made)
    if hasattr(kind, "__aenter__") and hasattr(kind, "__aexit__"):
        return _AsyncManager(made)
    if hasattr(kind, "__enter__") and hasattr(kind, "__exit__"):
        opened = next((_LEFT_OPEN[key] for key in map(_name, kind.__mro__) if key in _LEFT_OPEN), None)
        if opened is not None and not stands_in:
            reason = f"its function returned {shorten(made)}, and with does not close one of these. "
            raise _refused(name, f"{reason}Yield it and close it after that: with closing({opened}) as it: yield it.")
        return _Manager(made)
    if stands_in:
        return _AsItIs(made)
    reason = f"its function returned {shorten(made)}, which is no context manager. "
    raise _refused(name, f"{reason}Yield what is to be used, once, and close it after that.")


def _name(kind: type) -> tuple[str, str]:
    return kind.__module__, kind.__qualname__


def _refused(name: str, reason: str) -> ResourceError:
    return ResourceError(f"Cannot open resource {name!r}: {reason}", resource=name)


def _never(name: str) -> ResourceError:
    return _refused(name, "its function came to its end without a yield. Yield what is to be used, once.")


def _twice(name: str) -> ResourceError:
    reason = "its function yields a second time. Yield once what is to be used, and close it after that."
    return ResourceError(f"Cannot close resource {name!r}: {reason}", resource=name)


# What makes what is to be opened.
Start = Callable[[], Any]
