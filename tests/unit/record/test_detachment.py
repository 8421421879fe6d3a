"""A journal without the error that its run has failed with leads nowhere to it, and gets it back."""

from __future__ import annotations

import pytest

from flowdeco import Status
from flowdeco._record.detachment import attach, detach
from flowdeco._record.journal import Journal
from flowdeco._record.task_record import TaskRecord
from tests.support.items import complete, fail, list_errors, make_journal, retry, run_item


class Within:
    """A nested run, as far as a journal knows of it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def _with_journal(self, journal: Journal) -> Within:
        return Within(journal)


@pytest.mark.parametrize("keep", [True, False])
def test_the_error_of_an_item_is_left_out_and_put_back(keep: bool) -> None:
    journal = make_journal(keep=keep)
    for index, end in enumerate([complete, retry, fail]):
        run_item(journal, index, end)
    error = journal.errors[-1].error
    journal.take_error(error)
    before = [*map(id, list_errors(journal))]
    without = detach(journal, error)
    assert error in list_errors(journal)
    assert error not in list_errors(without)
    again = attach(without, error)
    assert [*map(id, list_errors(again))] == before
    items = TaskRecord(again, again.graph.nodes[0]).items
    assert [item.index for item in items.failed] == [2]
    assert [item.status for item in items] == ["completed", "completed", "failed"]
    assert {item.index for item in items.slowest} == {0, 1, 2}


def test_an_error_that_an_attempt_before_the_last_has_failed_with_is_left_out() -> None:
    journal = make_journal()
    run_item(journal, 0, retry)
    error = journal.errors[0].error
    assert error in list_errors(journal)
    assert error not in list_errors(detach(journal, error))


def test_an_error_in_the_run_of_an_item_is_left_out_and_put_back() -> None:
    inner, outer = make_journal(), make_journal()
    run_item(inner, 0, fail)
    error = inner.errors[0].error
    inner.take_error(error)

    def fail_in_run(journal: Journal, place: int) -> None:
        journal.nested[place] = Within(inner)
        journal.fail_attempt("text", 1, error, place)
        journal.end(place, Status.FAILED, error)

    run_item(outer, 0, fail_in_run)
    outer.take_error(error)
    for known in (None, detach(inner, error)):
        inner.detached = known
        without = detach(outer, error)
        (entry,) = without.items[0].list_kept()
        assert error not in [*list_errors(without), *list_errors(entry.run._journal)]
        again = attach(without, error)
        (entry,) = again.items[0].list_kept()
        assert error in list_errors(again)
        assert list_errors(entry.run._journal) == list_errors(inner)


def test_items_under_way_end_with_the_run() -> None:
    journal = make_journal(keep=False)
    journal.open_item(1, 0, 0, "page 0")
    journal.begin(1, 1)
    journal.open_item(2, 0, 1, "page 1")
    journal.end_run(Status.CANCELLED)
    assert journal.places == {}
    assert journal.items[0].counts == {Status.CANCELLED: 2}
    assert journal.items[0].durations.count == 1
