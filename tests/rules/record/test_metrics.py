"""Numbers by name, of one run."""

import math
import statistics
import threading
from typing import Any

import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Metrics, OptionTypeError, Retry, Run, Skip, Statistics, Status, UnknownMetricError, task, workflow
from flowdeco._record.entry import Entry
from tests.support.naming import mention

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


def of(values: list[float]) -> Statistics:
    metrics = Metrics("the test")
    for value in values:
        metrics.record("x", value)
    return metrics.statistics("x")


@given(NUMBERS)
def test_the_statistics_are_those_of_the_standard_library(values: list[float]) -> None:
    found = of(values)
    assert found.count == len(values)
    assert found.mean == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert (found.min, found.max) == (min(values), max(values))
    assert found.p50 == pytest.approx(statistics.median(values), abs=1e-6)
    if len(values) > 1:
        assert found.std == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-4)
        cuts = statistics.quantiles(values, n=20, method="inclusive")
        assert found.p95 == pytest.approx(cuts[18], rel=1e-9, abs=1e-6)


def test_a_single_number_does_not_vary() -> None:
    assert of([3]) == Statistics(1, 3.0, 0.0, 3, 3, 3, 3)


@pytest.mark.parametrize("value", [True, "5", None, math.nan], ids=repr)
def test_what_is_no_number_is_refused_and_nothing_is_lost(value: Any) -> None:
    metrics = Metrics("the test")
    metrics.record("x", 1)
    with pytest.raises(OptionTypeError) as caught:
        metrics.record("x", value)
    assert str(caught.value) == f"Cannot record 'x' of the test: {value!r} is not a number. Give an int or float."
    assert metrics.values("x") == [1]


def test_an_unknown_name_is_an_error_with_the_nearest() -> None:
    metrics = Metrics("the test")
    with pytest.raises(UnknownMetricError) as caught:
        metrics.statistics("tokens")
    assert str(caught.value) == (
        "Cannot find metric 'tokens' of the test: nothing with that name was recorded. There is none yet."
    )
    metrics.record("tokens", 5)
    with pytest.raises(UnknownMetricError, match="Did you mean 'tokens'") as caught:
        metrics.statistics("token")
    assert caught.value.name == "token"
    with pytest.raises(UnknownMetricError, match="There is 'tokens'"):
        metrics.statistics("zzz")


def test_names_can_be_listed() -> None:
    metrics = Metrics("the test")
    metrics.record("a", 1)
    metrics.record("b", 2)
    assert list(metrics) == ["a", "b"]
    assert len(metrics) == 2
    assert "a" in metrics
    assert "c" not in metrics
    assert repr(metrics) == "<metrics of the test: a, b>"


def test_no_number_is_lost_that_threads_record_at_once() -> None:
    metrics = Metrics("the test")
    barrier = threading.Barrier(20)

    def work() -> None:
        barrier.wait(60)
        for number in range(100):
            metrics.record("x", number)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert metrics.statistics("x").count == 2_000


# Of a run


@task
async def page(run: Run[Any]) -> str:
    run.metrics.record("bytes", 12)
    run.metrics.record("page", 100)
    return "page"


async def test_a_run_has_the_seconds_of_its_tasks_besides_what_was_recorded() -> None:
    failed: list[int] = []

    @task(retries=Retry(1, delay=0))
    async def flaky(page: str) -> None:
        await checkpoint()
        if not failed:
            failed.append(1)
            raise ValueError

    @task
    async def never(flaky: None) -> None:
        raise Skip

    @task
    async def skipped(never: None) -> None: ...

    @workflow(settled="skipped")
    async def w(skipped: Any) -> None: ...

    run = await w.run()
    assert list(run.metrics) == ["page", "flaky", "never", "bytes"]
    assert run.metrics.statistics("bytes").mean == 12
    assert run.metrics.statistics("flaky").count == 2
    assert run.metrics.values("page")[1:] == [100]  # its own seconds come first
    assert run.metrics.values("page")[0] == run.tasks["page"].duration


async def test_running_waiting_and_gain_follow_from_the_times() -> None:
    @task
    async def first() -> None: ...

    @task
    async def second() -> None: ...

    @task(limit=1)
    async def third(first: None, second: None) -> None: ...

    @workflow
    async def w(third: None) -> None: ...

    run = await w.run()
    indices = {name: index for index, name in enumerate(run.tasks)}
    journal, index = run._journal, indices["third"]
    journal.begun, journal.ended = 100.0, 110.0
    for name, start, end in [("first", 100.0, 104.0), ("second", 101.0, 105.0), ("third", 107.0, 110.0)]:
        journal.started[indices[name]], journal.finished[indices[name]] = start, end
    for clock, status, attempt in [(108.0, Status.RETRYING, 1), (109.5, Status.RUNNING, 2)]:
        entry = Entry(clock, index, status, attempt, None)
        journal.entries.append(entry)
        journal.latest[index] = entry
    assert run.metrics.running == pytest.approx(4 + 4 + 1 + 0.5)
    assert run.metrics.waiting == pytest.approx(0 + 1 + 2 + 1.5)
    assert run.metrics.gain == pytest.approx(9.5 / 10)
    assert run.critical_path() == ["second", "third"]
    assert run.tasks["third"].waited == pytest.approx(2)
    assert [(a.start, a.end) for a in run.tasks["third"].timeline] == [(7.0, 8.0), (9.5, 10.0)]


async def test_items_wait_from_when_they_were_taken_in_or_what_they_need_had_ended() -> None:
    @task
    async def pages() -> list[int]:
        return [0, 1]

    @task(each={"page": pages})
    async def text(page: int) -> int:
        return page

    @task(each={"text": text})
    async def length(text: int) -> int:
        return text

    @workflow
    async def w(length: list[int]) -> None: ...

    mention(length)
    run = await w.run()
    indices = {name: index for index, name in enumerate(run.tasks)}
    journal = run._journal
    journal.begun = journal.started[indices["pages"]] = 100.0
    journal.finished[indices["pages"]] = 101.0
    times = {
        "text": [(101.0, 101.0, 103.0), (101.0, 103.0, 105.0)],
        "length": [(101.0, 103.5, 104.0), (101.0, 106.0, 107.0)],
    }
    for name, several in times.items():
        for entry, (opened, started, finished) in zip(journal.items[indices[name]].list_kept(), several, strict=True):
            entry.opened, entry.started, entry.finished = opened, started, finished
    entry = journal.items[indices["length"]].entries[1]
    entry.changes += [Entry(106.25, 0, Status.RETRYING, 1, OSError()), Entry(106.75, 0, Status.RUNNING, 2, None)]
    assert run.metrics.waiting == pytest.approx((0 + 2) + (0.5 + 1) + 0.5)


async def test_there_is_no_gain_before_the_end() -> None:
    gains: list[float | None] = []

    @task
    async def look(run: Run[Any]) -> None:
        gains.append(run.metrics.gain)

    @workflow
    async def w(look: None) -> None: ...

    await w()
    assert gains == [None]
