"""A word to an event loop, from any thread, that nobody waits for.

`anyio.from_thread.run_sync` returns when the event loop has done what it was asked: never, if that comes to its end
meanwhile, and two event loops that ask each other wait for each other. What the token stands for has a method that
only leaves word; its name is all that differs between the backends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from anyio import Event
from anyio.lowlevel import EventLoopToken, current_token

from .context import enter_loop

__all__ = ["EventLoop", "find_token"]


class EventLoop:
    """The event loop that runs on this thread; raises `RuntimeError` if none does."""

    __slots__ = ("_context", "_token")

    def __init__(self) -> None:
        self._token = current_token()
        self._context = copy_context()  # in which anyio knows that it is on an event loop, and on which
        enter_loop(self._context)

    def is_here(self) -> bool:
        """Whether it is the event loop that runs on this thread."""
        return find_token() == self._token

    def call_soon(self, function: Callable[[], object]) -> bool:
        """Have the event loop call a function soon; return false if it is gone.

        From any thread, and from a finalizer. If the event loop ends before it comes to it, nothing is called.
        """
        loop: Any = self._token.native_token
        post = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon
        try:
            post(self._context.run, function)
        except RuntimeError:
            return False
        return True

    def set(self, event: Event) -> None:
        """Set an event of this event loop: now if this is its thread, and else soon."""
        if self.is_here():
            event.set()
        else:
            self.call_soon(event.set)


def find_token() -> EventLoopToken | None:
    """Return the token of the event loop that runs on this thread, or `None`."""
    try:
        return current_token()
    except RuntimeError:
        return None
