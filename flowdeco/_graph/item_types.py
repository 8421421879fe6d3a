"""The types of items: of one of a collection, of a part of it, and what a stream of them is."""

from __future__ import annotations

import types
from collections import abc
from collections.abc import Collection
from typing import Any, Union, get_args, get_origin, get_type_hints

from .._base.annotation import item_of, list_members, may_be, show_type, value_of
from .._base.text import count_things
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
        arguments, fields = get_args(member), _fields_of(member)
        if get_origin(member) is tuple and ... not in arguments:
            found += arguments[part.index : part.index + 1] or (Any,)
        elif fields is not None:
            is_mapping = may_be(member, abc.Mapping)
            found += [fields.get(part.name, Any)] if is_mapping else [*fields.values(), Any][part.index :][:1]
        elif may_be(member, abc.Mapping):
            found.append(value_of(member))
        else:
            found.append(item_of(member) if may_be(member, abc.Sequence) else Any)
    return Union[tuple(found)]  # noqa: UP007


def _fields_of(hint: Any) -> dict[str, Any] | None:
    """Return the types of the parts of a `TypedDict` or a `NamedTuple`, by name; `None` for anything else."""
    kind: Any = get_origin(hint) or hint
    names: tuple[str, ...] = getattr(kind, "_fields", ()) if _is_tuple(kind) else ()
    if hasattr(kind, "__required_keys__"):
        names = (*kind.__required_keys__, *kind.__optional_keys__)
    elif not names:
        return None
    try:
        hints = get_type_hints(kind)
    except Exception:  # one of them names what is imported for type checkers only
        hints = {}
    return {name: hints.get(name, Any) for name in names}


def _is_tuple(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple)


def tell_no_items(whole: Any) -> str:
    """Return why a type has no items to run a task for, as a phrase; "" if it may have some."""
    members = list_members(whole)
    if all(member in _TEXT for member in members):
        return f"whose items would be single {'characters' if str in members else 'numbers'}"
    may_have = may_be(whole, abc.Iterable) or may_be(whole, abc.AsyncIterable)
    if may_have or any(hasattr(get_origin(member) or member, "__getitem__") for member in members):
        return ""
    return "which has no items"


def tell_parts(item: Any, names: Collection[str]) -> str:
    """Return why an item cannot be taken apart for parameters of these names, as a phrase; "" if it may be."""
    reasons = [_tell_parts_of(member, names) for member in list_members(item)]
    if not all(reasons):
        return ""
    return f"taken apart for {count_things(len(names), 'parameter')}, and {' or '.join(dict.fromkeys(reasons))}"


def _tell_parts_of(item: Any, names: Collection[str]) -> str:
    fields = _fields_of(item)
    if may_be(item, abc.Mapping):
        lacking = [name for name in names if fields is not None and name not in fields]
        return f"it has no {lacking[0]!r}" if lacking else ""
    if item in _TEXT:
        return f"a {show_type(item)} is not taken apart"
    if not may_be(item, abc.Sequence):
        return f"{show_type(item)} is neither a tuple, a list nor a mapping"
    parts = get_args(item) if get_origin(item) is tuple else fields
    if parts is None or ... in parts or len(parts) == len(names):
        return ""
    return f"it has {count_things(len(parts), 'part')}"
