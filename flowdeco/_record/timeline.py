"""When what happened in a run: changes of status, attempts, and the chain of tasks that decided its length."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from .._base.events import Status
from .._graph.graph import Node
from .metrics import Metrics

__all__ = [
    "Attempt",
    "RunMetrics",
    "Transition",
    "find_critical_path",
    "list_attempts",
    "list_transitions",
    "ready_time",
]


class Transition(NamedTuple):
    """A change of status.

    Attributes:
        time: when, in UTC.
        task: the task's name; `None` for the workflow itself.
        previous: how it stood before.
        status: how it stood then.
        attempt: the number of the attempt, from 1; 0 before the first, and for the workflow itself.
        error: what the attempt, the task or the run has failed with; `None` if it has not.
    """

    time: datetime
    task: str | None
    previous: Status
    status: Status
    attempt: int
    error: BaseException | None


class Attempt(NamedTuple):
    """One attempt of a task.

    Attributes:
        number: from 1.
        start: seconds from the start of the run.
        end: the same; `None` while it runs.
        error: what it failed with; `None` if it did not.
    """

    number: int
    start: float
    end: float | None
    error: BaseException | None


class Step(NamedTuple):
    """A change of status on the clock of the run."""

    clock: float
    status: Status
    attempt: int


_RUNS = (Status.RUNNING, Status.RETRYING)


def _steps_of(run: Any, index: int) -> list[Step]:
    """Return the changes of a node in their order; what is not in the record of its own follows from its times."""
    start, end = run._start_of(index), run._finished[index]
    steps = [Step(*step) for step in run._steps.get(index, ())]
    if not steps and start:
        steps.append(Step(start, Status.RUNNING, 1))
    if end:
        status, _ = run._ended.get(index, (Status.COMPLETED, None))
        steps.append(Step(end, status, steps[-1].attempt if steps else 0))
    return steps


def _errors_of(run: Any, node: Node) -> dict[int, BaseException]:
    return {failure.attempt: failure.error for failure in run.errors if failure.task == node.name}


def list_transitions(run: Any) -> list[Transition]:
    """Return every change of status of a run and its tasks, in the order in which they happened."""
    found: list[tuple[float, int, int, Transition]] = []
    if run._clock_start:
        time = run._moment(run._clock_start)
        first = Transition(time, None, Status.PENDING, Status.RUNNING, 0, None)
        found.append((run._clock_start, 0, -1, first))
    failed = {failure.task for failure in run.errors}
    for node in run._plan.graph.nodes:
        errors = _errors_of(run, node) if node.name in failed else {}
        found += _transitions_of(run, node, errors)
    if run._clock_end:
        last = Transition(run._moment(run._clock_end), None, Status.RUNNING, run.status, 0, run.error)
        found.append((run._clock_end, 2, -1, last))
    found.sort(key=lambda entry: entry[:3])
    return [transition for *_, transition in found]


def _transitions_of(
    run: Any, node: Node, errors: dict[int, BaseException]
) -> Iterator[tuple[float, int, int, Transition]]:
    previous = Status.PENDING
    for step in _steps_of(run, node.index):
        error = None
        if step.status is Status.RETRYING:
            error = errors.get(step.attempt)
        elif step.status in (Status.FAILED, Status.UPSTREAM_FAILED):
            error = run._ended[node.index][1]
        transition = Transition(run._moment(step.clock), node.name, previous, step.status, step.attempt, error)
        # At the same moment, what has ended comes before what begins since it has.
        yield step.clock, int(step.status in _RUNS), node.index, transition
        previous = step.status


def list_attempts(run: Any, node: Node) -> list[Attempt]:
    """Return the attempts of a node, the first one first."""
    errors = _errors_of(run, node)
    steps = _steps_of(run, node.index)
    found: list[Attempt] = []
    for number, step in enumerate(steps):
        if step.status is Status.RUNNING and step.attempt:
            end = steps[number + 1].clock - run._clock_start if number + 1 < len(steps) else None
            found.append(Attempt(step.attempt, step.clock - run._clock_start, end, errors.get(step.attempt)))
    return found


def ready_time(run: Any, node: Node) -> float:
    """Return when the last of what a node needs had ended, on the clock of the run."""
    ends: list[float] = [run._clock_start, *(run._finished[index] for index in node.dependencies)]
    return max(ends)


def find_critical_path(run: Any) -> list[Node]:
    """Return the chain of nodes that decided how long a run took, the first one first.

    From the last that ended, each time to the one of those it needs that ended last.
    """
    nodes, finished = run._plan.graph.nodes, run._finished
    ended = [node.index for node in nodes if finished[node.index] and run._start_of(node.index)]
    path: list[Node] = []
    while ended:
        last = max(ended, key=lambda index: finished[index])
        path.append(nodes[last])
        ended = [index for index in nodes[last].dependencies if finished[index] and run._start_of(index)]
    return path[::-1]


class RunMetrics(Metrics):
    """The numbers of one run: those that were recorded, and under the name of each task the seconds of its attempts."""

    def __init__(self, run: Any) -> None:
        super().__init__(f"run of workflow {run.workflow!r}", self._seconds)
        self._run = run

    @property
    def running(self) -> float:
        """Seconds that attempts took, all told."""
        return sum(map(sum, self._seconds().values()))

    @property
    def waiting(self) -> float:
        """Seconds that tasks could have run and did not, all told: for a thread, a place, their next attempt."""
        waits = 0.0
        for node in self._run._plan.graph.nodes:
            attempts = list_attempts(self._run, node)
            start = self._run._start_of(node.index)
            waits += start - ready_time(self._run, node) if start else 0.0
            waits += sum(later.start - (earlier.end or later.start) for earlier, later in pairwise(attempts))
        return waits

    @property
    def gain(self) -> float | None:
        """How many times as long the attempts would have taken one after the other; `None` before the end."""
        duration = self._run.duration
        return self.running / duration if duration else None

    def _seconds(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for node in self._run._plan.graph.nodes:
            attempts = list_attempts(self._run, node)
            seconds = [attempt.end - attempt.start for attempt in attempts if attempt.end is not None]
            if seconds:
                found[node.name] = seconds
        return found
