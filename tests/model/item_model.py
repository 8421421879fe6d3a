"""Random programs over items, and what a simple program without any concurrency makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.model.outcome import Each, Outcome, find_blocked, give, take_items, take_wholes

__all__ = ["Node", "Program", "evaluate"]


class Node(NamedTuple):
    """A task of the program.

    Attributes:
        kind: "async", "waiting", "def", "loop".
        each: what it is mapped over; a node without it runs once.
        wholes: the nodes that it receives as a whole, -1 for the source, and whether settled.
        recovers: whether an error of its own is turned into a value.
        limit: how many items at once; `None`: any number.
        answer: what its condition says; `None` if it has none.
        asks: the nodes that the condition receives as a whole.
        stream: the mapped node that it reads item by item, or -1 for the source, and whether settled; `None`: none.
    """

    kind: str
    each: tuple[Each, ...]
    wholes: tuple[tuple[int, bool], ...]
    recovers: bool
    limit: int | None
    answer: bool | None = None
    asks: tuple[int, ...] = ()
    stream: tuple[int, bool] | None = None


class Program(NamedTuple):
    """Some nodes over one source.

    Attributes:
        items: what the source gives.
        nodes: the tasks; each needs only those before.
        ahead: how many items may be begun and unfinished; `None`: the default.
        source: "input", or what kind of task gives the items.
        body: the nodes that the workflow's own function receives; `None`: all.
    """

    items: tuple[int, ...]
    nodes: tuple[Node, ...]
    ahead: int | None
    source: str
    body: tuple[int, ...] | None = None


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
                self.items[number] = [
                    self._run_once(number, node, take_items(node.each, self.items, i)) for i in indices
                ]
        return {**self.ends, **{number: self.items[number] for number in self.items if number >= 0}}

    def _run_once(self, number: int, node: Node, inputs: list[Outcome]) -> Outcome:
        asked = self._wholes([(of, False) for of in node.asks])
        has_rest = any(of >= 0 and of not in node.asks for of, _ in node.wholes) or self._has_rest(node)
        if node.answer is not None:  # who is mapped and needs nothing else has its items before it asks
            blocked = find_blocked(asked if has_rest or not node.each else inputs + asked + self._wholes(node.wholes))
            if blocked is None and not node.answer:
                blocked = "skipped"
            if blocked is not None:
                return blocked, None
        inputs = inputs + self._wholes(node.wholes) + self._streamed(node)
        blocked = find_blocked(inputs)
        if blocked is not None:
            return blocked, None
        status, value = give(f"n{number}", [value for _, value in inputs])
        return ("completed", "recovered") if status == "failed" and node.recovers else (status, value)

    def _streamed(self, node: Node) -> list[Outcome]:
        """Return what a node reads of a stream, as one argument."""
        if node.stream is None:
            return []
        of, is_settled = node.stream
        if is_settled:
            return [("completed", [*self.items[of]])]
        if any(status in ("failed", "upstream_failed") for status, _ in self.items[of]):
            return [("upstream_failed", None)]
        return [("completed", [value for status, value in self.items[of] if status == "completed"])]

    def _has_rest(self, node: Node) -> bool:
        """Whether a node needs the source as a whole, and that is a task."""
        return self.program.source != "input" and any(of < 0 for of, _ in node.wholes)

    def find_demanded(self) -> set[int]:
        """Return which nodes are demanded, once it is known how all would end."""
        nodes, found = self.program.nodes, set[int]()
        waiting = list(self._list_body())
        while waiting:
            number = waiting.pop()
            if number in found or number < 0:
                continue
            found.add(number)
            node = nodes[number]
            waiting += [*node.asks, *[each.of for each in node.each]]
            is_asked = not node.each or bool(self.program.items)
            asked = self._wholes([(of, False) for of in node.asks])
            if node.answer is None or (node.answer and is_asked and find_blocked(asked) is None):
                waiting += [of for of, _ in node.wholes]
                waiting += [] if node.stream is None else [node.stream[0]]
        return found

    def _wholes(self, wholes: Sequence[tuple[int, bool]]) -> list[Outcome]:
        return take_wholes(wholes, self.items, self.ends, dict.fromkeys(self.items, 0))

    def _list_body(self) -> Sequence[int]:
        return range(len(self.program.nodes)) if self.program.body is None else self.program.body


def evaluate(program: Program) -> tuple[Mapping[int, Any], set[int]]:
    """Return how each node ends that is demanded, of a mapped one for each item; and which these are."""
    model = _Model(program)
    return model.run(), model.find_demanded()
