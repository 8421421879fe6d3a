"""A diagram as text for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from .diagram import COLOURS, Diagram, on_one_line

__all__ = ["to_dot"]
_DOT_SHAPES = {
    "task": "shape=box",
    "resource": "shape=cylinder",
    "workflow": "shape=box peripheries=2",
    "input": "shape=ellipse",
    "end": "shape=hexagon",
}
_DOT_ARROWS = {
    "value": "",
    "settled": "arrowhead=odot",
    "when": "arrowhead=diamond",
    "after": "style=dashed",
    "calls": "style=dashed",
}


def to_dot(diagram: Diagram) -> str:
    """Return the text of a Graphviz graph."""
    head = [
        f"digraph {_quote(diagram.title)} {{",
        '    node [fontname="sans-serif"]',
        '    edge [fontname="sans-serif"]',
    ]
    return "\n".join([*head, *_dot_lines(diagram), "}", ""])


def _dot_lines(diagram: Diagram) -> Iterator[str]:
    for number, box in enumerate(diagram.boxes):
        attributes = [f"label={_quote(box.text)}", _DOT_SHAPES[box.kind]]
        styles = ["dashed"] if box.replaced else []
        if box.status is not None:
            fill, border = COLOURS[box.status]
            styles.append("filled")
            attributes.append(f'fillcolor="{fill}" color="{border}" fontcolor="#111827"')
        attributes += [f'style="{",".join(styles)}"'] if styles else []
        yield f"    n{number} [{' '.join(attributes)}]"
    for line in diagram.lines:
        label = f"label={_quote(line.label)}" if line.label else ""
        known = " ".join(filter(None, [label, _DOT_ARROWS[line.kind]]))
        yield f"    n{line.source} -> n{line.target}{f' [{known}]' if known else ''}"


def _quote(text: str) -> str:
    """Return text in double quotes for Graphviz, which takes `&` for the beginning of an entity."""
    text = on_one_line(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{text}"'
