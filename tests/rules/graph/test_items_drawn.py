"""What a graph shows of tasks that run once for each item."""

from collections.abc import Iterator
from typing import Any

from flowdeco import Edge, task, workflow


@task
def pages(site: str) -> Iterator[str]:
    yield site


def find_more(result: str, depth: int) -> list[str]:
    return [result] * depth


@task(each={"page": pages}, more=find_more)
def text(page: str) -> str:
    return page


@task(each={"text": text}, settled="text")
def words(text: Any) -> int:
    return 1


@task(stream="text")
def first(text: Any) -> Any:
    return next(text)


@workflow
def count(site: str, depth: int, words: list[int], first: str, text: list[str]) -> Any:
    return words, first, text


def test_the_tree_shows_what_runs_for_each_item_and_how_it_is_received() -> None:
    assert str(count.graph).splitlines() == [
        "count(site, depth)",
        "├── site (input)",
        "├── depth (input)",
        "├── words[]",
        "│   └── text[] (adds items) (each)",
        "│       ├── pages as page (each)",
        "│       │   └── site (input)",
        "│       └── depth (input) (more)",
        "├── first",
        "│   └── text[] (adds items) (stream) ↑",
        "└── text[] (adds items) ↑",
    ]


def test_the_pictures_show_what_runs_for_each_item_and_how_it_is_received() -> None:
    boxes = {box.label for box in count.graph.to_diagram().boxes}
    assert {"text[] (adds items)", "words[]", "pages", "first"} <= boxes
    mermaid = count.graph.to_mermaid()
    assert '["text[] (adds items)"]' in mermaid
    for label in ("each as page", "each settled", "stream", "more"):
        assert f'|"{label}"|' in mermaid
        assert f'label="{label}"' in count.graph.to_dot()
    assert "text[]" in count.graph.to_dot()
    svg = count.graph._repr_svg_()
    assert svg is not None
    assert "text[]" in svg
    assert "each as page" in svg


def test_the_edges_are_those_between_the_nodes() -> None:
    edges = count.graph.edges
    assert Edge("pages", "text", "page") in edges
    assert Edge("depth", "text", "depth") in edges
    assert Edge("text", "words", "text") in edges
    assert Edge("text", "first", "text") in edges


def test_what_a_function_runs_for_and_does_not_take_is_shown_too() -> None:
    silent = count.override(text=lambda: "")
    assert "│       ├── pages (each)" in str(silent.graph)
    assert Edge("pages", "text", None) in silent.graph.edges
    assert '|"each"|' in silent.graph.to_mermaid()
