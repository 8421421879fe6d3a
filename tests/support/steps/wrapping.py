"""Wrappers of somebody's own around `@task`, in a module of their own."""

import functools
from collections.abc import Callable
from typing import Any

from flowdeco import task


@task
def source() -> str:
    """A name that the functions decorated here must not see."""
    return "the wrapper's own"


def quick(*functions: Any, **options: Any) -> Any:
    return task(*functions, **{"timeout": 5, **options})


def named(name: str) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        return task(function, name=name)

    return decorate


def shouting(function: Any) -> Any:
    @functools.wraps(function)
    def shout(*args: Any, **kwargs: Any) -> str:
        return str(function(*args, **kwargs)).upper()

    return task(shout)


def bare(function: Any) -> Any:
    """A wrapper that does not say what it wraps."""

    def inner(source: str) -> Any:
        return function(source)

    return task(inner)


def preset(function: Any) -> Any:
    set_up = functools.partial(function, prefix="preset")
    return task(set_up)


class Registry:
    """Keeps what it decorates."""

    def __init__(self) -> None:
        self.tasks: list[Any] = []

    def add(self, function: Any) -> Any:
        made = task(function)
        self.tasks.append(made)
        return made
