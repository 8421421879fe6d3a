"""Why a value gives no items, and what to give instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

__all__ = ["TEXTS", "tell_no_items"]

# What can be iterated, and is hardly ever meant to be.
TEXTS = (str, bytes, bytearray, memoryview)


def tell_no_items(value: object) -> str:
    """Return why a value has no items, and the way out, as the end of a sentence that begins with it; "" if it has."""
    kind = cast("Any", type(value))  # isinstance would run a proxy's code
    if issubclass(kind, TEXTS):
        single = "characters" if issubclass(kind, str) else "numbers"
        text = f"is a {kind.__name__}, and its items would be single {single}. "
        return f"{text}Put it in a list; or if that is meant, give list(...) of the {kind.__name__}."
    if issubclass(kind, Iterable) or hasattr(kind, "__aiter__") or _has_indices(value):
        return ""
    if hasattr(kind, "__await__"):
        return "was not awaited. Await it, and give what comes of it."
    if value is None:
        return "has no items. Give a list; where there is nothing, an empty one."
    if callable(value):
        name = str(getattr(value, "__name__", ""))
        example = f": {name}(...)" if name.isidentifier() else ""
        return f"cannot be iterated. Call it, and give what comes of it{example}."
    return "cannot be iterated. Give a list, say."


def _has_indices(value: object) -> bool:
    """Whether it can be iterated by its `__getitem__` alone, of which `Iterable` does not know."""
    if not hasattr(cast("Any", type(value)), "__getitem__"):
        return False
    try:
        iter(cast("Any", value))
    except TypeError:
        return False
    return True
