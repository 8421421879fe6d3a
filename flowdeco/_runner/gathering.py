"""What a call gives becomes a result: what it yields is gathered in a list.

A generator's own call is sure to yield. Of a wrapper around one that is likely, and what it gives decides.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from .._base.errors import OptionTypeError
from .._base.signature import Signature, discard
from .._base.yielded import list_yielded

__all__ = ["collecting", "gathering", "listing", "refusing"]


def listing(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return what calls a generator, or a `def` around one."""
    return lambda *args: list_yielded(call(*args))


def collecting(start: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return what calls an async generator."""

    async def run(*args: Any) -> list[Any]:
        return await _collect(start(*args))

    return run


async def _collect(yielded: AsyncGenerator[Any, None]) -> list[Any]:
    async with aclosing(yielded) as items:
        return [item async for item in items]


def gathering(function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """Return what gathers what a wrapper's call yields, where its own code does not say that it does."""
    kind, inner = signature.kind, signature.inner
    if kind == "sync" and inner == "async generator":
        return _collecting_later(function)
    return _gathering_awaited(function) if kind == "async" and inner.endswith("generator") else function


def _collecting_later(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return _collect(result) if _is(result, AsyncGeneratorType) else result

    return call


def _gathering_awaited(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        result = await function(*args, **kwargs)
        return await _collect(result) if _is(result, AsyncGeneratorType) else list_yielded(result)

    return call


def refusing(name: str, function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """Return what calls a workflow's own function, and raises if it yields after all."""
    if not signature.inner.endswith("generator"):
        return function

    def check(result: Any) -> Any:
        if _is(result, GeneratorType) or _is(result, AsyncGeneratorType):
            discard(result)
            message = f"Cannot finish workflow {name!r}: its function yields. Move what yields to a task, and "
            message += "return the result here."
            raise OptionTypeError(message, option="function", value=function)
        return result

    def call(*args: Any, **kwargs: Any) -> Any:
        return check(function(*args, **kwargs))

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        return check(await function(*args, **kwargs))

    return call_async if signature.kind == "async" else call


def _is(value: object, kind: type) -> bool:
    return issubclass(type(value), kind)  # isinstance would run a proxy's code
