"""Crawls a site, eight pages at a time, and says what it found and which of its links are dead.

    python examples/site_crawler.py
    python examples/site_crawler.py http://localhost:8000/ --depth 3 --report crawl.html

Without an address it serves a site itself, on a port that is free: a shop, with a page that is busy at first, one that
is broken, and links that lead nowhere. It needs httpx, which is what `pip install -e ".[test]"` brings.
"""

from __future__ import annotations

import argparse
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

import httpx

from flowdeco import Outcome, Retry, Run, resource, task, workflow

AT_ONCE = 8
TOP = 5


class Link(NamedTuple):
    url: str
    depth: int
    found_on: str


class Page(NamedTuple):
    url: str
    title: str
    text: str
    links: list[Link]


# What is opened for a run, and closed at its end.


@resource
def site() -> Iterator[str]:
    """The address of the site: of one that is served here, unless the command line names another."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(make_shop()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@resource
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """One client for all pages, which keeps its connections."""
    async with httpx.AsyncClient(follow_redirects=True) as opened:
        yield opened


# The crawl.


@task
def home(site: str) -> list[Link]:
    return [Link(site, 0, "the command line")]


def may_pass(error: Exception) -> bool:
    """Whether to ask again: the server is busy, or the line was cut."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (429, 502, 503, 504)
    return isinstance(error, (httpx.TransportError, TimeoutError))


def links_of(result: Page) -> list[Link]:
    return result.links


def url_of(link: Link) -> str:
    return link.url


@task(
    each={"link": home},
    more=links_of,
    key=url_of,  # what was there already is not asked for again
    limit=AT_ONCE,
    retries=Retry(2, on=may_pass, delay=0.05),
    timeout=10,
)
async def page(link: Link, client: httpx.AsyncClient, site: str, depth: int) -> Page:
    answer = await client.get(link.url)
    answer.raise_for_status()
    reader = PageReader()
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        reader.feed(answer.text)
    urls = {urldefrag(urljoin(link.url, found)).url for found in reader.found} if link.depth < depth else set[str]()
    links = [Link(url, link.depth + 1, link.url) for url in sorted(urls) if url.startswith(site)]
    return Page(link.url, reader.title, " ".join(reader.text), links)


@task(each={"page": page})
def words(page: Page) -> Counter[str]:
    """The words of a page, which are counted in a thread while other pages are on their way."""
    return Counter(word for word in page.text.lower().split() if word.isalpha() and len(word) > 3)


class Finding(NamedTuple):
    """What there is to tell."""

    pages: list[Page]
    dead: list[tuple[Link, str]]
    words: Counter[str]


@workflow(settled=("pages", "words"), needs={"pages": page})
def crawl(depth: int, pages: list[Outcome[Page]], words: list[Outcome[Counter[str]]]) -> Finding:
    found = [each.value for each in pages if each.value is not None]
    dead = [(each.item, describe_error(each.error)) for each in pages if each.failed]
    total = sum((each.value for each in words if each.value is not None), Counter[str]())
    return Finding(sorted(found), sorted(dead), total)


def describe_error(error: BaseException | None) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} {error.response.reason_phrase}"
    return f"{type(error).__name__}: {error}"


class PageReader(HTMLParser):
    """Finds the title, the text and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.text: list[str] = []
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.found += [value for name, value in attrs if (tag, name) == ("a", "href") and value]

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data.strip()
        elif self._inside not in ("script", "style"):
            self.text += data.split()

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


# The site.

GOODS = {
    "tea": ("assam", "ceylon", "darjeeling", "gunpowder", "oolong", "sencha"),
    "coffee": ("harar", "kona", "sidamo", "yirgacheffe"),
    "cocoa": ("arriba", "criollo", "trinitario"),
}


def make_shop() -> dict[str, str]:
    """The pages of a shop by path; whatever else is asked for is not there."""
    pages = {
        "/": html(
            "The shop",
            "Welcome to this shop of good things to drink.",
            [*(f"{kind}/" for kind in GOODS), "contact.html"],
        )
    }
    for kind, names in GOODS.items():
        links = [f"{name}.html" for name in names]
        pages[f"/{kind}/"] = html(f"All {kind}", f"Every {kind} that this shop has.", [*links, "../"])
        for name in names:
            text = f"The finest {name} {kind}, of this year. Good things take time."
            pages[f"/{kind}/{name}.html"] = html(name.title(), text, ["./", "/", f"{name}.html#price"])
    pages["/tea/oolong.html"] += (
        '<a href="oolong/brewing.html">How to make it</a> <a href="https://example.org">more</a>'
    )
    pages["/cocoa/criollo.html"] += '<a href="/cellar.html">Where it is kept</a>'
    return pages


def html(title: str, text: str, links: Sequence[str]) -> str:
    anchors = " ".join(f'<a href="{link}">{link}</a>' for link in links)
    return f"<html><head><title>{title}</title></head><body><p>{text}</p>{anchors}"


def make_handler(pages: Mapping[str, str]) -> type[BaseHTTPRequestHandler]:
    troubles = {"/coffee/": [503, 503], "/tea/sencha.html": [503], "/cellar.html": [500] * 3}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            trouble = troubles.get(self.path)
            status = trouble.pop(0) if trouble else 200 if self.path in pages else 404
            body = pages[self.path].encode() if status == 200 else b""
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the name of the base class

    return Handler


# The program.


def describe(run: Run[Finding]) -> str:
    assert run.result is not None
    pages, dead, words = run.result
    again = [each for each in run.tasks["page"].items if each.attempts > 1 and each.status == "completed"]
    return "\n".join(
        [
            f"{len(pages)} pages of {pages[0].url if pages else 'nothing'}" + f" in {run.duration:.1f} s",
            "",
            "Dead links",
            *(f"  {link.url}: {why}, on {link.found_on}" for link, why in dead or []),
            "",
            "Asked again",
            *sorted(f"  {each.key}: {each.attempts} attempts" for each in again),
            "",
            "The most frequent words",
            *(
                f"  {word:<20}{count:>4}"
                for word, count in sorted(words.items(), key=lambda each: (-each[1], each[0]))[:TOP]
            ),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address", nargs="?", help="where the site begins (default: one that is served here)")
    parser.add_argument("--depth", type=int, default=10, help="how many links away from there (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="write a page about the run")
    options = parser.parse_args(arguments)
    chosen = crawl if options.address is None else crawl.override(site=options.address)
    run = chosen.run(depth=options.depth)
    if run.error is not None:
        raise run.error
    print(describe(run))
    if options.report is not None:
        print(f"\nThe report is in {run.to_html(options.report)}")


if __name__ == "__main__":
    main()
