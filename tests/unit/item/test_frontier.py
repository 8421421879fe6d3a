"""What `more=` adds to the items of a source."""

from typing import Any

import pytest

from flowdeco._base.errors import DigestError
from flowdeco._base.item_errors import ItemSourceError
from flowdeco._item.frontier import Frontier


def test_each_item_is_added_once() -> None:
    frontier = Frontier()
    assert [frontier.note(item) for item in ("a", "b", "a")] == [True, True, True]
    assert frontier.find_new("page", ["b", "c", "c", "d"]) == ["c", "d"]
    assert frontier.find_new("page", ["d", "a"]) == []


def test_what_was_added_is_not_taken_again_from_the_source() -> None:
    frontier = Frontier()
    assert frontier.find_new("page", ["a"]) == ["a"]
    assert not frontier.note("a")


def test_a_key_says_which_items_are_the_same() -> None:
    frontier = Frontier(str.lower)
    assert frontier.note("A")
    assert frontier.find_new("page", ["a", "b", "B"]) == ["b"]


def test_what_cannot_be_hashed_can_be_told_apart() -> None:
    assert Frontier().find_new("page", [{"url": "a"}, {"url": "b"}, {"url": "a"}]) == [{"url": "a"}, {"url": "b"}]


def test_a_result_that_adds_nothing_may_say_none() -> None:
    assert Frontier().find_new("page", None) == []


class Pages:
    """What can be iterated in an `async for` only."""

    def __repr__(self) -> str:
        return "<pages>"

    def __aiter__(self) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("a page", "'a page', is a str, and its items would be single characters. Put it in a list; or if that is "),
        (b"a page", "b'a page', is a bytes, and its items would be single numbers. Put it in a list; or if that is "),
        (3, "3, cannot be iterated. Give a list, say."),
        (abs, "<built-in function abs>, cannot be iterated. Call it, and give what comes of it: abs(...)."),
        (Pages(), "<pages>, is asynchronous. Return a list or None."),
    ],
    ids=["str", "bytes", "number", "function", "asynchronous"],
)
def test_what_has_no_items_adds_none(found: Any, reason: str) -> None:
    with pytest.raises(ItemSourceError) as caught:
        Frontier().find_new("page", found)
    assert str(caught.value).startswith(f"Cannot add items to 'page': what more= gave, {reason}")
    assert (caught.value.source, caught.value.value) == ("more", found)


def test_an_item_that_cannot_be_told_from_others_is_refused() -> None:
    with pytest.raises(DigestError, match="Say with key="):
        Frontier().find_new("page", [object()])
