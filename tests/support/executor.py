"""What the tests of executor share."""

import threading
from collections.abc import Callable
from typing import Any

from anyio import to_thread

# Only so that a test that fails does not hang.
SOON = 60


class Gate:
    """A function that waits in its thread until it is let go."""

    def __init__(self, outcome: Callable[[], Any] = lambda: "through") -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.calls = 0
        self._outcome = outcome

    def __call__(self) -> Any:
        self.calls += 1
        self.entered.set()
        assert self.open.wait(SOON)
        return self._outcome()


async def wait(event: threading.Event) -> None:
    assert await to_thread.run_sync(event.wait, SOON)


def fail() -> None:
    raise ConnectionError("no line")
