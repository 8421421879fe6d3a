"""What code in a thread has run on the event loop while it waits: it is cancelled with whoever waits for the thread.

That does not come by itself. A thread that may be left behind is no part of the task that waits for it, to trio; nor is
one that something has to itself, which lives on when a call in it is cancelled. A thread of an executor has no part in
any event loop: what it calls is run on one of its own.
"""

from __future__ import annotations

from threading import local
from types import TracebackType

from anyio import CancelScope

from .._base.event_loop import EventLoop

__all__ = ["BACK_CALLS", "BackCalls", "Here", "Opened"]


class BackCalls:
    """What one call in a thread has run on an event loop: all but `here` is called on one.

    Attributes:
        scopes: those of what is being run, each with its event loop.
        is_cancelled: whether it is cancelled, with what is still to come.
    """

    def __init__(self) -> None:
        self.scopes: dict[CancelScope, EventLoop] = {}
        self.is_cancelled = False

    def open(self) -> Opened:
        """Return a scope for what is run, to be entered."""
        return Opened(self)

    def cancel(self) -> None:
        """Cancel all that is being run, and that is still to come."""
        self.is_cancelled = True
        for scope, loop in list(self.scopes.items()):
            if loop.is_here():
                scope.cancel()
            else:
                loop.call_soon(scope.cancel)

    def here(self) -> Here:
        """Return what makes it, while entered, what this thread runs on the event loop. In the thread."""
        return Here(self)


# No generators: contextlib would set the traceback of an error that comes through, and not every error lets it.


class Opened:
    """A scope for what is run."""

    def __init__(self, back: BackCalls) -> None:
        self._back = back
        self._scope = CancelScope()

    def __enter__(self) -> None:
        self._scope.__enter__()
        self._back.scopes[self._scope] = EventLoop()
        if self._back.is_cancelled:  # looked at last, as it may become so meanwhile
            self._scope.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        del self._back.scopes[self._scope]
        return self._scope.__exit__(kind, error, trace)


class Here:
    """What makes something, while entered, what this thread runs on the event loop."""

    def __init__(self, back: BackCalls) -> None:
        self._back = back
        self._before: BackCalls | None = None

    def __enter__(self) -> None:
        self._before, BACK_CALLS.of_call = BACK_CALLS.of_call, self._back

    def __exit__(self, *_: object) -> None:
        BACK_CALLS.of_call = self._before


class _OfThread(local):
    """Those of the call that this thread makes; `None` if it is cancelled with whoever waits for it in any case."""

    of_call: BackCalls | None = None


BACK_CALLS = _OfThread()
