"""What becomes of a node, or of the workflow's own function, when something that it needs gave no result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

from .._base.events import Skip, Status
from .._base.signature import MISSING, Param
from .._definition.definition import Step
from .._graph.graph import Graph, Node
from .._graph.source import Default, Gather, Source, steps_of
from .._runner.arguments import Instead, choose_arguments, span_arguments

__all__ = ["Ended", "Verdict", "find_blocking_error", "find_roots", "judge_body", "judge_node"]


def find_blocking_error(run: Any) -> BaseException:
    """Return the error of the failed task that keeps the workflow's own function from running, the earliest.

    With `keep_going=`, it is a group of all such errors.
    """
    graph = run._plan.graph
    roots = {id(error): error for _, error in [run._ended[index] for index in find_roots(graph, run._ended)]}
    noted = {id(f.error): f.error for f in run.errors if id(f.error) in roots}  # in the order in which they failed
    first, *_ = errors = [*{**noted, **roots}.values()]
    if not graph._owner.keep_going:
        return cast("BaseException", first)
    number = f"{len(errors)} task{'s' if len(errors) > 1 else ''}"
    return BaseExceptionGroup(f"{number} of workflow {graph.name!r} failed", errors)


# How the nodes have ended that gave no result, by index: with the error, or with the `Skip`.
Ended: TypeAlias = Mapping[int, tuple[Status, BaseException | None]]

_BROKEN = (Status.FAILED, Status.UPSTREAM_FAILED)


class Verdict(NamedTuple):
    """Whether something runs after all.

    Attributes:
        status: how it ends if it does not; `None` if it runs.
        cause: the error or the `Skip` that keeps it from running.
        instead: the places in the row of its values, with the defaults that it receives there.
    """

    status: Status | None
    cause: BaseException | None
    instead: tuple[tuple[int, Any], ...]


class _Case:
    """What has been found out about one node or function."""

    def __init__(self, graph: Graph, ended: Ended) -> None:
        self.graph = graph
        self.ended = ended
        self.broken: BaseException | None = None
        self.skipped: BaseException | None = None
        self.instead: list[tuple[int, Any]] = []

    def look_at_order(self, steps: Iterable[Step]) -> None:
        """Look at what only has to have ended before: it may have been skipped, but not have failed."""
        for step in steps:
            status, cause = self.ended.get(self.graph._node_of(step).index, (None, None))
            if status in _BROKEN:
                self.broken = self.broken or cause

    def look_at_values(
        self,
        params: Sequence[Param],
        sources: Sequence[Source],
        settled: Collection[str],
        offset: int,
        *,
        chosen: bool = True,
    ) -> None:
        """Look at what parameters receive, whose values begin at `offset` in the row."""
        holes: dict[str, Param] = {}
        for param, source in zip(params, sources, strict=True):
            if param.name not in settled and self._has_hole(param, source):
                holes[param.name] = param
        if holes:
            for param, source, span in _spans(params, sources, chosen=chosen):
                if param.name in holes:
                    value = Instead(param.default) if isinstance(source, Gather) else param.default
                    self.instead += [(offset + place, value) for place in range(span.start, span.stop)]

    def _has_hole(self, param: Param, source: Source) -> bool:
        found = False
        for step in steps_of(source):
            status, cause = self.ended.get(self.graph._node_of(step).index, (None, None))
            if status in _BROKEN:
                self.broken = self.broken or cause
            elif status is Status.SKIPPED:
                found = True
                if param.default is MISSING:
                    self.skipped = self.skipped or _skipped_with(step, cause)
        return found

    def close(self) -> Verdict:
        if self.broken is not None:
            return Verdict(Status.UPSTREAM_FAILED, self.broken, ())
        if self.skipped is not None:
            return Verdict(Status.SKIPPED, self.skipped, ())
        return Verdict(None, None, tuple(self.instead))


def _skipped_with(step: Step, cause: BaseException | None) -> Skip:
    """Return why something is skipped that needs a skipped task: it names the one that began it."""
    if isinstance(cause, _Consequence):
        return cause
    reason = str(cause) if cause is not None else ""
    return _Consequence(f"{step.name!r} was skipped" + (f": {reason}" if reason else ""))


class _Consequence(Skip):
    """What a task is skipped with that needs a skipped one."""


def judge_node(graph: Graph, node: Node, ended: Ended, offset: int) -> Verdict:
    """Return what becomes of a node when all that it needs has ended.

    Args:
        graph: the graph.
        node: the node.
        ended: how those have ended that gave no result.
        offset: where in the row of its values those of its `when=` begin, which come before its own.
    """
    case = _Case(graph, ended)
    if node._predicate is not None:
        predicate, asked = node._predicate
        params = predicate._signature.params
        case.look_at_values(params, asked, (), offset)
        offset += max((span.stop for _, _, span in _spans(params, asked, chosen=True)), default=0)
    is_task = node.step.compiler is None
    case.look_at_values(node._params, node._sources, node.step.graph_settled, offset, chosen=is_task)
    case.look_at_order(node._after)
    return case.close()


def _spans(params: Sequence[Param], sources: Sequence[Source], *, chosen: bool) -> list[tuple[Param, Source, slice]]:
    """Return where in the row the values of each parameter are: those of a workflow stand as they were given."""
    pairs = zip(params, sources, strict=True)
    given = [(param, source) for param, source in pairs if type(source) is not Default]
    return span_arguments(choose_arguments(params, sources) if chosen else given)


def judge_body(graph: Graph, ended: Ended) -> Verdict:
    """Return what becomes of the workflow's own function when everything has ended."""
    owner = graph._owner
    case = _Case(graph, ended)
    case.look_at_values(owner._signature.params, graph._body, owner.settled, 0)
    case.look_at_order(graph._ends)
    return case.close()


def find_roots(graph: Graph, ended: Ended) -> list[int]:
    """Return the failed nodes that keep the workflow's own function from running, in the order of the graph."""
    waiting = graph._blockers(None)
    seen = set(waiting)
    found: list[int] = []
    while waiting:
        index = waiting.pop()
        status, _ = ended.get(index, (None, None))
        if status is Status.FAILED:
            found.append(index)
        elif status is Status.UPSTREAM_FAILED:
            more = set(graph._blockers(graph.nodes[index])) - seen
            seen |= more
            waiting += more
    return sorted(found)
