"""A graph and a run as pictures: Mermaid, Graphviz, SVG."""

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Graph, Outcome, Run, Skip, State, Status, Task, Workflow, task, workflow
from flowdeco._definition.definition import Step
from flowdeco._draw.diagram import COLOURS, MARKS, Box, Diagram, Line
from flowdeco._draw.layout import HEIGHT, lay_out
from flowdeco._draw.svg import DARK, LIGHT, MOST_BOXES, count_lines, draw_svg

SVG = "{http://www.w3.org/2000/svg}"
SVG_TAGS = ("svg", "style", "rect", "marker", "path", "circle", "polygon", "g", "title", "text")


@task
def page(url: str) -> str:
    return f"<{url}>"


@task(outputs=("head", "tail"))
def split(page: str) -> tuple[str, str]:
    return page[:1], page[1:]


@task
def count(tail: str, state: State) -> int:
    return len(tail)


@task(after=count)
def late(page: str) -> str:
    return page


def is_long(count: int) -> bool:
    return count > 0


@task(needs={"text": page}, when=is_long)
def longest(text: str) -> str:
    return text


@workflow
def inner(url: str, page: str) -> str:
    return page


@task(settled="longest")
def digest(longest: Outcome[str]) -> str:
    return longest.status


@workflow
def summary(url: Any, digest: Any, late: Any, inner: Any, depth: int = 1) -> Any:
    return digest


def boxes_of(mermaid: str) -> dict[str, str]:
    """The shape of each box with its text, by the text."""
    found = re.findall(r"^    (n\d+)(\W+)(.*?)(\"\W+)$", mermaid, re.MULTILINE)
    return {text: opening + closing for _, opening, text, closing in found}


def lines_of(mermaid: str) -> set[tuple[str, str, str, str]]:
    """Each line as source, arrow, label, target."""
    name: dict[str, str] = dict(re.findall(r"^    (n\d+)\W+\"(.*?)\"\W+$", mermaid, re.MULTILINE))
    found = re.findall(r"^    (n\d+) ([-=.>o]+)(?:\|\"(.*)\"\|)? (n\d+)$", mermaid, re.MULTILINE)
    return {(name[source], arrow, label, name[target]) for source, arrow, label, target in found}


def give(url: Any) -> Any:
    return url


def take(url: Any, node: Any) -> None: ...


def take_all(url: Any, **nodes: Any) -> None: ...


def make_pair(name: str, node_name: str) -> Workflow[Any, Any]:
    """A workflow of one task, which have these names."""
    node: Task[..., Any] = task(give, name=node_name)
    return workflow(take, name=name, needs={"node": node})


def make_wide(count: int) -> Workflow[Any, Any]:
    """A workflow of so many tasks, each of which needs `url` and nothing else."""
    nodes: dict[str, Step | str] = {f"t{n}": task(give, name=f"t{n}") for n in range(count)}
    return workflow(take_all, name="wide", needs={"nodes": nodes})


def make_chain(count: int) -> Workflow[Any, Any]:
    """A workflow of so many tasks, each of which needs the one before."""
    last: Any = task(give, name="t0")
    for number in range(1, count):
        last = task(give, name=f"t{number}", needs={"url": last})
    return workflow(take, name="chain", needs={"node": last})


def read_svg(text: str | None) -> ElementTree.Element:
    assert text is not None
    return ElementTree.fromstring(text)


# Mermaid


def test_mermaid_shows_inputs_tasks_workflows_and_the_workflow_itself_as_different_shapes() -> None:
    text = summary.graph.to_mermaid()
    boxes = boxes_of(text)
    assert text.startswith("graph TD\n")
    assert set(boxes) == {"url", "depth", "summary", *(node.name for node in summary.graph)}
    assert boxes["url"] == boxes["depth"] == '([""])'
    assert boxes["page"] == '[""]'
    assert boxes["inner"] == '[[""]]'
    assert boxes["summary"] == '{{""}}'


def test_mermaid_shows_every_edge_of_the_graph() -> None:
    drawn = {(source, target) for source, _, _, target in lines_of(summary.graph.to_mermaid())}
    assert drawn == {(edge.source, edge.target) for edge in summary.graph.edges}


def test_mermaid_tells_when_settled_after_parts_and_other_names_apart() -> None:
    lines = lines_of(summary.graph.to_mermaid())
    assert ("url", "-->", "", "page") in lines
    assert ("page", "-->", "as text", "longest") in lines
    assert ("split", "-->", "[tail]", "count") in lines
    assert ("count", "-.->", "after", "late") in lines
    assert ("count", "==>", "when", "longest") in lines
    assert ("longest", "--o", "settled", "digest") in lines


def test_mermaid_marks_what_a_value_stands_in_for() -> None:
    text = summary.override({page: "x"}).graph.to_mermaid()
    assert "page (replaced)" in boxes_of(text)
    [number] = re.findall(r'(n\d+)\["page \(replaced\)"\]', text)
    assert f"class {number} replaced" in text
    assert "stroke-dasharray" in text


def test_an_input_and_a_task_of_the_same_name_are_two_boxes() -> None:
    assert len(re.findall(r'"url"', make_pair("both", "url").graph.to_mermaid())) == 2


