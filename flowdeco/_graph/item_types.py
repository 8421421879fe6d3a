"""The types of items: of one of a collection, of a part of it, and what a stream of them is."""

from __future__ import annotations

import types
from collections import abc
from typing import Any, Union, get_args, get_origin

from .._base.annotation import item_of, list_members, may_be, value_of
from .source import Part

__all__ = ["part_type", "stream_type", "tell_no_items", "tell_parts"]

_TEXT = (str, bytes, bytearray)


def stream_type(kind: str) -> type:
    """Return the type of the iterator that a function of this kind receives, one that no other iterator may be."""
    return types.AsyncGeneratorType if kind.startswith("async") else types.GeneratorType


def part_type(item: Any, part: Part | None) -> Any:
    """Return the type of the part of an item that a parameter receives; `Any` if it does not say."""
    if part is None:
        return item
    found: list[Any] = []
    for member in list_members(item):
        arguments = get_args(member)
        if get_origin(member) is tuple and ... not in arguments:
            found += arguments[part.index : part.index + 1] or (Any,)
        elif may_be(member, abc.Mapping):
            found.append(value_of(member))
        else:
            found.append(item_of(member))
    return Union[tuple(found)]  # noqa: UP007


def tell_no_items(whole: Any) -> str:
    """Return why a type has no items to run a task for, as a phrase; "" if it may have some."""
    members = list_members(whole)
    if all(member in _TEXT for member in members):
        return "whose items would be its letters. Split it first, or let it give a list"
    may_have = may_be(whole, abc.Iterable) or may_be(whole, abc.AsyncIterable)
    if may_have or any(hasattr(get_origin(member) or member, "__getitem__") for member in members):
        return ""
    return "which has no items. Let it give a list, or yield"


def tell_parts(item: Any, part: Part) -> str:
    """Return how many parts an item has if it cannot be taken apart as it should, as a phrase; "" if it may be."""
    members = list_members(item)
    counts = [len(get_args(each)) for each in members if get_origin(each) is tuple and ... not in get_args(each)]
    if len(counts) < len(members) or part.count in counts:
        return ""
    return f"taken apart for {part.count} parameters, and it has {' or '.join(map(str, sorted(set(counts))))} parts"
