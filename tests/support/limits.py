"""What the tests of limits share."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from anyio import Event

from flowdeco import Limit, Workflow, task, workflow

PATIENCE = 60  # seconds; a test that waits that long has failed

INSTANT = 1e-6  # seconds: over at the first wait


class Gauge:
    """How many run, and how many did at most. From any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.times = 0

    @contextmanager
    def one_more(self, places: int = 1) -> Generator[None]:
        with self.lock:
            self.now += places
            self.times += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self.lock:
                self.now -= places


def is_free(*limits: Limit) -> bool:
    """Whether no place is taken and nobody waits, as the limit itself says."""
    return all(repr(limit).endswith(f": 0 of {limit.capacity} places taken>") for limit in limits)


def alone(made: Any, **options: Any) -> Workflow[Any, Any]:
    """Return a workflow of one task."""

    @workflow(needs={"given": made}, **options)
    async def w(given: Any) -> Any:
        return given

    return w


class Line:
    """Tasks that wait until told. `served` are those that have begun, in that order."""

    def __init__(self) -> None:
        self.served: list[str] = []
        self.go = Event()

    def make(self, name: str, limit: Any, **options: Any) -> Any:
        async def stand() -> str:
            self.served.append(name)
            await self.go.wait()
            return name

        return task(stand, name=name, limit=limit, **options)
