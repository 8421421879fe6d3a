"""Numbers by name, of many runs."""

import threading

import pytest

from flowdeco import Monitor, Retry, Skip, Status, UnknownMetricError, task, workflow


async def test_a_monitor_gathers_over_runs_and_workflows() -> None:
    monitor = Monitor()

    @task(retries=Retry(1, delay=0))
    async def half(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number

    @workflow(on_state=monitor)
    async def even(number: int, half: int) -> int:
        return half

    other = even.with_options(name="other", on_state=[monitor])
    for number in range(4):
        await even.run(number)
    await other(2)
    assert monitor.names == ["even", "even.half", "other", "other.half"]
    assert monitor.count("even", "completed") == 2
    assert monitor.count("even", Status.FAILED) == 2
    assert monitor.count("even.half", "retrying") == 2
    assert monitor.count("even.half", "skipped") == 0
    assert monitor.count("nothing", "completed") == 0
    assert monitor.statistics("even").count == 4
    assert monitor.statistics("other.half").count == 1
    assert repr(monitor) == "<monitor of even, even.half, other, other.half>"
    with pytest.raises(UnknownMetricError):
        monitor.statistics("nothing")
    with pytest.raises(ValueError, match="no status"):
        monitor.count("even", "no status")


async def test_a_monitor_may_hang_on_a_single_task_and_takes_numbers_of_your_own() -> None:
    monitor = Monitor()

    @task(on_state=monitor)
    async def one() -> int:
        return 1

    @workflow
    async def w(one: int) -> int:
        return one

    await w()
    monitor.record("tokens", 7)
    assert monitor.names == ["w.one"]
    assert monitor.statistics("tokens").max == 7


async def test_a_monitor_prints_as_a_table() -> None:
    monitor = Monitor()

    @task
    async def skipped() -> int:
        raise Skip

    @workflow(on_state=monitor)
    async def w(skipped: int = 0) -> int:
        return skipped

    await w()
    head, of_run, of_task = str(monitor).splitlines()
    assert head.split() == ["name", "done", "failed", "retried", "mean", "s", "p95", "s", "max", "s"]
    assert of_run.split()[:4] == ["w", "1", "0", "0"]
    assert len(of_run.split()) == 7
    assert of_task.split()[:4] == ["w.skipped", "0", "0", "0"]


def test_a_monitor_is_told_by_many_threads_at_once() -> None:
    monitor = Monitor()
    barrier = threading.Barrier(8)

    @task
    async def one() -> int:
        return 1

    @workflow(on_state=monitor)
    def w(one: int) -> int:
        return one

    def work() -> None:
        barrier.wait(60)
        for _ in range(5):
            w()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert monitor.count("w", "completed") == 40
    assert monitor.count("w.one", "completed") == 40
    assert monitor.statistics("w").count == 40
