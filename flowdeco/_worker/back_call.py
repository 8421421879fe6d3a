"""What code in a thread has run on the event loop while it waits: it is cancelled with whoever waits for the thread.

That does not come by itself. A thread that may be left behind is no part of the task that waits for it, to trio; nor is
one that something has to itself, which lives on when a call in it is cancelled. A thread of an executor has no part in
any event loop: what it calls is run on one of its own.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import local

from anyio import CancelScope

from .._base.event_loop import EventLoop

__all__ = ["BACK_CALLS", "BackCalls"]


class BackCalls:
    """What one call in a thread has run on an event loop: all but `here` is called on one."""

    def __init__(self) -> None:
        self._scopes: dict[CancelScope, EventLoop] = {}
        self._is_cancelled = False

    @contextmanager
    def open(self) -> Generator[CancelScope]:
        """Give a scope for what is run."""
        with CancelScope() as scope:
            self._scopes[scope] = EventLoop()
            if self._is_cancelled:  # looked at last, as it may become so meanwhile
                scope.cancel()
            try:
                yield scope
            finally:
                del self._scopes[scope]

    def cancel(self) -> None:
        """Cancel all that is being run, and that is still to come."""
        self._is_cancelled = True
        for scope, loop in list(self._scopes.items()):
            if loop.is_here():
                scope.cancel()
            else:
                loop.call_soon(scope.cancel)

    @contextmanager
    def here(self) -> Generator[None]:
        """Be what this thread runs on the event loop meanwhile. In the thread."""
        before, BACK_CALLS.of_call = BACK_CALLS.of_call, self
        try:
            yield
        finally:
            BACK_CALLS.of_call = before


class _OfThread(local):
    """Those of the call that this thread makes; `None` if it is cancelled with whoever waits for it in any case."""

    of_call: BackCalls | None = None


BACK_CALLS = _OfThread()
