"""What the tests of signature share."""

import functools
import types
from collections.abc import Callable, Generator
from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import on


@task
def a() -> str:
    return "a"


@task
def b() -> str:
    return "b"


@task
def c() -> str:
    return "c"


def result_of(function: Any, backend: Backend, **options: Any) -> Any:
    """Run a workflow of one task."""
    made = task(function, **options)

    @workflow(needs={"result": made}, tasks={"a": a, "b": b, "c": c})
    def w(result: Any) -> Any:
        return result

    return on(w, backend)()


def name_of(value: Any) -> str:
    """Return a name for a test: the same each time."""
    return getattr(value, "__qualname__", None) or type(value).__name__


def positional_only(a: str, b: str = "default", /) -> Any:
    return a, b


def default_in_the_middle(a: str, x: int = 5, b: str = "default", y: int = 6) -> Any:
    return a, x, b, y


def mixed(a: str, /, x: int = 1, b: str = "default", *, y: int = 2, c: str) -> Any:
    return a, x, b, y, c


class Caller:
    """A callable object."""

    def __call__(self, a: str, x: int = 5) -> Any:
        return "instance", a, x

    def method(self, a: str, b: str) -> Any:
        return "method", a, b

    async def async_method(self, a: str) -> Any:
        return "async method", a

    @classmethod
    def of_class(cls, a: str) -> Any:
        return cls.__name__, a

    @staticmethod
    def static(a: str) -> Any:
        return "static", a


class AsyncCaller:
    """A callable object that answers with a coroutine."""

    async def __call__(self, a: str) -> Any:
        return "async instance", a


class Record:
    """A class whose instances are results."""

    def __init__(self, a: str, b: str = "default") -> None:
        self.both = a, b


async def coroutine(a: str) -> Any:
    return "coroutine", a


def doubled(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@types.coroutine
def old_coroutine(a: str) -> Generator[Any, Any, Any]:
    yield from coroutine(a).__await__()
    return "old coroutine", a
