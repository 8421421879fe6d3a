"""Which nodes of a graph are alike, so that one box can stand for all of them where there are very many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from .._definition.definition import Definition
from .._draw.diagram import Diagram
from .._draw.folding import Folded, fold_diagram, stem_of

__all__ = ["fold_graph"]

# A graph of more boxes is folded, to no more than so many.
_MOST_WHOLE = 48
_MOST_FOLDED = 30
# Past so many inputs they are one box.
_MOST_INPUTS = 8


def fold_graph(diagram: Diagram, definitions: Sequence[Definition]) -> Folded | None:
    """Return a diagram as one of few boxes; `None` if it has few itself.

    Args:
        diagram: the diagram of a graph: its inputs, its nodes, and the workflow.
        definitions: those of the nodes, in their order.
    """
    if len(diagram.boxes) <= _MOST_WHOLE:
        return None
    return fold_diagram(diagram, _list_keys(diagram, definitions), _MOST_FOLDED)


def _list_keys(diagram: Diagram, definitions: Sequence[Definition]) -> list[Hashable]:
    """Return for each box what it is and how it stands: boxes with the same key are alike."""
    inputs, nodes = diagram.boxes[: -1 - len(definitions)], diagram.boxes[-1 - len(definitions) : -1]
    few = len(inputs) <= _MOST_INPUTS
    keys: list[Hashable] = [box.label if few else "inputs" for box in inputs]
    functions = [_function_of(definition) for definition in definitions]
    counts = Counter(functions)
    for box, function in zip(nodes, functions, strict=True):
        keys.append((function if counts[function] > 1 else stem_of(box.label), box.status, box.kind))
    return [*keys, "end"]


def _function_of(definition: Definition) -> Hashable:
    """Return what nodes have in common that were made of one function in a loop."""
    function = getattr(definition.function, "func", definition.function)  # of a partial
    return getattr(function, "__code__", None) or id(function), getattr(function, "__name__", "")
