"""What items come from."""

import io
import sqlite3
from collections import deque
from contextlib import closing
from typing import Any

import pytest

from flowdeco._item.iterable import is_lazy


class Rows:
    def __iter__(self) -> Any:
        return iter(())


class Loader(Rows):
    def __len__(self) -> int:
        return 0


async def stream() -> Any:
    yield 1


LAZY: list[Any] = [
    map(str, []),
    iter([]),
    (n for n in [1]),
    zip([], strict=True),
    io.StringIO(),
    Rows(),
    Loader(),
    stream(),
]
AT_HAND: list[Any] = [[], (), {}, set(), range(3), deque(), {}.keys(), "text", 3, None]


@pytest.mark.parametrize(
    "value",
    LAZY,
    ids=lambda value: type(value).__name__,
)
def test_some_give_their_items_as_they_are_asked_for(value: Any) -> None:
    assert is_lazy(value)


def test_a_cursor_gives_its_rows_as_they_are_asked_for() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert is_lazy(connection.cursor())


@pytest.mark.parametrize("value", AT_HAND, ids=lambda value: type(value).__name__)
def test_some_have_them_all_and_some_have_none(value: Any) -> None:
    assert not is_lazy(value)
