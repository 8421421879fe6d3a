"""A graph as Mermaid."""

import re

import pytest

from tests.support.picture import lines_of, make_pair, page, summary


def boxes_of(mermaid: str) -> dict[str, str]:
    """The shape of each box with its text, by the text."""
    found = re.findall(r"^    (n\d+)(\W+)(.*?)(\"\W+)$", mermaid, re.MULTILINE)
    return {text: opening + closing for _, opening, text, closing in found}


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
