"""What the record of a run tells of the items of a mapped task."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import (
    ItemNotKeptError,
    Outcome,
    Retry,
    Run,
    Skip,
    Status,
    UnknownItemError,
    UnknownTaskError,
    task,
    workflow,
)


@task
def pages(count: int) -> Sequence[int]:
    return range(count)


@task(each={"page": pages}, retries=Retry(1, delay=0, jitter=0))
async def text(page: int) -> int:
    await checkpoint()
    if page == 3:
        raise ValueError(f"no page {page}")
    if page == 4:
        raise Skip("empty")
    return page * 2


@task(each={"text": text})
def words(text: int) -> int:
    return text + 1


@workflow(keep_going=True)
async def read(count: int, words: list[int]) -> list[int]:
    return words


async def test_every_item_of_a_run_is_in_its_record() -> None:
    run = await read.run(count=6)
    items = run.tasks["text"].items
    assert [item.name for item in items] == [f"text[{n}]" for n in range(6)]
    assert [item.item for item in items] == [*range(6)]
    assert [item.result for item in items] == [0, 2, 4, None, None, 10]
    assert [str(item.status) for item in items] == ["completed"] * 3 + ["failed", "skipped", "completed"]
    assert [item.attempts for item in items] == [1, 1, 1, 2, 1, 1]
    assert items.counts == {"completed": 4, "failed": 1, "skipped": 1}
    assert (repr(items[3].error), items[4].reason) == ("ValueError('no page 3')", "empty")
    assert [item.index for item in items.failed] == [3]
    assert sorted(item.index for item in items.slowest) == [*range(6)]


async def test_a_stage_has_the_items_of_its_axis() -> None:
    run = await read.run(count=6)
    items = run.tasks["words"].items
    assert [str(item.status) for item in items] == ["completed"] * 3 + ["upstream_failed", "skipped", "completed"]
    assert items[3].error is run.tasks["text"].items[3].error
    assert items[3].attempts == 0
    assert run.tasks["pages"].items.counts == {}


async def test_failures_say_which_item_it_was() -> None:
    run = await read.run(count=6)
    assert [(each.task, each.attempt, each.index, each.item) for each in run.errors] == [
        ("text", 1, 3, 3),
        ("text", 2, 3, 3),
    ]


async def test_the_error_of_an_item_has_a_note_that_says_which() -> None:
    @workflow
    async def strict(count: int, words: list[int]) -> list[int]:
        return words

    with pytest.raises(ValueError, match="no page 3") as caught:
        await strict(count=6)
    assert caught.value.__notes__ == ["Raised by task 'text', item 3, of workflow 'strict', attempt 2."]


async def test_each_error_of_a_run_that_keeps_going_has_its_note() -> None:
    @task(each={"page": pages})
    async def check(page: int) -> None:
        if page % 2:
            raise ValueError

    @workflow(keep_going=True)
    async def check_all(count: int, check: Any) -> None: ...

    with pytest.raises(ExceptionGroup) as caught:
        await check_all(count=5)
    assert [error.__notes__ for error in caught.value.exceptions] == [
        [f"Raised by task 'check', item {n}, of workflow 'check_all'."] for n in (1, 3)
    ]


async def test_a_plain_call_keeps_the_failed_with_their_items() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await read(count=1000)
    items = Run.of(caught.value).tasks["text"].items
    assert items.counts == {"completed": 998, "failed": 1, "skipped": 1}
    assert (len(items), items[3].item, items.failed[0].index) == (1000, 3, 3)
    assert len(items.kept) <= 21
    with pytest.raises(ItemNotKeptError):
        list(items)
    with pytest.raises(UnknownItemError, match=r"^Cannot find item 1000 of task 'text': there are 1,000 items\.$"):
        items[1000]


async def test_an_item_under_way_is_in_the_record_of_a_live_run() -> None:
    began, go_on = anyio.Event(), anyio.Event()

    @task(each={"page": pages}, limit=1, ahead=3)
    async def wait(page: int) -> int:
        if page == 1:
            began.set()
            await go_on.wait()
        return page

    @workflow
    async def wait_for_all(count: int, wait: list[int]) -> list[int]:
        return wait

    async with wait_for_all.start(count=3) as run:
        await began.wait()
        items = run.tasks["wait"].items
        assert (run.tasks["wait"].status, items[1].status, items[2].status) == ("running", "running", "pending")
        assert (items[1].result, items[1].duration, items[0].status) == (None, None, "completed")
        assert [item.index for item in items.open] == [1, 2]
        assert items.counts == {"pending": 1, "running": 1, "completed": 1}
        go_on.set()
    assert items.counts == {"completed": 3}
    assert (items[1].result, items.open) == (1, [])


async def test_the_history_tells_of_each_item() -> None:
    run = await read.run(count=2)
    changes = [(t.index, str(t.previous), str(t.status)) for t in run.history("words") if t.index is not None]
    assert changes == [
        (0, "pending", "running"),
        (0, "running", "completed"),
        (1, "pending", "running"),
        (1, "running", "completed"),
    ]


async def test_the_metrics_of_a_mapped_task_are_the_seconds_of_its_items() -> None:
    run = await read.run(count=3)
    items = run.tasks["text"].items
    assert run.metrics.values("text") == [item.duration for item in items]
    assert run.metrics.statistics("text").count == 3
    assert items.durations is not None
    assert items.durations.max == run.metrics.statistics("text").max


async def test_all_items_of_a_task_are_one_on_the_critical_path() -> None:
    run = await read.run(count=3)
    assert run.critical_path() == ["pages", "text", "words"]
    assert all((record.waited or 0) >= 0 for record in run.tasks.values())


async def test_a_run_that_was_cancelled_says_which_items_were_under_way() -> None:
    began = anyio.Event()

    @task(each={"page": pages})
    async def hang(page: int) -> None:
        if page:
            began.set()
            await anyio.sleep_forever()

    @workflow
    async def hang_all(count: int, hang: Any) -> None: ...

    runs: list[Run[Any]] = []
    with anyio.CancelScope() as scope:
        async with hang_all.start(count=2) as run:
            runs.append(run)
            await began.wait()
            scope.cancel()
    items = runs[0].tasks["hang"].items
    assert items.counts == {Status.COMPLETED: 1, Status.CANCELLED: 1}
    assert items[1].status is Status.CANCELLED


async def test_an_item_of_a_workflow_has_a_run() -> None:
    @task
    def lines(chapter: int) -> list[int]:
        return [chapter, 5]

    @task(each={"line": lines})
    async def double(line: int) -> int:
        return 2 * line

    @workflow(each={"chapter": pages})
    async def chapters(chapter: int, double: list[int]) -> list[int]:
        return double

    @workflow
    async def book(count: int, chapters: list[Any]) -> Any:
        return chapters

    run = await book.run(count=3)
    assert run.result == [[0, 10], [2, 10], [4, 10]]
    within = [item.run for item in run.tasks["chapters"].items]
    assert [one.inputs["chapter"] for one in within] == [0, 1, 2]
    assert [one.tasks["double"].items[0].result for one in within] == [0, 2, 4]


def name_page(page: int) -> str:
    return f"key {page}"


@task(each={"page": pages}, key=name_page)
async def keyed(page: int) -> int:
    if page == 1:
        raise ValueError(f"no page {page}")
    if page == 2:
        raise Skip("empty")
    return page


async def test_an_outcome_says_which_item_it_is_of() -> None:
    @workflow(settled="keyed")
    async def settle(count: int, keyed: list[Outcome[int]]) -> list[Outcome[int]]:
        return keyed

    told = [(one.index, one.item, one.key, str(one.status)) for one in await settle(count=3)]
    assert told == [(0, None, "key 0", "completed"), (1, 1, "key 1", "failed"), (2, 2, "key 2", "skipped")]


async def test_in_a_run_that_was_asked_for_outcomes_have_the_items_that_completed_too() -> None:
    seen: list[Outcome[int]] = []

    @task(each={"keyed": keyed}, settled="keyed")
    async def after(keyed: Outcome[int]) -> None:
        seen.append(keyed)

    @task(each={"page": pages}, settled="page")
    async def given(page: Outcome[int]) -> Any:
        return page.item

    @workflow(settled="keyed")
    async def settle(count: int, keyed: list[Outcome[int]], after: Any, given: list[Any]) -> Any:
        return keyed, given

    run: Any = await settle.run(count=3)
    assert [one.item for one in run.result[0]] == run.result[1] == [0, 1, 2]
    assert sorted((one.index, one.item) for one in seen if one.index is not None) == [(0, 0), (1, 1), (2, 2)]
    keyed_outcomes, of_source = await settle(count=3)
    assert [one.item for one in keyed_outcomes] == [None, 1, 2]
    assert of_source == [None, None, None]


async def test_the_outcome_of_a_stage_for_one_item_says_which_it_is_of() -> None:
    seen: list[Outcome[int]] = []

    @task(each={"keyed": keyed}, settled="keyed")
    async def after(keyed: Outcome[int]) -> None:
        seen.append(keyed)

    @workflow
    async def settle(count: int, after: Any) -> None: ...

    await settle(count=3)
    told = sorted((one.index, one.item, one.key, str(one.status)) for one in seen if one.index is not None)
    assert told == [(0, None, "key 0", "completed"), (1, 1, "key 1", "failed"), (2, 2, "key 2", "skipped")]


async def test_the_record_finds_an_item_by_its_key() -> None:
    @workflow(keep_going=True)
    async def find(count: int, keyed: list[int]) -> None: ...

    run = await find.run(count=3)
    found = run.tasks["keyed"].items.find("key 2")
    assert found is not None
    assert (found.index, found.reason) == (2, "empty")
    assert [(failure.index, failure.key) for failure in run.errors] == [(1, "key 1")]


async def test_an_item_is_found_by_its_name_also_in_a_nested_run() -> None:
    @task
    def lines(chapter: int) -> list[int]:
        return [chapter, 5]

    @task(each={"line": lines})
    async def double(line: int) -> int:
        return 2 * line

    @workflow(each={"chapter": pages})
    async def chapters(chapter: int, double: list[int]) -> list[int]:
        return double

    @workflow
    async def book(count: int, chapters: list[Any]) -> Any:
        return chapters

    run = await book.run(count=3)
    assert run.tasks.item("chapters[2]").run.workflow == "chapters"
    assert run.tasks.item("chapters[2]/double[0]").result == 4
    for name, reason in (("pages", "ends in its index"), ("chapters", "ends in its index"), ("pages/x[1]", "no run")):
        with pytest.raises(UnknownTaskError, match=f"Cannot find item '{re.escape(name)}' in the run .*{reason}"):
            run.tasks.item(name)
    with pytest.raises(UnknownTaskError, match=r"Cannot find task 'chapter' .* Did you mean 'chapters'\?"):
        run.tasks.item("chapter[2]")
    with pytest.raises(
        UnknownTaskError, match=r"Take an item by its name: tasks\.item\('chapters\[2\]/double\[0\]'\)\.$"
    ):
        run.tasks["chapters[2]/double[0]"]
    with pytest.raises(UnknownItemError, match=r"^Cannot find item 3 of task 'chapters': there are 3 items\.$"):
        run.tasks.item("chapters[3]")


async def test_the_name_of_an_item_with_a_key_in_it_says_that_an_index_is_wanted_and_how_to_find_by_key() -> None:
    @workflow(keep_going=True)
    async def find(count: int, keyed: list[int]) -> None: ...

    run = await find.run(count=3)
    for key in ("key 2", "a/b[0]", "-1", ""):
        for path in ("keyed[{}]", "keyed[0]/keyed[{}]", "keyed[{}]/other[0]"):
            name = path.format(key)
            message = f"Cannot find item '{name}' in the run of workflow 'find': an index is a number from 0 on, and"
            message += f" not {key!r}. The record of task 'keyed' finds an item by its key: items.find(key)."
            with pytest.raises(UnknownTaskError, match=f"^{re.escape(message)}$"):
                run.tasks.item(name)


async def test_an_item_has_the_calls_that_it_made() -> None:
    @task
    async def search(query: str) -> str:
        return query

    @task(each={"page": pages})
    async def look_up(page: int) -> list[str]:
        return [await search.call(query=f"{page}.{n}") for n in range(page)]

    @workflow
    async def read(count: int, look_up: Any) -> None: ...

    run = await read.run(count=3)
    items = run.tasks["look_up"].items
    assert [[call.path for call in item.calls] for item in items] == [
        [],
        ["look_up[1]/search#1"],
        ["look_up[2]/search#1", "look_up[2]/search#2"],
    ]
    assert [call.result for call in items[2].calls] == ["2.0", "2.1"]


async def test_an_index_that_is_no_number_is_named() -> None:
    @task(each={"page": "given"})
    async def mid(page: int) -> int:
        return page

    @workflow
    async def w(given: list[int], mid: list[int]) -> Any:
        return mid

    run = await w.run(given=[1])
    for name, shown in (("mid[x]", "x"), ("mid[-1]", "-1"), ("mid[]", ""), ("mid[x]/mid[0]", "x")):
        with pytest.raises(UnknownTaskError, match=f"an index is a number from 0 on, and not '{shown}'"):
            run.tasks.item(name)
