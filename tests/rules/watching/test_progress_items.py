"""Progress of a task with many items: one line for all, with how many have ended and what time is left."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from flowdeco import Event, Retry, Status, task, workflow
from flowdeco._progress.item_track import ItemTrack
from flowdeco.progress import Progress
from tests.support.naming import mention
from tests.support.progress import Clock, look, make_console, show

pytestmark = pytest.mark.usefixtures("clock")


def make(text: Any, **options: Any) -> Any:
    async def read(pages: Sequence[int], text: list[int]) -> int:
        return len(text)

    return workflow(read, tasks={"text": text}, keep_going=True, **options)


def lines_of(file: io.StringIO) -> list[str]:
    return file.getvalue().splitlines()


async def test_lines_tell_how_many_items_have_ended_and_how_long_the_rest_takes(clock: Clock) -> None:
    file = io.StringIO()

    @task(each={"page": "pages"}, limit=1)
    async def text(page: int) -> int:
        clock.now += 1
        return page

    await make(text, on_state=Progress(file=file))(pages=range(4))
    assert [line.partition(",")[0] for line in lines_of(file)[1:-1]] == [
        "read: text 1/4",
        "read: text 2/4",
        "read: text 3/4",
        lines_of(file)[-2],
    ]
    assert lines_of(file)[-2].startswith("read: text 4/4 in ")
    assert lines_of(file)[-1] == "read: completed in 4.0 s (1 completed)"


def test_it_says_how_many_have_ended_how_many_failed_and_what_time_the_rest_takes() -> None:
    track = ItemTrack(None, now=100)
    track.counts.update({Status.COMPLETED: 409, Status.FAILED: 3})
    track.expected = 2000
    assert track.say(now=110.4) == "412/2,000, 3 failed, 40 s left"


async def test_of_many_items_there_is_a_line_for_each_twentieth() -> None:
    file = io.StringIO()

    @task(each={"page": "pages"})
    async def text(page: int) -> int:
        return page

    await make(text, on_state=Progress(file=file))(pages=range(2000))
    told = [line.removeprefix("read: text ").split(",")[0].split("/")[0] for line in lines_of(file)[1:-1]]
    assert 15 <= len(told) <= 21
    assert "read: text 2,000/2,000" in file.getvalue()


async def test_what_failed_is_named_for_the_first_ten_and_counted_for_all() -> None:
    file = io.StringIO()

    @task(each={"page": "pages"}, retries=Retry(1, delay=0, jitter=0, on=ConnectionError))
    async def text(page: int) -> int:
        if page % 2:
            raise ValueError(f"no page {page}")
        return page

    with pytest.raises(ExceptionGroup):
        await make(text, on_state=Progress(file=file))(pages=range(60))
    named = [line for line in lines_of(file) if line.startswith("read: text[")]
    assert len(named) == 10
    assert named[0].startswith("read: text[1] failed (2/60, 1 failed")
    assert named[0].endswith("): ValueError: no page 1")
    assert "read: text 60/60, 30 failed in 0.0 s" in lines_of(file)
    assert lines_of(file)[-1].startswith("read: failed after 0.0 s (1 failed): ExceptionGroup")


async def test_an_attempt_that_is_made_again_says_of_which_item_it_was() -> None:
    file = io.StringIO()
    tried: list[int] = []

    @task(each={"page": "pages"}, retries=Retry(1, delay=0, jitter=0))
    async def text(page: int) -> int:
        tried.append(page)
        if page == 2 and tried.count(2) == 1:
            raise ConnectionError("cut")
        return page

    await make(text, on_state=Progress(file=file))(pages=range(3))
    assert "read: text[2], attempt 1 failed, again: ConnectionError: cut" in lines_of(file)


async def test_without_a_total_the_lines_become_fewer() -> None:
    file = io.StringIO()

    @task
    async def pages() -> Any:
        for n in range(500):
            yield n

    @task(each={"page": pages})
    async def text(page: int) -> int:
        return page

    @workflow(on_state=Progress(file=file))
    async def read(text: list[int]) -> int:
        return len(text)

    assert await read() == 500
    of_text = [line for line in lines_of(file) if line.startswith("read: text ")]
    assert of_text[:4] == ["read: text 1", "read: text 2", "read: text 3", "read: text 5"]
    assert len(of_text) < 25


def test_the_view_has_one_line_for_all_items_of_a_task(clock: Clock) -> None:
    console = make_console()
    seen: list[list[str]] = []

    @task(each={"page": "pages"}, limit=1)
    async def text(page: int) -> int:
        clock.now += 2
        if page == 3:
            seen.append(look(console))
        if page == 1:
            raise ValueError("no page 1")
        return page

    with pytest.raises(ExceptionGroup):
        make(text, on_state=Progress(console=console)).call_sync(pages=range(2000))
    head, line = seen[0][-2:]
    assert head.startswith("read = 0 of 1")
    assert line.strip().startswith("text  3/2,000, 1 failed, ")
    assert line.endswith((" min left", " s left"))
    assert len(seen[0]) == 3
    assert show(console)[0].startswith("read: text[1] failed (2/2,000, 1 failed, ")


def test_a_mapped_task_counts_as_one_when_it_has_ended_as_a_whole() -> None:
    console = make_console()
    seen: list[list[str]] = []

    def pages() -> Iterator[int]:
        yield from range(3)

    first = task(pages, name="pages")

    @task(each={"page": first})
    def text(page: int) -> int:
        return page

    @task
    def last(text: list[int]) -> int:
        return len(text)

    def look_at_last(event: Event, /) -> None:  # told after all that came before
        if event.task == "last":
            seen.append(look(console))

    @workflow(on_state=[Progress(console=console), look_at_last])
    def read(last: int) -> int:
        return last

    mention(text)
    assert read() == 3
    assert seen[0][0].startswith("read = 2 of 3")
    assert not any("text" in line for line in seen[0])
