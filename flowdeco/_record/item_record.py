"""What the record says of the items of a mapped task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias, cast, overload

from .._base.errors import ItemNotKeptError, UnknownItemError
from .._base.events import Status
from .._base.sentinel import UNSET
from .._base.text import count_things, shorten
from .._graph.node import Node
from .item_log import ItemEntry, ItemLog
from .journal import Journal
from .metrics import Statistics
from .timeline import Attempt, list_item_attempts

__all__ = ["ItemRecord", "Items", "name_item"]


# Gives the records of the calls that an item has made. They are records of tasks, which have items.
ShowCalls: TypeAlias = Callable[[ItemEntry], Sequence[Any]]


def name_item(task: str, index: int) -> str:
    """Return what the record calls an item of a task."""
    return f"{task}[{index}]"


class ItemRecord:
    """How one item of a mapped task stands. It is a view: it changes while the item is under way."""

    __slots__ = ("_entry", "_journal", "_node", "_show_calls")

    def __init__(self, journal: Journal, node: Node, entry: ItemEntry, show_calls: ShowCalls | None = None) -> None:
        self._show_calls = show_calls
        self._journal = journal
        self._node = node
        self._entry = entry

    @property
    def name(self) -> str:
        """The item's name in the record: `text[17]`."""
        return name_item(self._node.name, self._entry.index)

    @property
    def task(self) -> str:
        """The task's name in the record."""
        return self._node.name

    @property
    def index(self) -> int:
        """Its place in the order of the source, from 0."""
        return self._entry.index

    @property
    def item(self) -> Any:
        """The item that the task received; `None` where it is not kept: in a plain call, unless it has failed."""
        return self._entry.item

    @property
    def key(self) -> Any:
        """What the task's `key=` gave for it; `None` without one."""
        return self._entry.key

    @property
    def status(self) -> Status:
        """How it stands."""
        entry = self._entry
        place = entry.place
        if entry.status is not None or place is None:
            return entry.status or Status.PENDING
        return self._journal.status_at(place)

    @property
    def attempts(self) -> int:
        """How many attempts were begun; 0 if it has not run."""
        place = self._entry.place
        return self._entry.attempts if place is None else self._journal.attempts_of(place)

    @property
    def started(self) -> datetime | None:
        """When it started, in UTC; `None` if it has not."""
        return self._journal.moment(self._times()[0])

    @property
    def finished(self) -> datetime | None:
        """When it ended, in UTC; `None` if it has not."""
        return self._journal.moment(self._times()[1])

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; `None` before the end."""
        start, end = self._times()
        return end - start if start and end else None

    @property
    def timeline(self) -> list[Attempt]:
        """Its attempts, with when each began and ended."""
        return list_item_attempts(self._journal, self._entry)

    @property
    def result(self) -> Any:
        """What the task returned for it; `None` until it has, and in a plain call, which does not keep it."""
        result: Any = self._entry.result
        return None if result is UNSET else result

    @property
    def error(self) -> BaseException | None:
        """What it failed with, or what that failed with which it needs; `None` otherwise."""
        return None if self.status is Status.SKIPPED else self._entry.error

    @property
    def reason(self) -> str | None:
        """Why it was skipped; `None` if it was not."""
        return str(self._entry.error or "") if self.status is Status.SKIPPED else None

    @property
    def run(self) -> Any:
        """The `Run` of an item of a workflow; `None` of any other, and before it begins. Kept as that of a task is."""
        place = self._entry.place
        return self._entry.run if place is None else self._journal.nested.get(place)

    @property
    def calls(self) -> Sequence[Any]:
        """What it has called while it ran, in the order in which the calls began: a sequence of `CallRecord`."""
        return () if self._show_calls is None else self._show_calls(self._entry)

    def _times(self) -> tuple[float, float]:
        entry, journal = self._entry, self._journal
        place = entry.place
        return (entry.started, entry.finished) if place is None else (journal.started[place], journal.finished[place])

    def __repr__(self) -> str:
        key = "" if self.key is None else f" ({shorten(self.key, 40)})"
        return f"<record of item {self.name!r}{key}: {self.status}>"


class Items(Sequence[ItemRecord]):
    """The items of a mapped task, in the order of its source: `run.tasks["text"].items[17]`.

    `w.run()` and `w.start()` keep every item. A plain call counts them, and keeps the 20 slowest and the first 100 that
    failed: any other raises `ItemNotKeptError`, also where one iterates over all.
    """

    def __init__(self, journal: Journal, node: Node, show_calls: ShowCalls | None = None) -> None:
        self._show_calls = show_calls
        self._journal = journal
        self._node = node
        self._log = journal.items.get(node.index) or ItemLog()

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many stand how, those under way included; of a status that none has, there is nothing."""
        counts = self._log.counts.copy()
        for record in self._list_unclosed():
            counts[record.status] += 1
        return MappingProxyType({status: counts[status] for status in Status if counts[status]})

    @property
    def expected(self) -> int | None:
        """How many there are going to be; `None` as long as that is not known: a generator may go on."""
        return self._log.expected

    @property
    def open(self) -> list[ItemRecord]:
        """Those that have not ended, in order."""
        return [record for record in self._list_unclosed() if record.finished is None]

    @property
    def failed(self) -> list[ItemRecord]:
        """Those that failed, as they did; of a plain call, the first 100."""
        return self._records(list(self._log.failed))

    @property
    def slowest(self) -> list[ItemRecord]:
        """The 20 that took longest, the slowest first."""
        return self._records(self._log.slowest)

    @property
    def kept(self) -> list[ItemRecord]:
        """All of which there is a record, in order."""
        return self._records(self._log.list_kept())

    @property
    def durations(self) -> Statistics | None:
        """What their seconds from start to end come to, p50 and p95 to within a tenth; `None` if none has ended."""
        return self._log.durations.statistics

    def find(self, key: Any) -> ItemRecord | None:
        """Return the item of that `key=`; `None` if there is none, or it is not kept."""
        found = next((entry for entry in self._log.list_kept() if entry.key == key), None)
        return None if found is None else self._record(found)

    def _list_unclosed(self) -> list[ItemRecord]:
        """Return the items of which the journal is still told."""
        entries = list(self._log.entries.values())
        return self._records([entry for entry in entries if entry.status is None])

    def _records(self, entries: list[ItemEntry]) -> list[ItemRecord]:
        return [self._record(entry) for entry in entries]

    def _record(self, entry: ItemEntry) -> ItemRecord:
        return ItemRecord(self._journal, self._node, entry, self._show_calls)

    def __len__(self) -> int:
        return self._log.total

    @overload
    def __getitem__(self, index: int) -> ItemRecord: ...

    @overload
    def __getitem__(self, index: slice) -> list[ItemRecord]: ...

    def __getitem__(self, index: int | slice) -> ItemRecord | list[ItemRecord]:
        """Return an item by its index.

        Raises:
            UnknownItemError: there are not so many; it is an `IndexError`.
            ItemNotKeptError: a plain call has not kept it; it is a `LookupError`.
        """
        count = len(self)
        if isinstance(index, slice):
            return [self._get(each) for each in range(*index.indices(count))]
        if isinstance(cast("object", index), str):
            message = f"Cannot find item {index!r} of task {self._node.name!r}: here an item is known by its index. "
            raise UnknownItemError(message + f"Use items.find({index!r}).", task=self._node.name, index=index)
        place = index + count if index < 0 else index
        if not 0 <= place < count:
            there = count_things(count, "item")
            message = f"Cannot find item {index} of task {self._node.name!r}: there {'is' if count == 1 else 'are'} "
            raise UnknownItemError(f"{message}{there}.", task=self._node.name, index=index)
        return self._get(place)

    def _get(self, index: int) -> ItemRecord:
        entry = self._log.find(index)
        if entry is None:
            reason = "a plain call keeps the record of those that failed and the slowest only"
            message = f"Cannot show item {index} of task {self._node.name!r}: {reason}. Use run() to keep all."
            raise ItemNotKeptError(message, task=self._node.name, index=index)
        return self._record(entry)

    def __repr__(self) -> str:
        told = ", ".join([f"{count:,} {status}" for status, count in self.counts.items()])
        return f"<items of task {self._node.name!r}: {told or 'none'}>"
