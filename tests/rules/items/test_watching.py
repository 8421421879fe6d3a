"""Who looks on at a run is told which item it is about: hooks, followers, the log and monitors."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Event, Monitor, Retry, Status, task, workflow

PAGES = ["a", "b", "c"]


async def fail_at_b(page: str) -> str:
    await checkpoint()
    if page == "b":
        raise ValueError("no b")
    return page


def mapped(**options: Any) -> Any:
    return task(fail_at_b, name="text", each={"page": "pages"}, **options)


def make(text: Any, **options: Any) -> Any:
    async def read(pages: list[str], text: list[str]) -> list[str]:
        return text

    return workflow(read, tasks={"text": text}, keep_going=True, **options)


async def test_hooks_of_a_task_may_ask_for_index_and_item() -> None:
    told: list[Any] = []

    def on_start(index: int, item: str) -> None:
        told.append(("start", index, item))

    def on_success(item: str, result: str) -> None:
        told.append(("success", item, result))

    def on_error(index: int, item: str, error: Exception) -> None:
        told.append(("error", index, item, str(error)))

    await make(mapped(on_start=on_start, on_success=on_success, on_error=on_error)).run(pages=PAGES)
    assert sorted(told) == sorted(
        [
            *[("start", n, page) for n, page in enumerate(PAGES)],
            ("success", "a", "a"),
            ("success", "c", "c"),
            ("error", 1, "b", "no b"),
        ]
    )


async def test_a_recovery_may_ask_for_index_and_item() -> None:
    def instead(index: int, item: str) -> str:
        return f"{item}{index}"

    assert await make(mapped(recover=instead))(pages=PAGES) == ["a", "b1", "c"]


async def test_a_task_that_recovers_may_ask_for_index_and_item() -> None:
    @task
    async def instead(index: int, item: str) -> str:
        return f"{item}{index}"

    assert await make(mapped(recover=instead))(pages=PAGES) == ["a", "b1", "c"]


async def test_an_argument_of_that_name_comes_before_the_item() -> None:
    told: list[Any] = []

    def tell(item: str, index: str) -> None:
        told.append((item, index))

    @task(each={"part": "parts"}, on_success=tell)
    async def take(part: str, item: str = "argument", index: str = "argument too") -> None: ...

    @workflow
    async def take_all(parts: list[str], take: Any) -> None: ...

    await take_all(parts=["x"])
    assert told == [("argument", "argument too")]


async def test_what_is_no_item_has_no_index() -> None:
    told: list[Any] = []

    def tell(index: int | None, item: Any) -> None:
        told.append((index, item))

    def tell_default(index: int = 7) -> None:
        told.append(index)

    @task(on_success=[tell, tell_default])
    async def plain() -> None: ...

    @workflow(on_success=tell)
    async def w(plain: None) -> None: ...

    await w()
    assert told == [(None, None), 7, (None, None)]


async def test_hooks_of_the_workflow_hear_which_item_it_is() -> None:
    told: list[Any] = []

    def tell(task: str | None, status: Status, index: int | None, item: Any) -> None:
        told.append((task, index, item, str(status)))

    await make(mapped(), on_state=tell).run(pages=PAGES)
    of_items = [each for each in told if each[1] is not None]
    assert sorted(of_items) == sorted(
        [
            *[("text", n, page, "running") for n, page in enumerate(PAGES)],
            ("text", 0, "a", "completed"),
            ("text", 1, "b", "failed"),
            ("text", 2, "c", "completed"),
        ]
    )


async def test_events_have_index_item_and_say_so() -> None:
    events: list[Event] = []
    w = make(mapped(retries=Retry(1, delay=0, jitter=0)), on_state=events.append)
    await w.run(pages=PAGES)
    of_b = [event for event in events if event.index == 1]
    assert [(str(event.status), event.item, event.attempt) for event in of_b] == [
        ("running", "b", 1),
        ("retrying", "b", 1),
        ("running", "b", 2),
        ("failed", "b", 2),
    ]
    assert "read.text[1]: failed, attempt 2 after ValueError: no b" in str(of_b[-1])


async def test_a_hook_is_told_of_the_item_however_late_it_is_told() -> None:
    told: list[Any] = []

    @task(each={"page": "pages"}, ahead=1)
    async def text(page: int) -> int:
        return page

    async def tell(index: int, item: int, status: Status) -> None:
        await checkpoint()
        if status is Status.COMPLETED:
            told.append((index, item))

    @workflow
    async def read(pages: list[int], text: list[int]) -> int:
        return len(text)

    noted = read.with_options(defaults={"on_state": tell})
    assert await noted(pages=[*range(100, 150)]) == 50
    assert told == [(n, 100 + n) for n in range(50)]


async def test_followers_see_each_item() -> None:
    async with make(mapped(recover=lambda: "")).start(pages=PAGES) as run:
        seen = [(event.index, str(event.status)) async for event in run.events() if event.task == "text"]
    assert sorted(seen) == sorted([(n, status) for n in range(3) for status in ("running", "completed")])


async def test_the_log_has_the_index_and_the_key_of_an_item(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "flowdeco")
    await make(mapped()).run(pages=PAGES)
    records: list[Any] = [record for record in caplog.records if getattr(record, "task", None) == "text"]
    assert {(record.index, record.status) for record in records} == {
        *[(n, "running") for n in range(3)],
        (0, "completed"),
        (1, "failed"),
        (2, "completed"),
    }
    assert {record.key for record in records} == {None}


async def test_what_a_hook_raises_is_kept_and_logged_with_the_item(caplog: pytest.LogCaptureFixture) -> None:
    def tell(item: str) -> None:
        if item == "c":
            raise RuntimeError("the hook")

    run = await make(mapped(on_success=tell)).run(pages=PAGES)
    assert [(error.task, error.index) for error in run.hook_errors] == [("text", 2)]
    assert "Hook 'tell' (on_success) of task 'text', item 2 of workflow 'read' failed" in caplog.text


async def test_a_monitor_counts_each_item() -> None:
    monitor = Monitor()
    for _ in range(2):
        await make(mapped(), on_state=monitor).run(pages=PAGES)
    assert monitor.count("read.text", Status.COMPLETED) == 4
    assert monitor.count("read.text", Status.FAILED) == 2
    assert monitor.statistics("read.text").count == 6


async def test_a_plain_call_is_watched_as_one_that_keeps_all() -> None:
    monitor = Monitor()
    w = make(mapped(), on_state=monitor)
    with pytest.raises(ExceptionGroup):
        await w(pages=[*PAGES] * 100)
    assert monitor.statistics("read.text").count == 300
