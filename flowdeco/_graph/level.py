"""Where workflows run: the outermost one, those that are nodes of it, and so on inwards."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeAlias

from .._definition.definition import Definition
from .._state.state import State
from .graph import Graph
from .node import Node

__all__ = ["Level", "Origin", "Unit", "find_common"]

# Where a value comes from, whatever it is called on the way: the same for the same.
Origin: TypeAlias = "tuple[Hashable, ...]"


class Level:
    """One workflow where it runs.

    Attributes:
        graph: what it needs, as its own names say.
        children: the graphs of those of its nodes that are workflows, by their index.
        region: those that share among each other have the same.
        state: the state that its tasks get; `None` if each run has a fresh one.
        home: the outermost level from which all down to here have the same state; what asks for it runs no further out.
        origins: where its inputs come from, by name.
        units: what its nodes are in the whole; `None` for one that a value stands in for.
        count: how many levels have it as a node.
        containers: those of them that it shares with.
        parent: the innermost level that contains all of these; `None` for one that shares nothing with any around it.
        own: what runs in it.
        given: what runs further out, and is needed here.
        made: the graph that it runs.
        plan: the plan made of that.
        depth: how many levels are around it.
        jump: one of these, further out the deeper it is.
    """

    def __init__(self, graph: Graph, children: Mapping[int, Graph]) -> None:
        self.graph = graph
        self.children = children
        self.region: Level = self
        self.state: State | None = None
        self.home: Level = self
        self.origins: dict[str, Origin] = {}
        self.units: list[Unit | None] = []
        self.count = 0
        self.containers: list[Level] = []
        self.parent: Level | None = None
        self.own: list[Unit] = []
        self.given: list[Unit] = []
        self.made = graph
        self.plan: Any = None
        self.depth = 0
        self.jump = self

    def put_below(self, parent: Level) -> None:
        """Note which level contains it."""
        self.parent, self.depth = parent, parent.depth + 1
        far = parent.jump
        # Jumps that double let the way up be found in few steps, however deep.
        self.jump = far.jump if parent.depth - far.depth == far.depth - far.jump.depth else parent

    def rise(self, other: Level) -> Level:
        """Return the level around this one, or itself, that is no deeper than another."""
        level = self
        while level.depth > other.depth:
            level = level.jump if level.jump.depth >= other.depth else level.around
        return level

    def meet(self, other: Level) -> Level:
        """Return the innermost level that contains this one and another."""
        one, other = self.rise(other), other.rise(self)
        while one is not other:
            if one.jump is not other.jump:
                one, other = one.jump, other.jump
            else:
                one, other = one.around, other.around
        return one

    @property
    def around(self) -> Level:
        """The level that contains it."""
        assert self.parent is not None
        return self.parent


class Unit:
    """What is one in a run, wherever it is named: a task or a workflow, with all that it reaches.

    Attributes:
        node: a node that it is.
        seen_in: the level of that.
        levels: all levels in which it is a node.
        definition: what it is known by; a copy of the node's where there are several of that.
        runs: if it is a workflow, the level that it is.
        owner: the level that it belongs to, and runs in.
    """

    def __init__(self, node: Node, level: Level) -> None:
        self.node = node
        self.seen_in = self.owner = level
        self.levels = [level]
        self.definition: Definition = node.definition
        self.runs: Level | None = None


def find_common(levels: Iterable[Level]) -> Level:
    """Return the innermost level that contains all these."""
    found: Level | None = None
    for level in levels:
        found = level if found is None else found.meet(level)
        if found.parent is None:
            break
    assert found is not None
    return found
