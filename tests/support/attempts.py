"""What the tests of attempts share."""

import threading
from typing import Any

from anyio import CancelScope, from_thread, to_thread
from anyio.lowlevel import current_token

from flowdeco import Retry

ONCE = Retry(1, delay=0, jitter=0)

AGAIN = Retry(3, delay=0, jitter=0)

# Only so that a test that fails does not hang.
LATE = 60


class Gate:
    """Where the thread of an attempt waits until it is let go; when it comes there, the attempt's time is over."""

    def __init__(self) -> None:
        self.entered, self.open, self.left = threading.Event(), threading.Event(), threading.Event()
        self._token: Any = None
        self._scope: CancelScope | None = None

    def move_on_after(self, timeout: float) -> CancelScope:
        self._token, self._scope = current_token(), (scope := CancelScope())
        return scope

    def pass_through(self) -> None:
        self.entered.set()
        if self._scope is not None:
            from_thread.run_sync(self._scope.cancel, token=self._token)
        assert self.open.wait(LATE)


async def wait(event: threading.Event) -> None:
    assert await to_thread.run_sync(event.wait, LATE)
