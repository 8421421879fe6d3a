"""The items of an axis for several segments of it, each of which begins by itself, at any time or never.

They are fetched once, by whoever is the furthest, and kept for those that have still to take them. So a segment that is
demanded late finds all that there was. What gives the items is held back by the slowest of those that have begun: one
that nobody may ever demand must not hold up the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from .intake import Intake
from .rows import Rows

__all__ = ["Branch", "Tee"]


class Branch:
    """What one segment takes its items from; see `Intake`, which it stands in for.

    Who calls its methods holds the lock of the run.

    Args:
        tee: what it is of.
        holds_back: whether what gives the items waits for it. A segment that waits for the whole of the axis must not.
        grows: whether what it does with items adds some.

    Attributes:
        holds_back: as given.
        grows: whether it may still add items.
        taken: how many items it has taken.
        done: with how many of them it is done.
        is_begun: whether it takes items.
        is_closed: whether it takes none any more.
    """

    __slots__ = ("_tee", "done", "grows", "holds_back", "is_begun", "is_closed", "taken")

    def __init__(self, tee: Tee, *, holds_back: bool, grows: bool) -> None:
        self._tee = tee
        self.holds_back = holds_back
        self.grows = grows
        self.taken = self.done = 0
        self.is_begun = self.is_closed = False

    @property
    def size(self) -> int | None:
        """How many items there are, unless more are added; `None` if nobody knows."""
        return self._tee.size

    @property
    def has_ended(self) -> bool:
        """Whether there are no more, unless it adds some itself."""
        return self.is_closed or self._tee.has_ended(self)

    def add(self, items: Iterable[Any]) -> None:
        """Have items come after those of the one source."""
        self._tee.add(items)

    def take(self) -> tuple[Any, ...] | None:
        """Take the next item; `None` if there is none yet, or none any more."""
        return None if self.is_closed else self._tee.take(self)

    def finish(self) -> None:
        """Be done with an item."""
        self.done += 1
        self._tee.update()

    def end_growth(self) -> None:
        """Say that it will add no more."""
        self.grows = False

    def close(self) -> None:
        """Want no more."""
        self.is_closed, self.grows = True, False
        self._tee.update()


class Tee:
    """The items of one axis.

    Args:
        kinds: for each segment, whether it holds back what gives the items, and whether it may add some.

    Attributes:
        branches: what each segment takes its items from.
        is_open: whether it is known what gives the items.
        fault: what has gone wrong with that; `None` if nothing has.
    """

    __slots__ = ("_finished", "_first", "_items", "_source", "branches", "fault", "is_open")

    def __init__(self, kinds: Sequence[tuple[bool, bool]]) -> None:
        self.branches: tuple[Branch, ...] = tuple(
            [Branch(self, holds_back=holds, grows=grows) for holds, grows in kinds]
        )
        self.is_open = False
        self.fault: BaseException | None = None
        self._source: Rows | Intake = Rows((), 0)
        self._items: deque[tuple[Any, ...]] = deque()
        self._first = self._finished = 0  # the number of the first item that is kept; how many all are done with

    @property
    def size(self) -> int | None:
        """How many items there are, unless more are added; `None` if nobody knows."""
        return self._source.size

    def open(self, source: Rows | Intake) -> None:
        """Take in what gives the items."""
        self._source, self.is_open = source, True

    def part(self) -> None:
        """Let go of the branches, which lead here, and of the items."""
        self.branches = ()
        self._items.clear()

    def has_ended(self, branch: Branch) -> bool:
        """Whether there is nothing more for a branch to take."""
        if branch.taken < self._first + len(self._items) or not self._source.has_ended:
            return False
        return not any(other.grows for other in self.branches if other is not branch)

    def add(self, items: Iterable[Any]) -> None:
        """Have items come after those of the one source."""
        self._source.add(items)

    def take(self, branch: Branch) -> tuple[Any, ...] | None:
        """Return the next item for a branch; `None` if there is none."""
        place = branch.taken - self._first
        if place == len(self._items):
            item = self._source.take()
            if item is None:
                return None
            self._items.append(item)
        item = self._items[place]
        branch.taken += 1
        self._trim()
        return item

    def update(self) -> None:
        """Let what gives the items go on, as far as those allow it that have begun."""
        if all(branch.is_closed for branch in self.branches):
            self._source.close()
        begun = [branch for branch in self.branches if branch.is_begun and not branch.is_closed]
        done = [branch.done for branch in begun if branch.holds_back] or [branch.done for branch in begun]
        while self._finished < min(done, default=0):
            self._finished += 1
            self._source.finish()
        self._trim()

    def _trim(self) -> None:
        """Let go of the items that nobody will take any more."""
        needed = min([branch.taken for branch in self.branches if not branch.is_closed], default=None)
        while self._items and (needed is None or self._first < needed):
            self._items.popleft()
            self._first += 1
