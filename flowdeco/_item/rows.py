"""The items of an axis whose sources have them all at hand, each as a tuple of what the sources give for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["Rows"]


class Rows:
    """Items that need not be waited for; see `Intake` for those that may.

    Args:
        rows: the items.
        size: how many there are, before any are added.

    Attributes:
        size: as given.
    """

    __slots__ = ("_added", "_is_through", "_rows", "size")

    def __init__(self, rows: Iterable[tuple[Any, ...]], size: int) -> None:
        self.size = size
        self._rows: Iterator[tuple[Any, ...]] = iter(rows)
        self._added: deque[Any] = deque()
        self._is_through = False

    @property
    def has_ended(self) -> bool:
        """Whether there are no more, unless some are added."""
        return self._is_through and not self._added

    def add(self, items: Iterable[Any]) -> None:
        """Have items come after those of the one source."""
        self._added.extend(items)

    def take(self) -> tuple[Any, ...] | None:
        """Take the next item; `None` if there is none any more."""
        row = next(self._rows, None)
        if row is None:
            self._is_through = True
            return (self._added.popleft(),) if self._added else None
        return row

    def finish(self) -> None:
        """Be done with an item."""

    def close(self) -> None:
        """Want no more."""
        self._rows, self._is_through = iter(()), True
        self._added.clear()
