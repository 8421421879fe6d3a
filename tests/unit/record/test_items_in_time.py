"""History, metrics, notes and the log of runs with items; the journals are made by hand."""

from __future__ import annotations

import pytest

from flowdeco import Status, UnknownMetricError
from flowdeco._record.error_notes import add_notes
from flowdeco._record.journal import Journal
from flowdeco._record.timeline import RunMetrics, list_transitions
from tests.support.items import complete, fail, make_journal, retry, run_item, skip


class Owner:
    """Stands for a run."""


def tell(journal: Journal) -> list[tuple[int | None, str, str, int, bool]]:
    return [
        (t.index, str(t.previous), str(t.status), t.attempt, t.error is not None)
        for t in list_transitions(journal)
        if t.task == "text"
    ]


def test_the_history_tells_every_change_of_every_item() -> None:
    journal = make_journal()
    for index, end in enumerate([complete, retry, fail, skip]):
        run_item(journal, index, end)
    items = [change for change in tell(journal) if change[0] is not None]
    assert items == [
        (0, "pending", "running", 1, False),
        (0, "running", "completed", 1, False),
        (1, "pending", "running", 1, False),
        (1, "running", "retrying", 1, True),
        (1, "retrying", "running", 2, False),
        (1, "running", "completed", 2, False),
        (2, "pending", "running", 1, False),
        (2, "running", "failed", 1, True),
        (3, "pending", "running", 1, False),
        (3, "running", "skipped", 1, False),
    ]
    assert {t.key for t in list_transitions(journal) if t.index == 1} == {"key 1"}


def test_the_history_tells_of_an_item_under_way_and_of_one_that_was_cut_off() -> None:
    journal = make_journal()
    journal.open_item(1, 0, 0, "page 0")
    journal.begin(1, 1)
    assert tell(journal) == [(0, "pending", "running", 1, False)]
    journal.end_run(Status.CANCELLED)
    assert tell(journal)[-1] == (0, "running", "cancelled", 1, False)


@pytest.mark.parametrize("keep", [True, False])
def test_the_numbers_of_a_task_are_the_seconds_of_its_items(keep: bool) -> None:
    journal = make_journal(keep=keep)
    for index in range(50):
        run_item(journal, index, complete)
    metrics = RunMetrics(journal)
    assert [*metrics] == ["text"]
    found = metrics.statistics("text")
    assert found.count == 50
    assert found.min <= found.p50 <= found.p95 <= found.max
    assert metrics.running == pytest.approx(found.mean * 50)


def test_a_plain_call_does_not_know_the_seconds_of_each_item() -> None:
    journal = make_journal(keep=False)
    run_item(journal, 0, complete)
    metrics = RunMetrics(journal)
    with pytest.raises(UnknownMetricError) as caught:
        metrics.values("text")
    assert str(caught.value) == (
        "Cannot find metric 'text' of run of workflow 'read': a plain call does not keep the numbers of items one by "
        "one. Ask for its statistics, or use run()."
    )
    assert "text" in metrics


@pytest.mark.parametrize("keep", [True, False])
def test_the_note_of_an_error_says_which_item_it_was(keep: bool) -> None:
    journal = make_journal(keep=keep)
    run_item(journal, 0, complete)
    run_item(journal, 17, fail)
    error = journal.errors[-1].error
    journal.take_error(error)
    journal.end_run(Status.FAILED)
    add_notes(Owner(), journal, error)
    assert error.__notes__ == ["Raised by task 'text', item 17, of workflow 'read'."]


def test_the_notes_tell_what_other_items_failed_for_good() -> None:
    journal = make_journal()
    for index, end in enumerate([fail, retry, fail]):
        run_item(journal, index, end)
    error = journal.errors[-1].error
    journal.take_error(error)
    add_notes(Owner(), journal, error)
    assert error.__notes__ == [
        "Raised by task 'text', item 2, of workflow 'read'.",
        "Also failed: task 'text', item 0 with ValueError('no such page').",
    ]


def test_an_error_that_fails_the_run_is_noted_however_many_failed_before() -> None:
    journal = make_journal(keep=False)
    for index in range(300):
        run_item(journal, index, retry)
    run_item(journal, 300, fail)
    assert [failure.index for failure in journal.errors] == [*range(100), 300]


def test_an_error_that_somebody_receives_is_not_noted_after_the_first_hundred() -> None:
    journal = make_journal(keep=False)
    run_item(journal, 0, complete)
    journal.items[0].is_handled = True
    for index in range(1, 300):
        run_item(journal, index, fail)
    assert len(journal.errors) == 100
