"""What the report of a run tells of the items of one task: how many ended how, and the failed and the slowest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._base.events import Status
from .._base.sentinel import UNSET
from .._draw.html import describe, describe_error
from .._graph.node import Node
from .._record.item_log import ItemEntry
from .._record.item_record import ItemRecord, Items, name_item
from .._record.journal import Journal
from .._record.metrics import Statistics
from .._record.sketch import Bar

__all__ = ["ItemRow", "Mapped", "read_mapped"]

# A page does not grow with the items: so many of each kind are shown, and the rest is counted.
MOST_SHOWN = 100
_MOST_BARS = 40


class ItemRow(NamedTuple):
    """What is told of one item.

    Attributes:
        name: its name, as `text[17]`.
        key: what `key=` gives for it, in short; `""` without one.
        item: the item in short; `""` where it is not kept.
        status: how it stands.
        attempts: how many attempts were begun.
        start: when it began, in seconds from the start of the run; `None` if it has not.
        duration: seconds from start to end; `None` before.
        outcome: its result, its error or why it was skipped, in short.
    """

    name: str
    key: str
    item: str
    status: Status
    attempts: int
    start: float | None
    duration: float | None
    outcome: str


class Mapped(NamedTuple):
    """What is told of the items of a task.

    Attributes:
        counts: how many stand how.
        total: how many there are so far.
        seconds: what their durations come to; `None` if none has ended.
        bars: how these are distributed.
        failed: the first that failed.
        slowest: those that took longest, the slowest first.
    """

    counts: Mapping[Status, int]
    total: int
    seconds: Statistics | None
    bars: list[Bar]
    failed: list[ItemRow]
    slowest: list[ItemRow]


def read_mapped(journal: Journal, node: Node) -> Mapped | None:
    """Return what is told of the items of a task; `None` if it has none."""
    log = journal.items.get(node.index)
    if log is None:
        return None
    items = Items(journal, node)
    bars = log.durations.list_bars(_MOST_BARS)
    failed = _read_rows(journal, node, log.failed[:MOST_SHOWN])
    return Mapped(items.counts, len(items), items.durations, bars, failed, _read_rows(journal, node, log.slowest))


def _read_rows(journal: Journal, node: Node, entries: Iterable[ItemEntry]) -> list[ItemRow]:
    return [_read_row(journal, node, entry) for entry in entries]


def _read_row(journal: Journal, node: Node, entry: ItemEntry) -> ItemRow:
    record = ItemRecord(journal, node, entry)
    key = "" if record.key is None else describe(record.key, most=80)
    item = "" if record.item is None else describe(record.item, most=120)
    start = entry.started - journal.begun if entry.started else None
    name = name_item(node.name, entry.index)
    return ItemRow(name, key, item, record.status, record.attempts, start, entry.duration, _tell_end(record, entry))


def _tell_end(record: ItemRecord, entry: ItemEntry) -> str:
    if record.error is not None:
        return describe_error(record.error)
    result: Any = entry.result
    return record.reason or ("" if result is UNSET else describe(result))
