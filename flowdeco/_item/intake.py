"""What the sources of an axis give in step: for each item a tuple, as soon as all of them have given theirs.

An item that `more=` adds comes after those that the source has given by then, and before those that are still to come:
a source that goes on for long, or for ever, would otherwise keep it waiting as long. The source is not kept waiting
either, as what it has given has precedence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from .._base.item_errors import UnequalLengthsError
from .._base.sentinel import UNSET
from .spring import Channel

__all__ = ["Intake"]


class _Source(Protocol):
    """One source: how many items are there to be taken, at least, and whether there will be others."""

    def __len__(self) -> int: ...
    def take(self) -> Any: ...

    @property
    def has_ended(self) -> bool: ...


class _AtHand:
    """A source whose items need not be waited for."""

    __slots__ = ("_items", "_next")

    def __init__(self, items: Iterable[Any]) -> None:
        self._items: Iterator[Any] = iter(items)
        self._next = next(self._items, UNSET)

    def __len__(self) -> int:
        return self._next is not UNSET

    @property
    def has_ended(self) -> bool:
        return self._next is UNSET

    def take(self) -> Any:
        item, self._next = self._next, next(self._items, UNSET)
        return item


class Intake:
    """The items of one axis, each as a tuple of what the sources give for it.

    Args:
        sources: what to call each in an error, and what gives its items: an iterable, or a channel.

    Attributes:
        count: how many were taken.
        size: how many there are: `None`, as nobody knows.
    """

    __slots__ = ("_added", "_labels", "_owed", "_sources", "count")
    size = None

    def __init__(self, sources: Sequence[tuple[str, Iterable[Any] | Channel]]) -> None:
        self._labels = [label for label, _ in sources]
        self._sources: list[_Source] = [
            source if isinstance(source, Channel) else _AtHand(source) for _, source in sources
        ]
        self._added: deque[Any] = deque()
        self._owed = 0
        self.count = 0

    @property
    def has_ended(self) -> bool:
        """Whether there are no more, unless some are added."""
        return not self._added and all(not source and source.has_ended for source in self._sources)

    def add(self, items: Iterable[Any]) -> None:
        """Have items come after those that the one source has given."""
        self._added.extend(items)

    def take(self) -> tuple[Any, ...] | None:
        """Take the next item; `None` if there is none yet, or none any more.

        Raises:
            UnequalLengthsError: one source has ended, and another one goes on.
        """
        if all(self._sources):
            self.count += 1
            return tuple([source.take() for source in self._sources])
        if self._added:  # there is but one source, which has nothing at hand
            self.count += 1
            self._owed += 1
            return (self._added.popleft(),)
        ended = [index for index, source in enumerate(self._sources) if not source and source.has_ended]
        if ended:
            self._check_lengths(ended[0])
        return None

    def finish(self) -> None:
        """Be done with an item: those that give them one by one may give another, unless one was added in its place."""
        if self._owed:
            self._owed -= 1
            return
        for source in self._sources:
            if isinstance(source, Channel):
                source.finish()

    def close(self) -> None:
        """Want no more."""
        for source in self._sources:
            if isinstance(source, Channel):
                source.close()
        self._sources = [_AtHand(()) for _ in self._sources]
        self._added.clear()

    def _check_lengths(self, ended: int) -> None:
        longer = [index for index, source in enumerate(self._sources) if source]
        if longer:
            first, other = self._labels[ended], self._labels[longer[0]]
            message = f"Cannot take items in step: {first} has {self.count} of them, and {other} has more. "
            message += "Give them the same length."
            raise UnequalLengthsError(message, lengths={first: self.count, other: self.count + 1})
