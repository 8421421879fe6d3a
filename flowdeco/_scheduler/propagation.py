"""What becomes of a node, or of the workflow's own function, when something that it needs gave no result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from inspect import Parameter
from typing import Any, NamedTuple, TypeAlias

from .._base.events import Outcome, Skip, Status
from .._base.signature import MISSING, Param
from .._base.text import count_things
from .._definition.definition import Definition
from .._graph.axis import Axis
from .._graph.graph import Graph
from .._graph.node import Node
from .._graph.source import FromItemOf, FromResult, FromStream, Source, parts_of
from .._record.journal import Journal
from .block import Block
from .tolerance import find_handled

__all__ = [
    "Ended",
    "Judgement",
    "Lacking",
    "find_blocking_error",
    "find_roots",
    "find_unhandled",
    "judge_axis",
    "judge_body",
    "judge_node",
    "outcome_without",
]

# How the nodes have ended that gave no result, by index: with the error, or with the `Skip`.
Ended: TypeAlias = Mapping[int, tuple[Status, BaseException | None]]

# The outputs that a node's result does not have, by index.
Lacking: TypeAlias = Mapping[int, Collection[str]]

_BROKEN = (Status.FAILED, Status.UPSTREAM_FAILED)


class Judgement(NamedTuple):
    """Whether something runs after all.

    Attributes:
        status: how it ends if it does not; `None` if it runs.
        cause: the error or the `Skip` that keeps it from running.
        defaults: the parameters that receive their defaults instead of what was skipped.
        asked_defaults: the same of its `when=`.
    """

    status: Status | None
    cause: BaseException | None
    defaults: frozenset[str] = frozenset()
    asked_defaults: frozenset[str] = frozenset()


class _Case:
    """What has been found out about one node or function."""

    def __init__(self, graph: Graph, ended: Ended, lacking: Lacking, block: Block | None = None) -> None:
        self.graph = graph
        self.block = block
        self.ended = ended
        self.lacking = lacking
        self.broken: BaseException | None = None
        self.skipped: BaseException | None = None

    def look_at_order(self, definitions: Iterable[Definition]) -> None:
        """Look at what only has to have ended before: it may have been skipped, but not have failed."""
        for definition in definitions:
            status, cause = self._end_of(FromResult(definition))
            if status in _BROKEN:
                self.broken = cause if self.broken is None else self.broken

    def look_at_values(
        self, params: Sequence[Param], sources: Sequence[Source], settled: Collection[str] = ()
    ) -> frozenset[str]:
        """Look at what parameters receive; return those that receive their default instead."""
        pairs = zip(params, sources, strict=True)
        return frozenset([p.name for p, source in pairs if p.name not in settled and self._has_hole(p, source)])

    def _has_hole(self, param: Param, source: Source) -> bool:
        """Whether what a parameter receives is not there: of a list or dict, nothing, or not every output."""
        parts = parts_of(source)
        is_lacking = bool(self.lacking) and any(self._is_lacking(part) for part in parts)
        skipped: list[tuple[Any, BaseException | None]] = []
        for part in parts:
            status, cause = self._end_of(part)
            if status in _BROKEN:
                self.broken = cause if self.broken is None else self.broken
            elif status is Status.SKIPPED:
                skipped.append((part, cause))
        if not is_lacking and (not skipped or len(skipped) < len(parts)):
            return False
        if skipped and param.default is MISSING and self.skipped is None:
            part, cause = skipped[0]
            self.skipped = _skipped_with(self.graph.node_of(part.definition).name, cause)
        return True

    def _is_lacking(self, part: Source) -> bool:
        if not isinstance(part, (FromResult, FromItemOf)) or part.output is None:
            return False
        return part.output in self.lacking.get(self._find(part), ())

    def _end_of(self, part: Source) -> tuple[Status | None, BaseException | None]:
        return self.ended.get(self._find(part), (None, None))

    def _find(self, part: Source) -> int:
        """Return at which index it stands how something has ended; -1 for what gives a value in any case."""
        if isinstance(part, FromItemOf) and self.block is not None:
            return self.block.base + self.block.offsets[self.graph.node_of(part.definition).index]
        if isinstance(part, (FromResult, FromItemOf, FromStream)):
            return self.graph.node_of(part.definition).index
        return -1

    def look_at_unread(self, node: Node) -> None:
        """Look at what a node is mapped over whose function lacks the parameter for it."""
        assert self.block is not None
        read = [source.definition for source in node.sources if isinstance(source, FromItemOf)]
        for source in [mapped.source for mapped in node.mapped]:
            if isinstance(source, FromResult) and source.definition not in read:
                index = self.graph.node_of(source.definition).index
                if index in self.block.offsets:
                    self._has_hole(Param("", Parameter.POSITIONAL_ONLY), FromItemOf(source.definition, source.output))

    def close(self, defaults: frozenset[str], asked: frozenset[str] = frozenset()) -> Judgement:
        if self.broken is not None:
            return Judgement(Status.UPSTREAM_FAILED, self.broken)
        if self.skipped is not None:
            return Judgement(Status.SKIPPED, self.skipped)
        return Judgement(None, None, defaults, asked)


class _Consequence(Skip):
    """What a task is skipped with that needs a skipped one."""


def _skipped_with(name: str, cause: BaseException | None) -> Skip:
    """Return why something is skipped that needs a skipped task: it names the one that began it."""
    if isinstance(cause, _Consequence):
        return cause
    reason = str(cause) if cause is not None else ""
    return _Consequence(f"{name!r} was skipped" + (f": {reason}" if reason else ""))


def judge_node(
    graph: Graph,
    node: Node,
    ended: Ended,
    lacking: Lacking,
    block: Block | None = None,
    *,
    is_asked: bool = True,
    is_given: bool = True,
) -> Judgement:
    """Return what becomes of a node when all that it needs has ended.

    Args:
        graph: the graph.
        node: the node.
        ended: how those have ended that gave no result.
        lacking: the outputs that are not there, of those that gave one.
        block: the places of the item that it is to run for; `None` if it is mapped over nothing.
        is_asked: whether its condition is looked at.
        is_given: whether its arguments are.
    """
    case = _Case(graph, ended, lacking, block)
    asked: frozenset[str] = frozenset()
    if node.predicate is not None and is_asked:
        predicate, sources = node.predicate
        asked = case.look_at_values(predicate.params, sources)
    defaults: frozenset[str] = frozenset()
    if is_given:
        defaults = case.look_at_values(node.params, node.sources, node.definition.graph_settled)
    case.look_at_order(node.barriers)
    if block is not None:
        case.look_at_unread(node)
    return case.close(defaults, asked)


def judge_axis(graph: Graph, axis: Axis, ended: Ended, lacking: Lacking) -> Judgement:
    """Return what becomes of the stages of an axis when all has ended that gives its items.

    Args: as of `judge_node`.
    """
    case = _Case(graph, ended, lacking)
    params = [Param("", Parameter.POSITIONAL_ONLY)] * len(axis.sources)
    case.look_at_values(params, axis.sources)
    return case.close(frozenset())


def judge_body(graph: Graph, ended: Ended, lacking: Lacking) -> Judgement:
    """Return what becomes of the workflow's own function when everything has ended."""
    owner = graph.owner
    case = _Case(graph, ended, lacking)
    defaults = case.look_at_values(owner.own_params, graph.body, owner.settled)
    case.look_at_order(graph.ends)
    return case.close(defaults)


