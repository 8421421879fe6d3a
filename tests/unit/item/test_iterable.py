"""What items come from."""

import io
import sqlite3
from collections import deque
from contextlib import closing
from typing import Any

import pytest

from flowdeco._base.errors import SourceError
from flowdeco._item.iterable import is_lazy, iterate


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


def test_what_has_items_is_iterated_over() -> None:
    assert list(iterate(range(3), "text", "pages")) == [0, 1, 2]


def test_a_text_is_most_likely_a_mistake() -> None:
    with pytest.raises(SourceError) as caught:
        iterate("https://example.org", "text", "pages")
    assert str(caught.value) == (
        "Cannot run 'text' for each item of 'pages': it is a str, whose items are its characters. Give a list, or "
        "split it first."
    )
    assert (caught.value.task, caught.value.source, caught.value.value) == ("text", "pages", "https://example.org")


def test_bytes_are_most_likely_a_mistake() -> None:
    with pytest.raises(SourceError, match="it is a bytes, whose items are its numbers"):
        iterate(b"a", "text", "pages")


@pytest.mark.parametrize("value", [3, None, object()])
def test_what_has_no_items_is_refused(value: Any) -> None:
    with pytest.raises(SourceError, match=r"it is of type \w+, which cannot be iterated over"):
        iterate(value, "text", "pages")
