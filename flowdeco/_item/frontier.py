"""What is still to be visited, and what was: the items that `more=` adds to those of a source, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._base.digest import digest
from .._base.item_errors import ItemSourceError

__all__ = ["Frontier"]


class Frontier:
    """Knows which items were there already.

    Args:
        task: the name of the task that has `more=`, for errors.
        more: what it says; returns the items that a result adds, or `None` for none.
        key: what makes two items the same; `None`: the digest of all of it.
    """

    __slots__ = ("_key", "_more", "_seen", "_task")

    def __init__(
        self,
        task: str,
        more: Callable[[Any], Iterable[Any] | None],
        key: Callable[[Any], object] | None = None,
    ) -> None:
        self._task = task
        self._more = more
        self._key = key
        self._seen: set[str] = set()

    def add(self, item: Any) -> bool:
        """Take note of an item; return whether it is new.

        Raises:
            DigestError: it has no digest, or its key has none.
        """
        made = digest(item if self._key is None else self._key(item))
        if made in self._seen:
            return False
        self._seen.add(made)
        return True

    def find_new(self, result: Any) -> list[Any]:
        """Return the items that a result adds, without those that were there already. Raises what `more=` raises.

        Raises:
            ItemSourceError: what it gives has no items, or is a text.
            DigestError: an item has no digest.
        """
        found = self._more(result)
        return [] if found is None else [item for item in self._iterate(found) if self.add(item)]

    def _iterate(self, found: Any) -> Iterator[Any]:
        kind = type(found).__name__
        if isinstance(found, (str, bytes, bytearray)):
            raise self._refuse(f"more= gave a {kind}, not several items. Return a list: [{found!r:.40}].", found)
        try:
            return iter(found)
        except TypeError:
            reason = f"more= gave something of type {kind}, which cannot be iterated over. Return a list or None."
            raise self._refuse(reason, found) from None

    def _refuse(self, reason: str, value: object) -> ItemSourceError:
        return ItemSourceError(f"Cannot add items to {self._task!r}: {reason}", source="more", value=value)