@pytest.mark.parametrize(
    "name",
    ['say "hi"', "a#b;c", "<b>x</b>", "`md`", "a\nb", "end", "x|y", "a]b", "%% x", "\x00\x1b", "\ud800", "é 日本 🙂"],
)
def test_no_name_breaks_out_of_its_label_in_mermaid(name: str) -> None:
    text = make_pair(name, name).graph.to_mermaid()
    text.encode()
    lines = text.splitlines()
    assert len(lines) == 1 + 3 + 3
    label = re.compile(r"[\w ,.()=\[\]#;\-]*")
    for line in lines[2:4]:
        assert label.fullmatch(line.split('"')[1])
        assert line.count('"') == 2


# Graphviz


def test_dot_shows_the_same_as_mermaid() -> None:
    text = summary.graph.to_dot()
    assert text.startswith('digraph "summary" {')
    assert text.rstrip().endswith("}")
    assert re.search(r'label="url" shape=ellipse', text)
    assert re.search(r'label="inner" shape=box peripheries=2', text)
    assert re.search(r'label="summary" shape=hexagon', text)
    assert len(re.findall("->", text)) == len(lines_of(summary.graph.to_mermaid()))
    assert re.search(r'label="after" style=dashed', text)
    assert re.search(r'label="when" arrowhead=diamond', text)
    assert re.search(r'label="settled" arrowhead=odot', text)
    replaced = summary.override({page: "x"}).graph.to_dot()
    assert re.search(r'label="page \(replaced\)" shape=box style="dashed"', replaced)


def test_no_name_breaks_out_of_its_label_in_dot() -> None:
    text = make_pair("w", 'a"b\\"; c\n&amp;\x00\ud800').graph.to_dot()
    text.encode()
    assert r'label="a\"b\\\"; c &amp;amp;\\x00\\ud800"' in text


# A run

STATUSES = [
    ("good", Status.COMPLETED),
    ("bad", Status.FAILED),
    ("left", Status.UPSTREAM_FAILED),
    ("none", Status.SKIPPED),
    ("mixed", Status.FAILED),
]


@task
def good() -> int:
    return 1


@task
def bad() -> int:
    raise ValueError("bad")


@task
def left(bad: int) -> int:
    return bad


@task
def none() -> int:
    raise Skip("no")


@workflow(keep_going=True)
def mixed(good: Any, left: Any, none: Any) -> Any:
    return good


@pytest.mark.parametrize(("name", "status"), STATUSES)
def test_a_run_s_mermaid_has_a_colour_and_a_sign_for_each_status(name: str, status: Status) -> None:
    text = mixed.run().to_mermaid()
    [number] = re.findall(rf'(n\d+)\W+"#{ord(MARKS[status])}; {name}"', text)
    assert re.search(rf"^    class [n\d,]*\b{number}\b[n\d,]* {status}$", text, re.MULTILINE)
    assert re.search(rf"^    classDef {status} fill:#", text, re.MULTILINE)


def test_no_two_statuses_have_the_same_sign_or_colour() -> None:
    assert set(MARKS) == set(COLOURS) == set(LIGHT.statuses) == set(DARK.statuses) == set(Status)
    for shown in (MARKS, LIGHT.statuses, DARK.statuses):
        assert len(set(shown.values())) == len(Status)


# In a notebook


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
drawing = {f"flowdeco._draw.{name}" for name in "diagram html layout svg".split()}
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


# Where the boxes stand


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[float], list[tuple[int, int]]]:
    count = draw(st.integers(1, 25))
    widths = draw(st.lists(st.floats(20, 400), min_size=count, max_size=count))
    pairs = [(source, target) for target in range(count) for source in range(target)]
    lines = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=60)) if pairs else []
    return widths, lines


@given(graphs())
def test_no_box_covers_another_and_every_line_leads_down(graph: tuple[list[float], list[tuple[int, int]]]) -> None:
    widths, lines = graph
    layout = lay_out(widths, lines)
    for (one, left), (other, right) in combinations(zip(layout.boxes, widths, strict=True), 2):
        apart = abs(one.x - other.x) >= (left + right) / 2 - 0.2 or abs(one.y - other.y) >= HEIGHT
        assert apart, (one, other)
    for box, width in zip(layout.boxes, widths, strict=True):
        assert width / 2 <= box.x <= layout.width - width / 2
        assert HEIGHT / 2 <= box.y <= layout.height - HEIGHT / 2
    for (source, target), bends in zip(lines, layout.bends, strict=True):
        points = [layout.boxes[source], *bends, layout.boxes[target]]
        assert all(upper.y + HEIGHT <= lower.y for upper, lower in pairwise(points))


@given(graphs())
def test_a_line_that_passes_a_layer_keeps_clear_of_its_boxes(graph: tuple[list[float], list[tuple[int, int]]]) -> None:
    widths, lines = graph
    layout = lay_out(widths, lines)
    for bend in {bend for bends in layout.bends for bend in bends}:
        for box, width in zip(layout.boxes, widths, strict=True):
            assert bend.y != box.y or abs(bend.x - box.x) >= width / 2


def test_lines_that_need_not_cross_do_not() -> None:
    widths = [50.0] * 6
    layout = lay_out(widths, [(0, 4), (1, 3), (2, 5)])
    above, below = [layout.boxes[n].x for n in (0, 1, 2)], [layout.boxes[n].x for n in (4, 3, 5)]
    order = sorted(range(3), key=above.__getitem__)
    assert order == sorted(range(3), key=below.__getitem__)


def test_an_input_stands_right_above_the_first_that_needs_it() -> None:
    layout = lay_out([50.0] * 5, [(1, 2), (2, 3), (0, 4), (3, 4)])
    assert layout.boxes[0].y == layout.boxes[3].y
