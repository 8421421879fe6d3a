"""Journals of runs with items, made by hand: what the engine writes, without an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowdeco import Skip, Status, task, workflow
from flowdeco._record.item_log import ItemLog
from flowdeco._record.journal import Journal
from flowdeco._record.task_record import TaskRecord


@task
def text(page: str) -> str:
    return page


@workflow
def read(page: str, text: Any) -> Any:
    return text


def make_journal(*, keep: bool = True, places: int = 4) -> Journal:
    """The journal of a run of `read` that has just begun, with room for so many items at a time."""
    journal = Journal(read.graph, [None], keep=keep)
    journal.begin_run()
    journal.started += [0.0] * places
    journal.finished += [0.0] * places
    return journal


def run_item(journal: Journal, index: int, end: Callable[[Journal, int], None], result: Any = None) -> None:
    """Have one item begin and end at the place behind the only node."""
    journal.open_item(1, 0, index, f"page {index}", f"key {index}")
    journal.begin(1, 1)
    end(journal, 1)
    journal.close_item(1, result)


def complete(journal: Journal, place: int) -> None:
    journal.end(place, Status.COMPLETED)


def fail(journal: Journal, place: int) -> None:
    error = ValueError("no such page")
    journal.fail_attempt("text", journal.attempts_of(place), error, place)
    journal.end(place, Status.FAILED, error)


def skip(journal: Journal, place: int) -> None:
    journal.end(place, Status.SKIPPED, Skip("empty"))


def retry(journal: Journal, place: int) -> None:
    """Fail once, then succeed."""
    error = ConnectionError("gone")
    journal.fail_attempt("text", 1, error, place)
    journal.note(place, Status.RETRYING, 1, error)
    journal.begin(place, 2)
    journal.end(place, Status.COMPLETED)


def record_of(journal: Journal) -> TaskRecord:
    return TaskRecord(journal, journal.graph.nodes[0])


def fill(log: ItemLog, count: int, status: Status = Status.COMPLETED, seconds: float = 1.0) -> None:
    """Add items that took so long each, the clock beginning at 1."""
    for index in range(count):
        log.add(index, None, index, status, 1.0, 1.0 + seconds)


def list_errors(journal: Journal) -> list[BaseException | None]:
    """Every error that stands in a journal, those of its items included."""
    entries = [entry for log in journal.items.values() for entry in log.list_kept()]
    changes = [change.error for entry in entries for change in entry.changes]
    kept = [failure.error for failure in journal.errors] + [entry.error for entry in entries]
    return [journal.error, *kept, *changes]
