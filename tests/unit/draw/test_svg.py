"""A graph as SVG, in a notebook."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from flowdeco import Graph, Run, Workflow
from flowdeco._draw.diagram import Box, Diagram, Line
from flowdeco._draw.palette import picture_style
from flowdeco._draw.svg import MOST_BOXES, count_lines, draw_svg
from tests.support.picture import lines_of, make_chain, make_pair, make_wide, mixed, summary

SVG = "{http://www.w3.org/2000/svg}"

SVG_TAGS = ("svg", "style", "rect", "marker", "path", "circle", "polygon", "g", "title", "text")


def read_svg(text: str | None) -> ElementTree.Element:
    assert text is not None
    return ElementTree.fromstring(text)


@pytest.mark.parametrize("make", [lambda: summary.graph, lambda: mixed.run()], ids=["graph", "run"])
def test_a_notebook_shows_a_picture(make: Callable[[], Graph | Run[Any]]) -> None:
    svg = read_svg(make()._repr_svg_())
    assert svg.tag == f"{SVG}svg"
    assert svg.find(f"{SVG}style") is not None
    assert svg.find(f"{SVG}rect") is not None, "it has a background of its own, whatever the notebook's is"


def test_a_notebook_s_picture_is_coloured_by_status_and_tells_more_where_the_mouse_is() -> None:
    svg = read_svg(mixed.run()._repr_svg_())
    hints = {title.text or "" for title in svg.iter(f"{SVG}title")}
    assert any(hint.startswith("bad: failed") for hint in hints)
    shapes = {shape.get("class") for shape in svg.iter(f"{SVG}rect")}
    assert {"box task completed", "box task failed", "box task upstream_failed", "box task skipped"} <= shapes


def test_the_picture_of_a_graph_shows_every_box_and_every_line() -> None:
    svg = read_svg(summary.graph._repr_svg_())
    labels = {text.text for text in svg.iter(f"{SVG}text")}
    assert {node.name for node in summary.graph} | {"url", "depth", "summary", "as text", "[tail]", "when"} <= labels
    lines = [path for path in svg.iter(f"{SVG}path") if (path.get("class") or "").startswith("line ")]
    assert len(lines) == len(lines_of(summary.graph.to_mermaid()))


def labels_of(svg: ElementTree.Element) -> list[str | None]:
    return [text.text for text in svg.iter(f"{SVG}text") if text.get("class") == "label"]


def test_what_all_lines_to_one_box_say_is_said_once() -> None:
    assert labels_of(read_svg(make_wide(169).graph._repr_svg_())) == ["as nodes"]


def test_what_many_lines_from_one_box_say_is_said_once_and_what_few_say_at_each() -> None:
    def draw(count: int) -> list[str | None]:
        boxes = [Box(f"t{n}", "task") for n in range(count + 1)]
        lines = [Line(0, n + 1, "as text", "value") for n in range(count)]
        return labels_of(read_svg(draw_svg(Diagram("out", boxes, lines))))

    assert draw(169) == ["as text"]
    assert draw(3) == ["as text"] * 3


def test_what_very_many_lines_that_share_no_end_say_is_said_once_with_their_number() -> None:
    def draw(count: int) -> list[str | None]:
        boxes = [Box(f"t{n}", "task") for n in range(2 * count)]
        return labels_of(
            read_svg(draw_svg(Diagram("pairs", boxes, [Line(n, count + n, "as x", "value") for n in range(count)])))
        )

    assert draw(84) == ["as x \N{MULTIPLICATION SIGN} 84"]
    assert draw(12) == ["as x"] * 12


def test_a_label_has_a_ground_that_no_line_shows_through() -> None:
    parts = list(
        read_svg(draw_svg(Diagram("one", [Box("a", "task"), Box("b", "task")], [Line(0, 1, "as x", "value")])))
    )
    number = next(number for number, part in enumerate(parts) if part.get("class") == "label")
    ground, label = parts[number - 1], parts[number]
    assert ground.get("class") == "ground"
    assert not [part for part in parts[number:] if str(part.get("class")).startswith("line")]
    left, width = float(ground.get("x", "nan")), float(ground.get("width", "nan"))
    assert left + width / 2 == float(label.get("x", "nan"))
    assert width > 20
    assert ".flowdeco-graph .ground{fill:#ffffff;fill:var(--paper)}" in picture_style()


def test_two_lines_to_one_box_that_do_not_say_the_same_both_say_it() -> None:
    lines = [Line(0, 2, "as left", "value"), Line(1, 2, "as right", "value")]
    svg = read_svg(draw_svg(Diagram("two", [Box(f"t{n}", "task") for n in range(3)], lines)))
    assert labels_of(svg) == ["as left", "as right"]


@pytest.mark.parametrize("name", ["<svg onload='x'>", "a & b", "\x00\x08\ud800\uffff", "]]>", '"'])
def test_no_name_breaks_the_picture(name: str) -> None:
    text = make_pair(name, name).graph._repr_svg_()
    assert text is not None
    text.encode()
    svg = read_svg(text)
    assert {child.tag for child in svg.iter()} <= {SVG + tag for tag in SVG_TAGS}


def test_a_long_name_is_cut_and_in_full_where_the_mouse_is() -> None:
    svg = read_svg(make_pair("w", "long" * 50).graph._repr_svg_())
    assert "long" * 50 in {title.text for title in svg.iter(f"{SVG}title")}
    assert max(len(text.text or "") for text in svg.iter(f"{SVG}text")) < 50


@pytest.mark.parametrize("make", [make_wide, make_chain])
def test_a_thousand_tasks_are_drawn(make: Callable[[int], Workflow[Any, Any]]) -> None:
    svg = read_svg(make(1000).graph._repr_svg_())
    assert len(list(svg.iter(f"{SVG}title"))) == 1000 + 2
    assert float(svg.get("width", "inf")) < 2000


def test_a_graph_of_too_many_boxes_is_not_drawn_but_told() -> None:
    graph = make_wide(MOST_BOXES).graph
    assert graph._repr_svg_() is None
    assert len(re.findall("-->", graph.to_mermaid())) == 2 * MOST_BOXES + 1


def test_of_very_many_lines_the_shortest_are_drawn() -> None:
    lines = [Line(source, target, "", "value") for target in range(130) for source in range(target)]
    picture = Diagram("dense", [Box(f"t{n}", "task") for n in range(130)], lines)
    drawn, there = count_lines(picture)
    assert drawn < there == len(lines)
    svg = read_svg(draw_svg(picture))
    assert len([path for path in svg.iter(f"{SVG}path") if (path.get("class") or "").startswith("line ")]) == drawn


def test_the_modules_that_draw_are_imported_only_when_a_picture_is_asked_for() -> None:
    code = """
import sys
import flowdeco
drawing = {f"flowdeco._draw.{name}" for name in "diagram folding html label layout palette svg".split()}
drawing |= {f"flowdeco._report.{name}" for name in "page section snapshot style timeline_chart".split()}
text = {"flowdeco._draw.graphviz", "flowdeco._draw.mermaid"}
early = (drawing | text) & set(sys.modules)
assert not early, early
run = flowdeco.workflow(lambda: 1, name="w").run()
assert not drawing & set(sys.modules)
run.to_html()
assert drawing <= set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
