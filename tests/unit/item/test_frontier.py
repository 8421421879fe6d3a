"""What `more=` adds to the items of a source."""

from typing import Any

import pytest

from flowdeco._base.errors import DigestError
from flowdeco._base.item_errors import ItemSourceError
from flowdeco._item.frontier import Frontier


def test_each_item_is_added_once() -> None:
    frontier = Frontier("page", lambda result: result)
    assert [frontier.add(item) for item in ("a", "b", "a")] == [True, True, False]
    assert frontier.find_new(["b", "c", "c", "d"]) == ["c", "d"]
    assert frontier.find_new(["d", "a"]) == []


def test_a_key_says_which_items_are_the_same() -> None:
    frontier = Frontier("page", lambda result: result, key=str.lower)
    assert frontier.add("A")
    assert frontier.find_new(["a", "b", "B"]) == ["b"]


def test_what_cannot_be_hashed_can_be_told_apart() -> None:
    frontier = Frontier("page", lambda result: result)
    assert frontier.find_new([{"url": "a"}, {"url": "b"}, {"url": "a"}]) == [{"url": "a"}, {"url": "b"}]


def test_a_result_that_adds_nothing_may_say_none() -> None:
    assert Frontier("page", lambda _: None).find_new("result") == []


@pytest.mark.parametrize("found", ["a page", b"a page"])
def test_a_text_is_not_several_items(found: Any) -> None:
    with pytest.raises(ItemSourceError, match=r"Cannot add items to 'page': more= gave a (str|bytes), not"):
        Frontier("page", lambda _: found).find_new("result")


def test_what_cannot_be_iterated_over_is_refused() -> None:
    with pytest.raises(ItemSourceError, match="type int, which cannot be iterated over") as caught:
        Frontier("page", lambda _: 3).find_new("result")  # type: ignore[arg-type,return-value]
    assert (caught.value.source, caught.value.value) == ("more", 3)


def test_an_item_that_cannot_be_told_from_others_is_refused() -> None:
    with pytest.raises(DigestError, match="Say with key="):
        Frontier("page", lambda _: [object()]).find_new("result")
