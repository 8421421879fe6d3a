"""The record of items, of runs whose journals are made by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flowdeco import ItemNotKeptError, Status, UnknownItemError
from tests.support.items import complete, fail, make_journal, record_of, retry, run_item, skip


def test_an_item_that_completed() -> None:
    journal = make_journal()
    run_item(journal, 0, complete, "words")
    record = record_of(journal).items[0]
    assert (record.name, record.task, record.index) == ("text[0]", "text", 0)
    assert (record.key, record.item) == ("key 0", "page 0")
    assert (record.status, record.attempts, record.result) == (Status.COMPLETED, 1, "words")
    assert (record.error, record.reason, record.run) == (None, None, None)
    assert record.started is not None
    assert record.finished is not None
    assert record.started <= record.finished
    assert record.duration == pytest.approx((record.finished - record.started).total_seconds(), abs=1e-5)
    assert repr(record) == "<record of item 'text[0]' ('key 0'): completed>"


def test_an_item_that_failed_was_skipped_or_tried_again() -> None:
    journal = make_journal()
    for index, end in enumerate([fail, skip, retry]):
        run_item(journal, index, end)
    failed, skipped, retried = record_of(journal).items
    assert (failed.status, repr(failed.error), failed.attempts) == (Status.FAILED, "ValueError('no such page')", 1)
    assert (skipped.status, skipped.error, skipped.reason) == (Status.SKIPPED, None, "empty")
    assert (retried.status, retried.error, retried.attempts) == (Status.COMPLETED, None, 2)


def test_an_item_under_way_stands_as_the_journal_says() -> None:
    journal = make_journal()
    journal.open_item(3, 0, 0, "page 0")
    record = record_of(journal).items[0]
    assert (record.status, record.attempts, record.started, record.duration) == (Status.PENDING, 0, None, None)
    journal.begin(3, 1)
    assert (record.status, record.attempts, record.finished) == (Status.RUNNING, 1, None)
    assert record.started is not None
    journal.note(3, Status.RETRYING, 1, ValueError())
    assert record.status is Status.RETRYING
    journal.begin(3, 2)
    journal.end(3, Status.COMPLETED)
    journal.close_item(3)
    assert (record.status, record.attempts) == (Status.COMPLETED, 2)


def test_an_item_that_was_under_way_at_the_end_of_the_run_is_cancelled() -> None:
    journal = make_journal()
    journal.open_item(1, 0, 0, "page 0")
    journal.begin(1, 1)
    journal.end_run(Status.CANCELLED)
    assert record_of(journal).items[0].status is Status.CANCELLED


def test_a_place_is_free_for_the_next_item() -> None:
    journal = make_journal()
    run_item(journal, 0, retry)
    run_item(journal, 1, fail)
    run_item(journal, 2, complete)
    assert [record.attempts for record in record_of(journal).items] == [2, 1, 1]
    assert (journal.started[1], journal.finished[1], journal.latest, journal.places) == (0.0, 0.0, {}, {})


def test_the_items_are_a_sequence_in_the_order_of_the_source() -> None:
    journal = make_journal()
    for index, place in ((0, 1), (1, 2), (2, 3)):
        journal.open_item(place, 0, index, index)
    for place in (3, 1, 2):
        journal.begin(place, 1)
        journal.end(place, Status.COMPLETED)
        journal.close_item(place)
    items = record_of(journal).items
    assert len(items) == 3
    assert [item.index for item in items] == [0, 1, 2]
    assert (items[-1].index, [item.index for item in items[:2]]) == (2, [0, 1])


def test_counts_tell_also_of_what_is_under_way() -> None:
    journal = make_journal()
    for index, end in enumerate([complete, fail, complete]):
        run_item(journal, index, end)
    journal.open_item(1, 0, 3, "page 3")
    journal.open_item(2, 0, 4, "page 4")
    journal.begin(1, 1)
    items = record_of(journal).items
    assert items.counts == {"pending": 1, "running": 1, "completed": 2, "failed": 1}
    assert [item.index for item in items.open] == [3, 4]
    assert repr(items) == "<items of task 'text': 1 pending, 1 running, 2 completed, 1 failed>"
    assert record_of(journal).status is Status.RUNNING


def test_the_failed_and_an_item_by_its_key() -> None:
    journal = make_journal()
    for index, end in enumerate([complete, fail, complete, fail]):
        run_item(journal, index, end)
    items = record_of(journal).items
    assert [item.index for item in items.failed] == [1, 3]
    found = items.find("key 2")
    assert found is not None
    assert found.index == 2
    assert items.find("key 9") is None


def test_a_task_without_items_has_none() -> None:
    items = record_of(make_journal()).items
    assert (len(items), [*items], items.counts, items.failed, items.slowest) == (0, [], {}, [], [])
    assert (items.durations, items.expected) == (None, None)
    assert repr(items) == "<items of task 'text': none>"


def test_an_item_that_is_not_there_is_an_index_error() -> None:
    journal = make_journal()
    run_item(journal, 0, complete)
    with pytest.raises(UnknownItemError, match=r"^Cannot find item 7 of task 'text': there is 1 item\.$") as caught:
        record_of(journal).items[7]
    assert isinstance(caught.value, IndexError)
    assert (caught.value.task, caught.value.index) == ("text", 7)


def test_a_key_is_no_index_and_the_error_says_how_an_item_is_found_by_it() -> None:
    journal = make_journal()
    run_item(journal, 0, complete)
    items: Any = record_of(journal).items
    message = "Cannot find item 'key 0' of task 'text': here an item is known by its index. Use items.find('key 0')."
    with pytest.raises(UnknownItemError, match=f"^{re.escape(message)}$") as caught:
        items["key 0"]
    assert (caught.value.task, caught.value.index) == ("text", "key 0")


def test_an_item_that_a_plain_call_has_not_kept_is_an_error_that_says_so() -> None:
    journal = make_journal(keep=False)
    for index in range(300):
        run_item(journal, index, fail)
    items = record_of(journal).items
    kept = {item.index for item in items.kept}
    assert {item.index for item in items.failed} <= kept
    lost = max({*range(300)} - kept)
    assert (len(items), items[42].item) == (300, "page 42")
    message = (
        f"Cannot show item {lost} of task 'text': a plain call keeps the record of those that failed and the slowest "
        f"only. Use run() to keep all."
    )
    with pytest.raises(ItemNotKeptError) as caught:
        items[lost]
    assert str(caught.value) == message
    with pytest.raises(ItemNotKeptError):
        list(items)


def test_a_failed_attempt_says_which_item_it_was() -> None:
    journal = make_journal()
    run_item(journal, 0, complete)
    run_item(journal, 1, retry)
    run_item(journal, 2, fail)
    assert [(e.task, e.attempt, e.index, e.item, e.key) for e in journal.errors] == [
        ("text", 1, 1, "page 1", "key 1"),
        ("text", 1, 2, "page 2", "key 2"),
    ]


def test_a_plain_call_keeps_the_first_failed_attempts_of_items() -> None:
    journal = make_journal(keep=False)
    for index in range(300):
        run_item(journal, index, retry)
    assert [error.index for error in journal.errors] == [*range(100)]


def test_the_attempts_of_an_item_with_what_they_failed_with() -> None:
    journal = make_journal()
    run_item(journal, 0, retry)
    first, second = record_of(journal).items[0].timeline
    assert (first.number, repr(first.error), second.number, second.error) == (1, "ConnectionError('gone')", 2, None)
    assert first.end is not None
    assert second.end is not None
    assert 0 <= first.start <= first.end <= second.start <= second.end


def test_a_task_with_items_has_started_when_its_first_item_has() -> None:
    journal = make_journal()
    run_item(journal, 0, complete)
    run_item(journal, 1, complete)
    record = record_of(journal)
    assert record.started == record.items[0].started
    assert record.attempts == 1
