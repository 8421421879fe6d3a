"""The crawler of the examples: on the site that it serves itself, and on one that is made up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from tests.support.script import load, run_script

PRINTED = """\
17 pages of {site} in 0.0 s

Dead links
  {site}cellar.html: 500 Internal Server Error, on {site}cocoa/criollo.html
  {site}contact.html: 404 Not Found, on {site}
  {site}tea/oolong/brewing.html: 404 Not Found, on {site}tea/oolong.html

Asked again
  {site}coffee/: 3 attempts
  {site}tea/sencha.html: 2 attempts

The most frequent words
"""

COUNTS = [["this", "17"], ["good", "14"], ["things", "14"], ["finest", "13"], ["take", "13"]]
PAGES = {
    "/": '<a href="a.html">a</a> <a href="b.html#part">b</a> <a href="https://example.org/">elsewhere</a>',
    "/a.html": '<title>A</title><a href="/">home</a> <a href="b.html">b</a> <a href="gone.html">c</a>',
    "/b.html": "<title>B</title><p>Tea again, again tea.</p>",
}

Answer = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


@pytest.fixture
def crawler() -> Any:
    return load("site_crawler")


async def answer(request: httpx.Request) -> httpx.Response:
    page = PAGES.get(request.url.path)
    return httpx.Response(404) if page is None else httpx.Response(200, html=page)


async def crawl(crawler: Any, answer: Answer, depth: int = 10) -> Any:
    """Crawl a site that is not there: whatever the client asks for, the function answers."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        return await crawler.crawl.override(site="http://shop/", client=client).run_async(depth)


def test_it_crawls_its_own_site_and_reports_what_is_dead() -> None:
    printed = run_script("site_crawler")
    site = re.search(r"http://127\.0\.0\.1:\d+/", printed)
    assert site is not None
    head, words, counts = printed.partition("The most frequent words\n")
    assert re.sub(r" in \d+\.\d s", " in 0.0 s", head + words) == PRINTED.format(site=site[0])
    assert [line.split() for line in counts.splitlines()] == COUNTS


def test_nothing_is_wrong_with_its_graph() -> None:
    load("site_crawler").crawl.check(types=True)


def test_it_tells_what_can_be_said_to_it() -> None:
    printed = run_script("site_crawler", "--help")
    assert "Crawls a site" in printed
    assert "--depth" in printed


def test_the_address_of_another_site_opens_none_here(crawler: Any, capsys: pytest.CaptureFixture[str]) -> None:
    served = crawler.ThreadingHTTPServer(("127.0.0.1", 0), crawler.make_handler({"/": "<p>all</p>"}))
    address = f"http://127.0.0.1:{served.server_address[1]}/"
    thread = crawler.threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    crawler.make_shop = None  # whoever serves the shop fails
    try:
        crawler.main([address])
    finally:
        served.shutdown()
        served.server_close()
        thread.join(60)
    assert capsys.readouterr().out.startswith(f"1 pages of {address} in ")


def test_it_writes_its_report(crawler: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crawler.main(["--report", str(tmp_path / "crawl.html")])
    assert "404 Not Found" in capsys.readouterr().out
    assert "cellar.html" in (tmp_path / "crawl.html").read_text(encoding="utf-8")


async def test_each_page_is_asked_for_once_and_only_those_of_the_site(crawler: Any) -> None:
    asked: Counter[str] = Counter()

    async def note(request: httpx.Request) -> httpx.Response:
        asked[str(request.url)] += 1
        return await answer(request)

    run = await crawl(crawler, note)
    assert asked == dict.fromkeys(["http://shop/", *(f"http://shop/{name}.html" for name in ("a", "b", "gone"))], 1)
    assert [page.title for page in run.result.pages] == ["", "A", "B"]
    assert run.result.words["again"] == 1  # and one with a comma


async def test_a_page_that_fails_is_in_the_report_and_the_run_completes(crawler: Any) -> None:
    run = await crawl(crawler, answer)
    assert run.status == "completed"
    [(link, why)] = run.result.dead
    assert (link.url, link.found_on, why) == ("http://shop/gone.html", "http://shop/a.html", "404 Not Found")
    record = run.tasks["page"]
    assert [each.key for each in record.items if each.status == "failed"] == ["http://shop/gone.html"]


async def test_a_busy_page_is_asked_again_and_a_broken_one_is_not(crawler: Any) -> None:
    troubles: Mapping[str, list[int]] = {"/a.html": [503, 429], "/b.html": [500]}

    async def fail(request: httpx.Request) -> httpx.Response:
        trouble = troubles.get(request.url.path)
        return httpx.Response(trouble.pop(0)) if trouble else await answer(request)

    run = await crawl(crawler, fail)
    attempts = {each.key.removeprefix("http://shop/"): each.attempts for each in run.tasks["page"].items}
    assert attempts == {"": 1, "a.html": 3, "b.html": 1, "gone.html": 1}


async def test_a_page_that_cannot_be_reached_is_told_as_such(crawler: Any) -> None:
    async def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    run = await crawl(crawler, fail)
    assert [why for _, why in run.result.dead] == ["ConnectError: no route"]
    assert [each.attempts for each in run.tasks["page"].items] == [3]


async def test_it_goes_no_deeper_than_it_is_told(crawler: Any) -> None:
    run = await crawl(crawler, answer, depth=0)
    assert [page.url for page in run.result.pages] == ["http://shop/"]
    assert run.result.dead == []


async def test_eight_pages_are_on_their_way_at_once_and_no_more(crawler: Any) -> None:
    under_way = 0
    most = 0
    full = anyio.Event()

    async def gather(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        if request.url.path == "/":
            return httpx.Response(200, html=" ".join(f'<a href="{number}">x</a>' for number in range(20)))
        under_way += 1
        most = max(most, under_way)
        if under_way == crawler.AT_ONCE:
            full.set()
        await full.wait()
        under_way -= 1
        return httpx.Response(200, html="")

    run = await crawl(crawler, gather)
    assert len(run.result.pages) == 21
    assert most == crawler.AT_ONCE == 8
