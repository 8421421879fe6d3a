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


@pytest.mark.parametrize("found", ["a page", b"a page"])
def test_a_text_is_not_several_items(found: Any) -> None:
    with pytest.raises(ItemSourceError, match=r"Cannot add items to 'page': more= gave a (str|bytes), not"):
        Frontier().find_new("page", found)


def test_what_cannot_be_iterated_over_is_refused() -> None:
    with pytest.raises(ItemSourceError, match="type int, which cannot be iterated over") as caught:
        Frontier().find_new("page", 3)
    assert (caught.value.source, caught.value.value) == ("more", 3)


def test_an_item_that_cannot_be_told_from_others_is_refused() -> None:
    with pytest.raises(DigestError, match="Say with key="):
        Frontier().find_new("page", [object()])
