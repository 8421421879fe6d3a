"""What one source gives, for all that take their items from it.

Each of these has a channel of its own, in which items stand that it has not taken yet. The source is held back by
whoever is the furthest behind: no item is in the memory twice, and none is fetched before everybody is near it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

from .feed import Feed

__all__ = ["Channel", "Spring"]


class Channel:
    """What is there of a source for one of those that take their items from it.

    Who calls its methods holds the lock of the run.

    Args:
        spring: the source.
        ahead: how many items it may have taken, or find here, and not be done with; `None`: any number.

    Attributes:
        has_ended: whether no more will come.
        is_closed: whether nobody takes any more.
    """

    __slots__ = ("_done", "_items", "_spring", "ahead", "has_ended", "is_closed")

    def __init__(self, spring: Spring, ahead: int | None) -> None:
        self._spring = spring
        self._items: deque[Any] = deque()
        self._done = 0
        self.ahead = ahead
        self.has_ended = self.is_closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Any) -> None:
        """Take in an item that has come."""
        if not self.is_closed:
            self._items.append(item)

    def take(self) -> Any:
        """Take the next item that is there."""
        return self._items.popleft()

    def finish(self) -> None:
        """Be done with an item."""
        self._done += 1
        self._spring.update()

    def close(self) -> None:
        """Want no more."""
        self.is_closed = True
        self._items.clear()
        self._spring.update()

    @property
    def room(self) -> int | None:
        """How many items in all may have come by now."""
        return None if self.ahead is None else self.ahead + self._done


class Spring:
    """A source whose items are handed on one by one.

    Args:
        aheads: for each that takes items from it, how many of them may be begun and unfinished.
        on_item: called with each item, on the event loop; it puts it, and sees that it is taken.
        is_gathered: whether somebody needs all items together as well; then it is never held back, and goes on to its
            end.
        keeps: whether all items are kept in any case.

    Attributes:
        feed: where the source hands its items on.
        channels: one for each that takes items, in the given order.
    """

    def __init__(
        self, aheads: Sequence[int | None], on_item: Callable[[Any], object], *, is_gathered: bool, keeps: bool
    ) -> None:
        self.channels = tuple([Channel(self, None if is_gathered else ahead) for ahead in aheads])
        self._is_gathered = is_gathered
        self._room = self._count_room()
        self.feed = Feed(on_item, self._room, gathers=is_gathered or keeps)

    def put(self, item: Any, passed: Collection[Channel] = ()) -> None:
        """Hand an item to all that take items from it, but for some; called by `on_item`, with the run's lock held."""
        for channel in self.channels:
            if channel in passed:
                channel.finish()
            else:
                channel.put(item)

    def end(self) -> None:
        """Say that no more will come."""
        for channel in self.channels:
            channel.has_ended = True

    def update(self) -> None:
        """Let so many more items come as those who take them have made room for."""
        if all(channel.is_closed for channel in self.channels):
            if not self._is_gathered:
                self.feed.close()
            return
        room = self._count_room()
        if self._room is not None and room is not None and room > self._room:
            more, self._room = room - self._room, room
            self.feed.grant(more)

    def _count_room(self) -> int | None:
        rooms = [channel.room for channel in self.channels if not channel.is_closed]
        return min([room for room in rooms if room is not None], default=None)
