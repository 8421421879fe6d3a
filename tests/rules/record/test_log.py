"""What goes to the `flowdeco` logger, and when."""

import logging
from typing import Any

import pytest

from flowdeco import Retry, State, task, workflow

ATTRIBUTES = ("workflow", "task", "attempt", "status")


@task(retries=Retry(1, delay=0))
async def flaky(failures: list[int]) -> int:
    if not failures:
        failures.append(1)
        raise ConnectionError("down")
    return 1


@workflow
async def w(failures: list[int], flaky: int) -> int:
    return flaky


def about(caplog: pytest.LogCaptureFixture) -> list[tuple[Any, ...]]:
    assert {record.name for record in caplog.records} <= {"flowdeco"}
    return [tuple(getattr(record, name) for name in ATTRIBUTES) for record in caplog.records]


async def test_it_is_quiet_unless_asked(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.WARNING, "flowdeco")
    await w(failures=[])
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


async def test_at_info_it_tells_of_the_run(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "flowdeco")
    run = await w.run(failures=[])
    assert about(caplog) == [("w", None, None, "running"), ("w", None, None, "completed")]
    assert {record.__dict__["run"] for record in caplog.records} == {run.id}
    assert {record.levelname for record in caplog.records} == {"INFO"}


async def test_at_debug_it_tells_of_the_tasks_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "flowdeco")
    await w(failures=[])
    assert about(caplog) == [
        ("w", None, None, "running"),
        ("w", "flaky", 1, "running"),
        ("w", "flaky", 1, "retrying"),
        ("w", "flaky", 2, "running"),
        ("w", "flaky", 2, "completed"),
        ("w", None, None, "completed"),
    ]
    retrying = caplog.records[2]
    assert retrying.__dict__["previous"] == "running"
    assert retrying.__dict__["delay"] == 0
    assert retrying.getMessage().endswith("w.flaky: retrying, again in 0 s after ConnectionError: down")


async def test_the_level_is_asked_for_at_each_run(caplog: pytest.LogCaptureFixture) -> None:
    for level, number in [(logging.DEBUG, 6), (logging.WARNING, 0), (logging.DEBUG, 6)]:
        caplog.clear()
        caplog.set_level(level, "flowdeco")
        await w(failures=[])
        assert len(caplog.records) == number


async def test_a_workflow_within_is_logged_as_well(caplog: pytest.LogCaptureFixture) -> None:
    @workflow(name="outer", tasks=[w], needs={"inner": w})
    async def outer(failures: list[int], inner: int) -> int:
        return inner

    caplog.set_level(logging.DEBUG, "flowdeco")
    await outer(failures=[1])
    assert [(record.__dict__["workflow"], record.__dict__["task"]) for record in caplog.records] == [
        ("outer", None),
        ("outer", "w"),
        ("w", None),
        ("outer", "w/flaky"),
        ("outer", "w/flaky"),
        ("w", None),
        ("outer", "w"),
        ("outer", None),
    ]


async def test_an_error_that_is_not_raised_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    @task
    async def bad() -> int:
        raise ValueError("no")

    @workflow
    async def failing(bad: int) -> int:
        return bad

    caplog.set_level(logging.WARNING, "flowdeco")
    with pytest.raises(ValueError, match="no"):
        await failing()
    assert caplog.records == []
    run = await failing.run()
    assert about(caplog) == [("failing", None, None, "failed")]
    record = caplog.records[0]
    assert record.levelname == "ERROR"
    assert record.getMessage() == "Workflow 'failing' failed: ValueError('no')"
    assert record.exc_info is not None
    assert record.exc_info[1] is run.error


async def test_a_hook_that_fails_is_logged_with_whose_it_is(caplog: pytest.LogCaptureFixture) -> None:
    def alert() -> None:
        raise OSError("no network")

    @task(on_success=alert)
    async def one() -> int:
        return 1

    @workflow(on_success=alert)
    async def good(one: int) -> int:
        return one

    caplog.set_level(logging.WARNING, "flowdeco")
    assert await good() == 1
    assert about(caplog) == [("good", "one", None, "completed"), ("good", None, None, "completed")]
    assert [record.getMessage() for record in caplog.records] == [
        "Hook 'alert' (on_success) of task 'one' of workflow 'good' failed: OSError('no network')",
        "Hook 'alert' (on_success) of workflow 'good' failed: OSError('no network')",
    ]


async def test_a_watcher_that_fails_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    @task
    async def write(state: State) -> None:
        state["x"] = 1

    @workflow
    async def watched(write: None, state: State) -> Any:
        return state["x"]

    def fail() -> None:
        raise OSError("no network")

    shared = State()
    shared.watch("x", fail)
    caplog.set_level(logging.WARNING, "flowdeco")
    assert await watched.with_options(state=shared)() == 1
    assert len(caplog.records) == 1
    assert caplog.records[0].levelname == "ERROR"
