"""What is known of the items of a mapped task: all of it where the run was asked for, else what does not grow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from flowdeco import Status
from flowdeco._base.sentinel import UNSET
from flowdeco._record.item_log import MOST_FAILED, MOST_SLOWEST, ItemLog
from tests.support.items import fill
from tests.support.memory import size_of

BOTH = pytest.mark.parametrize("keep", [True, False])


@BOTH
def test_it_counts_how_items_have_ended(keep: bool) -> None:
    log = ItemLog(keep=keep)
    for index, status in enumerate([Status.COMPLETED, Status.FAILED, Status.COMPLETED, Status.SKIPPED]):
        log.add(index, None, index, status, 1.0, 2.0)
    assert log.counts == {Status.COMPLETED: 2, Status.FAILED: 1, Status.SKIPPED: 1}
    assert (log.total, log.count_open()) == (4, 0)


@BOTH
def test_an_item_under_way_is_there_until_it_has_ended(keep: bool) -> None:
    log = ItemLog(keep=keep)
    entry = log.open(0, "a", "item", 7)
    assert (log.find(0), log.total, log.count_open()) == (entry, 1, 1)
    assert (entry.place, entry.status) == (7, None)
    log.close(entry, Status.COMPLETED, 1.0, 2.0, 1, None, "result")
    assert (log.total, log.count_open()) == (1, 0)
    assert (entry.place, entry.status, entry.duration) == (None, Status.COMPLETED, 1.0)


def test_where_the_run_was_asked_for_every_item_is_kept_with_its_result() -> None:
    log = ItemLog(keep=True)
    for index in range(1000):
        log.add(index, None, f"item {index}", Status.COMPLETED, 1.0, 2.0, result=index)
    assert [entry.index for entry in log.list_kept()] == [*range(1000)]
    found = log.find(517)
    assert found is not None
    assert (found.item, found.result) == ("item 517", 517)


def test_in_a_plain_call_the_slowest_are_kept_without_item_and_result() -> None:
    log = ItemLog()
    for index in range(1000):
        log.add(index, f"key {index}", f"item {index}", Status.COMPLETED, 1.0, 2.0 + index * 7 % 1000, result=index)
    slowest = log.slowest
    assert [entry.duration for entry in slowest] == [1000.0 - n for n in range(MOST_SLOWEST)]
    assert {(entry.item, entry.result) for entry in slowest} == {(None, UNSET)}
    assert slowest[0].key == f"key {slowest[0].index}"
    assert log.find(slowest[3].index) is slowest[3]
    assert log.find(1) is None


def test_in_a_plain_call_the_first_that_failed_are_kept_with_their_items() -> None:
    log = ItemLog()
    for index in range(500):
        log.add(index, None, f"item {index}", Status.FAILED, 1.0, 2.0, error=ValueError())
    assert [entry.index for entry in log.failed] == [*range(MOST_FAILED)]
    assert log.failed[42].item == "item 42"
    assert log.counts[Status.FAILED] == 500


def test_of_equally_slow_items_the_first_are_kept() -> None:
    log = ItemLog()
    fill(log, 100)
    assert [entry.index for entry in log.slowest] == [*range(MOST_SLOWEST)]


def test_what_never_began_has_no_duration() -> None:
    log = ItemLog(keep=True)
    entry = log.add(0, None, None, Status.UPSTREAM_FAILED, 0.0, 2.0, 0)
    assert (entry.duration, log.durations.count, log.slowest) == (None, 0, [])


def test_failed_attempts_are_noted_as_long_as_there_is_room() -> None:
    plain, kept = ItemLog(), ItemLog(keep=True)
    assert [plain.has_room_for_failure() for _ in range(150)] == [True] * MOST_FAILED + [False] * 50
    assert all(kept.has_room_for_failure() for _ in range(150))


def test_a_million_items_of_a_plain_call_take_no_more_room_than_a_thousand() -> None:
    few, many = ItemLog(), ItemLog()
    for log, count in ((few, 1_000), (many, 1_000_000)):
        for index in range(count):
            status = Status.COMPLETED if index % 5 else Status.FAILED
            log.add(index, None, index, status, 1.0, 1.0 + index % 97)
    assert many.counts == {Status.COMPLETED: 800_000, Status.FAILED: 200_000}
    assert size_of(many) <= 1.1 * size_of(few)


def test_several_threads_may_write() -> None:
    log = ItemLog()
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(partial(fill, log, 2000)) for _ in range(8)]:
            done.result()
    assert log.counts[Status.COMPLETED] == log.durations.count == 16_000
