"""A graph as Graphviz."""

import re

from tests.support.picture import lines_of, make_pair, page, summary


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
