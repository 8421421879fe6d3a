"""What is known of the items of one mapped task.

There may be millions of them. Who asked for the run (`run()`, `start()`, a store) gets every one; in a plain call, in
which hardly anybody will look, there is what one would look for: how many ended how, how their durations are
distributed, the slowest of them, and the first that failed. That does not grow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import copy
from heapq import heappush, heapreplace
from threading import Lock
from time import perf_counter
from typing import Any

from .._base.events import Status
from .._base.sentinel import UNSET
from .entry import Entry
from .failure import Failure
from .sketch import Sketch

__all__ = ["MOST_FAILED", "MOST_SLOWEST", "ItemEntry", "ItemLog"]

# So many are kept in a plain call.
MOST_SLOWEST = 20
MOST_FAILED = 100

_COMPLETED, _FAILED = Status.COMPLETED, Status.FAILED


class ItemEntry:
    """What is known of one item.

    Attributes:
        index: its place in the order of the source, from 0.
        key: what `key=` gives for it; `None` without one.
        item: the item itself; `None` where it is not kept.
        place: the index under which the engine runs it, as long as it does; `None` before and after.
        status: how it has ended; `None` before.
        opened: when it was taken in, on the clock of the run; 0 where it is not kept.
        started: when its first attempt began, on the clock of the run; 0 if none has.
        finished: when it ended, on the clock; 0 before.
        attempts: how many were begun.
        error: what it ended with instead of a result: an error, or a `Skip`.
        result: what it gave; `UNSET` where there is none or it is not kept.
        changes: its changes of status that the two times do not tell.
        failure: its last failed attempt, if there was no room for it among those of the run; else `None`.
        run: the run of an item of a workflow; `None` for any other.
        calls: what it has called while it ran; `None` for nothing.
    """

    __slots__ = (
        *("attempts", "changes", "error", "finished", "index", "item", "key", "place", "result", "run", "started"),
        *("calls", "failure", "opened", "status"),
    )

    def __init__(self, index: int, key: Any, item: Any, place: int | None = None) -> None:
        self.index = index
        self.key = key
        self.item = item
        self.place = place
        self.status: Status | None = None
        self.opened = self.started = self.finished = 0.0
        self.attempts = 0
        self.error: BaseException | None = None
        self.result: Any = UNSET
        self.changes: list[Entry] = []
        self.failure: Failure | None = None
        self.run: Any = None
        self.calls: Any = None

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; `None` before the end, and where it never began."""
        return self.finished - self.started if self.started and self.finished else None

    def holds(self, error: BaseException) -> bool:
        """Whether an error stands in here."""
        failed = self.failure is not None and self.failure.error is error
        return failed or self.error is error or any(each.error is error for each in self.changes)

    def copy(self) -> ItemEntry:
        """Return one that can be changed by itself."""
        return copy(self)


