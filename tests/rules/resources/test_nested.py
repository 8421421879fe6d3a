"""Resources of workflows within each other, under `keep_going=`, overridden, and as those see them who look on."""

import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import nullcontext
from typing import Any

import pytest

from flowdeco import Event, Outcome, Run, Status, resource, task, workflow
from tests.support.resources import Diary


def _refuse() -> None:
    raise ConnectionError("refused")


class Stack:
    """A workflow within another, both of which use a resource."""

    def __init__(self, *, shares: bool = True) -> None:
        self.diary = diary = Diary()

        @resource
        def db() -> Generator[list[str]]:
            diary.note("open db")
            try:
                yield []
            except BaseException as error:
                diary.raised["db"] = error
                raise
            finally:
                diary.note("close db")

        @task
        def inner_use(db: list[str]) -> int:
            diary.note("inner db")
            return id(db)

        @workflow(share=shares)
        async def inner(inner_use: int) -> int:
            diary.note("body inner")
            return inner_use

        @task
        def outer_use(inner: int, db: list[str]) -> bool:
            diary.note("outer db")
            return id(db) == inner

        @workflow
        async def outer(outer_use: bool) -> bool:
            diary.note("body outer")
            return outer_use

        @workflow
        async def around(inner: int) -> int:
            diary.note("body around")
            return inner

        self.inner, self.outer, self.around = inner, outer, around


async def test_what_both_use_is_one_and_belongs_to_the_outer_one() -> None:
    stack = Stack()
    assert await stack.outer()
    order = ["open db", "inner db", "body inner", "outer db", "body outer", "close db"]
    assert stack.diary.entries == order


async def test_what_the_inner_one_alone_uses_is_closed_at_its_end() -> None:
    stack = Stack()
    await stack.around()
    assert stack.diary.entries == ["open db", "inner db", "body inner", "close db", "body around"]


async def test_with_share_false_each_has_its_own() -> None:
    stack = Stack(shares=False)
    await stack.outer()
    assert stack.diary.entries.count("open db") == stack.diary.entries.count("close db") == 2


async def test_a_failure_of_the_inner_run_is_raised_in_its_own_and_one_of_the_outer_in_the_outers() -> None:
    stack = Stack()

    def fail(db: list[str]) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError) as caught:
        await stack.around.override(inner_use=fail)()
    assert stack.diary.raised == {"db": caught.value}


async def test_with_keep_going_all_that_does_not_need_the_failed_still_uses_it() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task(needs={"db": db})
    async def fail(db: str) -> None:
        raise ValueError("no")

    @task(needs={"db": db}, settled="fail")
    def use(db: str, fail: Any) -> None:
        diary.note("use db")

    @task(needs={"db": db})
    def other(db: str) -> None:
        diary.note("other db")

    @workflow(keep_going=True, settled="fail")
    async def w(fail: Any, use: None, other: None) -> str:
        return "done"

    assert await w() == "done"
    assert diary.entries[0] == "open db"
    assert set(diary.entries[1:3]) == {"use db", "other db"}
    assert diary.raised == {}


async def test_an_override_opens_nothing() -> None:
    diary = Diary()
    db = diary.make("db", is_async=False)
    other = diary.make("other", is_async=True)

    @task(needs={"db": db})
    def use(db: Any) -> Any:
        return db

    @workflow
    def w(use: Any) -> Any:
        return use

    assert await w.override(db="fake").call() == "fake"
    assert await w.override({db: None}).call() is None
    assert diary.entries == []
    assert await w.override(db=lambda: "made").call() == "made"
    assert await w.override(db=lambda: nullcontext("entered")).call() == "entered"
    assert diary.entries == []
    assert await w.override(db=other).call() == "OTHER"
    assert diary.entries == ["open other", "close other"]

    async def standing_in() -> AsyncGenerator[str]:
        diary.note("open it")
        yield "it"
        diary.note("close it")

    diary.entries.clear()
    assert await w.override(db=standing_in).call() == "it"
    assert diary.entries == ["open it", "close it"]


async def test_hooks_are_told_of_its_opening() -> None:
    told: list[str] = []
    attempts: list[int] = []

    def note(event: Event) -> None:
        told.append(f"{event.kind} {event.status}")

    @resource(on_start=note, on_state=note, on_success=note, on_retry=note, retries=1, metadata={"owner": "me"})
    def db(state: Any) -> Generator[str]:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError
        yield "db"

    @task
    def use(db: str, run: Run[Any]) -> Any:
        return run.resources["db"].metadata["owner"]

    @workflow
    def w(use: Any) -> Any:
        return use

    assert await w.call() == "me"
    assert told == [
        "state running",
        "start running",
        "state retrying",
        "retry retrying",
        "state running",
        "state completed",
        "success completed",
    ]


async def test_the_record_says_when_it_was_opened_and_closed() -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)
    never = diary.make("never", is_async=False)

    @task(needs={"db": db})
    def use(db: str) -> None: ...

    @task(needs={"never": never}, after=use, when=lambda: False)
    def idle(never: str) -> None: ...

    @workflow
    async def w(use: None, run: Run[Any], idle: None = None) -> tuple[Any, Any]:
        record = run.resources["db"]
        return record.opened, record.closed

    run = await w.run()
    record = run.resources[db]
    assert run.result is not None
    assert run.result[0] == record.opened
    assert run.result[1] is None
    assert record.opened is not None
    assert record.closed is not None
    assert run.started is not None
    assert run.started <= record.opened <= record.closed
    assert record.duration is not None
    assert (record.name, record.status, record.attempts, record.error) == ("db", Status.COMPLETED, 1, None)
    assert repr(record) == "<record of resource 'db': completed>"
    assert set(run.resources) == {"db", "never"}
    assert len(run.resources) == 2
    with pytest.raises(
        LookupError, match=r"Cannot find resource 'nevr' in the run of workflow 'w'. Did you mean 'never'"
    ):
        run.resources["nevr"]
    with pytest.raises(LookupError):
        run.resources["use"]


async def test_a_run_that_is_followed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    diary = Diary()
    db = diary.make("db", is_async=True)

    @task(needs={"db": db})
    def use(db: str) -> None: ...

    @workflow
    async def w(use: None) -> None: ...

    caplog.set_level(logging.DEBUG, "flowdeco")
    events: list[str] = []
    async with w.start() as run:
        async for event in run.events():
            events.append(f"{event.task} {event.status}")
    assert [event for event in events if event.startswith("db")] == ["db running", "db completed"]
    assert events[-1] == "None completed"
    assert diary.entries == ["open db", "close db"]
    assert "db: completed" in caplog.text


async def test_its_outcome_may_be_received() -> None:
    @resource
    def broken() -> Generator[None]:
        _refuse()
        yield

    @task(settled="broken")
    def use(broken: Outcome[None]) -> str:
        return f"{broken.status} {broken.error}"

    @workflow
    def w(use: str) -> str:
        return use

    assert await w.call() == "failed refused"
