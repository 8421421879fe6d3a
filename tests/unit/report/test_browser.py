"""The report of a run in a browser: what a person sees, light and dark, on a wide and on a narrow screen."""

import json
from collections.abc import Callable
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flowdeco import Run, task, workflow
from tests.support.browser import DARK, load
from tests.support.failing import fail_in_many_ways, fail_within
from tests.support.picture import give, make_wide, take_all
from tests.support.report import EVIL, hostile, morning
from tests.support.report_items import crawl

# Looks at the page from within, and leaves what it saw where `--dump-dom` shows it.
LOOK = r"""
const seen = {};
const visible = (e) => e.checkVisibility({contentVisibilityAuto: true}) && e.getClientRects().length > 0;
const rgb = (text) => text.match(/[\d.]+/g).map(Number);
const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0.99) return c; } return [255, 255, 255]; };
seen.width = innerWidth;
seen.overflow = document.documentElement.scrollWidth - innerWidth;
seen.dark = matchMedia("(prefers-color-scheme: dark)").matches;
seen.paper = light(behind(document.body));
seen.title = document.title;
seen.headings = [...document.querySelectorAll("h1, h2")].filter(visible).map((e) => e.firstChild.textContent.trim());
const wide = (e) => e.getBoundingClientRect().width >= 2;
seen.bars = [...document.querySelectorAll("tr .bar")].filter((e) => visible(e) && wide(e)).length;
seen.boxes = document.querySelectorAll("svg g title").length;
seen.faint = [];
for (const e of document.querySelectorAll("body *:not(svg *)")) {
    if (e.tagName === "SCRIPT" || !visible(e) || e.closest(".unseen")) continue;
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [one, other] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => a - b);
    const contrast = (other + 0.05) / (one + 0.05);
    if (contrast < 4.5) seen.faint.push([e.outerHTML.slice(0, 80), contrast]);
}
seen.unreachable = [...document.querySelectorAll("body *:not(svg *)")].filter((e) => {
    const how = getComputedStyle(e);
    const scrolls = [how.overflowX, how.overflowY].some((o) => o === "auto" || o === "scroll");
    return visible(e) && scrolls && e.tabIndex < 0; }).map((e) => e.outerHTML.slice(0, 80));
seen.cut = [...document.querySelectorAll(".wide, .trace, .graph")].filter((e) => visible(e)
    && e.scrollWidth > e.clientWidth).map((e) => getComputedStyle(e).backgroundAttachment);
seen.names = [...document.querySelectorAll("tbody .who")].filter(visible).map((e) => [e.clientWidth, e.scrollWidth]);
seen.folded = [...document.querySelectorAll("details:not([open])")].length;
seen.scripts = document.scripts.length - 1;
seen.images = document.images.length;
seen.pre = [...document.querySelectorAll("pre")].filter(visible).map((e) => e.textContent).join("\n");
seen.roots = [...document.querySelectorAll(".graph")].filter(visible).map((graph) => {
    const box = graph.querySelector("svg g").getBoundingClientRect(), frame = graph.getBoundingClientRect();
    return box.left >= frame.left && box.right <= frame.right && box.top >= frame.top; });
seen.crowded = [...document.querySelectorAll(".axis")].filter(visible).filter((axis) => {
    const boxes = [...axis.children].filter(visible).map((e) => e.getBoundingClientRect());
    return boxes.some((box, n) => n && box.left < boxes[n - 1].right); }).length;
seen.sideways = [...document.querySelectorAll("pre.trace")].filter(visible).map((e) =>
    [e.scrollWidth > e.clientWidth, getComputedStyle(e).whiteSpace, getComputedStyle(e).overflowX]);
seen.revealed = [];
for (const link of [...document.querySelectorAll(".verdict a, .graph a")].filter(visible)) {
    location.hash = link.getAttribute("href");  // a click would lead out of this frame
    await new Promise((go_on) => setTimeout(go_on, 20));
    seen.revealed.push(visible(document.getElementById(link.getAttribute("href").slice(1)))); }
const out = document.createElement("textarea");
out.id = "seen";
out.textContent = JSON.stringify(seen);
parent.document.body.append(out);
"""


class View(NamedTuple):
    """What was seen of a page, and what the browser complained about."""

    seen: dict[str, Any]
    complaints: list[str]


def look(
    browser: str,
    folder: Path,
    run: Run[Any],
    width: int,
    *options: str,
    change: Callable[[str], str] = lambda markup: markup,
) -> View:
    """Return what is seen of a run's report. The policy that forbids scripts is left out, so that one can look."""
    markup = run.to_html()
    policy = markup[markup.index("<meta http-equiv") : markup.index("<meta name=")]
    assert "Content-Security-Policy" in policy
    script = f"<script>setTimeout(async () => {{{LOOK}}}, 500)</script>"
    markup = change(markup.replace(policy, "")).replace("</body>", f"{script}</body>")
    # No window can be as narrow as a telephone, but a frame can.
    frame = f'<iframe srcdoc="{escape(markup)}" style="border:0;width:{width}px;height:900px;color-scheme:light dark">'
    frame = f'<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">{frame}</iframe>'
    text, complaints = load(browser, folder, frame, "--window-size=1400,1000", *options)
    begin = text.index('<textarea id="seen">') + len('<textarea id="seen">')
    return View(json.loads(unescape(text[begin : text.index("</textarea>", begin)])), complaints)


