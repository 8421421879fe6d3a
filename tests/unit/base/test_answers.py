"""What a call gives."""

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from flowdeco._base.signature import read_signature
from tests.conftest import Backend
from tests.support.naming import mention
from tests.support.signature import (
    AsyncCaller,
    Caller,
    Record,
    a,
    coroutine,
    doubled,
    name_of,
    old_coroutine,
    positional_only,
    result_of,
)

mention(a)


def items(a: str) -> Iterator[str]:
    yield a
    yield a


async def async_items(a: str) -> AsyncIterator[str]:
    yield a
    yield a


class Yielding:
    """Callable objects and methods that yield."""

    def __call__(self, a: str) -> Iterator[str]:
        yield a
        yield a

    async def method(self, a: str) -> AsyncIterator[str]:
        yield a
        yield a


@pytest.mark.parametrize(
    "function", [items, async_items, functools.partial(items), Yielding(), Yielding().method], ids=name_of
)
def test_a_function_that_yields_gives_the_list_of_what_it_yielded(function: Any, backend: Backend) -> None:
    assert result_of(function, backend) == ["a", "a"]


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (positional_only, "sync"),
        (coroutine, "async"),
        (items, "generator"),
        (async_items, "async generator"),
        (functools.partial(coroutine), "async"),
        (AsyncCaller(), "async"),
        (Caller(), "sync"),
        (Caller().async_method, "async"),
        (staticmethod(coroutine), "async"),
        (doubled(coroutine), "sync"),
        (doubled(items), "sync"),
        (old_coroutine, "async"),
        (Record, "sync"),
        (len, "sync"),
        (Yielding(), "generator"),
        (Yielding().method, "async generator"),
    ],
    ids=name_of,
)
def test_what_a_call_gives_is_known_without_calling(function: Any, kind: str) -> None:
    assert read_signature(function).kind == kind