class ItemLog:
    """Takes in what became of the items of one mapped task. Any thread may write.

    Args:
        node: the index of the task's node.
        keep: whether every item is kept.
        is_handled: whether somebody receives the failure of an item as an outcome.

    Attributes:
        node, keep, is_handled: as given.
        entries: the items under way, and those that have ended where every item is kept, by index.
        failed: the first that failed, as they ended; all of them where every item is kept.
        expected: how many there are going to be; `None` as long as that is not known.
        keys: the items by the digests of their keys.
    """

    __slots__ = (
        *("_completed", "_counts", "_durations", "_failures", "_lock", "_slowest"),
        *("entries", "expected", "failed", "is_handled", "keep", "keys", "node"),
    )

    def __init__(self, node: int = 0, *, keep: bool = False, is_handled: bool = False) -> None:
        self.node = node
        self.keep = keep
        self.is_handled = is_handled
        self._completed = 0  # by itself, as to look a status up takes a while
        self._counts: Counter[Status] = Counter()
        self._durations = Sketch()
        self.entries: dict[int, ItemEntry] = {}
        self.failed: list[ItemEntry] = []
        self.expected: int | None = None
        self.keys: dict[str, int] = {}
        self._slowest: list[tuple[float, int, ItemEntry]] = []
        self._failures = 0
        self._lock = Lock()

    # What the engine writes.

    def open(self, index: int, key: Any, item: Any, place: int | None = None) -> ItemEntry:
        """Note an item that is about to begin; return what is to be closed with its end.

        Args:
            index: its place in the order of the source, from 0.
            key: what `key=` gives for it; `None` without one.
            item: the item itself.
            place: the index under which the engine runs it, at which the journal knows how it stands.
        """
        self.entries[index] = entry = ItemEntry(index, key, item, place)
        if self.keep:
            entry.opened = perf_counter()
        return entry

    def add(
        self,
        index: int,
        key: Any,
        item: Any,
        status: Status,
        started: float,
        finished: float,
        attempts: int = 1,
        error: BaseException | None = None,
        result: Any = UNSET,
    ) -> ItemEntry:
        """Note an item that has ended; one that was opened need not be added, but closed.

        Args:
            index: its place in the order of the source, from 0.
            key: what `key=` gives for it; `None` without one.
            item: the item itself.
            status: how it has ended.
            started: when its first attempt began, on the clock of the run; 0 if none has.
            finished: when it ended, on the clock.
            attempts: how many were begun.
            error: what it ended with instead of a result: an error, or a `Skip`.
            result: what it gave.
        """
        entry = ItemEntry(index, key, item)
        self.close(entry, status, started, finished, attempts, error, result)
        return entry

    def close(
        self,
        entry: ItemEntry,
        status: Status,
        started: float,
        finished: float,
        attempts: int = 1,
        error: BaseException | None = None,
        result: Any = UNSET,
    ) -> None:
        """Note how an item has ended. What is given is what `add` takes."""
        entry.status, entry.started, entry.finished = status, started, finished
        entry.attempts, entry.error, entry.place, entry.failure = attempts, error, None, None
        with self._lock:
            if status is _COMPLETED:
                self._completed += 1
            else:
                self._counts[status] += 1
            if self.keep:
                entry.result = result
                self.entries[entry.index] = entry
            else:
                self.entries.pop(entry.index, None)
            if status is _FAILED and (self.keep or len(self.failed) < MOST_FAILED):
                self.failed.append(entry)
            if started:
                self._add_duration(finished - started, entry)

    def _add_duration(self, seconds: float, entry: ItemEntry) -> None:
        self._durations.add(seconds)
        slowest = self._slowest
        is_full = len(slowest) == MOST_SLOWEST
        if is_full and seconds <= slowest[0][0]:
            return
        if not self.keep and entry.status is not _FAILED:
            entry = entry.copy()  # hooks that are still to be told of it may want the item
            entry.item = entry.run = entry.calls = None
        (heapreplace if is_full else heappush)(slowest, (seconds, -entry.index, entry))

    def has_room_for_failure(self) -> bool:
        """Take note that an attempt has failed; return whether that is to stand among the failures of the run."""
        self._failures += 1
        return self.keep or self._failures <= MOST_FAILED

    def claim(self, key: str, index: int) -> int | None:
        """Take note of the digest of an item's key; return which item had it before, if another one had."""
        with self._lock:
            other = self.keys.setdefault(key, index)
        return None if other == index else other

    # What readers ask.

    @property
    def counts(self) -> Counter[Status]:
        """How many have ended how."""
        counts = self._counts.copy()
        if self._completed:
            counts[_COMPLETED] = self._completed
        return counts

    @property
    def durations(self) -> Sketch:
        """How long those took that began."""
        with self._lock:
            self._durations.take_in()
        return self._durations

    @property
    def ended(self) -> int:
        """How many have ended."""
        return self._completed + self._counts.total()

    @property
    def total(self) -> int:
        """How many there are so far: those that have ended, and those under way."""
        return self.ended + self.count_open()

    def count_open(self) -> int:
        """Return how many have not ended."""
        return len(self.entries) - (self.ended if self.keep else 0)

    @property
    def slowest(self) -> list[ItemEntry]:
        """Those that took longest, the slowest first; 20 at most."""
        with self._lock:
            return [entry for *_, entry in sorted(self._slowest, reverse=True)]

    def find(self, index: int) -> ItemEntry | None:
        """Return an item by its index; `None` if it is not there, or not kept."""
        found = self.entries.get(index)
        if found is None and not self.keep:
            kept = (*self.failed, *self.slowest)
            found = next((entry for entry in kept if entry.index == index), None)
        return found

    def list_kept(self) -> list[ItemEntry]:
        """Return all that is kept, in the order of the source."""
        with self._lock:
            kept = {entry.index: entry for *_, entry in self._slowest}
            kept.update({entry.index: entry for entry in self.failed})
            kept.update(self.entries)
        return [kept[index] for index in sorted(kept)]

    def copy_with(self, change: Callable[[ItemEntry], ItemEntry]) -> ItemLog:
        """Return a copy in which each item that is kept is what a function makes of it."""
        made = copy(self)
        changed = {entry.index: change(entry) for entry in self.list_kept()}
        made.entries = {index: changed[index] for index in self.entries}
        made.failed = [changed[entry.index] for entry in self.failed]
        made._slowest = [(seconds, place, changed[entry.index]) for seconds, place, entry in self._slowest]
        return made
