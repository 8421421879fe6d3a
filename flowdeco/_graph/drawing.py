"""A graph as boxes and lines, and as a tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from .._definition.definition import Definition, WorkflowDefinition
from .._draw.diagram import Box, Diagram, Line
from .._draw.tree import Branch, draw_tree
from .calls import Calls
from .node import Arguments, Node
from .source import (
    Constant,
    Default,
    FromInput,
    FromItem,
    FromItemOf,
    FromOpened,
    FromResult,
    FromRun,
    FromStream,
    FromValue,
    OfItem,
    Source,
    parts_of,
    whole_of,
)

if TYPE_CHECKING:
    from .._base.events import Status

__all__ = ["draw_graph", "make_diagram"]

# What a line can begin at.
Part: TypeAlias = "FromInput | FromResult | Constant"


class Drawn(Protocol):
    """What is to be known of a graph; it is a `Graph`."""

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    owner: WorkflowDefinition
    ends: tuple[Definition, ...]
    calls: Calls

    @property
    def arguments(self) -> Arguments: ...
    def node_of(self, definition: Definition) -> Node: ...


def make_diagram(graph: Drawn, records: Sequence[tuple[Status, str]] = ()) -> Diagram:
    """Return what is to be drawn; see `Graph.to_diagram`."""
    boxes = [Box(name, "input", hint=f"input {name}") for name in graph.inputs]
    boxes += [Box(node.name, _kind_of(node), replaced=node.replaced) for node in graph.calls.nodes]
    for node in graph.nodes:
        label = f"{_label(node)}{_note_on_items(node)}{' (shared)' * node.is_given}"
        boxes.append(Box(label, _kind_of(node), replaced=node.replaced))
    boxes.append(Box(graph.name, "end"))
    first = len(graph.inputs) + len(graph.calls.nodes)
    for number, (status, hint) in enumerate(records, first):
        boxes[number] = boxes[number]._replace(status=status, hint=hint)
    return Diagram(graph.name, boxes, list(dict.fromkeys(_Lines(graph).draw())))


# What a tree says of what is no task.
_KINDS = {"task": "", "resource": " (resource)", "workflow": " (workflow)"}


def draw_graph(graph: Drawn) -> str:
    """Return a graph as a tree of text, from the workflow down to the inputs."""
    tree = _Tree(graph)
    title = f"{graph.name}({', '.join(graph.inputs)})"
    first = tree.draw(graph.arguments, graph.ends) + tree.draw_calls(graph.owner)
    return draw_tree(title, first, tree.draw_below)


def _kind_of(node: Node) -> str:
    return node.definition.kind


class _Lines:
    """Draws the lines of a graph between the boxes of its inputs, its nodes, and itself."""

    def __init__(self, graph: Drawn) -> None:
        self._graph = graph
        self._first = len(graph.inputs) + len(graph.calls.nodes)

    def draw(self) -> list[Line]:
        graph, lines = self._graph, list[Line]()
        for node in graph.nodes:
            target = self._first + node.index
            arguments = [*node.arguments, *node.unread]
            lines += self._draw_to(target, arguments, node.after, node.definition.graph_settled)
            for option, asked in node.list_asked():
                kind = "when" if option == "when" else "value"
                drawn = self._draw_to(target, asked, (), ())
                lines += [line._replace(kind=kind, label=f"{option} {line.label}".strip()) for line in drawn]
            lines += [Line(self._number_of(step), target, "shared", "value") for step in node.shared]
        lines += self._draw_to(self._first + len(graph.nodes), graph.arguments, graph.ends, graph.owner.settled)
        return lines + self._draw_calls(lines)

    def _draw_calls(self, lines: Sequence[Line]) -> list[Line]:
        """Draw who calls what, but for what closes a circle: a diagram goes from the top down."""
        graph, end = self._graph, self._first + len(self._graph.nodes)
        numbers = {id(node.definition): len(graph.inputs) + place for place, node in enumerate(graph.calls.nodes)}
        numbers |= {id(node.definition): self._first + node.index for node in graph.nodes} | {id(graph.owner): end}
        targets: dict[int, set[int]] = {}
        for line in lines if graph.calls.of else ():
            targets.setdefault(line.source, set()).add(line.target)
        found: list[Line] = []
        for caller, steps in graph.calls.of.items():
            for step in steps if caller in numbers else ():
                source, target = numbers[id(step)], numbers[caller]
                if not _leads_to(target, source, targets):
                    targets.setdefault(source, set()).add(target)
                    found.append(Line(source, target, "calls", "calls"))
        return found

    def _draw_to(
        self, target: int, arguments: Arguments, after: tuple[Definition, ...], settled: Sequence[str]
    ) -> list[Line]:
        lines: list[Line] = []
        for parameter, source in arguments:
            way = _way_of(source)
            for part in parts_of(whole_of(source)):
                if isinstance(part, (FromInput, FromResult, Constant)):
                    number, known, label = self._origin_of(part)
                    renamed = f"as {parameter}" if parameter and parameter != known else ""
                    kind = "settled" if parameter in settled else "value"
                    words = [way, label, renamed, kind if kind == "settled" else ""]
                    lines.append(Line(number, target, " ".join(filter(None, words)), kind))
        return lines + [Line(self._number_of(step), target, "after", "after") for step in after]

    def _origin_of(self, part: Part) -> tuple[int, str, str]:
        """Return the number of the box that a value comes from, what a parameter for it is called, and which part."""
        if isinstance(part, FromInput):
            return self._graph.inputs.index(part.name), part.name, ""
        node = self._graph.node_of(part.definition)
        number = self._first + node.index
        if part.output is None:
            return number, _short_name(node), ""
        return number, part.output, f"[{part.output}]"

    def _number_of(self, step: Definition) -> int:
        return self._first + self._graph.node_of(step).index


class _Tree:
    """Draws what is below the nodes of a graph."""

    def __init__(self, graph: Drawn) -> None:
        self._graph = graph
        self._nodes = {node.name: node for node in (*graph.nodes, *graph.calls.nodes)}

    def draw_calls(self, caller: Definition) -> list[Branch]:
        """Draw what is called by a node, or by the workflow's own function."""
        calls = self._graph.calls
        found = [calls.node_of(step) or self._graph.node_of(step) for step in calls.of.get(id(caller), ())]
        return [Branch(f"{_label(each)}{_note_on(each)} (called)", each.name) for each in found]

    def draw_below(self, name: str) -> list[Branch]:
        node = self._nodes[name]
        found = self.draw([*node.arguments, *node.unread], node.after)
        found += [self._branch("", FromResult(step), " (shared)") for step in node.shared]
        for option, asked in node.list_asked():
            found += [branch._replace(label=f"{branch.label} ({option})") for branch in self.draw(asked, ())]
        return found + self.draw_calls(node.definition)

    def draw(self, arguments: Arguments, after: tuple[Definition, ...]) -> list[Branch]:
        found: list[Branch] = []
        for parameter, source in arguments:
            way = _way_of(source)
            for part in parts_of(whole_of(source)):
                if not isinstance(part, (Default, FromOpened, FromValue, OfItem)):
                    found.append(self._branch(parameter, part, f" ({way})" if way else ""))
        found += [self._branch("", FromResult(step), " (after)") for step in after]
        return list(dict.fromkeys(found))

    def _branch(self, parameter: str, part: Part | FromRun, note: str = "") -> Branch:
        if isinstance(part, (FromInput, FromRun)):
            note = f" (input){note}" if isinstance(part, FromInput) else note
            return Branch(_renamed(part.name, part.name, parameter) + note)
        node = self._graph.node_of(part.definition)
        label, known = _label(node), _short_name(node)
        if part.output is not None:
            label, known = f"{label}[{part.output}]", part.output
        kind = _note_on(node) + " (shared)" * node.is_given
        return Branch(_renamed(label, known, parameter) + kind + note, node.name)


