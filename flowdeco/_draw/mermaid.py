"""A diagram as text for Mermaid."""

from __future__ import annotations

from collections.abc import Iterator

from .diagram import COLOURS, Diagram, on_one_line

__all__ = ["to_mermaid"]


_MERMAID_SHAPES = {
    "task": '["{}"]',
    "resource": '[("{}")]',
    "workflow": '[["{}"]]',
    "input": '(["{}"])',
    "end": '{{{{"{}"}}}}',
}
_MERMAID_ARROWS = {"value": "-->", "settled": "--o", "when": "==>", "after": "-.->", "calls": "-.->"}


def to_mermaid(diagram: Diagram) -> str:
    """Return the text of a Mermaid flowchart."""
    return "\n".join(["graph TD", *_mermaid_lines(diagram), ""])


def _mermaid_lines(diagram: Diagram) -> Iterator[str]:
    by_class: dict[str, list[str]] = {}
    for number, box in enumerate(diagram.boxes):
        yield f"    n{number}{_MERMAID_SHAPES[box.kind].format(_encode(box.text))}"
        if box.status is not None:
            by_class.setdefault(box.status, []).append(f"n{number}")
        if box.replaced:
            by_class.setdefault("replaced", []).append(f"n{number}")
    for line in diagram.lines:
        label = f'|"{_encode(line.label)}"|' if line.label else ""
        yield f"    n{line.source} {_MERMAID_ARROWS[line.kind]}{label} n{line.target}"
    for status, (fill, border) in COLOURS.items():
        if status in by_class:
            yield f"    classDef {status} fill:{fill},stroke:{border},color:#111827"
    if "replaced" in by_class:
        yield "    classDef replaced stroke-dasharray:5 3"
    for name, members in by_class.items():
        yield f"    class {','.join(members)} {name}"


def _encode(text: str) -> str:
    """Return text for between double quotes in Mermaid: all that may mean something there as its number."""
    text = on_one_line(text)
    return "".join([char if char.isalnum() or char in " _-.,()[]=" else f"#{ord(char)};" for char in text])
