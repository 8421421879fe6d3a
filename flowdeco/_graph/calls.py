"""What the tasks of a graph, and the workflow's own function, say that they call: `calls=`.

What is called is no node of the graph: whether it runs, how often, and with what, is known only then. But it is drawn,
what is wrong with it is found, and it can be overridden by its name.
"""

from __future__ import annotations

from .._definition.definition import Definition, definition_of
from .method_key import find_meant
from .node import Node

__all__ = ["NO_CALLS", "Calls"]


class Calls:
    """What is called in the runs of a graph.

    Attributes:
        nodes: what is called and is no node of the graph; they have names as nodes have, but no place in the order.
        of: by the id of the definition of a caller, what it calls.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.of: dict[int, tuple[Definition, ...]] = {}
        self._by_definition: dict[int, Node] = {}

    def add(self, node: Node) -> None:
        """Add what is called."""
        self.nodes.append(node)
        self._by_definition[id(node.definition)] = node

    def add_stand_in(self, replaced: Definition, node: Node) -> None:
        """Note what it is that is called in the place of something."""
        self._by_definition.setdefault(id(replaced), node)

    def node_of(self, definition: Definition) -> Node | None:
        """Return what is called of a definition; `None` if it is a node of the graph."""
        return self._by_definition.get(id(definition))

    def find(self, owner: Definition, key: object) -> Node | None:
        """Return what is called by its name or its task; `None` if there is none."""
        if isinstance(key, str):
            return next((node for node in self.nodes if node.name == key), None)
        found = self._by_definition.get(id(definition_of(key)))
        if found is None and self.nodes:
            meant = find_meant(owner, [node.definition for node in self.nodes], key)
            found = self._by_definition.get(id(meant))
        return found


# Of a graph in which nobody says what is called.
NO_CALLS = Calls()
