"""Random programs over items, and what a simple program without any concurrency makes of them.

What a function gives is a text of what it has received, and whether it fails or is skipped lies in that text, too. So
the model need not be told anything, and every mistake in what is handed to whom shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

__all__ = ["Each", "Node", "Outcome", "Program", "evaluate", "give"]

# How something has ended: its status, and its value if it is completed.
Outcome = tuple[str, Any]

_BROKEN = ("failed", "upstream_failed")


class Each(NamedTuple):
    """A parameter that receives one item at a time.

    Attributes:
        of: the number of the node; -1 for the source.
        has_default: whether it has a default.
        is_settled: whether it receives an outcome.
    """

    of: int
    has_default: bool
    is_settled: bool


class Node(NamedTuple):
    """A task of the program.

    Attributes:
        kind: "async", "waiting", "def", "loop".
        each: what it is mapped over; a node without it runs once.
        wholes: the nodes that it receives as a whole, -1 for the source, and whether settled.
        recovers: whether an error of its own is turned into a value.
        limit: how many items at once; `None`: any number.
    """

    kind: str
    each: tuple[Each, ...]
    wholes: tuple[tuple[int, bool], ...]
    recovers: bool
    limit: int | None


class Program(NamedTuple):
    """Some nodes over one source.

    Attributes:
        items: what the source gives.
        nodes: the tasks; each needs only those before.
        ahead: how many items may be begun and unfinished; `None`: the default.
        source: "input", or what kind of task gives the items.
    """

    items: tuple[int, ...]
    nodes: tuple[Node, ...]
    ahead: int | None
    source: str


def give(name: str, arguments: Sequence[Any]) -> Outcome:
    """Return what a function with a name gives for what it receives."""
    text = f"{name}({', '.join(map(str, arguments))})"
    chance = crc32(text.encode()) % 12
    if chance == 0:
        return "failed", None
    return ("skipped", None) if chance in (1, 2) else ("completed", f"{name}:{crc32(text.encode()):x}")


class _Model:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.items: dict[int, list[Outcome]] = {-1: [("completed", item) for item in program.items]}
        self.ends: dict[int, Outcome] = {}

    def run(self) -> dict[int, Any]:
        for number, node in enumerate(self.program.nodes):
            if not node.each:
                self.ends[number] = self._run_once(number, node, [])
            else:
                indices = range(len(self.program.items))
                self.items[number] = [self._run_once(number, node, self._inputs(node, i)) for i in indices]
        return {**self.ends, **{number: self.items[number] for number in self.items if number >= 0}}

    def _inputs(self, node: Node, index: int) -> list[Outcome]:
        found: list[Outcome] = []
        for each in node.each:
            status, value = self.items[each.of][index]
            if each.is_settled:
                found.append(("completed", (status, value)))
            elif status == "skipped" and each.has_default:
                found.append(("completed", "default"))
            else:
                found.append((status, value))
        return found

    def _run_once(self, number: int, node: Node, inputs: list[Outcome]) -> Outcome:
        inputs = inputs + self._wholes(node)
        if any(status in _BROKEN for status, _ in inputs):
            return "upstream_failed", None
        if any(status == "skipped" for status, _ in inputs):
            return "skipped", None
        status, value = give(f"n{number}", [value for _, value in inputs])
        return ("completed", "recovered") if status == "failed" and node.recovers else (status, value)

    def _wholes(self, node: Node) -> list[Outcome]:
        together = [of for of, is_settled in node.wholes if not is_settled and of in self.items]
        indices = range(len(self.program.items))
        common = [i for i in indices if all(self.items[of][i][0] == "completed" for of in together)]
        found: list[Outcome] = []
        for of, is_settled in node.wholes:
            if of not in self.items:
                status, value = self.ends[of]
                found.append(("completed", (status, value)) if is_settled else (status, value))
            elif is_settled:
                found.append(("completed", [*self.items[of]]))
            else:
                statuses = {status for status, _ in self.items[of]}
                broken = next((status for status in _BROKEN if status in statuses), None)
                found.append((broken, None) if broken else ("completed", [self.items[of][i][1] for i in common]))
        return found


def evaluate(program: Program) -> Mapping[int, Any]:
    """Return how each node ends: of a mapped one, for each item."""
    return _Model(program).run()
