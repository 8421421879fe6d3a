"""The numbers of many runs."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from ._events import Event, Status
from ._metrics import Metrics, Statistics

__all__ = ["Monitor"]

_ENDS = (Status.COMPLETED, Status.FAILED, Status.UPSTREAM_FAILED, Status.SKIPPED, Status.CANCELLED)


class Monitor:
    """Gathers over many runs how often what happened and how long it took: `@workflow(on_state=Monitor())`.

    Keep it in a variable to ask it. The same monitor may hang on several workflows and on tasks, and be told of runs in
    several threads. A workflow goes by its name, a task by `"workflow.task"`.

    The seconds of a task are those from the start of its first attempt to its end; those of what has been skipped,
    or never began, do not count.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[Status]] = {}
        self._metrics = Metrics("the monitor")
        self._lock = Lock()

    def __call__(self, event: Event, /) -> None:
        """Take note of an event. Called as a hook."""
        name = event.workflow if event.task is None else f"{event.workflow}.{event.task}"
        with self._lock:
            self._counts.setdefault(name, Counter())[event.status] += 1
        if event.status in _ENDS:
            seconds = event.run.duration if event.task is None else event.run.tasks[event.task].duration
            if seconds is not None:
                self._metrics.record(name, seconds)

    @property
    def names(self) -> list[str]:
        """What it has heard of: workflows and their tasks."""
        with self._lock:
            return list(self._counts)

    def count(self, name: str, status: Status | str) -> int:
        """Return how often a workflow, or a task `"workflow.task"`, has come to a status; 0 if it never has."""
        with self._lock:
            return self._counts.get(name, Counter())[Status(status)]

    def statistics(self, name: str) -> Statistics:
        """Return what the seconds of a workflow, or of a task `"workflow.task"`, come to.

        Raises:
            UnknownMetricError: none has ended yet; it is a `KeyError`.
        """
        return self._metrics.statistics(name)

    def record(self, name: str, value: float) -> None:
        """Add a number of your own."""
        self._metrics.record(name, value)

    def __repr__(self) -> str:
        return f"<monitor of {', '.join(self.names) or 'nothing yet'}>"

    def __str__(self) -> str:
        """Return a table: how often each has ended how, and how long it took."""
        lines = [f"{'name':<32}{'done':>6}{'failed':>8}{'retried':>9}{'mean s':>10}{'p95 s':>10}{'max s':>10}"]
        for name in self.names:
            done, failed = self.count(name, Status.COMPLETED), self.count(name, Status.FAILED)
            line = f"{name:<32}{done:>6}{failed:>8}{self.count(name, Status.RETRYING):>9}"
            if name in self._metrics:
                seconds = self.statistics(name)
                line += f"{seconds.mean:>10.3g}{seconds.p95:>10.3g}{seconds.max:>10.3g}"
            lines.append(line)
        return "\n".join(lines)
