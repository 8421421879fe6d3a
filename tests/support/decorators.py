"""Decorators as people write them, with `functools.wraps`."""

import functools
from collections.abc import Callable
from typing import Any


def handing_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """A `def` that returns what it wraps returns."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def awaiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """An `async def` that returns what it wraps returns, without knowing what that is."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def by_name(function: Callable[..., Any]) -> Callable[..., Any]:
    """One that takes names alone."""

    @functools.wraps(function)
    def wrapper(**kwargs: Any) -> Any:
        return function(**kwargs)

    return wrapper


def by_position(function: Callable[..., Any]) -> Callable[..., Any]:
    """One that takes no names."""

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


def spy(function: Callable[..., Any]) -> Any:
    """One that notes its calls in its attribute `calls`."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        calls.append((args, kwargs))
        return function(*args, **kwargs)

    calls: list[Any] = []
    noting: Any = wrapper
    noting.calls = calls
    return noting
