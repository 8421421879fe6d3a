"""Who hears of the closing of a resource: the log of it, and of an error that nothing else would tell of."""

import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from anyio import Event, create_task_group, fail_after, sleep_forever

from flowdeco import Workflow, WorkflowTimeoutError, resource, workflow
from tests.support.clock import Clock, given_time

SOON = 60


class Broken:
    """A workflow with a resource whose closing fails."""

    def __init__(self, **options: Any) -> None:
        self.error = OSError("disk full")
        self.is_open = Event()

        @resource
        async def db() -> AsyncGenerator[str]:
            try:
                yield "db"
            finally:
                raise self.error

        @workflow(needs={"db": db}, **options)
        async def w(db: str) -> None:
            self.is_open.set()
            await sleep_forever()

        self.w: Workflow[Any, Any] = w


def told_in(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


async def test_the_closing_is_logged_at_the_level_of_tasks(caplog: pytest.LogCaptureFixture) -> None:
    @resource
    async def db() -> AsyncGenerator[str]:
        yield "db"

    @workflow(needs={"db": db})
    async def w(db: str) -> None: ...

    with caplog.at_level(logging.DEBUG, "flowdeco"):
        await w()
    told = [text.partition(" ")[2] for text in told_in(caplog, logging.DEBUG)]
    assert told == ["w.db: running", "w.db: completed", "w.db: closed"]
    record: Any = caplog.records[-2]
    assert (record.workflow, record.task, record.status) == ("w", "db", "completed")


async def test_an_error_in_closing_a_cancelled_run_is_logged_and_in_the_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = Broken()
    with caplog.at_level(logging.DEBUG, "flowdeco"), fail_after(SOON):
        async with broken.w.start() as run:
            await broken.is_open.wait()
            run.cancel()
    assert told_in(caplog, logging.ERROR) == ["Closing resource 'db' of workflow 'w' failed: OSError('disk full')"]
    assert [text for text in told_in(caplog, logging.DEBUG) if text.endswith("not closed after OSError('disk full')")]
    assert run.resources["db"].error is broken.error
    assert [(failure.task, failure.error) for failure in run.errors] == [("db", broken.error)]


async def test_so_it_is_where_the_cancellation_comes_from_outside(caplog: pytest.LogCaptureFixture) -> None:
    broken = Broken()
    with caplog.at_level(logging.ERROR, "flowdeco"), fail_after(SOON):
        async with create_task_group() as group:
            group.start_soon(broken.w.call)
            await broken.is_open.wait()
            group.cancel_scope.cancel()
    assert told_in(caplog, logging.ERROR) == ["Closing resource 'db' of workflow 'w' failed: OSError('disk full')"]


@given_time
async def test_where_the_run_has_an_error_it_is_a_note_on_that_and_not_logged(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Broken(timeout=clock.seconds)
    with caplog.at_level(logging.ERROR, "flowdeco"), pytest.raises(WorkflowTimeoutError) as caught:
        await broken.w()
    if broken.is_open.is_set():
        clock.reach()
    assert caught.value.__notes__[1:] == ["Also failed: closing resource 'db' with OSError('disk full')."]
    assert told_in(caplog, logging.ERROR) == []
