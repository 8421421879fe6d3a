"""Numbers by name, and what they come to: of one run, and of many."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from .._base.errors import OptionTypeError, UnknownMetricError
from .._base.events import Event, Status
from .._base.text import nearest, shorten

__all__ = ["Metrics", "Monitor", "Statistics", "summarize"]


class Statistics(NamedTuple):
    """What several numbers come to.

    Attributes:
        count: how many there are.
        mean: their sum divided by their number.
        std: the standard deviation of a sample, with `count - 1` below the line; 0 for a single number.
        min: the least.
        max: the greatest.
        p50: the median.
        p95: what 95 of 100 are no greater than, interpolated between the two nearest as NumPy's `percentile` does.
    """

    count: int  # type: ignore[assignment]  # of a tuple's own methods nobody needs `count` here
    mean: float
    std: float
    min: float
    max: float
    p50: float
    p95: float


def summarize(values: Iterable[float]) -> Statistics:
    """Return the statistics of at least one number."""
    ordered = sorted(values)
    count = len(ordered)
    mean = math.fsum(ordered) / count
    spread = math.fsum((value - mean) ** 2 for value in ordered)
    std = math.sqrt(spread / (count - 1)) if count > 1 else 0.0
    return Statistics(count, mean, std, ordered[0], ordered[-1], _quantile(ordered, 0.5), _quantile(ordered, 0.95))


def _quantile(ordered: Sequence[float], part: float) -> float:
    place = part * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


class Metrics:
    """Numbers by name: those that were recorded, and those that are known without it.

    Any thread may record. Iterating gives the names.

    Args:
        subject: whose they are, for errors.
        measure: gives the numbers that are known, by name; called each time.
        summarized: gives what those come to that are not known one by one, by name; called each time.
    """

    def __init__(
        self,
        subject: str,
        measure: Callable[[], dict[str, list[float]]] | None = None,
        summarized: Callable[[], dict[str, Statistics]] | None = None,
    ) -> None:
        self._subject = subject
        self._measure = measure
        self._summarized = summarized
        self._recorded: dict[str, list[float]] = {}
        self._lock = Lock()

    def record(self, name: str, value: float) -> None:
        """Add a number, which must not be NaN, to those of that name.

        Raises:
            OptionTypeError: it is no number.
        """
        given: Any = value
        if isinstance(given, bool) or not isinstance(given, (int, float)) or math.isnan(given):
            message = (
                f"Cannot record {name!r} of {self._subject}: {shorten(value)} is not a number. Give an int or float."
            )
            raise OptionTypeError(message, option=name, value=value)
        with self._lock:
            self._recorded.setdefault(name, []).append(value)

    def values(self, name: str) -> list[float]:
        """Return the numbers of a name, in the order in which they came. Raises: as `statistics` does."""
        known = self.all_values()
        if name not in known:
            raise self._unknown(name)
        return known[name]

    def _unknown(self, name: str) -> UnknownMetricError:
        names = self._list_names()
        if name in names:
            reason = "a plain call does not keep the numbers of items one by one. Ask for its statistics, or use run()."
        else:
            hint = nearest(name, names) or (
                f" There is {', '.join(map(repr, names))}." if names else " There is none yet."
            )
            reason = f"nothing with that name was recorded.{hint}"
        return UnknownMetricError(f"Cannot find metric {name!r} of {self._subject}: {reason}", name=name)

    def statistics(self, name: str) -> Statistics:
        """Return what the numbers of a name come to.

        Raises:
            UnknownMetricError: there is none; it is a `KeyError`.
        """
        known = self.all_values()
        if name in known:
            return summarize(known[name])
        found = self._known_summaries()
        if name not in found:
            raise self._unknown(name)
        return found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._list_names())

    def __len__(self) -> int:
        return len(self._list_names())

    def __contains__(self, name: object) -> bool:
        return name in self._list_names()

    def __repr__(self) -> str:
        return f"<metrics of {self._subject}: {', '.join(self) or 'none'}>"

    def all_values(self) -> dict[str, list[float]]:
        """Return the numbers of every name."""
        found = {} if self._measure is None else self._measure()
        with self._lock:
            for name, values in self._recorded.items():
                found[name] = found.get(name, []) + values
        return found

    def all_statistics(self) -> dict[str, Statistics]:
        """Return what the numbers of every name come to."""
        return {**self._known_summaries(), **{name: summarize(found) for name, found in self.all_values().items()}}

    def _list_names(self) -> list[str]:
        return [*dict.fromkeys([*self.all_values(), *self._known_summaries()])]

    def _known_summaries(self) -> dict[str, Statistics]:
        return {} if self._summarized is None else self._summarized()


# Which item, or which call, a path leads through.
_WHICH = re.compile(r"(?:\[\d+\]|#\d+)(?=/|$)")

_ENDS = (Status.COMPLETED, Status.FAILED, Status.UPSTREAM_FAILED, Status.SKIPPED, Status.CANCELLED)


class Monitor:
    """Gathers over many runs how often what happened and how long it took: `@workflow(on_state=Monitor())`.

    Keep it in a variable to ask it. The same monitor may hang on several workflows and on tasks, and be told of runs in
    several threads. A workflow goes by its name, a task by `"workflow.task"`.

    The seconds of a task are those from the start of its first attempt to its end; those of what has been skipped,
    or never began, do not count. Each item of a task with `each=` counts by itself. A task of a workflow within goes by
    its path, `"workflow.offer/price"`, and a call by that of who makes it, `"workflow.agent/search"`; which item or
    which call it is, is left out.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[Status]] = {}
        self._metrics = Metrics("the monitor")
        self._lock = Lock()
        # When what is under way began: the record of a run may have let go of it before this is told of its end.
        self._begun: dict[tuple[str, str, int | None], datetime] = {}

    def __call__(self, event: Event, /) -> None:
        """Take note of an event. Called as a hook."""
        name = event.workflow if event.task is None else f"{event.workflow}.{_WHICH.sub('', event.task)}"
        with self._lock:
            self._counts.setdefault(name, Counter())[event.status] += 1
        if event.status in _ENDS:
            seconds = self._measure(event)
            if seconds is not None:
                self._metrics.record(name, seconds)
        elif event.task is not None and event.status is Status.RUNNING:
            self._begun.setdefault((event.run.id, event.task, event.index), event.time)

    def _measure(self, event: Event) -> float | None:
        """Return how many seconds that took which has ended; `None` if it never began."""
        seconds: float | None
        if event.task is None:
            seconds = event.run.duration
            return seconds
        begun = self._begun.pop((event.run.id, event.task, event.index), None)
        if begun is None:
            return None
        if event.index is None and event.task in event.run.tasks:
            seconds = event.run.tasks[event.task].duration  # which is more exact
            return seconds
        return (event.time - begun).total_seconds()

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
