"""What the tests of defaults share."""

from collections.abc import Mapping
from typing import Any

import anyio

from flowdeco import Event, Outcome, Retry, Workflow, task, workflow

PATIENCE = 60  # seconds; a test that waits that long has failed

AGAIN = Retry(2, delay=0)


class Flaky:
    """Functions that fail, and count how often they were called."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}

    def task(self, name: str, **options: Any) -> Any:
        """Return a task that fails whenever it is called."""

        async def fail() -> None:
            self.calls[name] = self.calls.get(name, 0) + 1
            raise ValueError(name)

        return task(fail, name=name, **options)

    def plain(self, name: str, **options: Any) -> Any:
        """Return one that runs in a thread."""

        def fail() -> None:
            self.calls[name] = self.calls.get(name, 0) + 1
            raise ValueError(name)

        return task(fail, name=name, **options)


def collect(named: Mapping[str, Any], /, **options: Any) -> Workflow[Any, Any]:
    """Return a workflow that gives the outcomes of the tasks by name, whatever they are."""

    @workflow(needs={"given": dict(named)}, settled="given", **options)
    async def w(given: dict[str, Outcome[Any]]) -> dict[str, Outcome[Any]]:
        return given

    return w


def told(seen: list[str], who: str) -> Any:
    """Return a hook that notes who is told of which task; it waits, as a good hook may."""

    async def tell(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(f"{who} {event.kind} {event.task}")

    return tell


def one() -> int:
    return 1


@workflow
def inner(page: str) -> str:
    return page
