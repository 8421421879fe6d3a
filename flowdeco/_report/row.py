"""What the report of a run tells of one task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._base.events import Status
from .._base.sentinel import UNSET
from .._draw.diagram import tell_status
from .._draw.html import describe, describe_error
from .._graph.node import Node
from .._record.journal import Journal
from .._record.task_record import TaskRecord
from .._record.timeline import Attempt, ready_time
from .mapped import Mapped, read_mapped

__all__ = ["NOT_KEPT", "Row", "read_row"]

NOT_KEPT = "not kept"


class Row(NamedTuple):
    """What is told of one task.

    Attributes:
        number: its place in the graph.
        name: its name.
        status: how it stands.
        attempts: its attempts.
        ready: when it could have begun, in seconds from the start of the run; `None` if it has not begun.
        duration: seconds from its start to its end; `None` before.
        waited: seconds from when it could have started to when it did; `None` before.
        outcome: its result, its error or why it was skipped, in short.
        metadata: its metadata.
        abandoned: how many attempts were given up while they still ran.
        recovered: whether the result is that of `recover=`.
        critical: whether it is on the critical path.
        replaced: whether a value stands in for it.
        shared: whether it runs in a workflow around this one, which shares it.
        error: what it failed with, or what a task failed with that it needs; `None` otherwise.
        items: what is told of its items; `None` if it has none.
        span: of a resource, from when to when it was open, in seconds from the start of the run; the end is `None`
            while it is. `None` of any other.
        anchor: what its anchor ends in.
        depth: of a call, how many callers are around it; 0 for a task.
    """

    number: int
    name: str
    status: Status
    attempts: list[Attempt]
    ready: float | None
    duration: float | None
    waited: float | None
    outcome: str
    metadata: Mapping[str, Any]
    abandoned: int
    recovered: bool
    critical: bool
    replaced: bool
    shared: bool = False
    error: BaseException | None = None
    items: Mapped | None = None
    span: tuple[float, float | None] | None = None
    anchor: str = ""
    depth: int = 0

    @property
    def start(self) -> float | None:
        """When its first attempt began; `None` if none has."""
        return self.attempts[0].start if self.attempts else None


def read_row(journal: Journal, node: Node, attempts: list[Attempt], abandoned: int, critical: bool) -> Row:
    """Return what is told of a task."""
    record = TaskRecord(journal, node)
    status = record.status
    life = journal.lives.get(node.index)
    if life is not None and life.error is not None:
        status = Status.FAILED
    ready = ready_time(journal, node) - journal.begun if attempts else None
    recovered = status is Status.COMPLETED and bool(attempts) and attempts[-1].error is not None
    outcome = _tell_outcome(journal, node, record, status)
    outcome = outcome if life is None or life.error is None else describe_error(life.error)
    return Row(
        node.index,
        node.name,
        status,
        attempts,
        ready,
        record.duration,
        record.waited,
        outcome,
        record.metadata,
        abandoned,
        recovered,
        critical,
        node.replaced,
        node.is_given,
        record.error if status is not Status.COMPLETED else None,
        read_mapped(journal, node),
        _read_span(journal, node),
        str(node.index),
    )


def _read_span(journal: Journal, node: Node) -> tuple[float, float | None] | None:
    life = journal.lives.get(node.index)
    if life is None or not life.opened:
        return None
    return life.opened - journal.begun, life.closed - journal.begun if life.closed else None


def _tell_outcome(journal: Journal, node: Node, record: TaskRecord, status: Status) -> str:
    if record.error is not None:
        return describe_error(record.error)
    if status is not Status.COMPLETED:
        return record.reason or ""
    log = journal.items.get(node.index)
    if log is not None:
        return ", ".join([f"{count:,} {tell_status(each)}" for each, count in log.counts.items()])
    value = journal.values[node.index]
    return NOT_KEPT if value is UNSET else describe(value)
