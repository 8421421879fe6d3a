"""What is still to be visited, and what was: the items that `more=` adds to those of a source, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from .._base.item_advice import tell_no_items
from .._base.item_errors import ItemSourceError
from .._base.text import shorten

__all__ = ["Frontier"]


class Frontier:
    """Knows which items of an axis were there already. On the event loop only.

    Args:
        key: what makes two items the same; `None`: the digest of all of it.
        label: whose `key=` that is.
    """

    __slots__ = ("_added", "_key", "_label", "_seen")

    def __init__(self, key: Callable[[Any], object] | None = None, label: str = "") -> None:
        self._key = key
        self._label = label
        self._seen: set[str] = set()
        self._added: set[str] = set()

    def note(self, item: Any) -> bool:
        """Take note of an item of the source; return whether it is to be visited: not if it was added before.

        Raises:
            DigestError: it has no digest, or its key has none.
        """
        made = self._digest(item)
        self._seen.add(made)
        return made not in self._added

    def find_new(self, task: str, found: Any) -> list[Any]:
        """Return what is new among the items that a result adds.

        Args:
            task: the name of the task whose `more=` it was, for errors.
            found: what it gave; `None`: nothing.

        Raises:
            ItemSourceError: it has no items, or is a text.
            DigestError: an item has no digest.
        """
        return [] if found is None else [item for item in _iterate(task, found) if self._add(item)]

    def _add(self, item: Any) -> bool:
        made = self._digest(item)
        if made in self._seen:
            return False
        self._seen.add(made)
        self._added.add(made)
        return True

    def _digest(self, item: Any) -> str:
        from .._base.digest import digest, digest_key  # few runs need it

        return digest(item) if self._key is None else digest_key(self._key(item), self._label)


def _iterate(task: str, found: Any) -> Iterator[Any]:
    reason = tell_no_items(found)
    if reason:
        raise _refuse(task, f"what more= gave, {shorten(found)}, {reason}", found)
    kind = cast("Any", type(found))
    if hasattr(kind, "__aiter__"):
        raise _refuse(task, f"what more= gave, {shorten(found)}, is asynchronous. Return a list or None.", found)
    return iter(found)


def _refuse(task: str, reason: str, value: object) -> ItemSourceError:
    return ItemSourceError(f"Cannot add items to {task!r}: {reason}", source="more", value=value)
