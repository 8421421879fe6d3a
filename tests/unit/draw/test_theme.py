"""A picture in a notebook follows the notebook's theme."""

import json
import re
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from flowdeco._draw.palette import DARK as DARK_PALETTE
from flowdeco._draw.palette import LIGHT, picture_style
from flowdeco._draw.svg import MOST_BOXES
from tests.support.browser import DARK, load
from tests.support.picture import make_wide, mixed, summary

# Where a picture stands, and whether it is to be dark, with the browser light and dark.
PLACES = {
    "nothing says": ("<body>{}</body>", False, True),
    "JupyterLab light": ('<body data-jp-theme-light="true">{}</body>', False, False),
    "JupyterLab dark": ('<body data-jp-theme-light="false">{}</body>', True, True),
    "VS Code light": ('<body class="vscode-light">{}</body>', False, False),
    "VS Code dark": ('<body class="vscode-dark">{}</body>', True, True),
    "VS Code high contrast": ('<body class="vscode-high-contrast">{}</body>', True, True),
    "VS Code high contrast light": (
        '<body class="vscode-light vscode-high-contrast vscode-high-contrast-light">{}</body>',
        False,
        False,
    ),
    "Colab dark": ("<body><div theme=dark>{}</div></body>", True, True),
    "Sphinx dark": ('<body data-theme="dark">{}</body>', True, True),
    "Sphinx light": ('<body data-theme="light">{}</body>', False, False),
}
LOOK = """
const paint = (e, what) => "#" + getComputedStyle(e)[what].match(/\\d+/g).slice(0, 3)
    .map((n) => Number(n).toString(16).padStart(2, "0")).join("");
const clear = (svg) => getComputedStyle(svg.querySelector(".paper")).fill === "none";
const paints = [[".box.failed", "fill"], [".box.failed", "stroke"], ["g text", "fill"]];
const pick = (svg) => [clear(svg), getComputedStyle(svg).getPropertyValue("--paper"),
    ...paints.map(([name, what]) => paint(svg.querySelector(name), what))];
const tell = (seen) => { document.body.innerHTML = ""; const out = document.createElement("textarea");
    out.id = "seen"; out.textContent = JSON.stringify(seen); document.body.append(out); };
"""


def look(browser: str, folder: Path, page: str, script: str, *options: str) -> Any:
    head = '<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    text, complaints = load(browser, folder, f"{head}{page}<script>{LOOK}{script}</script>", *options)
    assert complaints == []
    found = re.search(r'<textarea id="seen">(.*?)</textarea>', text, re.DOTALL)
    assert found is not None
    return json.loads(unescape(found[1]))


@pytest.mark.parametrize("options", [(), (DARK,)], ids=["browser light", "browser dark"])
def test_a_picture_has_the_colours_of_the_notebook_it_stands_in(
    browser: str, folder: Path, options: tuple[str, ...]
) -> None:
    run = mixed.run()
    html, svg = run._repr_html_(), run._repr_svg_()
    assert html is not None
    assert svg is not None
    frames = [place.format(picture) for place, *_ in PLACES.values() for picture in (html, svg)]
    boxes = "".join([f'<iframe srcdoc="{escape(frame)}"></iframe>' for frame in frames])
    script = """addEventListener("load", () => tell([...document.querySelectorAll("iframe")]
        .map((f) => pick(f.contentDocument.querySelector("svg")))));"""
    seen = iter(look(browser, folder, boxes, script, *options))
    for name, (_, when_light, when_dark) in PLACES.items():
        palette = DARK_PALETTE if (when_dark if options else when_light) else LIGHT
        fill, edge = palette.statuses[mixed.run().status]
        for kind in ("html", "svg"):
            is_clear = name != "nothing says"
            assert next(seen) == [is_clear, palette.paper, fill, edge, palette.ink], (name, kind)


def test_a_picture_lets_the_notebook_s_own_background_through(browser: str, folder: Path) -> None:
    grounds = {
        "--jp-layout-color0": '<body data-jp-theme-light="false">{}</body>',
        "--vscode-editor-background": '<body class="vscode-dark">{}</body>',
        "--colab-primary-surface-color": "<body><div theme=dark>{}</div></body>",
    }
    graph = summary.graph._repr_html_() or ""
    pages = [f"<style>:root{{{name}:#383838}}</style>{place.format(graph)}" for name, place in grounds.items()]
    frames = "".join([f'<iframe srcdoc="{escape(page)}"></iframe>' for page in pages])
    script = """addEventListener("load", () => tell([...document.querySelectorAll("iframe")].map((f) =>
        f.contentDocument.querySelector("svg")).map((svg) =>
            [clear(svg), paint(svg.querySelector(".ground"), "fill"), paint(svg.querySelector(".input"), "fill")])));"""
    assert look(browser, folder, frames, script) == [[True, "#383838", "#383838"]] * 3


@pytest.mark.parametrize("options", [(), (DARK,)], ids=["browser light", "browser dark"])
def test_a_picture_that_is_an_image_has_the_colours_of_the_browser(
    browser: str, folder: Path, options: tuple[str, ...]
) -> None:
    image = f'<img src="data:image/svg+xml,{quote(summary.graph._repr_svg_() or "")}">'
    script = """addEventListener("load", () => { const c = document.createElement("canvas").getContext("2d");
        c.drawImage(document.images[0], 0, 0); tell([...c.getImageData(2, 2, 1, 1).data]); });"""
    paper = (DARK_PALETTE if options else LIGHT).paper
    assert look(browser, folder, image, script, *options)[:3] == [int(paper[n : n + 2], 16) for n in (1, 3, 5)]


def test_whatever_knows_no_names_of_colours_finds_those_of_the_light_theme_before_each() -> None:
    style = picture_style()
    named = re.findall(r"(fill|stroke):var\(", style)
    assert named
    assert re.findall(r"(fill|stroke):#[0-9a-f]{6};\1:var\(", style) == named


def test_a_picture_in_a_page_scrolls_by_itself_and_is_named() -> None:
    html = summary.graph._repr_html_()
    assert html is not None
    begin = '<div role="region" aria-label="Graph of workflow summary, 10 boxes" tabindex="0" style="overflow:auto'
    assert html.startswith(begin)


@pytest.mark.parametrize("what", ["graph", "run"])
def test_a_large_graph_is_shown_folded_first_and_whole_in_a_fold(what: str) -> None:
    w = make_wide(170)
    html = (w.graph if what == "graph" else w.run("x"))._repr_html_()
    assert html is not None
    folded, _, whole = html.partition("<details>")
    assert "\N{MULTIPLICATION SIGN} 170</text>" in folded
    assert len(re.findall("<g>", folded)) == 3
    assert whole.startswith("<summary>All 172 boxes</summary>")
    assert len(re.findall("<g>", whole)) == 172
    ids = re.findall(r'id="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_of_a_graph_of_too_many_boxes_to_be_drawn_only_the_folded_picture_is_shown() -> None:
    html = make_wide(MOST_BOXES).graph._repr_html_()
    assert html is not None
    assert "<details>" not in html
    assert len(re.findall("<g>", html)) == 3