def _leads_to(start: int, end: int, targets: Mapping[int, Collection[int]]) -> bool:
    """Whether lines lead from one box to another, or it is the same."""
    seen, waiting = {start}, [start]
    while waiting:
        box = waiting.pop()
        if box == end:
            return True
        fresh = [each for each in targets.get(box, ()) if each not in seen]
        seen.update(fresh)
        waiting += fresh
    return False


def _label(node: Node) -> str:
    """Return the name of a node; of one that runs for each item, as those of its items are: `text[17]`."""
    return f"{node.name}[]" if node.mapped else node.name


def _note_on(node: Node) -> str:
    return " (replaced)" if node.replaced else _KINDS[node.definition.kind] + _note_on_items(node)


def _note_on_items(node: Node) -> str:
    """Return that what comes of an item leads to further ones, which no line from a node to itself is drawn for."""
    return " (adds items)" if node.more is not None else ""


def _short_name(node: Node) -> str:
    return node.name.rpartition(".")[2]


def _way_of(source: Source) -> str:
    """Return how items are received, in a word; "" for what is received as a whole."""
    if isinstance(source, (FromItem, FromItemOf)):
        return "each"
    return "stream" if isinstance(source, FromStream) else ""


def _renamed(label: str, known: str, parameter: str) -> str:
    return f"{label} as {parameter}" if parameter and parameter != known else label
