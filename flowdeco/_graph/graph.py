"""The graph of a workflow: its nodes and its edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from .._base.signature import Param
from .._definition.definition import Definition, WorkflowDefinition, definition_of
from .._policy.policy import Policy
from .axis import Axis
from .calls import NO_CALLS, Calls
from .method_key import find_meant
from .node import Arguments, Node, pair
from .source import (
    Constant,
    FromInput,
    FromItem,
    FromResult,
    Source,
    definitions_of,
    parts_of,
    whole_of,
)

if TYPE_CHECKING:
    from .._base.events import Status
    from .._draw.diagram import Diagram

__all__ = ["Edge", "Graph"]


class Edge(NamedTuple):
    """That one thing receives the result of another, or comes after it.

    Attributes:
        source: the name of a node or of an input.
        target: the name of the node that needs it; the workflow's name for what its own function needs.
        parameter: which parameter of the function, or of its `when=`, `more=` or `key=`, receives it; `None` where only
            the order counts (`after=`), where a task is the `when=`, where a workflow shares it with those that it
            runs, or where it says how often the target runs and the function does not take the items.
    """

    source: str
    target: str
    parameter: str | None


class Graph:
    """What a workflow runs: the tasks it needs, and nothing else. It never changes.

    Iterating gives the nodes, each after those it needs; `len(graph)` is their number; `print(graph)` draws a tree.

    Attributes:
        name: the workflow's name.
        nodes: the nodes in an order of execution.
        inputs: the names of the workflow's inputs, in the order of its parameters.
        axes: what nodes are mapped over, in the order of their first nodes.
    """

    def __init__(
        self,
        owner: WorkflowDefinition,
        inputs: Mapping[str, Param],
        nodes: Sequence[Node],
        body: Sequence[Source],
        ends: tuple[Definition, ...],
        stand_ins: Sequence[tuple[Definition, Definition]],
        axes: tuple[Axis, ...] = (),
    ) -> None:
        self.name = owner.name or "workflow"
        self.nodes = tuple(nodes)
        self.inputs = tuple(inputs)
        self.axes = axes
        self.owner = owner
        # The inputs with the parameters that they are.
        self.input_params = dict(inputs)
        # What the parameters of the workflow's own function receive, and what it comes after.
        self.body = tuple(body)
        self.ends = ends
        # What stands in for what, by the overrides that it was made with.
        self.layers: tuple[Any, ...] = ()
        # What its tasks, and the workflow's own function, say that they call.
        self.calls: Calls = NO_CALLS
        self._by_definition = {id(node.definition): node for node in nodes}
        self.stand_ins = tuple(stand_ins)  # kept, as their ids are theirs as long as they live
        for replaced, instead in stand_ins:
            self._by_definition.setdefault(id(replaced), self._by_definition[id(instead)])

    @property
    def edges(self) -> list[Edge]:
        """Every dependency, in the order of the nodes that have them; those of the workflow itself come last."""
        found: list[Edge] = []
        for node in self.nodes:
            asked = [argument for _, arguments in node.list_asked() for argument in arguments]
            arguments = [*node.arguments, *node.unread, *asked]
            found += self._edges_to(node.name, arguments, (*node.after, *node.shared))
        return found + self._edges_to(self.name, self.arguments, self.ends)

    @property
    def definitions(self) -> list[Definition]:
        """Those of the nodes, in their order."""
        return [node.definition for node in self.nodes]

    def find(self, key: object) -> Node | None:
        """Return a node by its name, its task, or a task that it stands in for; `None` if there is none.

        A task that is a method may be given as a method, too, and as the task of a base class.
        """
        if isinstance(key, str):
            return self._by_name.get(key)
        found = self._by_definition.get(id(definition_of(key)))
        if found is None:
            meant = find_meant(self.owner, [node.definition for node in self.nodes], key)
            found = self._by_definition.get(id(meant))
        return found

    def to_mermaid(self) -> str:
        """Return the text of a Mermaid flowchart, from the inputs at the top down to the workflow.

        Inputs are round at their ends, workflows have double sides, resources are drums, what a value stands in for is
        dashed and says `(replaced)`. A line says the parameter where its name is another than that of what it receives.
        One for `after=` or `calls=` is dotted, one for `when=` thick, and one for `settled=` ends in a circle. What
        runs once for each item has brackets, `text[]`; a line says `each` where one item at a time is received, and
        `stream` for an iterator over them. Without that word it is the whole list.
        """
        from .._draw.mermaid import to_mermaid

        return to_mermaid(self.to_diagram())

    def to_dot(self) -> str:
        """Return the text of a Graphviz graph: for `dot -Tsvg`, say. It shows the same as `to_mermaid()`."""
        from .._draw.graphviz import to_dot

        return to_dot(self.to_diagram())

    def _repr_svg_(self) -> str | None:
        """Be shown as a picture in a notebook."""
        from .._draw.svg import draw_picture

        return draw_picture(self.to_diagram())

    def _repr_html_(self) -> str | None:
        """Be shown as a picture in a notebook that knows HTML: in the colours of its theme, folded if large."""
        from .._draw.svg import frame_picture
        from .likeness import fold_graph

        diagram = self.to_diagram()
        folded = fold_graph(diagram, self.definitions)
        return frame_picture(diagram, folded and folded.diagram)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"<graph of workflow {self.name!r}: {len(self.nodes)} nodes>"

    def __str__(self) -> str:
        from .drawing import draw_graph

        return draw_graph(self)

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @property
    def arguments(self) -> Arguments:
        """What the parameters of the workflow's own function receive."""
        return pair(self.owner.own_params, self.body)

    def node_of(self, definition: Definition) -> Node:
        return self._by_definition[id(definition)]

    def policy_of(self, node: Node) -> Policy:
        """Return the policy of a task, with what the `defaults=` of the workflow make of it."""
        if node.policy is not None:
            return node.policy
        defaults = self.owner.defaults
        return node.definition.policy if defaults is None else defaults.policy_of(node.origin)

    def policy_of_call(self, called: Definition) -> Policy:
        """Return the policy of a task that is called in a run: of one that is known to be called, as of a node."""
        defaults = self.owner.defaults
        is_known = self.calls.node_of(called) is not None or id(called) in self._by_definition
        return called.policy if defaults is None or not is_known else defaults.policy_of(called)

    def metadata_of(self, node: Node) -> Mapping[str, Any]:
        """Return what `metadata=` says of a node."""
        if node.definition.is_workflow:
            return node.definition.options["metadata"] or {}
        return self.policy_of(node).metadata

    def blockers_of(self, node: Node | None) -> list[int]:
        """Return the nodes whose failure keeps one, or the workflow's own function, from running."""
        if node is None:
            params, sources, settled = self.owner.own_params, self.body, self.owner.settled
            steps = [*self.ends]
        else:
            params, sources, settled = node.params, node.sources, node.definition.graph_settled
            asked = [*node.asked, *(source for name, source in node.unread if name not in settled)]
            steps = [*node.barriers, *(step for source in asked for step in definitions_of(source))]
        for param, source in zip(params, sources, strict=True):
            steps += definitions_of(source) if param.name not in settled or isinstance(source, FromItem) else []
        return [self.node_of(step).index for step in steps]

    def find_received(self) -> set[int]:
        """Return the nodes whose failure somebody receives as an outcome, at once or of one that cannot run then."""
        shared = [step for node in self.nodes for step in node.shared if id(step) in node.handled]
        found = {self.node_of(step).index for step in shared}
        readers = [(node.arguments, node.definition.graph_settled) for node in self.nodes]
        for arguments, settled in [*readers, (self.arguments, self.owner.settled)]:
            for name, source in arguments if settled else ():
                if name in settled and not isinstance(source, FromItem):  # without a source there is no item
                    found.update([self.node_of(step).index for step in definitions_of(source)])
        if found:
            for node in reversed(self.nodes):
                if node.index in found:
                    found.update(self.blockers_of(node))
        return found

    def _edges_to(self, target: str, arguments: Arguments, after: tuple[Definition, ...]) -> list[Edge]:
        found: list[Edge] = []
        for parameter, source in arguments:
            for part in parts_of(whole_of(source)):
                if isinstance(part, FromInput):
                    found.append(Edge(part.name, target, parameter or None))
                elif isinstance(part, (FromResult, Constant)):
                    found.append(Edge(self.node_of(part.definition).name, target, parameter or None))
        return found + [Edge(self.node_of(step).name, target, None) for step in after]

    def to_diagram(self, records: Sequence[tuple[Status, str]] = ()) -> Diagram:
        """Return what is to be drawn: the inputs, the nodes, and last the workflow itself.

        Args:
            records: for each node, and last for the workflow, how it stands in a run, and a hint.
        """
        from .drawing import make_diagram

        return make_diagram(self, records)