def find_roots(graph: Graph, ended: Ended) -> list[int]:
    """Return the failed nodes that keep the workflow's own function from running, in the order of the graph.

    What has failed for some items, or while it read some, may have lacked others that failed before they came to it.
    """
    waiting = list(dict.fromkeys([*graph.blockers_of(None), *find_unhandled(graph, ended)]))
    seen = set(waiting)
    found: list[int] = []
    while waiting:
        index = waiting.pop()
        status, _ = ended.get(index, (None, None))
        node = graph.nodes[index]
        if status is Status.FAILED:
            found.append(index)
        if status is Status.UPSTREAM_FAILED or (status is Status.FAILED and _takes_items(node)):
            more = set(graph.blockers_of(node)) - seen
            seen |= more
            waiting += more
    return sorted(found)


def find_unhandled(graph: Graph, ended: Ended) -> list[int]:
    """Return the stages of which an item has failed, and whose errors are not received as outcomes on every way.

    Who reads them as a stream may have caught the error; the run's it is all the same.
    """
    nodes = graph.nodes
    failed = [index for index, (status, _) in ended.items() if status is Status.FAILED and index < len(nodes)]
    stages = [index for index in failed if nodes[index].axis is not None]
    handled = find_handled(graph) if stages else ()
    return [index for index in stages if index not in handled]


def _takes_items(node: Node) -> bool:
    return node.axis is not None or any(isinstance(source, FromStream) for source in node.sources)


def find_blocking_error(
    journal: Journal, ended: Ended, of_items: Mapping[int, Sequence[BaseException]]
) -> BaseException | None:
    """Return the error of the failed task that keeps the workflow's own function from running, the earliest.

    With `keep_going=`, it is a group of all such errors; of very many items, of those that were kept.

    Args:
        journal: what happened.
        ended: how those have ended that gave no result.
        of_items: what the items of mapped nodes have failed with, by node.
    """
    graph = journal.graph
    blocking = find_roots(graph, ended)
    found: list[BaseException | None] = []
    for index in blocking:
        found += of_items.get(index) or [ended[index][1]]
    roots = {id(error): error for error in found}
    noted = {id(f.error): f.error for f in journal.errors if id(f.error) in roots}  # in the order of their failing
    errors = [error for error in {**noted, **roots}.values() if error is not None]
    if not graph.owner.keep_going:
        return errors[0]
    number = count_things(len(blocking), "task")
    more = f", with {len(errors):,} errors" if len(errors) > len(blocking) else ""
    mapped = [index for index in blocking if index in journal.items and of_items.get(index)]
    left_out = sum(journal.items[index].counts[Status.FAILED] - len(of_items[index]) for index in mapped)
    if left_out > 0:
        more += f" and {left_out:,} more that a plain call does not keep"
    return BaseExceptionGroup(f"{number} of workflow {graph.name!r} failed{more}", errors)


def outcome_without(name: str, output: str | None) -> Outcome[Any]:
    """Return how an output has ended that the result of a task does not have."""
    return Outcome(name, Status.SKIPPED, None, None, f"{name!r} gave no {output!r}")