@pytest.mark.parametrize(
    ("width", "options"),
    [(1280, ()), (1280, (DARK,)), (700, ()), (400, ()), (400, (DARK,))],
    ids=["wide", "wide and dark", "half as wide", "narrow", "narrow and dark"],
)
def test_a_person_sees_the_report(browser: str, folder: Path, width: int, options: tuple[str, ...]) -> None:
    run = morning.run("https://example.org")
    seen, complaints = look(browser, folder, run, width, *options)
    assert complaints == []
    assert seen["title"] == "morning: completed"
    assert seen["width"] == width
    assert seen["dark"] == (seen["paper"] < 0.5) == bool(options)
    assert seen["headings"][:4] == ["morning", "Graph", "Timeline", "Errors"]
    assert seen["bars"] == sum(record.attempts for record in run.tasks.values())
    assert seen["boxes"] == len(run.tasks) + len(run.inputs) + 1
    assert seen["overflow"] <= 0, "the page itself never scrolls sideways"
    assert seen["faint"] == []
    assert seen["unreachable"] == [], "what scrolls can be reached by the keyboard"
    assert seen["crowded"] == 0, "no two labels of the axis overlap"
    assert seen["cut"] or width > 400
    assert set(seen["cut"]) <= {"local, local, scroll, scroll"}, "a shadow at the edge says that there is more"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_timeline_has_room_for_names_of_thirty_letters(browser: str, folder: Path, width: int) -> None:
    nodes: Any = {f"t{n}": task(give, name=f"reconcile_the_invoices_of_{n:04}") for n in range(3)}
    seen, complaints = look(browser, folder, workflow(take_all, name="w", needs={"nodes": nodes}).run("x"), width)
    assert complaints == []
    assert len(seen["names"]) == 3
    assert all(needed <= room for room, needed in seen["names"])
    assert seen["overflow"] <= 0


def test_nothing_hostile_becomes_part_of_the_page(browser: str, folder: Path) -> None:
    seen, complaints = look(browser, folder, hostile().run(EVIL), 400)
    assert complaints == []
    assert (seen["scripts"], seen["images"]) == (0, 0)
    assert seen["overflow"] <= 0
    assert "</script><script>alert(1)</script>" in seen["pre"]
    assert seen["headings"][0].startswith("</script>")


def test_a_thousand_tasks_are_shown_with_the_beginning_of_the_graph_in_view(browser: str, folder: Path) -> None:
    seen, complaints = look(browser, folder, make_wide(1000).run("x"), 400)
    assert complaints == []
    assert seen["boxes"] == 3 + 1002
    assert seen["bars"] == 0
    assert seen["folded"] == 4
    assert seen["overflow"] <= 0
    assert seen["roots"] == [True]
    assert seen["revealed"] == [True]


@pytest.mark.parametrize("width", [390, 1280])
def test_a_graph_wider_than_the_screen_opens_where_it_begins(browser: str, folder: Path, width: int) -> None:
    def unfold(markup: str) -> str:
        at = markup.rindex("<details>", 0, markup.index("<summary>All 1,002 boxes"))
        return f"{markup[:at]}<details open>{markup[at + len('<details>') :]}"

    seen, complaints = look(browser, folder, make_wide(1000).run("x"), width, change=unfold)
    assert complaints == []
    assert seen["roots"] == [True, True]
    assert seen["overflow"] <= 0


@pytest.mark.parametrize(
    ("make", "width", "options"),
    [
        (fail_in_many_ways, 1280, ()),
        (fail_in_many_ways, 390, (DARK,)),
        (fail_within, 1280, (DARK,)),
        (fail_within, 390, ()),
        (partial(crawl, 32), 1280, (DARK,)),
        (partial(crawl, 32), 390, ()),
    ],
    ids=[
        "keep_going, wide",
        "keep_going, narrow and dark",
        "nested, wide and dark",
        "nested, narrow",
        "items, wide and dark",
        "items, narrow",
    ],
)
def test_a_person_sees_what_failed(
    browser: str, folder: Path, make: Callable[[], Run[Any]], width: int, options: tuple[str, ...]
) -> None:
    seen, complaints = look(browser, folder, make(), width, *options)
    assert complaints == []
    assert seen["headings"][1].endswith("failed")
    assert seen["overflow"] <= 0
    assert seen["faint"] == []
    assert seen["unreachable"] == []
    assert seen["crowded"] == 0
    assert all(seen["roots"])
    assert seen["revealed"]
    assert all(seen["revealed"]), "what a link leads to unfolds"
    assert seen["sideways"]
    assert all(how == ["pre", "auto"] for _, *how in seen["sideways"])
    assert any(is_wider for is_wider, *_ in seen["sideways"]) or width > 400


def test_the_page_itself_is_shown_without_a_complaint_and_forbids_every_script(browser: str, folder: Path) -> None:
    markup = morning.run("x").to_html()
    _, complaints = load(browser, folder, markup)
    assert complaints == []
    script = "<script>document.title = 'broken into'</script>"
    text, complaints = load(browser, folder, markup.replace("</body>", f"{script}</body>"))
    assert "<title>morning: completed</title>" in text
    assert any("Content Security Policy" in complaint for complaint in complaints)
