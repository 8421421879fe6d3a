"""The report of a run with items: how many ended how, the failed and the slowest; and calls and resources."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest

from flowdeco import Outcome, Run, task, workflow
from tests.support.report import Page, page_of
from tests.support.report_items import crawl, read_sections


def test_items_are_counted_and_the_failed_come_first() -> None:
    page = page_of(crawl(20))
    told = page.text["items"]
    assert re.search(r"✓ 13 completed.*✗ 5 failed.*↷ 2 skipped", told)
    assert told.index("text[3]") < told.index("ValueError: no page 3") < told.index("text[7]")
    assert "The 20 slowest" in told


def test_an_axis_is_one_bar_that_counts_its_items() -> None:
    page = page_of(crawl(20))
    titles = [str(bar.get("title")) for bar in page.of("i", "bar")]
    (of_text,) = [title for title in titles if title.startswith("text: ")]
    assert of_text.startswith("text: 20 items: 13 completed, 5 failed, 2 skipped, from ")
    assert len(page.of("tr")) < 60


def test_the_durations_are_drawn_with_what_they_come_to() -> None:
    page = page_of(crawl(60))
    (spread,) = [tag for tag in page.of("div", "spread") if "text" in str(tag["aria-label"])]
    label = str(spread["aria-label"])
    assert re.fullmatch(r"Distribution of the seconds of text: median .+, p95 .+, longest .+", label)


def test_what_failed_is_named_by_item_and_of_many_the_first_few() -> None:
    page = page_of(crawl(40))
    assert "10 items failed" in page.text[""]
    assert re.findall(r"text\[\d+\]", page.text[""]) == ["text[3]", "text[7]", "text[11]"]
    assert "7 more" in page.text[""]


def test_the_table_of_tasks_counts_items_and_leads_to_them() -> None:
    page = page_of(crawl(20))
    assert "20 items" in page.text["tasks"]
    links = [str(tag.get("href")) for tag in page.of("a")]
    (place,) = {link for link in links if link.startswith("#items-")}
    assert [tag for tag in page.of("div", "items") if f"#{tag['id']}" == place]


def test_an_error_says_which_item_and_what_became_of_it() -> None:
    page = page_of(crawl(8, retried=True))
    assert "text[3], attempt 1" in page.text["errors"]
    assert "text[3], attempt 2" in page.text["errors"]
    assert page.text["errors"].index("failed the run") < page.text["errors"].index("tried again")


def test_an_item_made_good_by_another_attempt_is_no_trouble() -> None:
    tries: list[int] = []

    @task(each={"page": "pages"}, retries=1)
    async def text(page: int) -> int:
        tries.append(page)
        if tries.count(page) == 1 and page == 2:
            raise ConnectionError("away")
        return page

    @workflow
    async def read(pages: list[int], text: list[int]) -> list[int]:
        return text

    page = page_of(read.run_sync(pages=[*range(4)]))
    assert "1 failed attempt made good by another" in page.text[""]
    assert "made good by attempt 2" in page.text["errors"]


def test_a_failed_attempt_counts_as_made_good_only_if_its_item_was_completed_by_another() -> None:
    tries: list[int] = []

    @task(each={"page": "pages"}, retries=1)
    async def text(page: int) -> int:
        tries.append(page)
        if page > 0 or tries.count(page) == 1:
            raise ConnectionError("away")
        return page

    @workflow(settled="text")
    async def read(pages: list[int], text: list[Outcome[int]]) -> None: ...

    page = page_of(read.run_sync(pages=[*range(3)]))
    told = "1 failed attempt made good by another; 2 errors handled by a task; 2 failed attempts tried again"
    assert f"No error failed the run: {told}." in page.text[""]


@pytest.mark.parametrize("mapped", [False, True])
def test_no_attempt_has_made_good_what_recover_has(mapped: bool) -> None:
    @task(
        each={"page": "pages"} if mapped else None,
        needs={} if mapped else {"page": "pages"},
        retries=1,
        recover=lambda: 0,
    )
    async def text(page: Any) -> int:
        raise ConnectionError("away")

    @workflow
    async def read(pages: list[str], text: Any) -> None: ...

    page = page_of(read.run_sync(pages=["a"]))
    assert "No error failed the run: 1 error recovered from; 1 failed attempt tried again." in page.text[""]
    assert "made good" not in page.text["errors"]


def test_calls_stand_below_who_made_them() -> None:
    page = page_of(crawl(2))
    for section in ("timeline", "tasks"):
        told = page.text[section]
        places = [told.index(name) for name in ("agent/search#1", "agent/search#2", "agent/search#3")]
        assert places == sorted(places)
        assert told.index("agent") < places[0]
    assert "handled" in page.text["errors"]
    assert "nothing found" not in page.text[""]


def test_a_resource_has_a_bar_from_when_it_was_opened_to_when_it_was_closed() -> None:
    page = page_of(crawl(2))
    (span,) = page.of("i", "span")[1:] or page.of("i", "span")
    assert re.fullmatch(r"open from .+ to .+", str(span["title"]))
    assert "a resource is open" in page.text["timeline"]


def test_the_runs_of_items_are_nested_runs() -> None:
    page = page_of(read_sections())
    assert "section[1]" in page.text["nested-runs"]
    assert "section[1] / divide[1]" in page.text[""]
    assert "ZeroDivisionError" in page.text[""]


def test_a_page_does_not_grow_with_the_items() -> None:
    few, many = crawl(1_000), crawl(10_000)
    assert len(many.to_html()) < 1.2 * len(few.to_html())


def test_a_plain_call_that_failed_has_a_page_of_its_items() -> None:
    @task(each={"page": "pages"})
    async def text(page: int) -> int:
        return 1 // (page - 500)

    @workflow
    async def read(pages: list[int], text: list[int]) -> None: ...

    with pytest.raises(ZeroDivisionError) as caught:
        read.call_sync(pages=[*range(1000)])
    page = Page(Run.of(caught.value).to_html())
    assert "text[500]" in page.text["items"]
    assert "1 item failed" in page.text[""]


async def test_a_page_of_a_live_run_tells_of_items_under_way() -> None:
    began, go_on = anyio.Event(), anyio.Event()

    @task(each={"page": "pages"}, limit=1, ahead=3)
    async def text(page: int) -> int:
        if page == 1:
            began.set()
            await go_on.wait()
        return page

    @workflow
    async def read(pages: list[int], text: list[int]) -> list[int]:
        return text

    async with read.start(pages=[0, 1, 2, 3]) as run:
        await began.wait()
        page = page_of(run)
        assert " pending" in page.text["items"]
        assert "1 running" in page.text["items"]
        assert "text" in page.text["timeline"]
        go_on.set()
    assert "4 completed" in page_of(run).text["items"]
